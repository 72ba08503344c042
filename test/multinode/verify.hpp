// verify: raw expectations that several tests have of a range.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "multinode/model.hpp"
#include "support/kernel.hpp"

namespace acre::test {

/// By raw move_pages and get_mempolicy, page by page. `touched_by_test`: by touch_in_turn().
/// \returns what page_nodes() said
std::vector<int> expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes,
                                    std::size_t page_size, bool touched_by_test);
/// The same with the node whose CPU touched each unit told by `toucher`.
std::vector<int> expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes,
                                    std::size_t page_size,
                                    const std::function<std::optional<unsigned>(std::size_t index)>& toucher);

/// acre::locate() against raw move_pages.
void expect_located_right(const void* p, std::size_t bytes);
/// The same against what page_nodes() said of the range.
void expect_located_right(const void* p, std::size_t bytes, const std::vector<int>& pages);

/// Every page of the range lies on `node`.
void expect_all_on(unsigned node, const void* p, std::size_t bytes);

}  // namespace acre::test
