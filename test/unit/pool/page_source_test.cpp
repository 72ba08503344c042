#include <acre/bytes.hpp>

#include "pool/page_source.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <new>
#include <thread>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(page_source)

BOOST_AUTO_TEST_CASE(discards_whole_units_and_whole_pages) {
  struct {
    std::size_t base_page, granule;
  } const cases[] = {{4_KiB, 8_KiB}, {8_KiB, 8_KiB}, {16_KiB, 16_KiB}, {64_KiB, 64_KiB}};
  for (const auto& c : cases) {
    BOOST_TEST_CONTEXT("pages of " << c.base_page << " bytes") {
      BOOST_TEST(discard_granule_of(page_kind::system, c.base_page) == c.granule);
      BOOST_TEST(discard_granule_of(page_kind::transparent_huge, c.base_page) == 2_MiB);
      BOOST_TEST(discard_granule_of(page_kind::huge_2mb, c.base_page) == 0U);
      BOOST_TEST(discard_granule_of(page_kind::huge_1gb, c.base_page) == 0U);
      BOOST_TEST(small_slab_granule(2_MiB, c.base_page) == c.granule);
      BOOST_TEST(small_slab_granule(c.granule, c.base_page) == c.granule);
      BOOST_TEST(small_slab_granule(0, c.base_page) == 0U);  // nothing can be discarded
    }
  }
}

/// Tells whether more than one thread was ever inside, and gives each the time to meet others.
class lonely_resource final : public std::pmr::memory_resource {
 public:
  bool was_shared() const { return x_shared; }

 private:
  void stay() {
    if (x_inside.fetch_add(1) != 0) x_shared = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    x_inside.fetch_sub(1);
  }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    stay();
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    stay();
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  std::atomic<int> x_inside = 0;
  std::atomic<bool> x_shared = false;
};

BOOST_AUTO_TEST_CASE(calls_upstream_from_one_thread_at_a_time) {
  lonely_resource upstream;
  const auto pages = make_page_source(&upstream);
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 10; ++i) pages->unmap(pages->map(64_KiB, 64), 64_KiB, 64);
    });
  }
  for (std::thread& t : threads) t.join();
  BOOST_TEST(!upstream.was_shared());
}

BOOST_AUTO_TEST_CASE(lets_go_of_upstream_that_throws) {
  const auto pages = make_page_source(std::pmr::null_memory_resource());
  for (int i = 0; i != 2; ++i) BOOST_CHECK_THROW(pages->map(64_KiB, 64), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(makes_pools_over_a_monotonic_buffer_safe_for_threads) {
  std::pmr::monotonic_buffer_resource upstream;
  pool_resource pool(&upstream, {.guarding = guarding::off});
  std::atomic<unsigned> overwritten = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i != 20; ++i) {
        auto* const p = static_cast<char*>(pool.allocate(20_MiB + 1));
        *p = p[20_MiB] = static_cast<char>(t);
        std::this_thread::yield();
        if (*p != t) ++overwritten;
        if (p[20_MiB] != t) ++overwritten;
        pool.deallocate(p, 20_MiB + 1);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  BOOST_TEST(overwritten == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
