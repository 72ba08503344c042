// mappings: memory that children share; and that a test leaves no mapping behind.
#pragma once

#include <acre/mapping.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/random.h>

#include <cstddef>

#include "support/kernel.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {

inline mapping shared_pages(std::size_t bytes) { return mapping(bytes, {.sharing = sharing::shared}); }

/// Fails where there are more mappings at its end than at its beginning. Sanitizers map memory of their own while a
/// test runs: there nothing is counted.
class no_new_mappings {
 public:
  no_new_mappings() : x_before(count_after_first_getrandom()) {}
  ~no_new_mappings() {
    if constexpr (!sanitized) BOOST_TEST(count_mappings() <= x_before);
  }
  no_new_mappings(const no_new_mappings&) = delete;
  no_new_mappings& operator=(const no_new_mappings&) = delete;

 private:
  /// glibc 2.41 has mappings of its own for getrandom(2) from its first call on.
  static std::size_t count_after_first_getrandom() {
    unsigned char byte = 0;
    (void)!::getrandom(&byte, sizeof byte, 0);
    return count_mappings();
  }

  std::size_t x_before;
};

}  // namespace acre::test
