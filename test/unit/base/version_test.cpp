#include <acre/version.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(version)

BOOST_AUTO_TEST_CASE(of_the_library_is_the_one_of_the_headers) {
  const std::string of_headers = std::to_string(ACRE_VERSION_MAJOR) + "." +
                                 std::to_string(ACRE_VERSION_MINOR) + "." +
                                 std::to_string(ACRE_VERSION_PATCH) + ACRE_VERSION_SUFFIX;
  BOOST_TEST(acre::version() == of_headers);
}

BOOST_AUTO_TEST_CASE(as_one_number_orders_releases) {
  BOOST_TEST(ACRE_VERSION / 10000 == ACRE_VERSION_MAJOR);
  BOOST_TEST(ACRE_VERSION / 100 % 100 == ACRE_VERSION_MINOR);
  BOOST_TEST(ACRE_VERSION % 100 == ACRE_VERSION_PATCH);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
