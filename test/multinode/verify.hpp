// verify: raw expectations that several tests have of a range.
#pragma once

#include <acre/error.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <system_error>

#include "multinode/model.hpp"
#include "support/kernel.hpp"

namespace acre::test {

/// By raw move_pages and get_mempolicy, page by page. `touched_by_test`: by touch_in_turn().
void expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes, std::size_t page_size,
                        bool touched_by_test);
/// The same with the node whose CPU touched each unit told by `toucher`.
void expect_as_modelled(const expectation& expected, const void* p, std::size_t bytes, std::size_t page_size,
                        const std::function<std::optional<unsigned>(std::size_t index)>& toucher);

/// acre::locate() against raw move_pages.
void expect_located_right(const void* p, std::size_t bytes);

/// Every page of the range lies on `node`.
void expect_all_on(unsigned node, const void* p, std::size_t bytes);

/// The code of the acre::error or acre::allocation_error that `action` throws; none if it throws nothing.
template <class Action>
std::error_code code_of(Action&& action) {
  try {
    action();
  } catch (const acre::error& e) {
    return e.code();
  } catch (const acre::allocation_error& e) {
    return e.code();
  }
  return {};
}

}  // namespace acre::test
