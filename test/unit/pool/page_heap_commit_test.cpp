// A page_heap over a made-up source whose pages are made before they are handed out.
#include <acre/bytes.hpp>

#include "noted_pages.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"
#include "sys/pages.hpp"

namespace acre::test {
namespace {

/// A heap that makes pages in pieces of 64 KiB.
struct a_heap_by_pieces : a_heap {
  a_heap_by_pieces() { asked.piece = 64_KiB; }
  bool has_all_pages(const void* p, std::size_t bytes) {
    const std::lock_guard lock(asked.mutex);
    const auto begin = reinterpret_cast<std::uintptr_t>(p);
    for (std::uintptr_t at = begin; at < begin + bytes; at += unit_bytes) {
      if (!asked.committed.contains(at)) return false;
    }
    return true;
  }
};

BOOST_FIXTURE_TEST_SUITE(a_page_heap_by_pieces, a_heap_by_pieces)

// Pages that may be there, beside a block that gets its own: nobody gives them back meanwhile.
BOOST_AUTO_TEST_CASE(makes_no_pages_that_are_on_their_way_back) {
  asked.piece = 256_KiB;
  heap = heap_keeping(1_GiB);
  void* const p = heap->allocate(64_KiB, 8);
  void* const q = heap->allocate(64_KiB, 8);
  void* const live = heap->allocate(128_KiB, 8);
  heap->deallocate(p, 64_KiB, 8);
  heap->deallocate(q, 64_KiB, 8);
  asked.all_locked = true;
  BOOST_TEST(heap->trim() == 0U);
  asked.all_locked = false;
  asked.when_committed = [&] { heap->trim(); };
  BOOST_TEST(heap->allocate(64_KiB, 8) == p);
  BOOST_TEST(has_all_pages(p, 64_KiB));
  asked.when_committed = nullptr;
  BOOST_TEST(heap->allocate(64_KiB, 8) == q);
  BOOST_TEST(has_all_pages(q, 64_KiB));
  BOOST_TEST(has_all_pages(live, 128_KiB));
}

BOOST_AUTO_TEST_CASE(counts_what_it_could_not_make_and_the_system_does_not_take) {
  heap = heap_keeping(1_GiB);
  void* const live = heap->allocate(64_KiB, 8);
  const std::size_t before = counted().retained_bytes;
  asked.all_locked = true;
  asked.on_commit = [](std::uintptr_t, std::size_t) { throw std::bad_alloc(); };
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate(64_KiB, 8)), std::bad_alloc);
  BOOST_TEST(counted().retained_bytes == before + 64_KiB);
  asked.on_commit = nullptr;
  asked.all_locked = false;
  BOOST_TEST(heap->trim() == before + 64_KiB);
  BOOST_TEST(counted().retained_bytes == 0U);
  heap->deallocate(live, 64_KiB, 8);
}

BOOST_AUTO_TEST_CASE(counts_what_the_system_does_not_take) {
  std::vector<void*> blocks;
  for (int i = 0; i != 100; ++i) blocks.push_back(heap->allocate(64_KiB, 8));
  for (std::size_t i = 0; i < blocks.size(); i += 2) heap->deallocate(blocks[i], 64_KiB, 8);
  const std::size_t retained = counted().retained_bytes;
  BOOST_TEST(retained >= 50 * 64_KiB);
  asked.all_locked = true;
  BOOST_TEST(heap->trim() == 0U);
  BOOST_TEST(counted().retained_bytes == retained);
  asked.all_locked = false;
  BOOST_TEST(heap->trim() == retained);
  BOOST_TEST(counted().retained_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(makes_the_pages_of_what_it_hands_out_and_little_more) {
  void* const p = heap->allocate(100_KiB, 8);
  BOOST_TEST(has_all_pages(p, 100_KiB));
  BOOST_TEST(asked.committed_bytes() == 128_KiB);
  void* const span = heap->allocate_span(1);
  BOOST_TEST(has_all_pages(span, unit_bytes));
  BOOST_TEST(asked.committed_bytes() == 128_KiB);
  void* const large = heap->allocate(20_MiB, 8);
  BOOST_TEST(has_all_pages(large, 20_MiB));
  heap->deallocate(large, 20_MiB, 8);
  BOOST_TEST(heap->allocate(20_MiB, 8) == large);
  BOOST_TEST(asked.again == 0U);
  heap->deallocate(large, 20_MiB, 8);
  heap->deallocate(p, 100_KiB, 8);
  heap->deallocate_span(span, 1);
}

// What is free and has pages is what is kept, and what trim() gives back.
BOOST_AUTO_TEST_CASE(counts_the_pages_that_came_beside_as_kept) {
  void* const p = heap->allocate(72_KiB, 8);
  BOOST_TEST(counted().retained_bytes == 128_KiB - 72_KiB);
  heap->deallocate(p, 72_KiB, 8);
  BOOST_TEST(counted().retained_bytes == 128_KiB);
  BOOST_TEST(heap->trim() == 128_KiB);
  BOOST_TEST(counted().retained_bytes == 0U);
  BOOST_TEST(asked.committed_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(makes_pages_again_that_went_back) {
  void* const live = heap->allocate(8_KiB, 8);
  void* const p = heap->allocate(200_KiB, 8);
  heap->deallocate(p, 200_KiB, 8);
  heap->trim();
  BOOST_TEST(!has_all_pages(p, 200_KiB));
  BOOST_TEST(heap->allocate(200_KiB, 8) == p);
  BOOST_TEST(has_all_pages(p, 200_KiB));
  BOOST_TEST(has_all_pages(live, 8_KiB));
  BOOST_TEST(asked.again == 0U);
  heap->deallocate(p, 200_KiB, 8);
  heap->deallocate(live, 8_KiB, 8);
}

// Else each block would bring pages that are to go at once.
BOOST_AUTO_TEST_CASE(makes_no_more_than_is_handed_out_where_nothing_is_kept) {
  heap = heap_keeping(0);
  void* const p = heap->allocate(72_KiB, 8);
  const std::size_t page = sys::page_size();
  BOOST_TEST(asked.committed_bytes() == (72_KiB + page - 1) / page * page);
  heap->deallocate(p, 72_KiB, 8);
}

BOOST_AUTO_TEST_CASE(hands_nothing_out_where_pages_do_not_come) {
  void* const live = heap->allocate(8_KiB, 8);
  const pool_statistics before = counted();
  const std::size_t pages = asked.committed_bytes();
  asked.on_commit = [](std::uintptr_t, std::size_t) { throw std::bad_alloc(); };
  for (const std::size_t bytes : {100_KiB, 900_KiB, 20_MiB}) {
    BOOST_CHECK_THROW(static_cast<void>(heap->allocate(bytes, 8)), std::bad_alloc);
  }
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate_span(100)), std::bad_alloc);
  BOOST_TEST(counted().used_bytes == before.used_bytes);
  BOOST_TEST(counted().live_blocks == before.live_blocks);
  // A part of a piece that is there already stays, and nothing else.
  BOOST_TEST(asked.committed_bytes() == pages);
  BOOST_TEST(counted().retained_bytes == pages - 8_KiB);
  asked.on_commit = nullptr;
  void* const p = heap->allocate(900_KiB, 8);
  BOOST_TEST(has_all_pages(p, 900_KiB));
  BOOST_TEST(asked.again == 0U);
  heap->deallocate(p, 900_KiB, 8);
  heap->deallocate(live, 8_KiB, 8);
}

BOOST_AUTO_TEST_CASE(gives_a_mapping_upstream_whose_pages_do_not_come) {
  asked.on_commit = [](std::uintptr_t, std::size_t) { throw std::bad_alloc(); };
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate(20_MiB, 8)), std::bad_alloc);
  BOOST_TEST(asked.unmapped == 20_MiB);
  BOOST_TEST(counted().mapped_bytes == 0U);
  BOOST_TEST(counted().used_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(makes_just_what_is_handed_out_where_no_piece_has_room) {
  asked.on_commit = [](std::uintptr_t, std::size_t bytes) {
    if (bytes > 16_KiB) throw std::bad_alloc();
  };
  void* const p = heap->allocate(16_KiB, 8);
  BOOST_TEST(asked.committed_bytes() == 16_KiB);
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate(24_KiB, 8)), std::bad_alloc);
  heap->deallocate(p, 16_KiB, 8);
}

// One makes the page, the others wait for it, and nobody's is given back.
BOOST_AUTO_TEST_CASE(makes_pages_once_however_many_threads_want_them) {
  constexpr int rounds = 2000;
  std::atomic<int> wrong = 0;
  std::atomic<unsigned> calls = 0;
  asked.on_commit = [&](std::uintptr_t, std::size_t) {
    if (++calls % 7 == 0) throw std::bad_alloc();
  };
  {
    std::vector<std::jthread> all;
    for (int t = 0; t != 4; ++t) {
      all.emplace_back([&, t] {
        for (int i = 0; i != rounds; ++i) {
          const std::size_t bytes = (1 + static_cast<std::size_t>(i * (t + 3)) % 20) * unit_bytes;
          try {
            void* const p = heap->allocate(bytes, 8);
            if (!has_all_pages(p, bytes)) ++wrong;
            heap->deallocate(p, bytes, 8);
          } catch (const std::bad_alloc&) {
          }
          if (i % 50 == 0) heap->trim();
        }
      });
    }
  }
  BOOST_TEST(wrong == 0);
  BOOST_TEST(asked.again == 0U);
  heap->trim();
  BOOST_TEST(counted().retained_bytes == 0U);
  BOOST_TEST(counted().used_bytes == 0U);
  BOOST_TEST(asked.committed_bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
