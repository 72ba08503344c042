#include <acre/hwloc_version.hpp>

#include <gtest/gtest.h>
#include <hwloc.h>

#include <cstdio>

namespace {

TEST(hwloc_version, is_one_that_has_the_interface_this_was_built_with) {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;
  ASSERT_EQ(std::sscanf(acre::hwloc_version().c_str(), "%u.%u.%u", &major, &minor, &patch), 3)
      << acre::hwloc_version();
  EXPECT_GE(major << 16 | minor << 8 | patch, static_cast<unsigned>(HWLOC_API_VERSION));
  EXPECT_EQ(major, static_cast<unsigned>(HWLOC_API_VERSION) >> 16);
}

}  // namespace
