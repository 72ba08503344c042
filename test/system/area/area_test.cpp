// area on this machine, whatever its nodes.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/misuse.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

node_id some_node() { return topology::system().default_nodes().first(); }

std::size_t all_memory() { return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * base_page(); }

/// A block that goes back by itself.
class block {
 public:
  block(area& a, std::size_t bytes, std::size_t alignment = 1)
      : x_area(a), x_data(a.allocate(bytes, alignment)), x_bytes(bytes), x_alignment(alignment) {}
  ~block() { x_area.deallocate(x_data, x_bytes, x_alignment); }
  block(const block&) = delete;
  block& operator=(const block&) = delete;
  void* data() const { return x_data; }
  void fill() const { std::memset(x_data, 1, x_bytes); }

 private:
  area& x_area;
  void* x_data;
  std::size_t x_bytes;
  std::size_t x_alignment;
};

BOOST_AUTO_TEST_SUITE(area)
using acre::area;

BOOST_AUTO_TEST_CASE(its_blocks_lie_as_placed) {
  const std::string node = std::to_string(some_node());
  for (const std::string& text :
       {std::string("unbound"), std::string("local"), "bind " + node, "prefer " + node, "interleave " + node,
        "blocked " + node + ":1", "most_free " + node}) {
    area a(placement::parse(text));
    const block b(a, 3_MiB + 1);
    b.fill();
    BOOST_TEST_INFO(text);
    BOOST_TEST(a.check_block(b.data(), 3_MiB + 1));
  }
}

BOOST_AUTO_TEST_CASE(the_kernel_has_the_policy) {
  area a(placement::bind({some_node()}));
  const block b(a, 64_KiB);
  BOOST_TEST(policy_at(b.data()) == (kernel_policy{mpol::bind, {some_node()}}));
  BOOST_TEST(a.status().installed == "bind " + std::to_string(some_node()));
  BOOST_TEST(a.status().as_asked());
}

BOOST_AUTO_TEST_CASE(lazy_blocks_have_no_pages_and_eager_ones_have_all) {
  for (const auto& where : {placement::unbound(), placement::local(), placement::bind({some_node()}),
                            placement::prefer({some_node()})}) {
    area lazy(where);
    const block l(lazy, 1_MiB);
    area eager(where, {.commit = commit::eager});
    const block e(eager, 1_MiB);
    BOOST_TEST_CONTEXT(where) {
      BOOST_TEST(locate(l.data(), 1_MiB).resident() == 0U);
      BOOST_TEST(locate(e.data(), 1_MiB).untouched == 0U);
      BOOST_TEST(eager.check_block(e.data(), 1_MiB));
    }
  }
}

BOOST_AUTO_TEST_CASE(commits_large_blocks_in_parallel) {
  area a(placement::bind({some_node()}), {.commit = commit::eager});
  const block b(a, 200_MiB + 12'345);
  BOOST_TEST(locate(b.data(), 200_MiB + 12'345).untouched == 0U);
  BOOST_TEST(a.check_block(b.data(), 200_MiB + 12'345));
}

BOOST_AUTO_TEST_CASE(aligns_up_to_and_above_the_page_size) {
  area a(placement::local());
  for (std::size_t alignment = 1; alignment <= 64_MiB; alignment *= 2) {
    const block b(a, 5000, alignment);
    BOOST_TEST_INFO("aligned to " << alignment);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(b.data()) % alignment == 0U);
  }
}

BOOST_AUTO_TEST_CASE(counts_what_is_live) {
  area a(placement::local());
  {
    const block one(a, 1);
    const block two(a, 10'000);
    BOOST_TEST(a.status().blocks == 2U);
    BOOST_TEST(a.status().bytes == a.good_size(1, 1) + a.good_size(10'000, 1));
  }
  BOOST_TEST(a.status().blocks == 0U);
  BOOST_TEST(a.status().bytes == 0U);
}

BOOST_AUTO_TEST_CASE(zero_bytes_are_a_block_of_their_own) {
  area a(placement::local());
  const block one(a, 0);
  const block two(a, 0);
  BOOST_TEST(one.data() != two.data());
}

BOOST_AUTO_TEST_CASE(rejects_sizes_and_alignments_that_cannot_be_and_leaks_nothing) {
  area a(placement::bind({some_node()}));
  const no_new_mappings check;
  // Not constants, or compilers refuse them.
  const volatile std::size_t most = std::numeric_limits<std::size_t>::max();
  const volatile std::size_t odd = 24;
  for (std::size_t bytes : {most, most - 7, most - 4096}) {
    BOOST_TEST_INFO(bytes << " bytes");
    BOOST_CHECK_EXCEPTION((void)a.allocate(bytes, 4096), allocation_error, with_code(errc::invalid_size));
  }
  BOOST_CHECK_EXCEPTION((void)a.allocate(most / 4, 8), allocation_error, with_code(errc::out_of_memory));
  BOOST_CHECK_EXCEPTION((void)a.allocate(4096, odd), allocation_error, with_code(errc::invalid_alignment));
  BOOST_CHECK_THROW((void)a.allocate(most - 7, 8), std::bad_alloc);
  BOOST_TEST(a.status().blocks == 0U);
}

BOOST_AUTO_TEST_CASE(binding_to_an_absent_node_is_rejected) {
  const no_new_mappings check;
  BOOST_CHECK_EXCEPTION(area a(placement::bind({1023})), error, with_code(errc::unknown_node));
}

BOOST_AUTO_TEST_CASE(a_foreign_topology_is_rejected) {
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  BOOST_CHECK_EXCEPTION(area a(placement::bind({0}), {}, other), error, with_code(errc::foreign_topology));
  BOOST_CHECK_EXCEPTION(area a(placement::unbound(), {}, other), error, with_code(errc::foreign_topology));
}

BOOST_AUTO_TEST_CASE(more_ranges_than_the_kernel_may_have_are_refused_and_leak_nothing) {
  // Two policies in turn; unbound is none, so nodes that alternate need two nodes, or one node asked page by page.
  const topology two = topology::from_synthetic("numa:2 core:1 pu:1");
  const placement pages_in_turn = placement::interleave({0, 1}, chunk::page).hard();
  BOOST_CHECK_EXCEPTION((void)make_plan(pages_in_turn, 1_GiB, two), error, with_code(errc::too_many_ranges));
}

BOOST_AUTO_TEST_CASE(a_machine_that_has_not_that_much_is_an_error_before_any_page_exists) {
  // All there is: the kernel lets it be mapped, but this process uses some already.
  const std::size_t all = all_memory();
  area a(placement::local(), {.commit = commit::eager});
  const no_new_mappings check;
  BOOST_CHECK_EXCEPTION((void)a.allocate(all, 1), allocation_error, with_code(errc::out_of_memory));
  area hard(placement::bind({some_node()}), {.commit = commit::eager});
  BOOST_CHECK_EXCEPTION((void)hard.allocate(all, 1), allocation_error, with_code(errc::node_full));
}

BOOST_AUTO_TEST_CASE(strict_huge_pages_that_are_not_there_are_an_error) {
  const auto make = [](page_fallback f) {
    area a(placement::local(), {.page_kind = page_kind::huge_1gb, .fallback = f});
    // More than any pool holds that leaves the machine room to work.
    const std::size_t all = all_memory() / 2;
    a.deallocate(a.allocate(all, 1), all, 1);
    return a.status();
  };
  BOOST_CHECK_EXCEPTION((void)make(page_fallback::strict), error, with_code(errc::no_huge_pages));
  const area_status fell_back = make(page_fallback::smaller);
  BOOST_TEST(fell_back.allocations[static_cast<std::size_t>(page_kind::huge_1gb)] == 0U);
  BOOST_TEST_REQUIRE(!fell_back.downgrades.empty());
  BOOST_TEST(fell_back.downgrades.front().reason == downgrade_reason::smaller_pages);
}

BOOST_AUTO_TEST_CASE(tells_which_pages_it_tries_first) {
  BOOST_TEST(area(placement::local()).page_kind() == page_kind::system);
  for (const page_kind asked : {page_kind::transparent_huge, page_kind::huge_2mb, page_kind::huge_1gb}) {
    area a(placement::local(), {.page_kind = asked});
    BOOST_TEST(a.page_kind() <= asked);
    const bool fell_back = a.page_kind() != asked;
    const auto strict = [&] {
      area b(placement::local(), {.page_kind = asked, .fallback = page_fallback::strict});
      BOOST_TEST(b.page_kind() == asked);
    };
    if (fell_back) {
      BOOST_TEST(!a.status().as_asked());
      BOOST_CHECK_EXCEPTION(strict(), error, with_code(errc::no_huge_pages));
    } else {
      strict();
    }
  }
}

BOOST_AUTO_TEST_CASE(the_error_of_an_allocation_names_placement_and_bytes) {
  area a(placement::bind({some_node()}));
  constexpr std::size_t bytes = std::numeric_limits<std::size_t>::max() / 4;
  const auto names_both = [&](const allocation_error& e) {
    BOOST_TEST(contains(e.what(), "bind " + std::to_string(some_node())));
    BOOST_TEST(e.bytes() == bytes);
    return true;
  };
  BOOST_CHECK_EXCEPTION((void)a.allocate(bytes, 8), allocation_error, names_both);
}

BOOST_AUTO_TEST_CASE(a_chunk_that_is_no_multiple_of_the_page_size_is_reported) {
  area a(placement::interleave({some_node()}, 5000));
  BOOST_TEST_REQUIRE(a.status().downgrades.size() == 1U);
  BOOST_TEST(a.status().downgrades[0].reason == downgrade_reason::chunk_rounded_up);
}

BOOST_AUTO_TEST_CASE(exceptions_of_the_page_function_pass_and_leak_nothing) {
  area a(placement::by_page([](std::size_t, std::size_t) -> node_id { throw 42; }, {some_node()}));
  const no_new_mappings check;
  BOOST_CHECK_THROW((void)a.allocate(1_MiB, 8), int);
}

#ifdef ACRE_CHECKED
BOOST_AUTO_TEST_CASE(giving_back_twice_is_an_error_in_checked_builds) {
  area a(placement::local());
  void* const p = a.allocate(1_MiB, 8);
  a.deallocate(p, 1_MiB, 8);
  BOOST_TEST(contains(misuse_in([&] { a.deallocate(p, 1_MiB, 8); }), "the block at"));
}
#endif

BOOST_AUTO_TEST_CASE(the_default_area_is_unbound) {
  BOOST_TEST(default_area().where() == placement::unbound());
  const block b(default_area(), 1_MiB);
  b.fill();
  BOOST_TEST(policy_at(b.data()) == (kernel_policy{mpol::unbound, {}}));
}

BOOST_AUTO_TEST_CASE(threads_may_share_it) {
  area a(placement::local());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&a] {
      for (std::size_t i = 1; i < 200; ++i) {
        const block b(a, i * 1000);
        b.fill();
      }
    });
  }
  for (auto& t : threads) t.join();
  BOOST_TEST(a.status().blocks == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
