#include <acre/numa_allocator.hpp>

#include "support/checking_resource.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace acre::test {
namespace {

using bytes = std::vector<unsigned char, first_touch_allocator<unsigned char>>;

// The checking resource fills what it gives, so default-initialised elements keep its pattern. Reading them
// is allowed for unsigned char only.
TEST(first_touch_allocator, leaves_new_elements_as_the_resource_gave_them) {
  checking_resource memory;
  bytes v(1000, &memory);
  EXPECT_EQ(v[0], 0xA5);
  EXPECT_EQ(v[999], 0xA5);
  v.resize(1500);
  EXPECT_EQ(v[1499], 0xA5);
}

TEST(first_touch_allocator, writes_what_it_is_told_to) {
  checking_resource memory;
  bytes v(10, 7, &memory);
  v.resize(20, 8);
  v.emplace_back(static_cast<unsigned char>(9));
  EXPECT_EQ(v[0], 7);
  EXPECT_EQ(v[19], 8);
  EXPECT_EQ(v[20], 9);
}

TEST(first_touch_allocator, runs_default_constructors) {
  checking_resource memory;
  const std::vector<std::string, first_touch_allocator<std::string>> v(10, &memory);
  EXPECT_EQ(v[9], "");
}

TEST(first_touch_allocator, constructs_map_elements_from_pieces) {
  checking_resource memory;
  using value = std::pair<const std::string, std::unique_ptr<int>>;
  std::map<std::string, std::unique_ptr<int>, std::less<>, first_touch_allocator<value>> m(&memory);
  m.try_emplace("one", std::make_unique<int>(1));
  EXPECT_EQ(*m["one"], 1);
}

struct throwing {
  throwing() noexcept(false) {}
  explicit throwing(int) noexcept {}
};

TEST(first_touch_allocator, construct_throws_only_if_the_constructor_may) {
  using traits = std::allocator_traits<first_touch_allocator<throwing>>;
  using alloc = first_touch_allocator<throwing>;
  static_assert(noexcept(traits::construct(std::declval<alloc&>(), std::declval<int*>())));
  static_assert(noexcept(traits::construct(std::declval<alloc&>(), std::declval<throwing*>(), 1)));
  static_assert(!noexcept(std::declval<alloc&>().construct(std::declval<throwing*>())));
}

}  // namespace
}  // namespace acre::test
