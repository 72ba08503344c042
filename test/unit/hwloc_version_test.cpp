#include <acre/hwloc_version.hpp>

#include <gtest/gtest.h>
#include <hwloc.h>

#include <cstdio>
#include <cstdlib>

namespace {

/// As hwloc counts its interfaces.
unsigned number_of(const std::string& version) {
  unsigned major = 0;
  unsigned minor = 0;
  if (std::sscanf(version.c_str(), "%u.%u", &major, &minor) != 2) return 0;
  return major << 16 | minor << 8;
}

TEST(hwloc_version, is_one_that_has_the_interface_this_was_built_with) {
  EXPECT_GE(number_of(acre::hwloc_version()), static_cast<unsigned>(HWLOC_API_VERSION) & ~0xffU)
      << acre::hwloc_version();
}
TEST(hwloc_version, is_that_of_the_interface_if_hwloc_tells_no_other) {
  ASSERT_EQ(setenv("HWLOC_DONT_ADD_VERSION_INFO", "1", 1), 0);
  EXPECT_EQ(number_of(acre::hwloc_version()), hwloc_get_api_version() & ~0xffU);
  unsetenv("HWLOC_DONT_ADD_VERSION_INFO");
}

}  // namespace
