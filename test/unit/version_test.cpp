#include <acre/version.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(version, of_the_library_is_the_one_of_the_headers) {
  const std::string of_headers = std::to_string(ACRE_VERSION_MAJOR) + "." +
                                 std::to_string(ACRE_VERSION_MINOR) + "." +
                                 std::to_string(ACRE_VERSION_PATCH);
  EXPECT_EQ(acre::version(), of_headers);
}

TEST(version, as_one_number_orders_releases) {
  EXPECT_EQ(ACRE_VERSION / 10000, ACRE_VERSION_MAJOR);
  EXPECT_EQ(ACRE_VERSION / 100 % 100, ACRE_VERSION_MINOR);
  EXPECT_EQ(ACRE_VERSION % 100, ACRE_VERSION_PATCH);
}

}  // namespace
