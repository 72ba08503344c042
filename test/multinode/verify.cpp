#include "multinode/verify.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "multinode/touch.hpp"
#include "support/comes_true.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

using boost::test_tools::assertion_result;

std::map<unsigned, std::size_t> pages_by_node(const std::vector<int>& pages) {
  std::map<unsigned, std::size_t> counts;
  for (int node : pages) {
    if (node >= 0) ++counts[static_cast<unsigned>(node)];
  }
  return counts;
}

/// The node all base pages of a page lie on; nothing if they do not.
std::optional<unsigned> node_of_unit(const std::vector<int>& pages, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count; ++i) {
    if (pages[i] < 0 || pages[i] != pages[first]) return std::nullopt;
  }
  return static_cast<unsigned>(pages[first]);
}

/// Interleaving a huge page in base pages (no huge page was free) is no mistake of the placement.
assertion_result all_in(const std::vector<int>& pages, std::size_t first, std::size_t count,
                        const nodes& allowed) {
  for (std::size_t i = first; i < first + count; ++i) {
    if (pages[i] < 0 || !allowed.contains(static_cast<unsigned>(pages[i]))) {
      return wrong("lies on ", pages[i], ", expected one of ", allowed);
    }
  }
  return true;
}

assertion_result is_one_of(const kernel_policy& policy, const std::vector<kernel_policy>& may) {
  if (std::ranges::find(may, policy) != may.end()) return true;
  return wrong("has the policy ", policy, ", expected one of ", may);
}

assertion_result is_even(const nodes& even, const std::vector<int>& pages, std::size_t pages_per_unit) {
  std::map<unsigned, std::size_t> counts = pages_by_node(pages);
  std::size_t least = pages.size();
  std::size_t most = 0;
  for (unsigned n : even) {
    least = std::min(least, counts[n]);
    most = std::max(most, counts[n]);
  }
  if (most - least <= pages_per_unit) return true;
  return wrong("pages of the nodes: ", counts, ", in units of ", pages_per_unit);
}

assertion_result all_on(unsigned node, const std::vector<int>& pages) {
  const std::map<unsigned, std::size_t> counts = pages_by_node(pages);
  if (counts == std::map<unsigned, std::size_t>{{node, pages.size()}}) return true;
  return wrong("pages of the nodes: ", counts, ", expected all ", pages.size(), " on node ", node);
}

}  // namespace

std::vector<int> expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes,
                                    std::size_t page_size, bool touched_by_test) {
  return expect_as_modelled(expected, p, bytes, page_size, [touched_by_test](std::size_t index) {
    return touched_by_test ? std::optional(toucher_of(index)) : std::nullopt;
  });
}

std::vector<int> expect_as_modelled(
    const expectation& expected, const void* p, std::size_t bytes, std::size_t page_size,
    const std::function<std::optional<unsigned>(std::size_t index)>& toucher) {
  std::vector<int> pages = page_nodes(p, bytes);
  const std::size_t per_unit = page_size / base_page();
  const std::size_t units = (pages.size() + per_unit - 1) / per_unit;
  std::optional<unsigned> leader;
  for (std::size_t i = 0; i < units; ++i) {
    const unit u{i, units, toucher(i)};
    const std::size_t base_pages = std::min(per_unit, pages.size() - i * per_unit);
    BOOST_TEST_CONTEXT("page " << i << " of " << units) {
      BOOST_TEST_REQUIRE(all_in(pages, i * per_unit, base_pages, expected.lies(u)));
      const kernel_policy policy = policy_at(static_cast<const char*>(p) + i * page_size);
      std::vector<kernel_policy> possible = expected.installed(u);
      const kernel_policy of_all{mpol::bind, {expected.where.nodes().begin(), expected.where.nodes().end()}};
      if (expected.made && expected.where.is_hard()) possible.push_back(of_all);
      BOOST_TEST_REQUIRE(is_one_of(policy, possible));
      if (expected.together == 0) continue;
      const std::optional<unsigned> node = node_of_unit(pages, i * per_unit, base_pages);
      if (i % expected.together == 0) leader = node;
      BOOST_TEST_REQUIRE(node);
      BOOST_TEST_REQUIRE(node == leader);
      if (!expected.made || policy != of_all) BOOST_TEST_REQUIRE(same(policy.nodes, nodes{*node}));
    }
  }
  if (!expected.even.empty()) BOOST_TEST(is_even(expected.even, pages, per_unit));
  return pages;
}

std::vector<node_pages> listed(const std::map<unsigned, std::size_t>& counts) {
  std::vector<node_pages> list;
  for (const auto& [node, pages] : counts) {
    if (pages != 0) list.push_back({node, pages});
  }
  return list;
}

void expect_located_right(const void* p, std::size_t bytes) {
  expect_located_right(p, bytes, page_nodes(p, bytes));
}

void expect_located_right(const void* p, std::size_t bytes, const std::vector<int>& pages) {
  const residency where = locate(p, bytes);
  BOOST_TEST_CONTEXT(where) {
    BOOST_TEST(same(where.per_node, listed(pages_by_node(pages))));
    BOOST_TEST(where.untouched ==
               static_cast<std::size_t>(std::ranges::count_if(pages, [](int n) { return n < 0; })));
    BOOST_TEST(where.pages == pages.size());
    BOOST_TEST(where.page_size == base_page());
  }
}

void expect_spilled(std::vector<int> pages, unsigned full, unsigned nearest, std::uint64_t room) {
  BOOST_TEST(std::ranges::count_if(pages, [](int node) { return node < 0; }) == 0);
  const auto on_full = std::erase(pages, static_cast<int>(full));
  BOOST_TEST(on_full > 1000U);
  BOOST_TEST(pages.size() > 1000U);
  // The kernel leaves up to its high watermark free, after fragmentation two and a half times that: some 12 MiB
  // (vm.watermark_boost_factor).
  constexpr std::size_t reserve = std::size_t{16} << 20;
  const auto farther =
      std::ranges::find_if(pages, [&](int node) { return node != static_cast<int>(nearest); });
  const auto before = static_cast<std::size_t>(farther - pages.begin());
  BOOST_TEST_INFO("node " << nearest << " took " << before << " pages, and had " << room << " bytes free");
  BOOST_TEST((farther == pages.end() || before * base_page() + reserve > room));
}

void expect_all_on(unsigned node, const void* p, std::size_t bytes) {
  BOOST_TEST(all_on(node, page_nodes(p, bytes)));
}

std::vector<kernel_policy> policies_of(const void* p, std::size_t bytes) {
  std::vector<kernel_policy> all;
  for (std::size_t at = 0; at < bytes; at += base_page())
    all.push_back(policy_at(static_cast<const char*>(p) + at));
  return all;
}

void expect_policies(const std::vector<kernel_policy>& policies, const void* p, std::size_t bytes) {
  std::vector<int> on;
  // Others may hold a page, or it may be on its way.
  BOOST_TEST(comes_true([&] {
    on = page_nodes(p, bytes);
    return std::ranges::all_of(on, [](int node) { return node >= 0; });
  }));
  std::size_t wrong_policy = 0;
  std::size_t wrong_node = 0;
  for (std::size_t i = 0; i != on.size(); ++i) {
    const kernel_policy& wanted = policies.at(i);
    if (policy_at(static_cast<const char*>(p) + i * base_page()) != wanted) ++wrong_policy;
    if (!wanted.nodes.empty() && !wanted.nodes.contains(static_cast<unsigned>(on[i]))) ++wrong_node;
  }
  BOOST_TEST(wrong_policy == 0U);
  BOOST_TEST(wrong_node == 0U);
}

}  // namespace acre::test
