#include "pool/page_heap.hpp"

#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// What the pages that a heap asks for look like from below.
struct requests {
  std::mutex mutex;
  std::vector<std::size_t> bytes;
  std::function<void()> before;  ///< called with each request
  std::size_t discarded = 0;
  std::size_t refused = 0;  ///< calls
  bool all_locked = false;
  std::size_t again = 0;  ///< made although they were there
  std::size_t piece = 0;  ///< that pages are made in; 0: not at all
  std::function<void(std::uintptr_t begin, std::size_t size)> on_commit;
  std::function<void()> when_committed;
  std::set<std::uintptr_t> committed;  ///< units that have their pages

  std::size_t committed_bytes() const { return committed.size() * unit_bytes; }
  /// \returns whether no page of it was there
  bool add(std::uintptr_t begin, std::size_t size) {
    bool fresh = true;
    for (std::uintptr_t at = begin; at != begin + size; at += unit_bytes)
      fresh = committed.insert(at).second && fresh;
    return fresh;
  }
  void remove(std::uintptr_t begin, std::size_t size) {
    committed.erase(committed.lower_bound(begin), committed.lower_bound(begin + size));
  }
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
    {
      const std::lock_guard lock(x_all.mutex);
      x_all.remove(reinterpret_cast<std::uintptr_t>(p), bytes);
    }
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool discard(void* p, std::size_t bytes) noexcept override {
    const std::lock_guard lock(x_all.mutex);
    if (x_all.all_locked) {
      ++x_all.refused;
      return false;
    }
    x_all.remove(reinterpret_cast<std::uintptr_t>(p), bytes);
    x_all.discarded += bytes;
    return true;
  }
  std::size_t discard_granule() const noexcept override { return 64_KiB; }
  std::size_t slab_granule() const noexcept override { return 64_KiB; }
  std::size_t largest_extent() const noexcept override { return 16_MiB; }
  std::size_t next_slab(std::size_t mapped) const noexcept override {
    return std::clamp(mapped, 2_MiB, 4_MiB);
  }
  std::size_t commit_piece(std::size_t) const noexcept override { return x_all.piece; }
  void expect_commit(void*, std::size_t) noexcept override {}
  void commit(void* p, std::size_t bytes) override {
    const auto begin = reinterpret_cast<std::uintptr_t>(p);
    if (x_all.on_commit) x_all.on_commit(begin, bytes);
    if (x_all.piece == 0) return;
    {
      const std::lock_guard lock(x_all.mutex);
      x_all.again += x_all.add(begin, bytes) ? 0U : 1U;
    }
    if (x_all.when_committed) x_all.when_committed();
  }
  owned_range::rules ownership() const override { return {.home = {}, .piece = unit_bytes}; }
  bool put_right(const displaced_part&) override { return false; }
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

/// A heap that makes pages in pieces of 64 KiB.
struct a_heap_by_pieces : a_heap {
  a_heap_by_pieces() { asked.piece = 64_KiB; }

  pool_statistics counted() const {
    pool_statistics s;
    heap->add_to(s);
    return s;
  }
  bool has_all_pages(const void* p, std::size_t bytes) {
    const std::lock_guard lock(asked.mutex);
    const auto begin = reinterpret_cast<std::uintptr_t>(p);
    for (std::uintptr_t at = begin; at < begin + bytes; at += unit_bytes) {
      if (!asked.committed.contains(at)) return false;
    }
    return true;
  }
};

struct a_heap_with_a_limit : a_heap {
  a_heap_with_a_limit() {
    heap = std::make_unique<page_heap>(
        std::make_unique<noted_pages>(asked),
        pool_options{.limit = 1_MiB, .retained = 1_GiB, .decay = std::chrono::hours(1)});
  }
  pool_statistics counted() const {
    pool_statistics s;
    heap->add_to(s);
    return s;
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

BOOST_AUTO_TEST_CASE(asks_little_of_a_system_that_gives_no_page_back) {
  std::vector<void*> blocks;
  for (int i = 0; i != 1000; ++i) blocks.push_back(heap->allocate(64_KiB, 8));
  for (std::size_t i = 0; i < blocks.size(); i += 2) heap->deallocate(blocks[i], 64_KiB, 8);
  asked.all_locked = true;
  BOOST_TEST(heap->trim() == 0U);
  BOOST_TEST(asked.refused <= 32U);
  const auto retained = [&] {
    pool_statistics s;
    heap->add_to(s);
    return s.retained_bytes;
  };
  BOOST_TEST(retained() == 500 * 64_KiB);
  // It is asked again each time: pages may be unlocked meanwhile.
  asked.all_locked = false;
  BOOST_TEST(heap->trim() == 500 * 64_KiB);
  BOOST_TEST(retained() == 0U);
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
    pool_statistics s;
    heap->add_to(s);
    return s.mapped_bytes == large.size() * 20_MiB;
  }));
}

BOOST_AUTO_TEST_CASE(gives_slabs_back_where_no_page_goes_alone) {
  heap = heap_keeping(0);
  asked.all_locked = true;
  void* const p = heap->allocate(1_MiB, 8);
  heap->deallocate(p, 1_MiB, 8);
  pool_statistics s;
  heap->add_to(s);
  BOOST_TEST(s.mapped_bytes == 0U);
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
  BOOST_TEST(asked.committed_bytes() == 72_KiB);
  heap->deallocate(p, 72_KiB, 8);
}

BOOST_AUTO_TEST_CASE(hands_nothing_out_where_pages_do_not_come, *boost::unit_test::timeout(60)) {
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
