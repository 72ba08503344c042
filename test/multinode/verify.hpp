// verify: raw expectations that several tests have of a range.
#pragma once

#include <acre/locate.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <vector>

#include "multinode/model.hpp"
#include "support/kernel.hpp"

namespace acre {

inline std::ostream& boost_test_print_type(std::ostream& out, const node_pages& n) {
  return out << n.pages << " pages on node " << n.node;
}

}  // namespace acre

namespace acre::test {

/// By raw move_pages and get_mempolicy, page by page. `touched_by_test`: by touch_in_turn().
/// \returns what page_nodes() said
std::vector<int> expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes,
                                    std::size_t page_size, bool touched_by_test);
/// The same with the node whose CPU touched each unit told by `toucher`.
std::vector<int> expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes,
                                    std::size_t page_size,
                                    const std::function<std::optional<unsigned>(std::size_t index)>& toucher);

/// Counts of each node as acre tells them: nodes in order, and those without pages left out.
std::vector<node_pages> listed(const std::map<unsigned, std::size_t>& counts);

/// acre::locate() against raw move_pages.
void expect_located_right(const void* p, std::size_t bytes);
/// The same against what page_nodes() said of the range.
void expect_located_right(const void* p, std::size_t bytes, const std::vector<int>& pages);

/// Of pages in the order of touching, those for which `full` has no room lie on `nearest`, until that is full, too.
/// \param room bytes that were free on `nearest`, of 64 MiB
void expect_spilled(std::vector<int> pages, unsigned full, unsigned nearest, std::uint64_t room);

/// Every page of the range lies on `node`.
void expect_all_on(unsigned node, const void* p, std::size_t bytes);

/// The policy of each base page.
std::vector<kernel_policy> policies_of(const void* p, std::size_t bytes);
/// Every page has the policy, and lies, when the kernel has no more to do with it, where that says.
void expect_policies(const std::vector<kernel_policy>& policies, const void* p, std::size_t bytes);

}  // namespace acre::test
