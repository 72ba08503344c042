// What every memory resource of acre must do. Instantiate both suites with a factory:
//
//   struct my_factory {
//     static constexpr std::size_t largest_alignment = ...;  // supported, a power of two
//     static constexpr std::size_t blocks = ...;             // so many may live at once at reasonable cost
//     std::pmr::memory_resource& resource();
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(my_resource, resource_conformance, my_factory);
//
// and where it can be made over any upstream, with my_factory(std::pmr::memory_resource* upstream), also
//   INSTANTIATE_TYPED_TEST_SUITE_P(my_resource, upstream_conformance, my_factory);
#pragma once

#include <acre/error.hpp>
#include <acre/resource.hpp>

#include "support/checking_resource.hpp"
#include "support/failing_resource.hpp"
#include "support/resource_stress.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <new>
#include <vector>

namespace acre::test {

template <class Factory>
class resource_conformance : public testing::Test {
 public:
  std::pmr::memory_resource& resource() { return x_factory.resource(); }
  static constexpr std::size_t largest_alignment = Factory::largest_alignment;
  static constexpr std::size_t blocks = Factory::blocks;

 private:
  Factory x_factory;
};
TYPED_TEST_SUITE_P(resource_conformance);

inline const std::vector<std::size_t>& interesting_sizes() {
  static const std::vector<std::size_t> sizes{0,
                                              1,
                                              7,
                                              8,
                                              9,
                                              15,
                                              16,
                                              17,
                                              24,
                                              40,
                                              48,
                                              100,
                                              127,
                                              128,
                                              129,
                                              255,
                                              257,
                                              512,
                                              1000,
                                              1024,
                                              1025,
                                              3000,
                                              4095,
                                              4096,
                                              4097,
                                              8192,
                                              12'000,
                                              16'383,
                                              16'384,
                                              16'385,
                                              65'536,
                                              65'537,
                                              262'145,
                                              1U << 20,
                                              (1U << 21) - 1,
                                              1U << 21,
                                              (1U << 22) + 1};
  return sizes;
}

TYPED_TEST_P(resource_conformance, every_size_and_alignment_gives_an_aligned_block_of_its_own) {
  for (std::size_t alignment = 1; alignment <= this->largest_alignment; alignment *= 2) {
    block_list live(this->resource());
    for (const std::size_t bytes : interesting_sizes()) {
      live.add(bytes, alignment);
      if (bytes < 1024) live.add(bytes, alignment);
    }
    live.check_all();
    live.check_distinct();
  }
}

TYPED_TEST_P(resource_conformance, no_bytes_give_distinct_blocks) {
  block_list live(this->resource());
  for (int i = 0; i != 10; ++i) live.add(0, 1);
  for (int i = 0; i != 10; ++i) live.add(0, 64);
  live.check_distinct();
}

TYPED_TEST_P(resource_conformance, blocks_are_used_again) {
  for (int round = 0; round != 3; ++round) {
    block_list live(this->resource());
    for (std::size_t i = 0; i != this->blocks; ++i) live.add(i * 37 % 5000, std::size_t{1} << i % 8);
    live.check_all();
    live.check_distinct();
  }
}

TYPED_TEST_P(resource_conformance, a_block_may_be_given_back_with_its_good_size) {
  std::pmr::memory_resource& r = this->resource();
  for (std::size_t alignment = 1; alignment <= this->largest_alignment; alignment *= 4) {
    for (const std::size_t bytes : interesting_sizes()) {
      const std::size_t good = good_size(r, bytes, alignment);
      ASSERT_GE(good, bytes);
      EXPECT_EQ(good_size(r, good, alignment), good) << bytes << " aligned to " << alignment;
      for (const std::size_t back : {good, bytes + (good - bytes) / 2}) {
        block_list live(r);
        live.add(bytes, alignment, good);
        live.check_all();
        live.remove(0, back);
      }
    }
  }
}

TYPED_TEST_P(resource_conformance, impossible_sizes_throw_bad_alloc) {
  std::pmr::memory_resource& r = this->resource();
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  for (const std::size_t bytes : {max, max - 7, max - 4095, max / 2, max / 2 + 1, max - (1U << 22)}) {
    for (std::size_t alignment = 1; alignment <= this->largest_alignment; alignment *= 8) {
      EXPECT_THROW(static_cast<void>(r.allocate(bytes, alignment)), std::bad_alloc)
          << bytes << " aligned to " << alignment;
      EXPECT_EQ(good_size(r, bytes, alignment) >= bytes, true);
    }
  }
}

TYPED_TEST_P(resource_conformance, an_alignment_that_is_no_power_of_two_is_an_error) {
  for (const std::size_t alignment : {std::size_t{0}, std::size_t{3}, std::size_t{24}, std::size_t{4097},
                                      std::numeric_limits<std::size_t>::max()}) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{100'000}}) {
      try {
        static_cast<void>(this->resource().allocate(bytes, alignment));
        ADD_FAILURE() << "allocated with alignment " << alignment;
      } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::invalid_alignment);
      } catch (const allocation_error& e) {
        EXPECT_EQ(e.code(), errc::invalid_alignment);
      }
    }
  }
}

TYPED_TEST_P(resource_conformance, a_resource_equals_itself_only) {
  TypeParam other;
  EXPECT_TRUE(this->resource().is_equal(this->resource()));
  EXPECT_FALSE(this->resource().is_equal(other.resource()));
  EXPECT_FALSE(this->resource().is_equal(*std::pmr::new_delete_resource()));
  EXPECT_FALSE(std::pmr::new_delete_resource()->is_equal(this->resource()));
}

TYPED_TEST_P(resource_conformance, threads_allocate_and_free_each_others_blocks) {
  stress_options o;
  o.blocks_per_thread = this->blocks;
  o.largest_alignment = this->largest_alignment;
  stress(this->resource(), o);
}

REGISTER_TYPED_TEST_SUITE_P(resource_conformance, every_size_and_alignment_gives_an_aligned_block_of_its_own,
                            no_bytes_give_distinct_blocks, blocks_are_used_again,
                            a_block_may_be_given_back_with_its_good_size, impossible_sizes_throw_bad_alloc,
                            an_alignment_that_is_no_power_of_two_is_an_error, a_resource_equals_itself_only,
                            threads_allocate_and_free_each_others_blocks);

/// For resources over any upstream: what they do to it.
template <class Factory>
class upstream_conformance : public testing::Test {};
TYPED_TEST_SUITE_P(upstream_conformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(upstream_conformance);

TYPED_TEST_P(upstream_conformance, everything_goes_back_upstream_in_the_end) {
  checking_resource upstream;
  {
    TypeParam made(&upstream);
    block_list live(made.resource());
    for (std::size_t i = 0; i != made.blocks; ++i) live.add(i * 97 % 40'000, std::size_t{1} << i % 14);
    live.check_all();
    EXPECT_GT(upstream.live_blocks(), 0U);
  }
  EXPECT_EQ(upstream.live_blocks(), 0U);
}

TYPED_TEST_P(upstream_conformance, a_failure_upstream_loses_nothing) {
  const std::size_t points = for_each_failure_point([](std::pmr::memory_resource& upstream) {
    TypeParam made(&upstream);
    block_list live(made.resource());
    for (std::size_t i = 0; i != 300; ++i) {
      const std::size_t bytes = i * 131 % 20'000;
      const std::size_t alignment = std::size_t{1} << i % 13;
      try {
        live.add(bytes, alignment);
      } catch (const std::bad_alloc&) {
        // Only one upstream call fails: the same request works now.
        live.add(bytes, alignment);
      }
    }
    live.check_all();
    live.check_distinct();
  });
  EXPECT_GT(points, 0U);
}

REGISTER_TYPED_TEST_SUITE_P(upstream_conformance, everything_goes_back_upstream_in_the_end,
                            a_failure_upstream_loses_nothing);

}  // namespace acre::test
