// predicates: answers that BOOST_TEST takes. wrong() is that of a predicate that does not hold, with what shall be said
// then. For loops of so many turns that an assertion each would take longer than what they test:
//   boost::test_tools::assertion_result all_even(const std::vector<int>& list) {
//     for (const int n : list) {
//       if (n % 2 != 0) return wrong(n, " is odd");
//     }
//     return true;
//   }
//   BOOST_TEST(all_even(list));
#pragma once

#include <boost/test/unit_test.hpp>

#include "support/print.hpp"

namespace acre::test {

template <class... Words>
boost::test_tools::assertion_result wrong(const Words&... words) {
  boost::test_tools::assertion_result result(false);
  (result.message() << ... << boost::test_tools::tt_detail::print_helper(words));
  return result;
}

/// Whether two collections are equal; both are written where they are not. per_element() of Boost.Test writes
/// elements that differ, and no element where one collection has more than the other.
template <class Found, class Expected>
boost::test_tools::assertion_result same(const Found& found, const Expected& expected) {
  if (found == expected) return true;
  return wrong(found, ", expected ", expected);
}

}  // namespace acre::test
