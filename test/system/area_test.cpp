// area on this machine, whatever its nodes.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>

#include <gtest/gtest.h>
#include <unistd.h>
#include <cstdint>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/resource_conformance.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::code_thrown;
using test::no_new_mappings;

node_id some_node() { return topology::system().default_nodes().first(); }

std::size_t all_memory() { return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * test::base_page(); }

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

TEST(area, its_blocks_lie_as_placed) {
  for (const char* text :
       {"unbound", "local", "bind 0", "prefer 0", "interleave 0", "blocked 0:1", "most_free 0"}) {
    placement where = placement::parse(text);
    if (!where.nodes().empty() && some_node() != 0) continue;
    area a(where);
    const block b(a, 3_MiB + 1);
    b.fill();
    EXPECT_TRUE(a.check_block(b.data(), 3_MiB + 1)) << text << ": " << a.check_block(b.data(), 3_MiB + 1);
  }
}

TEST(area, the_kernel_has_the_policy) {
  area a(placement::bind({some_node()}));
  const block b(a, 64_KiB);
  EXPECT_EQ(test::policy_at(b.data()), (test::kernel_policy{test::mpol::bind, {some_node()}}));
  EXPECT_EQ(a.status().installed, "bind " + std::to_string(some_node()));
  EXPECT_TRUE(a.status().as_asked());
}

TEST(area, lazy_blocks_have_no_pages_and_eager_ones_have_all) {
  for (const auto& where : {placement::unbound(), placement::local(), placement::bind({some_node()}),
                            placement::prefer({some_node()})}) {
    area lazy(where);
    const block l(lazy, 1_MiB);
    EXPECT_EQ(locate(l.data(), 1_MiB).resident(), 0U) << where;
    area eager(where, {.commit = commit::eager});
    const block e(eager, 1_MiB);
    EXPECT_EQ(locate(e.data(), 1_MiB).untouched, 0U) << where;
    EXPECT_TRUE(eager.check_block(e.data(), 1_MiB)) << where;
  }
}

TEST(area, commits_large_blocks_in_parallel) {
  area a(placement::bind({some_node()}), {.commit = commit::eager});
  const block b(a, 200_MiB + 12'345);
  EXPECT_EQ(locate(b.data(), 200_MiB + 12'345).untouched, 0U);
  EXPECT_TRUE(a.check_block(b.data(), 200_MiB + 12'345));
}

TEST(area, aligns_up_to_and_above_the_page_size) {
  area a(placement::local());
  for (std::size_t alignment = 1; alignment <= 64_MiB; alignment *= 2) {
    const block b(a, 5000, alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data()) % alignment, 0U);
  }
}

TEST(area, counts_what_is_live) {
  area a(placement::local());
  {
    const block one(a, 1);
    const block two(a, 10'000);
    EXPECT_EQ(a.status().blocks, 2U);
    EXPECT_EQ(a.status().bytes, a.good_size(1, 1) + a.good_size(10'000, 1));
  }
  EXPECT_EQ(a.status().blocks, 0U);
  EXPECT_EQ(a.status().bytes, 0U);
}

TEST(area, zero_bytes_are_a_block_of_their_own) {
  area a(placement::local());
  const block one(a, 0);
  const block two(a, 0);
  EXPECT_NE(one.data(), two.data());
}

TEST(area, rejects_sizes_and_alignments_that_cannot_be_and_leaks_nothing) {
  area a(placement::bind({some_node()}));
  const no_new_mappings check;
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  for (std::size_t bytes : {most, most - 7, most - 4096}) {
    EXPECT_EQ(code_thrown([&] { return a.allocate(bytes, 4096); }), errc::invalid_size) << bytes;
  }
  EXPECT_EQ(code_thrown([&] { return a.allocate(most / 4, 8); }), errc::out_of_memory);
  // Not a constant, or clang refuses it at compile time.
  const volatile std::size_t odd = 24;
  EXPECT_EQ(code_thrown([&] { return a.allocate(4096, odd); }), errc::invalid_alignment);
  EXPECT_THROW((void)a.allocate(most - 7, 8), std::bad_alloc);
  EXPECT_EQ(a.status().blocks, 0U);
}

TEST(area, binding_to_an_absent_node_is_rejected) {
  const no_new_mappings check;
  EXPECT_EQ(code_thrown([] { area a(placement::bind({1023})); }), errc::unknown_node);
}

TEST(area, a_foreign_topology_is_rejected) {
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  EXPECT_EQ(code_thrown([&] { area a(placement::bind({0}), {}, other); }), errc::foreign_topology);
  EXPECT_EQ(code_thrown([&] { area a(placement::unbound(), {}, other); }), errc::foreign_topology);
}

TEST(area, more_ranges_than_the_kernel_may_have_are_refused_and_leak_nothing) {
  // Two policies in turn; unbound is none, so nodes that alternate need two nodes, or one node asked page by page.
  const topology two = topology::from_synthetic("numa:2 core:1 pu:1");
  EXPECT_EQ(code_thrown([&] {
              make_plan(placement::interleave({0, 1}).hard(), 1_GiB, two);
            }),
            errc::too_many_ranges);
}

TEST(area, a_machine_that_has_not_that_much_is_an_error_before_any_page_exists) {
  // All there is: the kernel lets it be mapped, but this process uses some already.
  const std::size_t all = all_memory();
  area a(placement::local(), {.commit = commit::eager});
  const no_new_mappings check;
  EXPECT_EQ(code_thrown([&] { return a.allocate(all, 1); }), errc::out_of_memory);
  area hard(placement::bind({some_node()}), {.commit = commit::eager});
  EXPECT_EQ(code_thrown([&] { return hard.allocate(all, 1); }), errc::node_full);
}

TEST(area, strict_huge_pages_that_are_not_there_are_an_error) {
  const auto make = [](page_fallback f) {
    area a(placement::local(), {.pages = page_kind::huge_1gb, .fallback = f});
    // More than any pool holds that leaves the machine room to work.
    const std::size_t all = all_memory() / 2;
    a.deallocate(a.allocate(all, 1), all, 1);
    return a.status();
  };
  EXPECT_EQ(code_thrown([&] { make(page_fallback::strict); }), errc::no_huge_pages);
  const area_status fell_back = make(page_fallback::smaller);
  EXPECT_EQ(fell_back.allocations[static_cast<std::size_t>(page_kind::huge_1gb)], 0U);
  EXPECT_FALSE(fell_back.downgrades.empty());
  EXPECT_EQ(fell_back.downgrades.front().reason, downgrade_reason::smaller_pages);
}

TEST(area, tells_which_pages_it_tries_first) {
  EXPECT_EQ(area(placement::local()).pages(), page_kind::system);
  for (const page_kind asked : {page_kind::transparent_huge, page_kind::huge_2mb, page_kind::huge_1gb}) {
    area a(placement::local(), {.pages = asked});
    EXPECT_LE(a.pages(), asked);
    const bool fell_back = a.pages() != asked;
    const auto strict = [&] {
      area b(placement::local(), {.pages = asked, .fallback = page_fallback::strict});
      EXPECT_EQ(b.pages(), asked);
    };
    if (fell_back) {
      EXPECT_FALSE(a.status().as_asked());
      EXPECT_EQ(code_thrown(strict), errc::no_huge_pages);
    } else {
      strict();
    }
  }
}

TEST(area, the_error_of_an_allocation_names_placement_and_bytes) {
  area a(placement::bind({some_node()}));
  try {
    (void)a.allocate(std::numeric_limits<std::size_t>::max() / 4, 8);
    FAIL() << "allocated";
  } catch (const allocation_error& e) {
    EXPECT_NE(std::string(e.what()).find("bind " + std::to_string(some_node())), std::string::npos)
        << e.what();
    EXPECT_EQ(e.bytes(), std::numeric_limits<std::size_t>::max() / 4);
  }
}

TEST(area, a_chunk_that_is_no_multiple_of_the_page_size_is_reported) {
  area a(placement::interleave({some_node()}, 5000));
  ASSERT_EQ(a.status().downgrades.size(), 1U);
  EXPECT_EQ(a.status().downgrades[0].reason, downgrade_reason::chunk_rounded_up);
}

TEST(area, exceptions_of_the_page_function_pass_and_leak_nothing) {
  area a(placement::by_page([](std::size_t, std::size_t) -> node_id { throw 42; }, {some_node()}));
  const no_new_mappings check;
  EXPECT_THROW((void)a.allocate(1_MiB, 8), int);
}

#ifdef ACRE_CHECKED
TEST(area, giving_back_twice_is_an_error_in_checked_builds) {
  area a(placement::local());
  void* const p = a.allocate(1_MiB, 8);
  a.deallocate(p, 1_MiB, 8);
  EXPECT_EQ(code_thrown([&] { a.deallocate(p, 1_MiB, 8); }), errc::not_mapped);
}
#endif

TEST(area, the_default_area_is_unbound) {
  EXPECT_EQ(default_area().where(), placement::unbound());
  const block b(default_area(), 1_MiB);
  b.fill();
  EXPECT_EQ(test::policy_at(b.data()), (test::kernel_policy{test::mpol::unbound, {}}));
}

TEST(area, threads_may_share_it) {
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
  EXPECT_EQ(a.status().blocks, 0U);
}

}  // namespace
}  // namespace acre
