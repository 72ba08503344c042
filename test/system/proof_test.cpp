// apply, locate, check, migrate, prefault on this machine: what holds on one node too.
#include <acre/apply.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/error.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
#include <acre/prefault.hpp>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <cstring>
#include <limits>

#include "support/kernel.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::code_thrown;

node_id some_node() { return topology::system().default_nodes().first(); }

/// Base pages only, so that counts are exact whatever the THP setting.
class pages {
 public:
  explicit pages(std::size_t n) : x_mapping(n * test::base_page()) {
    ::madvise(x_mapping.data(), x_mapping.size(), MADV_NOHUGEPAGE);
  }
  char* at(std::size_t page) const { return static_cast<char*>(x_mapping.data()) + page * test::base_page(); }
  void touch(std::size_t page) const { *at(page) = 1; }
  void* data() const { return x_mapping.data(); }
  std::size_t bytes() const { return x_mapping.size(); }

 private:
  mapping x_mapping;
};

/// Two pages with a hole between them, low in the address space, where nobody else maps anything meanwhile.
class torn {
 public:
  torn() : x_first(test::base_page(), at(0)), x_last(test::base_page(), at(2)) {}
  void* data() const { return x_first.data(); }
  std::size_t bytes() const { return 3 * test::base_page(); }

 private:
  static mapping_options at(std::size_t page) {
    return {.address = reinterpret_cast<void*>(1_GiB + page * test::base_page()), .use = address_use::exact};
  }
  mapping x_first;
  mapping x_last;
};

TEST(apply, installs_the_policy_without_touching_pages) {
  const pages p(8);
  EXPECT_TRUE(apply(placement::bind({some_node()}), p.data(), p.bytes()).empty());
  EXPECT_EQ(test::policy_at(p.data()), (test::kernel_policy{test::mpol::bind, {some_node()}}));
  EXPECT_EQ(test::count_untouched(p.data(), p.bytes()), 8U);
  apply(placement::unbound(), p.data(), p.bytes());
  EXPECT_EQ(test::policy_at(p.data()).mode, test::mpol::unbound);
  apply(placement::local(), p.data(), p.bytes());
  EXPECT_EQ(test::policy_at(p.data()).mode, test::mpol::local);
  EXPECT_EQ(installed_policy(p.data()), (policy{policy_mode::local, {}}));
}

TEST(apply, rejects_what_cannot_be_bound) {
  const pages p(2);
  const torn t;
  const placement where = placement::bind({some_node()});
  EXPECT_EQ(code_thrown([&] { apply(where, p.at(0) + 1, 100); }), errc::invalid_alignment);
  EXPECT_EQ(code_thrown([&] { apply(where, p.data(), 0); }), errc::invalid_size);
  EXPECT_EQ(code_thrown([&] { apply(where, t.data(), t.bytes()); }), errc::not_mapped);
  EXPECT_EQ(code_thrown([&] { apply(placement::bind({1000}), p.data(), p.bytes()); }), errc::unknown_node);
  const topology other = topology::from_synthetic("numa:2 core:1 pu:1");
  EXPECT_EQ(code_thrown([&] { apply(where, p.data(), p.bytes(), other); }), errc::foreign_topology);
  EXPECT_EQ(test::policy_at(p.data()).mode, test::mpol::unbound);
}

TEST(apply, its_twin_reports_codes) {
  const pages p(1);
  std::error_code ec;
  apply(placement::bind({some_node()}), p.data(), p.bytes(), ec);
  EXPECT_FALSE(ec) << ec.message();
  apply(placement::bind({1000}), p.data(), p.bytes(), ec);
  EXPECT_EQ(ec, errc::unknown_node);
}

TEST(installed_policy, an_unmapped_address_is_an_error) {
  EXPECT_EQ(code_thrown([] { installed_policy(nullptr); }), errc::not_mapped);
}

TEST(locate, counts_touched_and_untouched_pages_and_touches_none) {
  const pages p(10);
  for (std::size_t i : {0U, 3U, 9U}) p.touch(i);
  const residency r = locate(p.data(), p.bytes());
  EXPECT_EQ(r.pages, 10U);
  EXPECT_EQ(r.resident(), 3U);
  EXPECT_EQ(r.untouched, 7U);
  EXPECT_EQ(locate(p.data(), p.bytes()), r);
  EXPECT_EQ(test::count_untouched(p.data(), p.bytes()), 7U);
  const auto nodes = locate_pages(p.data(), p.bytes());
  ASSERT_EQ(nodes.size(), 10U);
  EXPECT_GE(nodes[3], 0);
  EXPECT_EQ(nodes[4], -1);
}

TEST(locate, a_page_that_was_only_read_is_untouched) {
  const pages p(1);
  EXPECT_EQ(*static_cast<volatile char*>(p.at(0)), 0);
  EXPECT_EQ(locate(p.data(), p.bytes()).untouched, 1U);
}

TEST(locate, rounds_outward_to_pages) {
  const pages p(3);
  p.touch(1);
  EXPECT_EQ(locate(p.at(1) - 1, 2).pages, 2U);
  EXPECT_EQ(locate(p.at(1) + 5, 1).pages, 1U);
  EXPECT_EQ(locate(p.at(1) + 5, 1).resident(), 1U);
}

TEST(locate, counts_large_ranges_across_batches) {
  const pages p(5000);
  for (std::size_t i = 0; i < 5000; i += 2) p.touch(i);
  EXPECT_EQ(locate(p.data(), p.bytes()).resident(), 2500U);
}

TEST(locate, knows_transparent_huge_pages) {
  const mapping m(8_MiB, {.pages = page_kind::transparent_huge});
  std::memset(m.data(), 1, m.size());
  const residency r = locate(m.data(), m.size());
  EXPECT_EQ(r.untouched, 0U);
  EXPECT_LE(r.transparent_huge, r.pages);
  EXPECT_EQ(r.hugetlb, 0U);
  EXPECT_EQ(r.per_node, locate(m.data(), m.size()).per_node);
}

TEST(locate, rejects_bad_ranges) {
  const pages p(1);
  const torn t;
  const std::size_t most = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(code_thrown([&] { locate(p.data(), 0); }), errc::invalid_size);
  EXPECT_EQ(code_thrown([&] { locate(p.data(), most); }), errc::invalid_size);
  EXPECT_EQ(code_thrown([&] { locate(t.data(), t.bytes()); }), errc::not_mapped);
  std::error_code ec;
  locate(t.data(), t.bytes(), ec);
  EXPECT_EQ(ec, errc::not_mapped);
}

TEST(check, agrees_with_what_was_applied_and_not_with_else) {
  const pages p(16);
  const placement where = placement::bind({some_node()});
  EXPECT_FALSE(check(where, p.data(), p.bytes()));
  apply(where, p.data(), p.bytes());
  p.touch(5);
  EXPECT_TRUE(check(where, p.data(), p.bytes())) << check(where, p.data(), p.bytes());
  const check_result r = check(placement::local(), p.data(), p.bytes());
  ASSERT_TRUE(r.policy);
  EXPECT_EQ(r.policy->offset, 0U);
  EXPECT_EQ(r.policy->actual, (policy{policy_mode::bind, {some_node()}}));
}

TEST(check, names_the_first_place_with_another_policy) {
  const pages p(16);
  const placement where = placement::bind({some_node()});
  apply(where, p.data(), p.bytes());
  apply(placement::unbound(), p.at(7), test::base_page());
  const check_result r = check(where, p.data(), p.bytes());
  ASSERT_TRUE(r.policy);
  EXPECT_EQ(r.policy->offset, 7 * test::base_page());
}

TEST(check, a_placement_of_absent_nodes_is_an_error) {
  const pages p(1);
  EXPECT_EQ(code_thrown([&] { check(placement::bind({1000}), p.data(), p.bytes()); }), errc::unknown_node);
}

TEST(prefault, makes_all_pages_and_keeps_contents) {
  for (const auto& where : {placement::unbound(), placement::local(), placement::bind({some_node()}),
                            placement::prefer({some_node()})}) {
    const pages p(300);
    apply(where, p.data(), p.bytes());
    std::strcpy(p.at(10), "kept");
    prefault(p.data(), p.bytes());
    EXPECT_EQ(test::count_untouched(p.data(), p.bytes()), 0U) << where;
    EXPECT_STREQ(p.at(10), "kept");
    EXPECT_TRUE(check(where, p.data(), p.bytes())) << where << check(where, p.data(), p.bytes());
  }
}

TEST(prefault, a_part_is_enough) {
  const pages p(10);
  apply(placement::bind({some_node()}), p.data(), p.bytes());
  prefault(p.at(3) + 7, test::base_page());
  EXPECT_EQ(test::count_untouched(p.data(), p.bytes()), 8U);
  EXPECT_TRUE(check(placement::bind({some_node()}), p.data(), p.bytes()));
}

TEST(prefault, what_cannot_be_written_is_an_error_and_no_signal) {
  const mapping m(1_MiB, {.access = access::read_only});
  EXPECT_EQ(code_thrown([&] { prefault(m.data(), m.size()); }), errc::invalid_argument);
}

TEST(prefault, rejects_unmapped_ranges) {
  const torn t;
  EXPECT_EQ(code_thrown([&] { prefault(t.data(), t.bytes()); }), errc::not_mapped);
  std::error_code ec;
  prefault(t.data(), t.bytes(), ec);
  EXPECT_EQ(ec, errc::not_mapped);
}

TEST(migrate, pages_in_place_stay_and_the_policy_is_installed) {
  const pages p(20);
  for (std::size_t i = 0; i < 5; ++i) p.touch(i);
  const node_set here = locate(p.data(), p.bytes()).nodes();
  const migration m = migrate(p.data(), p.bytes(), placement::bind(here));
  EXPECT_EQ(m.in_place, 5U);
  EXPECT_EQ(m.untouched, 15U);
  EXPECT_EQ(m.failed(), 0U);
  EXPECT_TRUE(check(placement::bind(here), p.data(), p.bytes()));
}

TEST(migrate, rejects_bad_ranges_and_nodes) {
  const pages p(2);
  const torn t;
  EXPECT_EQ(code_thrown([&] { migrate(t.data(), t.bytes(), placement::bind({some_node()})); }),
            errc::not_mapped);
  EXPECT_EQ(code_thrown([&] { migrate(p.at(0) + 1, 10, placement::bind({some_node()})); }),
            errc::invalid_alignment);
  EXPECT_EQ(code_thrown([&] { migrate(p.data(), p.bytes(), placement::bind({1000})); }), errc::unknown_node);
}

}  // namespace
}  // namespace acre
