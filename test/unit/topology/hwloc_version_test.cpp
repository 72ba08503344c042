#include <acre/hwloc_version.hpp>

#include <boost/test/unit_test.hpp>

#include <hwloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/print.hpp"

namespace acre::test {
namespace {

/// As hwloc counts its interfaces.
unsigned number_of(const std::string& version) {
  unsigned major = 0;
  unsigned minor = 0;
  if (std::sscanf(version.c_str(), "%u.%u", &major, &minor) != 2) return 0;
  return major << 16 | minor << 8;
}

BOOST_AUTO_TEST_SUITE(hwloc_version)

BOOST_AUTO_TEST_CASE(is_one_that_has_the_interface_this_was_built_with) {
  BOOST_TEST_INFO("hwloc " << acre::hwloc_version());
  BOOST_TEST(number_of(acre::hwloc_version()) >= (static_cast<unsigned>(HWLOC_API_VERSION) & ~0xffU));
}

BOOST_AUTO_TEST_CASE(is_that_of_the_interface_if_hwloc_tells_no_other) {
  BOOST_TEST_REQUIRE(setenv("HWLOC_DONT_ADD_VERSION_INFO", "1", 1) == 0);
  BOOST_TEST(number_of(acre::hwloc_version()) == (hwloc_get_api_version() & ~0xffU));
  unsetenv("HWLOC_DONT_ADD_VERSION_INFO");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
