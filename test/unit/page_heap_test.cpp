#include "pool/page_heap.hpp"

#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "support/comes_true.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// What the pages that a heap asks for look like from below.
struct requests {
  std::mutex mutex;
  std::vector<std::size_t> bytes;
  std::function<void()> before;  ///< called with each request
  std::size_t discarded = 0;
};

class noted_pages final : public page_source {
 public:
  explicit noted_pages(requests& all) : x_all(all) {}

  void* map(std::size_t bytes, std::size_t alignment) override {
    {
      const std::lock_guard lock(x_all.mutex);
      x_all.bytes.push_back(bytes);
    }
    if (x_all.before) x_all.before();
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool discard(void*, std::size_t bytes) noexcept override {
    x_all.discarded += bytes;
    return true;
  }
  std::size_t discard_granule() const noexcept override { return 64_KiB; }
  std::size_t slab_granule() const noexcept override { return 64_KiB; }
  std::size_t largest_extent() const noexcept override { return 16_MiB; }
  std::size_t next_slab(std::size_t mapped) const noexcept override {
    return std::clamp(mapped, 2_MiB, 4_MiB);
  }
  page_reuse reuse() const noexcept override { return page_reuse::any; }
  std::pmr::memory_resource* upstream() const noexcept override { return nullptr; }

 private:
  requests& x_all;
};

struct a_heap {
  requests asked;
  std::unique_ptr<page_heap> heap = heap_keeping(1_GiB);

  std::unique_ptr<page_heap> heap_keeping(std::size_t retained) {
    return std::make_unique<page_heap>(std::make_unique<noted_pages>(asked),
                                       pool_options{.retained = retained, .decay = std::chrono::hours(1)});
  }
};

BOOST_FIXTURE_TEST_SUITE(a_page_heap, a_heap)

BOOST_AUTO_TEST_CASE(begins_with_one_small_slab_however_many_threads_begin) {
  constexpr std::size_t threads = 3;
  // All have found that there is none before the first is there.
  std::atomic<std::size_t> waiting = 0;
  std::atomic<int> misses = 0;
  asked.before = [&] {
    ++waiting;
    if (!comes_true([&] { return waiting == threads; })) ++misses;
  };
  {
    std::vector<std::jthread> all;
    for (std::size_t t = 0; t != threads; ++t)
      all.emplace_back([&] { heap->deallocate(heap->allocate(100'000, 8), 100'000, 8); });
  }
  BOOST_TEST(misses == 0);
  BOOST_TEST(asked.bytes.size() == threads);
  BOOST_TEST(std::ranges::count(asked.bytes, 1_MiB) == 1);
  BOOST_TEST(std::ranges::count(asked.bytes, 2_MiB) == 2);
}

BOOST_AUTO_TEST_CASE(begins_with_a_small_slab_also_after_a_failure) {
  asked.before = [] { throw std::bad_alloc(); };
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate(100'000, 8)), std::bad_alloc);
  asked.before = nullptr;
  asked.bytes.clear();
  heap->deallocate(heap->allocate(100'000, 8), 100'000, 8);
  BOOST_TEST(asked.bytes == std::vector<std::size_t>{1_MiB}, boost::test_tools::per_element());
}

// What is kept beyond the limit goes back from the slabs where it is, whichever of many these are.
BOOST_AUTO_TEST_CASE(gives_pages_back_out_of_many_slabs) {
  heap = heap_keeping(256_KiB);
  std::vector<void*> blocks;
  for (int i = 0; i != 1000; ++i) blocks.push_back(heap->allocate(64_KiB, 8));
  std::size_t freed = 0;
  for (std::size_t i = 0; i < blocks.size(); i += 3) {
    heap->deallocate(blocks[i], 64_KiB, 8);
    freed += 64_KiB;
    pool_statistics s;
    heap->add_to(s);
    BOOST_TEST_REQUIRE(s.retained_bytes <= 256_KiB);
    BOOST_TEST_REQUIRE(s.retained_bytes + asked.discarded == freed);
  }
  const std::size_t before = asked.discarded;
  BOOST_TEST(heap->trim() == freed - before);
  BOOST_TEST(asked.discarded == freed);
  pool_statistics s;
  heap->add_to(s);
  BOOST_TEST(s.retained_bytes == 0U);
}

// trim() holds the slabs while it goes through all free blocks. This would wait for ever.
BOOST_AUTO_TEST_CASE(does_not_wait_for_a_trim_to_give_pages_back_in_passing, *boost::unit_test::timeout(60)) {
  heap = heap_keeping(0);
  void* const first = heap->allocate(1_MiB, 8);
  void* const second = heap->allocate(1_MiB, 8);
  {
    const auto stay = heap->hold_slabs();
    heap->deallocate(first, 1_MiB, 8);
    BOOST_TEST(asked.discarded == 0U);
  }
  heap->deallocate(second, 1_MiB, 8);
  BOOST_TEST(asked.discarded == 2_MiB);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
