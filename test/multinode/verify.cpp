#include "multinode/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <acre/locate.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "multinode/touch.hpp"

namespace acre::test {
namespace {

/// The node all base pages of a page lie on; nothing if they do not.
std::optional<unsigned> node_of_unit(const std::vector<int>& pages, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count; ++i) {
    if (pages[i] < 0 || pages[i] != pages[first]) return std::nullopt;
  }
  return static_cast<unsigned>(pages[first]);
}

/// Interleaving a huge page in base pages (no huge page was free) is no mistake of the placement.
bool all_in(const std::vector<int>& pages, std::size_t first, std::size_t count, const nodes& allowed) {
  return std::all_of(pages.begin() + static_cast<std::ptrdiff_t>(first),
                     pages.begin() + static_cast<std::ptrdiff_t>(first + count),
                     [&](int n) { return n >= 0 && allowed.contains(static_cast<unsigned>(n)); });
}

void expect_even(const nodes& even, const std::vector<int>& pages, std::size_t pages_per_unit) {
  std::map<unsigned, std::size_t> counts;
  for (int n : pages) ++counts[static_cast<unsigned>(n)];
  std::size_t least = pages.size();
  std::size_t most = 0;
  for (unsigned n : even) {
    least = std::min(least, counts[n]);
    most = std::max(most, counts[n]);
  }
  EXPECT_LE(most - least, pages_per_unit) << testing::PrintToString(counts);
}

}  // namespace

void expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes, std::size_t page_size,
                        bool touched_by_test) {
  expect_as_modelled(expected, p, bytes, page_size, [touched_by_test](std::size_t index) {
    return touched_by_test ? std::optional(toucher_of(index)) : std::nullopt;
  });
}

void expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes, std::size_t page_size,
                        const std::function<std::optional<unsigned>(std::size_t index)>& toucher) {
  const std::vector<int> pages = page_nodes(p, bytes);
  const std::size_t per_unit = page_size / base_page();
  const std::size_t units = (pages.size() + per_unit - 1) / per_unit;
  std::optional<unsigned> leader;
  for (std::size_t i = 0; i < units; ++i) {
    const unit u{i, units, toucher(i)};
    const std::size_t count = std::min(per_unit, pages.size() - i * per_unit);
    const nodes allowed = expected.lies(u);
    ASSERT_TRUE(all_in(pages, i * per_unit, count, allowed))
        << "page " << i << " of " << units << " lies on " << pages[i * per_unit] << ", expected one of "
        << testing::PrintToString(allowed);
    const kernel_policy policy = policy_at(static_cast<const char*>(p) + i * page_size);
    ASSERT_THAT(expected.installed(u), testing::Contains(policy)) << "page " << i << " of " << units;
    if (expected.together == 0) continue;
    const std::optional<unsigned> node = node_of_unit(pages, i * per_unit, count);
    if (i % expected.together == 0) leader = node;
    ASSERT_TRUE(node.has_value() && node == leader) << "page " << i;
    ASSERT_EQ(policy.nodes, nodes{*node}) << "page " << i;
  }
  if (!expected.even.empty()) expect_even(expected.even, pages, per_unit);
}

void expect_located_right(const void* p, std::size_t bytes) {
  const residency where = locate(p, bytes);
  std::map<unsigned, std::size_t> located;
  for (const node_pages& n : where.per_node) located[n.node] = n.pages;
  EXPECT_EQ(located, count_pages(p, bytes));
  EXPECT_EQ(where.untouched, count_untouched(p, bytes));
  EXPECT_EQ(where.pages, page_nodes(p, bytes).size());
  EXPECT_EQ(where.page_size, base_page());
}

void expect_all_on(unsigned node, const void* p, std::size_t bytes) {
  const std::map<unsigned, std::size_t> only{{node, page_nodes(p, bytes).size()}};
  EXPECT_EQ(count_pages(p, bytes), only);
}

}  // namespace acre::test
