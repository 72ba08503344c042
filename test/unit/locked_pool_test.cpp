#include "pool/locked_pool.hpp"

#include "support/checking_resource.hpp"
#include "support/resource_conformance.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory_resource>
#include <string>
#include <vector>

namespace acre::test {
namespace {

class pool_factory {
 public:
  static constexpr std::size_t largest_alignment = 4U << 20;
  static constexpr std::size_t blocks = 2000;

  pool_factory() : x_pool(&x_memory) {}
  explicit pool_factory(std::pmr::memory_resource* upstream) : x_pool(upstream) {}
  std::pmr::memory_resource& resource() { return x_pool; }

 private:
  checking_resource x_memory;
  locked_pool_resource x_pool;
};

INSTANTIATE_TYPED_TEST_SUITE_P(locked_pool, resource_conformance, pool_factory);
INSTANTIATE_TYPED_TEST_SUITE_P(locked_pool, upstream_conformance, pool_factory);

TEST(locked_pool, hands_out_freed_blocks_before_it_asks_upstream) {
  checking_resource upstream;
  locked_pool_resource pool(&upstream);
  pool.deallocate(pool.allocate(40, 8), 40, 8);
  const std::size_t before = upstream.allocations();
  for (int i = 0; i != 10'000; ++i) pool.deallocate(pool.allocate(40, 8), 40, 8);
  EXPECT_EQ(upstream.allocations(), before);
}

TEST(locked_pool, asks_upstream_for_few_slabs_of_at_most_a_mebibyte) {
  for (const std::size_t bytes : {8U, 40U, 128U, 200U, 1024U, 1500U, 4096U, 16'384U}) {
    checking_resource upstream;
    locked_pool_resource pool(&upstream);
    for (std::size_t i = 0; i < (16U << 20) / bytes; ++i) static_cast<void>(pool.allocate(bytes, 8));
    EXPECT_EQ(upstream.last_bytes(), 1U << 20) << bytes;
    EXPECT_LE(upstream.allocations(), 26U) << bytes;
  }
}

TEST(locked_pool, wastes_at_most_a_quarter_from_64_bytes_up) {
  const locked_pool_resource pool(std::pmr::new_delete_resource());
  for (std::size_t bytes = 64; bytes <= locked_pool_resource::largest_small; ++bytes) {
    const std::size_t good = pool.good_size(bytes, 8);
    ASSERT_GE(good, bytes);
    ASSERT_LE(good * 4, bytes * 5) << bytes;
  }
}

TEST(locked_pool, large_blocks_go_upstream_and_back_at_once) {
  checking_resource upstream;
  locked_pool_resource pool(&upstream);
  void* const big = pool.allocate(locked_pool_resource::largest_small + 1, 8);
  void* const aligned = pool.allocate(1, 2 * locked_pool_resource::largest_small);
  EXPECT_EQ(upstream.live_blocks(), 2U);
  pool.deallocate(aligned, 1, 2 * locked_pool_resource::largest_small);
  pool.deallocate(big, locked_pool_resource::largest_small + 1, 8);
  EXPECT_EQ(upstream.live_blocks(), 0U);
}

TEST(locked_pool, good_size_tells_what_alignment_adds) {
  const locked_pool_resource pool(std::pmr::new_delete_resource());
  EXPECT_EQ(pool.good_size(0, 1), 8U);
  EXPECT_EQ(pool.good_size(0, 16), 16U);
  EXPECT_EQ(pool.good_size(24, 8), 32U);
  EXPECT_EQ(pool.good_size(24, 16), 32U);
  EXPECT_EQ(pool.good_size(24, 64), 64U);
  EXPECT_EQ(pool.good_size(100, 64), 128U);
  EXPECT_EQ(pool.good_size(100'000, 64), 100'000U);
}

TEST(locked_pool, an_alignment_of_zero_is_an_error) {
  locked_pool_resource pool(std::pmr::new_delete_resource());
  // Not a constant, or clang refuses it at compile time.
  const volatile std::size_t zero = 0;
  EXPECT_THROW(static_cast<void>(pool.allocate(8, zero)), allocation_error);
}

TEST(good_size, of_a_foreign_resource_is_the_size_itself) {
  EXPECT_EQ(good_size(*std::pmr::new_delete_resource(), 13, 8), 13U);
  EXPECT_EQ(good_size(*std::pmr::new_delete_resource(), 0, 8), 0U);
}

}  // namespace
}  // namespace acre::test
