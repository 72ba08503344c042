#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>
#include <acre/resource_for.hpp>
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <set>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(resource_for)
using acre::resource_for;

BOOST_AUTO_TEST_CASE(gives_equal_placements_one_resource) {
  BOOST_TEST(resource_for(placement::local()) == resource_for(placement::local()));
  BOOST_TEST(resource_for(placement::local()) != resource_for(placement::unbound()));
  BOOST_TEST((numa_allocator<int>(placement::local()) == first_touch_allocator<long>(placement::local())));
}

BOOST_AUTO_TEST_CASE(gives_equal_options_one_resource) {
  using namespace std::chrono_literals;
  const placement where = placement::local();
  const pool_options plain = {};
  BOOST_TEST(resource_for(where) == resource_for(where, plain));
  const pool_options all[] = {
      {.page_kind = page_kind::system},
      {.fallback = page_fallback::strict},
      {.commit = commit::eager},
      {.on_denied = on_denied::unbound},
      {.name = "another"},
      {.limit = 1_GiB},
      {.retained = 1_MiB},
      {.decay = 1s},
      // More than a pool makes of it.
      {.decay = std::chrono::milliseconds::max()},
      {.cached = 0},
      {.largest_small = 1_KiB},
      {.guarding = guarding::off},
  };
  std::set<const pool_resource*> distinct = {resource_for(where)};
  for (const pool_options& o : all) {
    pool_resource* const r = resource_for(where, o);
    BOOST_TEST(r == resource_for(where, pool_options(o)));
    BOOST_TEST(r != resource_for(placement::unbound(), o));
    distinct.insert(r);
  }
  BOOST_TEST(distinct.size() == 1 + std::size(all));
  BOOST_TEST(resource_for(where, {.name = "another"})->options().name == "another");
}

BOOST_AUTO_TEST_CASE(wrong_options_are_an_error_each_time) {
  const pool_options wrong{.cached = 1_GiB};
  for (int i = 0; i != 2; ++i) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(resource_for(placement::local(), wrong)), error,
                          with_code(errc::invalid_argument).saying("pool_options::cached"));
  }
}

BOOST_AUTO_TEST_CASE(a_by_page_function_has_none) {
  const node_set nodes = topology::system().default_nodes();
  const placement where =
      placement::by_page([first = nodes.first()](std::size_t, std::size_t) { return first; }, nodes);
  const auto refused = [] {
    return with_code(errc::unsupported_placement).saying("by_page").saying("pool_resource");
  };
  BOOST_CHECK_EXCEPTION(static_cast<void>(resource_for(where)), error, refused());
  BOOST_CHECK_EXCEPTION(static_cast<void>(resource_for(where.soft(), {.name = "x"})), error, refused());
  BOOST_CHECK_EXCEPTION(numa_allocator<int>{where}, error, refused());
  BOOST_CHECK_EXCEPTION(first_touch_allocator<int>{where}, error, refused());
  pool_resource own(where);
  const std::vector<int, numa_allocator<int>> v(10, 1, &own);
  BOOST_TEST(v.back() == 1);
}

BOOST_AUTO_TEST_CASE(an_unknown_node_is_an_error_each_time) {
  const placement nowhere = placement::bind(node_set{1000});
  for (int i = 0; i != 3; ++i) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(resource_for(nowhere)), error, with_code(errc::unknown_node));
  }
  BOOST_TEST(resource_for(placement::local()) != nullptr);
}

BOOST_AUTO_TEST_CASE(many_threads_get_the_same_resource) {
  std::vector<std::pmr::memory_resource*> got(8);
  std::vector<std::thread> threads;
  for (auto& r : got) threads.emplace_back([&r] { r = resource_for(placement::prefer(node_set{0})); });
  for (std::thread& t : threads) t.join();
  for (const auto* r : got) BOOST_TEST(r == got[0]);
}

BOOST_AUTO_TEST_CASE(a_by_page_function_may_allocate_from_its_pool) {
  static std::pmr::memory_resource* own = nullptr;
  static std::atomic<std::size_t> calls = 0;
  const auto function = [](std::size_t, std::size_t) -> node_id {
    ++calls;
    // Not before the pool has a slab: that would never end.
    if (own != nullptr) own->deallocate(own->allocate(100), 100);
    return topology::system().default_nodes().first();
  };
  pool_resource r(placement::by_page(function, topology::system().default_nodes()));
  r.deallocate(r.allocate(100), 100);
  own = &r;
  calls = 0;
  void* const large = r.allocate(1 << 20);
  BOOST_TEST(calls >= (1U << 20) / page_size(page_kind::system));
  r.deallocate(large, 1 << 20);
  own = nullptr;
}

// AddressSanitizer of GCC 12 does not hold its own allocator still during fork: a child of a process whose other
// threads allocate may wait for it for ever.
#if !defined(ACRE_TEST_ASAN)
/// Uses pools old and new.
void allocate_from_both() {
  block_list live(*resource_for(placement::local()));
  for (std::size_t i = 0; i != 200; ++i) live.add(i * 50, 8);
  live.check_all();
  block_list more(*resource_for(placement::unbound()));
  more.add(100'000, 64);
}

BOOST_AUTO_TEST_CASE(children_forked_while_others_allocate_can_allocate) {
  // A child forked during another thread's very first call would wait for that call for ever.
  (void)resource_for(placement::local());
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  const auto stopped_at_the_end = std::shared_ptr<void>(nullptr, [&stop](void*) { stop = true; });
  for (const placement& where : {placement::local(), placement::unbound()}) {
    threads.emplace_back([&stop, where] {
      while (!stop) {
        std::pmr::memory_resource& r = *resource_for(where);
        for (std::size_t i = 0; i != 50; ++i) r.deallocate(r.allocate(i * 100), i * 100);
      }
    });
  }
  for (int i = 0; i != 50; ++i) {
    const pid_t child = start(allocate_from_both);
    BOOST_TEST_INFO("in fork " << i);
    BOOST_TEST_REQUIRE(exit_code_of(child) == 0);
  }
}
#endif

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(default_resource)
using acre::default_resource;
using acre::resource_for;

BOOST_AUTO_TEST_CASE(is_the_unbound_one_until_another_is_set) {
  std::pmr::memory_resource* const first = resource_for(placement::unbound());
  BOOST_TEST(default_resource() == first);
  BOOST_TEST(acre::set_default_resource(std::pmr::new_delete_resource()) == first);
  BOOST_TEST(numa_allocator<int>().resource() == std::pmr::new_delete_resource());
  BOOST_TEST(first_touch_allocator<int>().resource() == std::pmr::new_delete_resource());
  BOOST_TEST(acre::set_default_resource(nullptr) == std::pmr::new_delete_resource());
  BOOST_TEST(default_resource() == first);
  BOOST_TEST(first_touch_allocator<int>().resource() == resource_for(placement::local()));
}

BOOST_AUTO_TEST_CASE(is_as_it_was_when_the_old_one_is_set_again) {
  const auto by_first_touch = [] { return first_touch_allocator<int>().resource(); };
  std::pmr::memory_resource* const first = default_resource();
  acre::set_default_resource(acre::set_default_resource(std::pmr::new_delete_resource()));
  BOOST_TEST(default_resource() == first);
  BOOST_TEST(by_first_touch() == resource_for(placement::local()));
  // Another that was chosen comes back for both.
  acre::set_default_resource(std::pmr::new_delete_resource());
  acre::set_default_resource(acre::set_default_resource(first));
  BOOST_TEST(by_first_touch() == std::pmr::new_delete_resource());
  acre::set_default_resource(nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
