// A page_heap over a made-up source: how slabs come and pages go back, and its limit.
#include <acre/bytes.hpp>

#include "noted_pages.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

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

// A system that commits strictly (vm.overcommit_memory) may have room for less.
BOOST_AUTO_TEST_CASE(takes_a_smaller_slab_where_there_is_no_room_for_a_larger_one) {
  heap->deallocate(heap->allocate(1_MiB, 8), 1_MiB, 8);
  void* const first = heap->allocate(900_KiB, 8);
  asked.before = [&] {
    if (asked.bytes.back() > 512_KiB) throw std::bad_alloc();
  };
  asked.bytes.clear();
  void* const p = heap->allocate(300_KiB, 8);
  BOOST_TEST(asked.bytes == (std::vector<std::size_t>{2_MiB, 1_MiB, 512_KiB}),
             boost::test_tools::per_element());
  // But never one that is too small.
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate(600_KiB, 8)), std::bad_alloc);
  BOOST_TEST(asked.bytes.back() == 640_KiB);
  heap->deallocate(p, 300_KiB, 8);
  heap->deallocate(first, 900_KiB, 8);
}

bool is_aligned(const void* p, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(p) % alignment == 0;
}

BOOST_AUTO_TEST_CASE(keeps_alignments_of_more_than_a_unit_and_of_more_than_a_huge_page) {
  void* const odd = heap->allocate(8_KiB, 8);
  for (const std::size_t alignment : {16_KiB, 64_KiB, 1_MiB, 2_MiB, 4_MiB, 64_MiB}) {
    for (const std::size_t bytes : {std::size_t{0}, 8_KiB, 200_KiB, 20_MiB}) {
      void* const p = heap->allocate(bytes, alignment);
      BOOST_TEST_INFO(bytes << " bytes aligned to " << alignment);
      BOOST_TEST(is_aligned(p, alignment));
      heap->deallocate(p, bytes, alignment);
    }
  }
  heap->deallocate(odd, 8_KiB, 8);
  BOOST_TEST(counted().used_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(has_room_for_an_aligned_block_in_its_first_slab) {
  for (const std::size_t alignment : {16_KiB, 64_KiB, 1_MiB, 2_MiB}) {
    heap = heap_keeping(1_GiB);
    void* const p = heap->allocate(1_MiB, alignment);
    BOOST_TEST_INFO("aligned to " << alignment);
    BOOST_TEST_REQUIRE(p != nullptr);
    BOOST_TEST(is_aligned(p, alignment));
    heap->deallocate(p, 1_MiB, alignment);
  }
}

BOOST_AUTO_TEST_CASE(says_what_a_block_really_has) {
  BOOST_TEST(heap->good_size(0, 8) == unit_bytes);
  BOOST_TEST(heap->good_size(unit_bytes + 1, 8) == 2 * unit_bytes);
  BOOST_TEST(heap->good_size(16_MiB, 2_MiB) == 16_MiB);
  // Mappings of their own: beyond the largest extent in whole huge pages.
  BOOST_TEST(heap->good_size(16_MiB + 1, 8) == 18_MiB);
  BOOST_TEST(heap->good_size(100, 4_MiB) < 2_MiB);
  BOOST_TEST(heap->good_size(SIZE_MAX - 1, 8) == SIZE_MAX - 1);
}

BOOST_AUTO_TEST_CASE(refuses_more_than_an_address_space_has) {
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 8, SIZE_MAX / 2 + 1, SIZE_MAX / 2 - 1_MiB}) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(heap->allocate(bytes, 8)), allocation_error,
                          with_code(errc::out_of_memory).saying("address space"));
  }
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap->allocate(SIZE_MAX / 2 - 1_GiB, std::size_t{1} << 62)),
                        allocation_error, with_code(errc::out_of_memory));
  BOOST_TEST(asked.bytes.empty());
}

BOOST_AUTO_TEST_CASE(gives_live_and_free_memory_upstream_when_released) {
  static_cast<void>(heap->allocate(100_KiB, 8));
  static_cast<void>(heap->allocate_span(8));
  static_cast<void>(heap->allocate(20_MiB, 8));
  heap->deallocate(heap->allocate(30_MiB, 8), 30_MiB, 8);
  BOOST_TEST(counted().retained_bytes == 30_MiB);
  heap->release();
  const pool_statistics s = counted();
  BOOST_TEST(s.mapped_bytes == 0U);
  BOOST_TEST(s.used_bytes == 0U);
  BOOST_TEST(s.retained_bytes == 0U);
  BOOST_TEST(s.live_blocks == 0U);
  BOOST_TEST(s.allocations == s.deallocations);
  BOOST_TEST(asked.unmapped == std::size_t{1_MiB + 20_MiB + 30_MiB});
  heap->deallocate(heap->allocate(100_KiB, 8), 100_KiB, 8);
}

BOOST_AUTO_TEST_CASE(grows_older_by_its_decay_when_it_is_called) {
  heap = std::make_unique<page_heap>(std::make_unique<noted_pages>(asked),
                                     pool_options{.retained = 1_GiB, .decay = std::chrono::milliseconds(1)});
  BOOST_TEST(heap->ages() == 0U);
  BOOST_TEST(comes_true([&] {
    heap->deallocate(heap->allocate(64_KiB, 8), 64_KiB, 8);
    return heap->ages() >= 2;
  }));
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
    const std::size_t retained = counted().retained_bytes;
    BOOST_TEST_REQUIRE(retained <= 256_KiB);
    BOOST_TEST_REQUIRE(retained + asked.discarded == freed);
  }
  const std::size_t before = asked.discarded;
  BOOST_TEST(heap->trim() == freed - before);
  BOOST_TEST(asked.discarded == freed);
  BOOST_TEST(counted().retained_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(asks_little_of_a_system_that_gives_no_page_back) {
  std::vector<void*> blocks;
  for (int i = 0; i != 1000; ++i) blocks.push_back(heap->allocate(64_KiB, 8));
  for (std::size_t i = 0; i < blocks.size(); i += 2) heap->deallocate(blocks[i], 64_KiB, 8);
  asked.all_locked = true;
  BOOST_TEST(heap->trim() == 0U);
  BOOST_TEST(asked.refused <= 32U);
  BOOST_TEST(counted().retained_bytes == 500 * 64_KiB);
  // It is asked again each time: pages may be unlocked meanwhile.
  asked.all_locked = false;
  BOOST_TEST(heap->trim() == 500 * 64_KiB);
  BOOST_TEST(counted().retained_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(asks_not_for_each_block_where_all_are_locked) {
  heap = heap_keeping(0);
  std::vector<void*> blocks;
  for (int i = 0; i != 1000; ++i) blocks.push_back(heap->allocate(64_KiB, 8));
  asked.all_locked = true;
  for (std::size_t i = 0; i < blocks.size(); i += 2) heap->deallocate(blocks[i], 64_KiB, 8);
  BOOST_TEST(asked.refused <= 100 * 32U);
}

// At the next large block, whatever it is.
BOOST_AUTO_TEST_CASE(gives_what_is_old_back_as_a_slab_where_no_page_goes_alone) {
  heap = std::make_unique<page_heap>(std::make_unique<noted_pages>(asked),
                                     pool_options{.retained = 1_GiB, .decay = std::chrono::milliseconds(1)});
  asked.all_locked = true;
  heap->deallocate(heap->allocate(1_MiB, 8), 1_MiB, 8);
  std::vector<void*> large;
  BOOST_TEST(comes_true([&] {
    large.push_back(heap->allocate(20_MiB, 8));
    return counted().mapped_bytes == large.size() * 20_MiB;
  }));
}

BOOST_AUTO_TEST_CASE(gives_slabs_back_where_no_page_goes_alone) {
  heap = heap_keeping(0);
  asked.all_locked = true;
  void* const p = heap->allocate(1_MiB, 8);
  heap->deallocate(p, 1_MiB, 8);
  BOOST_TEST(counted().mapped_bytes == 0U);
}

// trim() holds the slabs while it goes through all free blocks. This would wait for ever.
BOOST_AUTO_TEST_CASE(does_not_wait_for_a_trim_to_give_pages_back_in_passing) {
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

struct a_heap_with_a_limit : a_heap {
  a_heap_with_a_limit() {
    heap = std::make_unique<page_heap>(
        std::make_unique<noted_pages>(asked),
        pool_options{.limit = 1_MiB, .retained = 1_GiB, .decay = std::chrono::hours(1)});
  }
};

BOOST_FIXTURE_TEST_SUITE(a_page_heap_with_a_limit, a_heap_with_a_limit)

BOOST_AUTO_TEST_CASE(hands_out_no_more) {
  void* const p = heap->allocate(600_KiB, 8);
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap->allocate(500_KiB, 8)), allocation_error,
                        with_code(errc::pool_limit).saying("limit is 1 MiB"));
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap->allocate(20_MiB, 8)), allocation_error,
                        with_code(errc::pool_limit));
  void* const q = heap->allocate(424_KiB, 8);
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap->allocate_span(1)), allocation_error,
                        with_code(errc::pool_limit));
  BOOST_TEST(counted().used_bytes == 1_MiB);
  heap->deallocate(q, 424_KiB, 8);
  heap->deallocate(p, 600_KiB, 8);
}

// One thread's slab is on its way when another finds no room either.
BOOST_AUTO_TEST_CASE(hands_out_no_more_while_a_slab_is_mapped) {
  bool is_within = false;
  asked.before = [&] {
    if (std::exchange(is_within, true)) return;
    BOOST_CHECK_EXCEPTION(static_cast<void>(heap->allocate(600_KiB, 8)), allocation_error,
                          with_code(errc::pool_limit));
  };
  heap->deallocate(heap->allocate(600_KiB, 8), 600_KiB, 8);
  BOOST_TEST(counted().used_bytes == 0U);
  BOOST_TEST(counted().used_peak == 600_KiB);
  // What is not to be had takes no room.
  asked.before = [] { throw std::bad_alloc(); };
  heap->trim();
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate(1_MiB, 8)), std::bad_alloc);
  asked.before = nullptr;
  heap->deallocate(heap->allocate(1_MiB, 8), 1_MiB, 8);
}

// A child has none of the threads that were mapping something.
BOOST_AUTO_TEST_CASE(has_all_its_room_after_a_fork_amid_a_mapping) {
  asked.before = [&] { heap->forget_other_threads(); };
  heap->deallocate(heap->allocate(600_KiB, 8), 600_KiB, 8);
  bool is_within = false;
  asked.before = [&] {
    if (std::exchange(is_within, true)) return;
    heap->lock_for_fork();
    heap->forget_other_threads();
    heap->unlock_after_fork();
    heap->deallocate(heap->allocate(1_MiB, 8), 1_MiB, 8);
  };
  heap->trim();
  heap->deallocate(heap->allocate(1_MiB, 8), 1_MiB, 8);
  BOOST_TEST(counted().used_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_no_more_beside_mappings_either) {
  heap = std::make_unique<page_heap>(
      std::make_unique<noted_pages>(asked),
      pool_options{.limit = 100_MiB, .retained = 1_GiB, .decay = std::chrono::hours(1)});
  heap->deallocate(heap->allocate(60_MiB, 8), 60_MiB, 8);
  BOOST_TEST(counted().retained_bytes == 60_MiB);
  void* const p = heap->allocate(90_MiB, 8);
  BOOST_TEST(counted().used_bytes + counted().retained_bytes <= 100_MiB);
  heap->deallocate(p, 90_MiB, 8);
}

// Both are room that nobody else has.
BOOST_AUTO_TEST_CASE(keeps_no_more_beside_what_is_used) {
  std::vector<void*> blocks;
  for (int i = 0; i != 16; ++i) blocks.push_back(heap->allocate(64_KiB, 8));
  for (std::size_t i = 0; i != 8; ++i) heap->deallocate(blocks[i], 64_KiB, 8);
  BOOST_TEST(counted().retained_bytes == 512_KiB);
  // Of what is kept, and more: it is not counted twice.
  void* const p = heap->allocate(512_KiB, 8);
  BOOST_TEST(counted().used_bytes + counted().retained_bytes <= 1_MiB);
  heap->deallocate(p, 512_KiB, 8);
  for (std::size_t i = 8; i != 16; ++i) heap->deallocate(blocks[i], 64_KiB, 8);
  BOOST_TEST(counted().used_bytes == 0U);
  BOOST_TEST(counted().retained_bytes == 1_MiB);
}

BOOST_AUTO_TEST_CASE(gives_kept_pages_back_for_what_is_used) {
  void* const first = heap->allocate(1_MiB, 8);
  heap->deallocate(first, 1_MiB, 8);
  BOOST_TEST(counted().retained_bytes == 1_MiB);
  // Too long for the first slab beside a small block: of another one.
  void* const small = heap->allocate(64_KiB, 8);
  void* const large = heap->allocate(960_KiB, 8);
  BOOST_TEST(counted().used_bytes == 1_MiB);
  BOOST_TEST(counted().used_bytes + counted().retained_bytes <= 1_MiB + 64_KiB);
  heap->deallocate(small, 64_KiB, 8);
  heap->deallocate(large, 960_KiB, 8);
}

BOOST_AUTO_TEST_CASE(counts_nothing_that_did_not_come) {
  asked.before = [] { throw std::bad_alloc(); };
  for (int i = 0; i != 5; ++i) {
    BOOST_CHECK_THROW(static_cast<void>(heap->allocate(900_KiB, 8)), std::bad_alloc);
  }
  BOOST_TEST(counted().used_bytes == 0U);
  asked.before = nullptr;
  heap->deallocate(heap->allocate(1_MiB, 8), 1_MiB, 8);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
