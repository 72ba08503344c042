// Blocks of pools that migrate() moved: whoever has their memory next has it where the pool's placement says.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/migrate.hpp>
#include <acre/node_pools.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/pool_resource.hpp>
#include <acre/resource_for.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

struct way {
  const char* name;
  std::function<placement(const two_nodes& n)> where;
  pool_options options;
  std::size_t bytes;
};
std::ostream& operator<<(std::ostream& out, const way& w) {
  return out << w.name << '_' << w.bytes / 1024 << "KiB";
}

const std::vector<way> ways = [] {
  using enum page_kind;
  const auto bind = [](const two_nodes& n) { return placement::bind({n.second}); };
  const auto turns = [](const two_nodes& n) { return placement::interleave({n.first, n.second}); };
  const auto weights = [](const two_nodes& n) { return placement::weighted({{n.first, 1}, {n.second, 3}}); };
  const auto parts = [](const two_nodes& n) { return placement::blocked({n.second, n.first}); };
  std::vector<way> all;
  for (const std::size_t bytes : {100_KiB, 200_KiB, 3_MiB, 17_MiB}) {
    all.push_back({"bind_base_pages", bind, {.page_kind = system}, bytes});
    all.push_back({"bind_base_pages_lazy", bind, {.page_kind = system, .commit = commit::lazy}, bytes});
    all.push_back({"bind_huge_pages", bind, {.page_kind = transparent_huge}, bytes});
    all.push_back(
        {"bind_huge_pages_lazy", bind, {.page_kind = transparent_huge, .commit = commit::lazy}, bytes});
    all.push_back({"prefer", [](const two_nodes& n) { return placement::prefer({n.second}); }, {}, bytes});
    all.push_back({"unbound", [](const two_nodes&) { return placement::unbound(); }, {}, bytes});
    all.push_back({"interleave", turns, {}, bytes});
    all.push_back({"interleave_hard", [=](const two_nodes& n) { return turns(n).hard(); }, {}, bytes});
    all.push_back({"weighted", weights, {}, bytes});
    all.push_back({"weighted_hard", [=](const two_nodes& n) { return weights(n).hard(); }, {}, bytes});
    all.push_back({"blocked", parts, {}, bytes});
    all.push_back({"blocked_hard", [=](const two_nodes& n) { return parts(n).hard(); }, {}, bytes});
  }
  return all;
}();

BOOST_FIXTURE_TEST_SUITE(migration_of_pool_blocks, two_nodes)

BOOST_AUTO_TEST_SUITE(of, *named_cases(ways))

BOOST_DATA_TEST_CASE(pool, ways, w) {
  pool_resource pool(w.where(*this), w.options);
  void* const neighbour = pool.allocate(w.bytes);
  sign_pages(neighbour, w.bytes);
  const auto neighbours = policies_of(neighbour, w.bytes);
  void* const p = pool.allocate(w.bytes);
  // Linux 6.12 gives zeros back when it divides huge pages.
  sign_pages(p, w.bytes);
  const auto home = policies_of(p, w.bytes);
  for (const unsigned to : {first, second, first}) {
    // In parts of 24 KiB, so that runs begin and end anywhere in huge pages, and as a whole.
    for (std::size_t at = 0; at + 24_KiB <= 96_KiB; at += 48_KiB)
      migrate(static_cast<char*>(p) + at, 24_KiB, placement::bind({to}));
    BOOST_TEST(migrate(p, w.bytes, placement::bind({to})).failed() == 0U);
    expect_all_on(to, p, w.bytes);
  }
  pool.deallocate(p, w.bytes);
  void* const q = pool.allocate(w.bytes);
  if (w.where(*this).is_hard() && w.options.commit != commit::lazy)
    BOOST_TEST(count_untouched(q, w.bytes) == 0U);
  std::memset(q, 1, w.bytes);
  expect_policies(home, q, w.bytes);
  expect_policies(neighbours, neighbour, w.bytes);
  BOOST_TEST(pages_are_signed(neighbour, w.bytes));
  pool.deallocate(q, w.bytes);
  pool.deallocate(neighbour, w.bytes);
}

BOOST_AUTO_TEST_SUITE_END()

struct bound_pool : two_nodes {
  const placement home = placement::bind({second});
  const placement away = placement::bind({first});
  const kernel_policy bound{mpol::bind, {second}};
  static constexpr std::size_t bytes = 200_KiB;
  pool_resource pool{home, {.page_kind = page_kind::system}};
  void* p = pool.allocate(bytes);
  bound_pool() { sign_pages(p, bytes); }

  void expect_home(const void* q, std::size_t n) const {
    expect_policies(std::vector<kernel_policy>((n + base_page() - 1) / base_page(), bound), q, n);
  }
  /// Blocks all over the memory of the pool.
  void expect_all_home(std::size_t block) {
    std::vector<void*> blocks;
    for (std::size_t n = 0; n < 2_MiB; n += block) {
      blocks.push_back(pool.allocate(block));
      std::memset(blocks.back(), 1, block);
    }
    for (void* q : blocks) expect_home(q, block);
    for (void* q : blocks) pool.deallocate(q, block);
  }
};

BOOST_FIXTURE_TEST_SUITE(in_a_pool, bound_pool)

BOOST_AUTO_TEST_CASE(of_a_part_leaves_the_pool_as_it_was) {
  migrate(static_cast<char*>(p) + 3 * base_page(), 7 * base_page(), away);
  expect_all_on(first, static_cast<char*>(p) + 3 * base_page(), 7 * base_page());
  pool.deallocate(p, bytes);
  for (const std::size_t block : {16_KiB, 72_KiB, 200_KiB, 520_KiB}) expect_all_home(block);
}

BOOST_AUTO_TEST_CASE(is_put_right_whatever_goes_back_in_between) {
  migrate(p, bytes, away);
  pool.trim();
  expect_all_on(first, p, bytes);
  void* const live = pool.allocate(8_KiB);
  pool.deallocate(p, bytes);
  pool.trim();
  for (const std::size_t block : {8_KiB, 100_KiB, 200_KiB}) expect_all_home(block);
  pool.deallocate(live, 8_KiB);
}

BOOST_AUTO_TEST_CASE(is_put_right_part_by_part) {
  migrate(p, bytes, away);
  pool.deallocate(p, bytes);
  void* const q = pool.allocate(72_KiB);
  BOOST_TEST(q == p);
  expect_home(q, 72_KiB);
  expect_all_home(72_KiB);
  pool.deallocate(q, 72_KiB);
}

BOOST_AUTO_TEST_CASE(lasts_as_long_as_the_block) {
  migrate(p, bytes, away);
  expect_all_home(72_KiB);
  expect_all_on(first, p, bytes);
  BOOST_TEST(policy_at(p) == (kernel_policy{mpol::bind, {first}}));
  BOOST_TEST(pages_are_signed(p, bytes));
  pool.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(is_put_right_in_a_child_and_in_its_parent) {
  migrate(p, bytes, away);
  pool.deallocate(p, bytes);
  in_child([&] { expect_all_home(100_KiB); });
  expect_all_home(100_KiB);
}

BOOST_AUTO_TEST_CASE(ends_with_the_pool) {
  // The addresses may be another's then.
  {
    pool_resource other(home);
    migrate(other.allocate(300_KiB), 300_KiB, away);
    migrate(other.allocate(30_MiB), 30_MiB, away);
    other.release();
    void* const q = other.allocate(300_KiB);
    touch(q, 300_KiB);
    expect_home(q, 300_KiB);
  }
  migrate(p, bytes, away);
  pool.deallocate(p, bytes);
}

BOOST_AUTO_TEST_CASE(goes_on_while_others_use_the_pool) {
  std::atomic<bool> done = false;
  std::atomic<std::size_t> wrong = 0;
  std::jthread other([&] {
    for (std::size_t n = 0; !done; n = (n + 1) % 40) {
      const std::size_t size = 72_KiB + n * 8_KiB;
      void* const q = pool.allocate(size);
      std::memset(q, 1, size);
      std::vector<int> on;
      // Pages on their way are told as not there.
      for (int look = 0; look != 100; ++look) {
        on = page_nodes(q, size);
        if (std::ranges::all_of(on, [](int node) { return node >= 0; })) break;
      }
      for (const int node : on) wrong += node >= 0 && node != static_cast<int>(second) ? 1U : 0U;
      pool.deallocate(q, size);
    }
  });
  for (int i = 0; i != 60; ++i) {
    void* const q = pool.allocate(bytes);
    touch(q, bytes);
    migrate(q, bytes, away);
    pool.deallocate(q, bytes);
  }
  done = true;
  other.join();
  BOOST_TEST(wrong == 0U);
  pool.deallocate(p, bytes);
  expect_all_home(100_KiB);
}

BOOST_AUTO_TEST_CASE(is_refused_for_small_blocks_which_share_pages) {
  void* const small = pool.allocate(20_KiB);
  touch(small, 20_KiB);
  BOOST_CHECK_EXCEPTION(migrate(small, 20_KiB, away), error,
                        with_code(errc::invalid_argument).saying("small blocks of a pool"));
  expect_home(small, 20_KiB);
  // There is no whole page.
  void* const tiny = pool.allocate(100);
  BOOST_CHECK_EXCEPTION(migrate(static_cast<char*>(tiny) + 1, 50, away), error,
                        with_code(errc::invalid_size));
  BOOST_TEST(migrate(small, 20_KiB, home).failed() == 0U);
  BOOST_TEST(migrate(p, bytes, home).failed() == 0U);
  pool.deallocate(tiny, 100);
  pool.deallocate(small, 20_KiB);
  // What was a span is none any more.
  pool.trim();
  for (int i = 0; i != 3; ++i) {
    void* const q = pool.allocate(300_KiB);
    BOOST_TEST(migrate(q, 300_KiB, away).failed() == 0U);
    pool.deallocate(q, 300_KiB);
  }
  pool.deallocate(p, bytes);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(of_a_vector_does_not_touch_the_next) {
  using vector = std::vector<double, numa_allocator<double>>;
  const placement home = placement::bind({second});
  const vector keep(1000, home);
  {
    vector v(1'000'000, home);
    migrate(v.data(), v.size() * sizeof(double), placement::bind({first}));
  }
  vector grows(home);
  for (int i = 0; i != 3'000'000; ++i) grows.push_back(i);
  const std::size_t bytes = grows.size() * sizeof(double);
  BOOST_TEST(policy_at(grows.data()) == (kernel_policy{mpol::bind, {second}}));
  expect_all_on(second, grows.data(), bytes);
  vector w(1'000'000, home);
  expect_all_on(second, w.data(), w.size() * sizeof(double));
  BOOST_TEST(grows[2'999'999] == 2'999'999);
}

// Pages that spilled are brought home: nothing is to be put right, and a mapping is kept.
BOOST_AUTO_TEST_CASE(to_what_a_block_has_is_none) {
  for (const placement& home : {placement::blocked({second, first}), placement::bind({second})}) {
    pool_resource pool(home);
    void* const p = pool.allocate(20_MiB);
    sign_pages(p, 20_MiB);
    const auto policies = policies_of(p, 20_MiB);
    BOOST_TEST(move_page(p, first) == static_cast<int>(first));
    BOOST_TEST(migrate(p, 20_MiB, home).failed() == 0U);
    expect_policies(policies, p, 20_MiB);
    pool.deallocate(p, 20_MiB);
    BOOST_TEST(pool.statistics().retained_bytes >= 20_MiB);
    BOOST_TEST(pool.allocate(20_MiB) == p);
  }
}

BOOST_AUTO_TEST_CASE(of_node_pools_is_put_right) {
  node_pools pools;
  void* const p = pools.allocate_on(second, 300_KiB);
  touch(p, 300_KiB);
  migrate(p, 300_KiB, placement::bind({first}));
  pools.deallocate(p, 300_KiB);
  void* const q = pools.allocate_on(second, 300_KiB);
  BOOST_TEST(q == p);
  touch(q, 300_KiB);
  expect_all_on(second, q, 300_KiB);
  pools.deallocate(q, 300_KiB);
}

// Linux 6.12 gives zeros back when it divides huge pages.
BOOST_AUTO_TEST_CASE(of_zeros_in_huge_pages_leaves_no_page_to_be_made_at_first_touch) {
  area eager(placement::bind({second}), {.page_kind = page_kind::transparent_huge, .commit = commit::eager});
  pool_resource over(&eager);
  pool_resource own(placement::bind({second}));
  const std::size_t huge = page_size(page_kind::transparent_huge);
  for (pool_resource* pool : {&over, &own}) {
    void* const p = pool->allocate(6_MiB, huge);
    migrate(p, 6_MiB, placement::interleave({first, second}, 64_KiB));
    pool->deallocate(p, 6_MiB, huge);
    void* const q = pool->allocate(5_MiB, huge);
    BOOST_TEST(q == p);
    expect_all_on(second, q, 5_MiB);
    pool->release();
  }
}

BOOST_AUTO_TEST_CASE(of_hugetlb_pages_is_put_right) {
  pool_resource pool(placement::bind({second}),
                     {.page_kind = page_kind::huge_2mb, .fallback = page_fallback::strict});
  void* const p = pool.allocate(2_MiB);
  touch(p, 2_MiB);
  BOOST_TEST(migrate(p, 2_MiB, placement::bind({first})).failed() == 0U);
  expect_all_on(first, p, 2_MiB);
  pool.deallocate(p, 2_MiB);
  void* const q = pool.allocate(200_KiB);
  BOOST_TEST(q == p);
  touch(q, 200_KiB);
  expect_all_on(second, q, 200_KiB);
  BOOST_TEST(policy_at(q) == (kernel_policy{mpol::bind, {second}}));
  pool.deallocate(q, 200_KiB);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
