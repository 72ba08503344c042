// mappings: that a test leaves no mapping behind.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>

#include "support/kernel.hpp"

namespace acre::test {

/// Fails where there are more mappings at its end than at its beginning. Sanitizers map memory of their own while a test
/// runs: there nothing is counted.
class no_new_mappings {
 public:
  no_new_mappings() : x_before(count_mappings()) {}
  ~no_new_mappings() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LE(count_mappings(), x_before);
#endif
  }
  no_new_mappings(const no_new_mappings&) = delete;
  no_new_mappings& operator=(const no_new_mappings&) = delete;

 private:
  std::size_t x_before;
};

}  // namespace acre::test
