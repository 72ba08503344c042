// failing_resource: fails at one chosen allocation; for_each_failure_point: runs a body once for each of
// them.
#pragma once

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstddef>
#include <memory_resource>
#include <new>

#include "support/checking_resource.hpp"

namespace acre::test {

/// \safety any thread
class failing_resource final : public std::pmr::memory_resource {
 public:
  /// \param fails_at the allocation that throws std::bad_alloc, counted from 0
  failing_resource(std::pmr::memory_resource* upstream, std::size_t fails_at)
      : x_upstream(upstream), x_fails_at(fails_at) {}

  bool has_failed() const { return x_count > x_fails_at; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (x_count++ == x_fails_at) throw std::bad_alloc();
    return x_upstream->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    x_upstream->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::pmr::memory_resource* x_upstream;
  std::size_t x_fails_at;
  std::atomic<std::size_t> x_count = 0;
};

/// Calls body(std::pmr::memory_resource&) with a resource that fails at its first allocation, then at its
/// second, and so on until nothing fails. The body may let the std::bad_alloc out. Leaks fail the test.
/// \returns the number of failure points
template <class Body>
std::size_t for_each_failure_point(Body body) {
  constexpr std::size_t too_many = 100'000;
  for (std::size_t n = 0; n < too_many; ++n) {
    checking_resource memory;
    failing_resource upstream(&memory, n);
    try {
      body(static_cast<std::pmr::memory_resource&>(upstream));
    } catch (const std::bad_alloc&) {
      BOOST_TEST(upstream.has_failed(), "bad_alloc from somewhere else");
    }
    BOOST_TEST_INFO("leaked after failure point " << n);
    BOOST_TEST(memory.live_blocks() == 0U);
    if (!upstream.has_failed()) return n;
  }
  BOOST_ERROR("still failing after " << too_many << " points");
  return too_many;
}

}  // namespace acre::test
