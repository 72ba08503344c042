// The tests' own tools: they find what they are for.
#include "support/checking_resource.hpp"
#include "support/failing_resource.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <memory_resource>
#include <new>

namespace acre::test {
namespace {

TEST(checking_resource, finds_a_leak) {
  EXPECT_NONFATAL_FAILURE(
      {
        checking_resource memory;
        static_cast<void>(memory.allocate(3));
      },
      "leaked 3 bytes");
}

TEST(checking_resource, finds_a_double_free) {
  checking_resource memory;
  void* const p = memory.allocate(3);
  memory.deallocate(p, 3);
  EXPECT_NONFATAL_FAILURE(memory.deallocate(p, 3), "not live");
}

TEST(checking_resource, finds_another_size) {
  checking_resource memory;
  void* const p = memory.allocate(3);
  EXPECT_NONFATAL_FAILURE(memory.deallocate(p, 4), "another size");
}

TEST(checking_resource, finds_another_alignment) {
  checking_resource memory;
  void* const p = memory.allocate(64, 64);
  EXPECT_NONFATAL_FAILURE(memory.deallocate(p, 64, 8), "another alignment");
}

TEST(failing_resource, fails_once_at_its_point) {
  failing_resource failing(std::pmr::new_delete_resource(), 1);
  failing.deallocate(failing.allocate(1), 1);
  EXPECT_FALSE(failing.has_failed());
  EXPECT_THROW(static_cast<void>(failing.allocate(1)), std::bad_alloc);
  EXPECT_TRUE(failing.has_failed());
  failing.deallocate(failing.allocate(1), 1);
}

TEST(failing_resource, every_point_is_tried) {
  int runs = 0;
  EXPECT_EQ(for_each_failure_point([&](std::pmr::memory_resource& r) {
              ++runs;
              for (int i = 0; i != 5; ++i) r.deallocate(r.allocate(8), 8);
            }),
            5U);
  EXPECT_EQ(runs, 6);
}

}  // namespace
}  // namespace acre::test
