// Containers whose pages stay untouched until somebody writes, and lie where they were asked for afterwards.
#include <acre/locate.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/placement.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t many = (std::size_t{8} << 20) / sizeof(double);

BOOST_AUTO_TEST_SUITE(first_touch_allocator)
using acre::first_touch_allocator;

BOOST_AUTO_TEST_CASE(a_vector_of_n_touches_no_page) {
  std::vector<double, first_touch_allocator<double>> v(many, placement::local());
  BOOST_TEST(locate(v.data(), many * sizeof(double)).resident() == 0U);
  std::fill(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(many / 2), 1.0);
  const std::size_t half = locate(v.data(), many * sizeof(double)).resident();
  BOOST_TEST(half > 0U);
  BOOST_TEST(locate(v.data() + many / 2, many / 2 * sizeof(double)).resident() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(numa_allocator)
using acre::numa_allocator;

BOOST_AUTO_TEST_CASE(a_vector_of_n_zeroes_touches_all_pages) {
  const std::vector<double, numa_allocator<double>> v(many, placement::local());
  BOOST_TEST(locate(v.data(), many * sizeof(double)).untouched == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
