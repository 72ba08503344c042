// A page_heap whose blocks were moved, over a made-up source that knows of each unit whether it is as it should be.
#include <acre/bytes.hpp>

#include "pool/page_heap.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

/// What was done to the units of a source.
struct units_below {
  std::mutex mutex;
  std::set<std::uintptr_t> spoiled;
  std::set<std::uintptr_t> with_pages;
  std::size_t piece = 0;         ///< that pages are made in; 0: they are there
  bool gives_pages_back = true;  ///< where something is put right
  std::size_t put_right = 0;     ///< bytes
  std::size_t spoiled_at_unmap = 0;
  std::size_t maps = 0;
  std::function<void()> before_putting_right;

  template <class F>
  static void for_units(const void* p, std::size_t bytes, F f) {
    for (std::uintptr_t at = address(p); at < address(p) + bytes; at += unit_bytes) f(at);
  }
};

class spoiled_pages final : public page_source {
 public:
  explicit spoiled_pages(units_below& all) : x_all(all) {}

  void* map(std::size_t bytes, std::size_t alignment) override {
    void* const p = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    const std::lock_guard lock(x_all.mutex);
    ++x_all.maps;
    return p;
  }
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override {
    {
      const std::lock_guard lock(x_all.mutex);
      units_below::for_units(p, bytes, [&](std::uintptr_t u) {
        x_all.spoiled_at_unmap += x_all.spoiled.erase(u);
        x_all.with_pages.erase(u);
      });
    }
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool unmaps_policies() const noexcept override { return false; }
  bool discard(void* p, std::size_t bytes) noexcept override {
    const std::lock_guard lock(x_all.mutex);
    units_below::for_units(p, bytes, [&](std::uintptr_t u) { x_all.with_pages.erase(u); });
    return true;
  }
  std::size_t discard_granule() const noexcept override { return unit_bytes; }
  std::size_t slab_granule() const noexcept override { return 64_KiB; }
  std::size_t largest_extent() const noexcept override { return 16_MiB; }
  std::size_t next_slab(std::size_t) const noexcept override { return 2_MiB; }
  std::size_t commit_piece(std::size_t) const noexcept override { return x_all.piece; }
  void expect_commit(void*, std::size_t) noexcept override {}
  void commit(void* p, std::size_t bytes) override {
    const std::lock_guard lock(x_all.mutex);
    units_below::for_units(p, bytes, [&](std::uintptr_t u) { x_all.with_pages.insert(u); });
  }
  owned_range::rules ownership() const override {
    return {.home = policy{policy_mode::bind, {1}}, .piece = unit_bytes};
  }
  bool put_right(const displaced_part& part) override {
    if (x_all.before_putting_right) x_all.before_putting_right();
    const std::lock_guard lock(x_all.mutex);
    units_below::for_units(part.data(), part.bytes(), [&](std::uintptr_t u) {
      x_all.spoiled.erase(u);
      if (x_all.gives_pages_back) x_all.with_pages.erase(u);
    });
    x_all.put_right += part.bytes();
    return x_all.gives_pages_back;
  }
  page_reuse reuse() const noexcept override { return page_reuse::any; }
  std::pmr::memory_resource* upstream() const noexcept override { return nullptr; }

 private:
  units_below& x_all;
};

struct a_spoiled_heap {
  units_below below;
  std::unique_ptr<page_heap> heap;

  explicit a_spoiled_heap(std::size_t piece = 0) {
    below.piece = piece;
    heap = std::make_unique<page_heap>(std::make_unique<spoiled_pages>(below),
                                       pool_options{.retained = 1_GiB, .decay = std::chrono::hours(1)});
  }

  /// As migrate() does.
  void spoil(const void* p, std::size_t bytes) {
    const range_owners owners(address(p), address(p) + bytes);
    {
      const std::lock_guard lock(below.mutex);
      units_below::for_units(p, bytes, [&](std::uintptr_t u) { below.spoiled.insert(u); });
    }
    for (const range_owners::part& part : owners.parts())
      range_owners::note(part.owner, {{part.begin, part.end, *part.home}});
  }
  bool is_right(const void* p, std::size_t bytes) {
    const std::lock_guard lock(below.mutex);
    bool right = true;
    units_below::for_units(p, bytes, [&](std::uintptr_t u) {
      right = right && !below.spoiled.contains(u) && (below.piece == 0 || below.with_pages.contains(u));
    });
    return right;
  }
  pool_statistics counted() const {
    pool_statistics s;
    heap->add_to(s);
    return s;
  }
};
struct by_pieces : a_spoiled_heap {
  by_pieces() : a_spoiled_heap(64_KiB) {}
};

BOOST_FIXTURE_TEST_SUITE(a_page_heap_of_moved_blocks, by_pieces)

BOOST_AUTO_TEST_CASE(puts_right_what_it_hands_out_and_no_more) {
  void* const live = heap->allocate(100_KiB, 8);
  void* const p = heap->allocate(200_KiB, 8);
  spoil(live, 100_KiB);
  spoil(p, 200_KiB);
  heap->deallocate(p, 200_KiB, 8);
  BOOST_TEST(below.put_right == 0U);
  void* const q = heap->allocate(72_KiB, 8);
  BOOST_TEST(q == p);
  BOOST_TEST(is_right(q, 72_KiB));
  BOOST_TEST(below.put_right == 72_KiB);
  BOOST_TEST(below.spoiled.contains(address(live)));
  void* const r = heap->allocate(200_KiB, 8);
  BOOST_TEST(is_right(r, 200_KiB));
  BOOST_TEST(below.put_right == 200_KiB);
  heap->deallocate(q, 72_KiB, 8);
  BOOST_TEST(heap->allocate(72_KiB, 8) == q);
  BOOST_TEST(below.put_right == 200_KiB);
  for (const auto& [block, bytes] : std::map<void*, std::size_t>{{live, 100_KiB}, {q, 72_KiB}, {r, 200_KiB}})
    heap->deallocate(block, bytes, 8);
}

BOOST_AUTO_TEST_CASE(puts_right_what_becomes_a_span) {
  void* const p = heap->allocate(80_KiB, 8);
  spoil(p, 80_KiB);
  heap->deallocate(p, 80_KiB, 8);
  void* const span = heap->allocate_span(8);
  BOOST_TEST(span == p);
  BOOST_TEST(is_right(span, 8 * unit_bytes));
  BOOST_TEST(range_owners(address(span), address(span) + 1).parts().front().has_small_blocks);
  BOOST_TEST(!range_owners(address(span) + 64_KiB, address(span) + 80_KiB).parts().front().has_small_blocks);
  heap->deallocate_span(span, 8);
  BOOST_TEST(!range_owners(address(span), address(span) + 1).parts().front().has_small_blocks);
}

BOOST_AUTO_TEST_CASE(puts_right_what_has_no_pages_any_more) {
  void* const live = heap->allocate(8_KiB, 8);
  void* const p = heap->allocate(200_KiB, 8);
  spoil(p, 200_KiB);
  heap->deallocate(p, 200_KiB, 8);
  heap->trim();
  void* const q = heap->allocate(200_KiB, 8);
  BOOST_TEST(q == p);
  BOOST_TEST(is_right(q, 200_KiB));
  heap->deallocate(q, 200_KiB, 8);
  heap->deallocate(live, 8_KiB, 8);
  BOOST_TEST(counted().used_bytes == 0U);
}

BOOST_AUTO_TEST_CASE(hands_nothing_out_that_cannot_be_put_right_and_loses_nothing) {
  void* const live = heap->allocate(8_KiB, 8);
  void* const p = heap->allocate(200_KiB, 8);
  spoil(p, 200_KiB);
  heap->deallocate(p, 200_KiB, 8);
  const pool_statistics before = counted();
  below.before_putting_right = [] { throw std::bad_alloc(); };
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate(200_KiB, 8)), std::bad_alloc);
  BOOST_CHECK_THROW(static_cast<void>(heap->allocate_span(10)), std::bad_alloc);
  BOOST_TEST(counted().used_bytes == before.used_bytes);
  BOOST_TEST(counted().live_blocks == before.live_blocks);
  BOOST_TEST(counted().retained_bytes == before.retained_bytes);
  below.before_putting_right = nullptr;
  BOOST_TEST(heap->allocate(200_KiB, 8) == p);
  BOOST_TEST(is_right(p, 200_KiB));
  heap->deallocate(p, 200_KiB, 8);
  heap->deallocate(live, 8_KiB, 8);
}

BOOST_AUTO_TEST_CASE(keeps_no_mapping_that_was_moved) {
  void* const p = heap->allocate(20_MiB, 8);
  spoil(p, 100_KiB);
  const std::size_t maps = below.maps;
  heap->deallocate(p, 20_MiB, 8);
  BOOST_TEST(counted().retained_bytes == 0U);
  void* const q = heap->allocate(20_MiB, 8);
  BOOST_TEST(below.maps == maps + 1);
  BOOST_TEST(is_right(q, 20_MiB));
  heap->deallocate(q, 20_MiB, 8);
  BOOST_TEST(counted().retained_bytes == 20_MiB);
}

// Upstream is no area, which unmaps.
BOOST_AUTO_TEST_CASE(gives_back_upstream_what_is_as_it_came) {
  for (const std::size_t bytes : {200_KiB, 3_MiB, 20_MiB}) {
    void* const p = heap->allocate(bytes, 8);
    spoil(p, bytes);
    heap->deallocate(p, bytes, 8);
    heap->trim();
    spoil(heap->allocate(bytes, 8), bytes);
    heap->release();
  }
  BOOST_TEST(below.spoiled_at_unmap == 0U);
  BOOST_TEST(below.spoiled.empty());
  BOOST_TEST(below.with_pages.empty());
}

BOOST_AUTO_TEST_CASE(is_right_however_many_threads_move_blocks) {
  std::atomic<int> wrong = 0;
  std::atomic<unsigned> calls = 0;
  below.before_putting_right = [&] {
    if (++calls % 11 == 0) throw std::bad_alloc();
  };
  {
    std::vector<std::jthread> all;
    for (int t = 0; t != 4; ++t) {
      all.emplace_back([&, t] {
        for (int i = 0; i != 1000; ++i) {
          const std::size_t bytes = (1 + static_cast<std::size_t>(i * (t + 3)) % 20) * unit_bytes;
          try {
            void* const p = heap->allocate(bytes, 8);
            if (!is_right(p, bytes)) ++wrong;
            if (i % 3 == 0) spoil(p, bytes);
            heap->deallocate(p, bytes, 8);
          } catch (const std::bad_alloc&) {
          }
          if (i % 50 == 0) heap->trim();
        }
      });
    }
  }
  BOOST_TEST(wrong == 0);
  BOOST_TEST(counted().used_bytes == 0U);
  heap->release();
  BOOST_TEST(below.with_pages.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(a_lazy_page_heap_of_moved_blocks, a_spoiled_heap)

BOOST_AUTO_TEST_CASE(puts_right_what_it_hands_out) {
  for (const bool pages_go : {true, false}) {
    below.gives_pages_back = pages_go;
    void* const p = heap->allocate(200_KiB, 8);
    spoil(p, 200_KiB);
    heap->deallocate(p, 200_KiB, 8);
    BOOST_TEST(heap->allocate(200_KiB, 8) == p);
    BOOST_TEST(is_right(p, 200_KiB));
    heap->deallocate(p, 200_KiB, 8);
    BOOST_TEST(counted().used_bytes == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
