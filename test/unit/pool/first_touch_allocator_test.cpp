#include <acre/numa_allocator.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

using bytes = std::vector<unsigned char, first_touch_allocator<unsigned char>>;

BOOST_AUTO_TEST_SUITE(first_touch_allocator)
using acre::first_touch_allocator;

// The checking resource fills what it gives, so default-initialised elements keep its pattern. Reading them
// is allowed for unsigned char only.
BOOST_AUTO_TEST_CASE(leaves_new_elements_as_the_resource_gave_them) {
  checking_resource memory;
  bytes v(1000, &memory);
  BOOST_TEST(v[0] == 0xA5);
  BOOST_TEST(v[999] == 0xA5);
  v.resize(1500);
  BOOST_TEST(v[1499] == 0xA5);
}

BOOST_AUTO_TEST_CASE(writes_what_it_is_told_to) {
  checking_resource memory;
  bytes v(10, 7, &memory);
  v.resize(20, 8);
  v.emplace_back(static_cast<unsigned char>(9));
  BOOST_TEST(v[0] == 7);
  BOOST_TEST(v[19] == 8);
  BOOST_TEST(v[20] == 9);
}

BOOST_AUTO_TEST_CASE(runs_default_constructors) {
  checking_resource memory;
  const std::vector<std::string, first_touch_allocator<std::string>> v(10, &memory);
  BOOST_TEST(v[9] == "");
}

BOOST_AUTO_TEST_CASE(constructs_map_elements_from_pieces) {
  checking_resource memory;
  using value = std::pair<const std::string, std::unique_ptr<int>>;
  std::map<std::string, std::unique_ptr<int>, std::less<>, first_touch_allocator<value>> m(&memory);
  m.try_emplace("one", std::make_unique<int>(1));
  BOOST_TEST(*m["one"] == 1);
}

struct throwing {
  throwing() noexcept(false) {}
  explicit throwing(int) noexcept {}
};

BOOST_AUTO_TEST_CASE(throws_in_construct_only_if_the_constructor_may) {
  using alloc = first_touch_allocator<throwing>;
  static_assert(noexcept(std::declval<alloc&>().construct(std::declval<int*>())));
  static_assert(noexcept(std::declval<alloc&>().construct(std::declval<throwing*>(), 1)));
  static_assert(!noexcept(std::declval<alloc&>().construct(std::declval<throwing*>())));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
