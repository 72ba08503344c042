#include <acre/detail/size_class.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(size_class)
using detail::size_class;

using boost::test_tools::assertion_result;
using detail::class_bytes;
using detail::class_count;
using detail::class_of;
using detail::is_small;
using detail::largest_class;
using detail::largest_class_alignment;
using detail::smallest_class;

/// Whether `check` holds, size for size.
template <class Check>
assertion_result every_size(std::size_t first, Check check) {
  for (std::size_t bytes = first; bytes <= largest_class; ++bytes) {
    assertion_result result = check(bytes);
    if (!result) return result;
  }
  return true;
}

BOOST_AUTO_TEST_CASE(holds_every_size_up_to_the_largest) {
  const auto is_held = [](std::size_t bytes) -> assertion_result {
    const size_class c = class_of(bytes);
    if (c >= class_count) return wrong(bytes, " is of class ", c, " of ", class_count);
    if (class_bytes(c) < bytes) return wrong(bytes, " is of a class of ", class_bytes(c));
    if (c != 0 && class_bytes(c - 1) >= bytes) return wrong(bytes, " would fit a smaller class");
    return true;
  };
  BOOST_TEST(every_size(0, is_held));
}

BOOST_AUTO_TEST_CASE(grows_with_the_size_by_one_at_a_time) {
  const auto grows = [](std::size_t bytes) -> assertion_result {
    const size_class before = class_of(bytes - 1);
    const size_class c = class_of(bytes);
    if (c != before && c != before + 1) return wrong(bytes, " is of class ", c, ", one less of ", before);
    return true;
  };
  BOOST_TEST(every_size(1, grows));
  for (size_class c = 1; c != class_count; ++c) {
    BOOST_TEST_INFO("class " << c);
    BOOST_TEST_REQUIRE(class_bytes(c - 1) < class_bytes(c));
  }
}

BOOST_AUTO_TEST_CASE(wastes_at_most_an_eighth_from_64_bytes_up) {
  const auto wastes_little = [](std::size_t bytes) -> assertion_result {
    const std::size_t waste = class_bytes(class_of(bytes)) - bytes;
    if (waste * 8 > bytes) return wrong(bytes, " wastes ", waste);
    return true;
  };
  BOOST_TEST(every_size(64, wastes_little));
}

BOOST_AUTO_TEST_CASE(of_a_class_is_the_class_itself) {
  BOOST_TEST(class_bytes(0) == smallest_class);
  BOOST_TEST(class_bytes(class_count - 1) == largest_class);
  for (size_class c = 0; c != class_count; ++c) {
    BOOST_TEST(class_of(class_bytes(c)) == c);
    BOOST_TEST(class_bytes(c) % 8 == 0U);  // a free block has a pointer in it
  }
}

BOOST_AUTO_TEST_CASE(of_any_size_and_alignment_keeps_blocks_aligned_that_lie_end_to_end) {
  for (std::size_t alignment = 1; alignment <= largest_class_alignment; alignment *= 2) {
    const auto is_right = [&](std::size_t bytes) -> assertion_result {
      if (!is_small(bytes, alignment)) return wrong(bytes, " is not small");
      const size_class c = class_of(bytes, alignment);
      if (c >= class_count) return wrong(bytes, " is of class ", c, " of ", class_count);
      if (class_bytes(c) < bytes) return wrong(bytes, " is of a class of ", class_bytes(c));
      if (class_bytes(c) % alignment != 0) return wrong(bytes, " is of a class of ", class_bytes(c));
      return true;
    };
    BOOST_TEST_INFO("aligned to " << alignment);
    BOOST_TEST(every_size(0, is_right));
  }
}

BOOST_AUTO_TEST_CASE(is_the_same_for_all_sizes_a_block_may_be_freed_with) {
  for (std::size_t alignment = 1; alignment <= largest_class_alignment; alignment *= 2) {
    const auto is_the_same = [&](std::size_t bytes) -> assertion_result {
      const size_class c = class_of(bytes, alignment);
      // Classes grow with the size: then it is so for the sizes between too.
      const size_class of_all = class_of(class_bytes(c), alignment);
      if (of_all != c) return wrong(bytes, " is of class ", c, ", all the bytes of the block of ", of_all);
      return true;
    };
    BOOST_TEST_INFO("aligned to " << alignment);
    BOOST_TEST(every_size(0, is_the_same));
  }
}

BOOST_AUTO_TEST_CASE(is_small_up_to_the_limits_only) {
  struct {
    std::size_t bytes;
    std::size_t alignment;
    bool small;
  } const cases[] = {
      {0, 1, true},
      {largest_class, 1, true},
      {largest_class, largest_class_alignment, true},
      {largest_class + 1, 1, false},
      {static_cast<std::size_t>(-1), 1, false},
      {1, 2 * largest_class_alignment, false},
      {8, 0, false},
      {8, 3, false},
      {8, 24, false},
      {8, static_cast<std::size_t>(-1), false},
  };
  for (const auto& c : cases) {
    BOOST_TEST_INFO(c.bytes << " bytes aligned to " << c.alignment);
    BOOST_TEST(is_small(c.bytes, c.alignment) == c.small);
  }
}

// The last size of every class, and the first.
constexpr std::size_t sample_count = std::size_t{2} * class_count;
constexpr std::size_t sample(std::size_t i) {
  const auto c = static_cast<size_class>(i / 2);
  if (i % 2 == 0) return class_bytes(c);
  return c == 0 ? 0 : class_bytes(c - 1) + 1;
}

template <std::size_t Alignment>
void agrees_with_the_compiler() {
  static constexpr auto known = [] {
    std::array<size_class, sample_count> classes{};
    for (std::size_t i = 0; i != sample_count; ++i) classes[i] = class_of(sample(i), Alignment);
    return classes;
  }();
  for (std::size_t i = 0; i != sample_count; ++i) {
    const volatile std::size_t bytes = sample(i);
    const volatile std::size_t alignment = Alignment;
    BOOST_TEST_INFO(bytes << " bytes aligned to " << Alignment);
    BOOST_TEST(class_of(bytes, alignment) == known[i]);
  }
}

BOOST_AUTO_TEST_CASE(is_the_same_at_compile_time_and_at_run_time) {
  agrees_with_the_compiler<1>();
  agrees_with_the_compiler<8>();
  agrees_with_the_compiler<64>();
  agrees_with_the_compiler<largest_class_alignment>();
  static_assert(class_of(0) == 0 && class_of(16) == 0 && class_of(17) == 1 && class_of(129) == class_of(144));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
