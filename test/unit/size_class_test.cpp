#include <acre/detail/size_class.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace acre::detail {
namespace {

TEST(size_class, holds_every_size_up_to_the_largest) {
  for (std::size_t bytes = 0; bytes <= largest_class; ++bytes) {
    const size_class c = class_of(bytes);
    ASSERT_LT(c, class_count) << bytes;
    ASSERT_GE(class_bytes(c), bytes);
    ASSERT_TRUE(c == 0 || class_bytes(c - 1) < bytes) << bytes << " would fit a smaller class";
  }
}

TEST(size_class, grows_with_the_size_by_one_at_a_time) {
  for (std::size_t bytes = 1; bytes <= largest_class; ++bytes) {
    const size_class before = class_of(bytes - 1);
    const size_class c = class_of(bytes);
    ASSERT_TRUE(c == before || c == before + 1) << bytes;
  }
  for (size_class c = 1; c != class_count; ++c) ASSERT_LT(class_bytes(c - 1), class_bytes(c)) << c;
}

TEST(size_class, wastes_at_most_an_eighth_from_64_bytes_up) {
  for (std::size_t bytes = 64; bytes <= largest_class; ++bytes) {
    ASSERT_LE((class_bytes(class_of(bytes)) - bytes) * 8, bytes) << bytes;
  }
}

TEST(size_class, of_a_class_is_the_class_itself) {
  EXPECT_EQ(class_bytes(0), smallest_class);
  EXPECT_EQ(class_bytes(class_count - 1), largest_class);
  for (size_class c = 0; c != class_count; ++c) {
    EXPECT_EQ(class_of(class_bytes(c)), c);
    EXPECT_EQ(class_bytes(c) % 8, 0U) << "a free block has a pointer in it";
  }
}

TEST(size_class, of_any_size_and_alignment_keeps_blocks_aligned_that_lie_end_to_end) {
  for (std::size_t alignment = 1; alignment <= largest_class_alignment; alignment *= 2) {
    for (std::size_t bytes = 0; bytes <= largest_class; ++bytes) {
      ASSERT_TRUE(is_small(bytes, alignment));
      const size_class c = class_of(bytes, alignment);
      ASSERT_LT(c, class_count) << bytes << " aligned to " << alignment;
      ASSERT_GE(class_bytes(c), bytes);
      ASSERT_EQ(class_bytes(c) % alignment, 0U) << bytes << " aligned to " << alignment;
    }
  }
}

TEST(size_class, is_the_same_for_all_sizes_a_block_may_be_freed_with) {
  for (std::size_t alignment = 1; alignment <= largest_class_alignment; alignment *= 2) {
    for (std::size_t bytes = 0; bytes <= largest_class; ++bytes) {
      const size_class c = class_of(bytes, alignment);
      // Classes grow with the size: then it is so for the sizes between too.
      ASSERT_EQ(class_of(class_bytes(c), alignment), c) << bytes << " aligned to " << alignment;
    }
  }
}

TEST(size_class, is_small_up_to_the_limits_only) {
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
  for (const auto& c : cases)
    EXPECT_EQ(is_small(c.bytes, c.alignment), c.small) << c.bytes << ' ' << c.alignment;
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
    EXPECT_EQ(class_of(bytes, alignment), known[i]) << bytes << " aligned to " << Alignment;
  }
}

TEST(size_class, is_the_same_at_compile_time_and_at_run_time) {
  agrees_with_the_compiler<1>();
  agrees_with_the_compiler<8>();
  agrees_with_the_compiler<64>();
  agrees_with_the_compiler<largest_class_alignment>();
  static_assert(class_of(0) == 0 && class_of(16) == 0 && class_of(17) == 1 && class_of(129) == class_of(144));
}

}  // namespace
}  // namespace acre::detail
