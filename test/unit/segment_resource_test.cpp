#include <acre/segment_resource.hpp>

#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>

#include "support/resource_conformance.hpp"
#include "support/sanitizers.hpp"
#include "support/shared_pages.hpp"
#include "support/throws.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory_resource>
#include <new>
#include <random>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace acre::test {
namespace {

static_assert(!std::is_copy_constructible_v<segment_resource>);

class segment_factory {
 public:
  static constexpr std::size_t largest_alignment = 4_MiB;
  static constexpr std::size_t blocks = 2000;

  std::pmr::memory_resource& resource() { return x_heap; }

 private:
  mapping x_pages = shared_pages(1_GiB);
  segment_resource x_heap{x_pages.data(), x_pages.size()};
};
INSTANTIATE_TYPED_TEST_SUITE_P(segment, resource_conformance, segment_factory);

/// A range with a heap that has to be sound in the end.
class a_segment_resource : public testing::Test {
 public:
  void TearDown() override { EXPECT_TRUE(heap.check()); }

  static constexpr std::size_t bytes = 16_MiB;
  mapping pages = shared_pages(bytes);
  segment_resource heap{pages.data(), bytes};
};

TEST_F(a_segment_resource, is_one_free_block_at_first) {
  EXPECT_EQ(heap.bytes(), bytes);
  EXPECT_EQ(heap.data(), pages.data());
  EXPECT_EQ(heap.blocks(), 0U);
  EXPECT_GT(heap.free_bytes(), bytes - 4_KiB);
  EXPECT_EQ(heap.largest_free(), heap.free_bytes() - 8);
  EXPECT_EQ(heap.root(), nullptr);
}

TEST_F(a_segment_resource, gives_all_it_has_and_takes_it_back) {
  const std::size_t all = heap.largest_free();
  for (int i = 0; i != 2; ++i) {
    void* const p = heap.allocate(all, 16);
    EXPECT_EQ(heap.free_bytes(), 0U);
    EXPECT_EQ(heap.largest_free(), 0U);
    EXPECT_TRUE(heap.check());
    EXPECT_EQ(code_thrown([&] { static_cast<void>(heap.allocate(0, 1)); }), errc::out_of_memory);
    heap.deallocate(p, all, 16);
  }
  EXPECT_EQ(code_thrown([&] { static_cast<void>(heap.allocate(all + 1, 16)); }), errc::out_of_memory);
  EXPECT_EQ(heap.largest_free(), all);
}

TEST_F(a_segment_resource, an_exhausted_heap_says_how_much_was_asked) {
  try {
    static_cast<void>(heap.allocate(bytes, 8));
    FAIL() << "more than there is";
  } catch (const allocation_error& e) {
    EXPECT_EQ(e.code(), errc::out_of_memory);
    EXPECT_EQ(e.bytes(), bytes);
  }
}

TEST_F(a_segment_resource, good_sizes_are_steps_of_16) {
  struct {
    std::size_t bytes, good;
  } const cases[] = {{0, 24}, {1, 24}, {24, 24}, {25, 40}, {40, 40}, {41, 56}, {4096, 4104}};
  for (const auto& c : cases) EXPECT_EQ(heap.good_size(c.bytes, 8), c.good) << c.bytes;
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(heap.good_size(max, 8), max);
}

TEST_F(a_segment_resource, every_alignment_to_the_size_of_the_heap_works_or_says_so) {
  for (std::size_t alignment = 1; alignment != 0; alignment *= 2) {
    for (const std::size_t size : {0U, 1U, 100U, 5000U}) {
      try {
        void* const p = heap.allocate(size, alignment);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % alignment, 0U);
        EXPECT_TRUE(heap.check());
        heap.deallocate(p, size, alignment);
      } catch (const allocation_error& e) {
        EXPECT_EQ(e.code(), errc::out_of_memory);
        EXPECT_GT(alignment, 4_MiB);
      }
    }
  }
  EXPECT_EQ(heap.largest_free(), heap.free_bytes() - 8);
}

TEST_F(a_segment_resource, uses_every_place_when_it_is_nearly_full) {
  // At multiples of 8 KiB, then what lies between them.
  std::vector<std::pair<void*, std::size_t>> live;
  for (const std::size_t alignment : {8_KiB, std::size_t{16}}) {
    const std::size_t size = alignment == 8_KiB ? 4_KiB : 4_KiB - 32;
    try {
      for (;;) live.emplace_back(heap.allocate(size, alignment), size);
    } catch (const allocation_error&) {
    }
    EXPECT_TRUE(heap.check());
  }
  EXPECT_GE(live.size(), bytes / 4_KiB - 4);
  for (const auto& [p, size] : live) heap.deallocate(p, size);
  EXPECT_EQ(heap.largest_free(), heap.free_bytes() - 8);
}

TEST_F(a_segment_resource, fills_up_with_blocks_of_one_size_again_and_again) {
  for (const std::size_t size : {24U, 100U, 4000U, 100'000U}) {
    const std::size_t block = heap.good_size(size, 8) + 8;
    const std::size_t most = heap.free_bytes() / block;
    for (int round = 0; round != 3; ++round) {
      std::vector<void*> live;
      try {
        for (;;) live.push_back(heap.allocate(size, 8));
      } catch (const allocation_error&) {
      }
      EXPECT_EQ(live.size(), most);
      // Every other one first: nothing can be joined until the rest goes.
      for (std::size_t i = 0; i < live.size(); i += 2) heap.deallocate(live[i], size, 8);
      EXPECT_TRUE(heap.check());
      for (std::size_t i = 1; i < live.size(); i += 2) heap.deallocate(live[i], size, 8);
      EXPECT_EQ(heap.largest_free(), heap.free_bytes() - 8);
    }
  }
}

TEST_F(a_segment_resource, random_blocks_never_overlap_and_become_one_again) {
  std::mt19937 random(7);
  std::map<unsigned char*, filled_block> live;
  const std::size_t empty = heap.free_bytes();
  std::size_t full = 0;
  for (int step = 0; step != (sanitized ? 20'000 : 60'000); ++step) {
    // Grows and shrinks.
    if (live.empty() || random() % 8 < (step / 5000 % 2 == 0 ? 6U : 2U)) {
      const std::size_t size = random() % 16 == 0 ? random() % 400'000 : random() % 3000;
      const std::size_t alignment = std::size_t{1} << (random() % 16 == 0 ? random() % 18 : random() % 7);
      try {
        const filled_block b(heap, size, alignment, size, static_cast<unsigned char>(random()));
        const auto [at, fresh] = live.emplace(b.p, b);
        ASSERT_TRUE(fresh) << "given twice";
        const auto after = std::next(at);
        ASSERT_TRUE(after == live.end() || b.p + size <= after->first);
        ASSERT_TRUE(at == live.begin() || std::prev(at)->first + std::prev(at)->second.bytes <= b.p);
      } catch (const allocation_error& e) {
        ASSERT_EQ(e.code(), errc::out_of_memory);
        ++full;
      }
    } else {
      auto at = live.lower_bound(static_cast<unsigned char*>(pages.data()) + random() % bytes);
      if (at == live.end()) at = live.begin();
      at->second.check();
      heap.deallocate(at->first, at->second.bytes, at->second.alignment);
      live.erase(at);
    }
    if (step % 500 == 0) {
      ASSERT_TRUE(heap.check()) << "in step " << step;
      ASSERT_EQ(heap.blocks(), live.size());
    }
  }
  EXPECT_GT(full, 0U) << "it was never full";
  for (const auto& [p, b] : live) {
    b.check();
    heap.deallocate(p, b.bytes, b.alignment);
  }
  EXPECT_EQ(heap.free_bytes(), empty);
  EXPECT_EQ(heap.largest_free(), empty - 8);
}

TEST_F(a_segment_resource, a_second_free_is_an_error_that_changes_nothing) {
  std::array<void*, 5> p{};
  for (void*& q : p) q = heap.allocate(100, 8);
  // Joined with nothing, with the one behind, with the one before, and with both.
  for (const std::size_t i : {1U, 0U, 3U, 2U}) {
    heap.deallocate(p[i], 100, 8);
    EXPECT_EQ(code_thrown([&] { heap.deallocate(p[i], 100, 8); }), errc::not_mapped) << i;
  }
  for (const std::size_t i : {0U, 1U, 2U, 3U})
    EXPECT_EQ(code_thrown([&] { heap.deallocate(p[i], 100, 8); }), errc::not_mapped) << i;
  EXPECT_EQ(heap.blocks(), 1U);
}

TEST_F(a_segment_resource, a_pointer_that_is_no_block_is_an_error) {
  void* const p = heap.allocate(1000, 8);
  std::memset(p, 0xFF, 1000);
  int elsewhere = 0;
  for (void* const wrong :
       {static_cast<void*>(&elsewhere), heap.data(), static_cast<void*>(static_cast<char*>(p) + 16),
        static_cast<void*>(static_cast<char*>(p) + 1),
        static_cast<void*>(static_cast<char*>(heap.data()) + bytes)}) {
    EXPECT_EQ(code_thrown([&] { heap.deallocate(wrong, 1000, 8); }), errc::not_mapped);
  }
  EXPECT_EQ(heap.blocks(), 1U);
}

#ifdef ACRE_CHECKED
TEST_F(a_segment_resource, a_wrong_size_is_found_in_checked_builds) {
  void* const p = heap.allocate(1000, 8);
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{900}, std::size_t{1100}, SIZE_MAX})
    EXPECT_EQ(code_thrown([&] { heap.deallocate(p, wrong, 8); }), errc::not_mapped) << wrong;
  heap.deallocate(p, 1000, 8);
}
#endif

TEST_F(a_segment_resource, is_found_again_with_all_it_held) {
  auto* const p = static_cast<char*>(heap.allocate(100, 8));
  std::strcpy(p, "still here");
  heap.set_root(p);
  const segment_resource again(pages.data(), bytes);
  EXPECT_EQ(again.blocks(), 1U);
  EXPECT_STREQ(static_cast<char*>(again.root()), "still here");
  EXPECT_TRUE(again == heap);
  const mapping other_pages = shared_pages(bytes);
  const segment_resource other(other_pages.data(), bytes);
  EXPECT_FALSE(other == heap);
}

TEST_F(a_segment_resource, the_root_is_set_once_by_who_comes_first) {
  void* const one = heap.allocate(8);
  void* const two = heap.allocate(8);
  EXPECT_TRUE(heap.try_set_root(one));
  EXPECT_FALSE(heap.try_set_root(two));
  EXPECT_EQ(heap.root(), one);
  heap.set_root(two);
  EXPECT_EQ(heap.root(), two);
  heap.set_root(nullptr);
  EXPECT_EQ(heap.root(), nullptr);
  int outside = 0;
  EXPECT_EQ(code_thrown([&] { heap.set_root(&outside); }), errc::invalid_argument);
  EXPECT_EQ(code_thrown([&] { heap.set_root(heap.data()); }), errc::invalid_argument);
  EXPECT_EQ(code_thrown([&] { heap.try_set_root(static_cast<char*>(heap.data()) + bytes); }),
            errc::invalid_argument);
}

TEST(segment_resource, works_at_two_addresses_at_once) {
  const int file = memfd_create("segment_resource_test", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  ASSERT_EQ(ftruncate(file, 1_MiB), 0);
  const mapping here(1_MiB, {.sharing = sharing::shared, .file = file});
  const mapping there(1_MiB, {.sharing = sharing::shared, .file = file});
  close(file);
  segment_resource one(here.data(), 1_MiB);
  segment_resource two(there.data(), 1_MiB);
  EXPECT_FALSE(one == two) << "a pointer of one means nothing to the other";
  const auto as_two_sees = [&](void* p) {
    return static_cast<char*>(there.data()) + (static_cast<char*>(p) - static_cast<char*>(here.data()));
  };
  std::mt19937 random(3);
  std::vector<std::pair<char*, std::size_t>> live;
  for (int step = 0; step != 5000; ++step) {
    if (live.empty() || random() % 2 == 0) {
      const std::size_t size = 1 + random() % 2000;
      try {
        auto* const p = static_cast<char*>(one.allocate(size, 8));
        std::memset(p, step % 100, size);
        live.emplace_back(p, size);
        EXPECT_EQ(*as_two_sees(p), static_cast<char>(step % 100));
      } catch (const allocation_error&) {
      }
    } else {
      std::swap(live[random() % live.size()], live.back());
      two.deallocate(as_two_sees(live.back().first), live.back().second, 8);
      live.pop_back();
    }
  }
  if (!live.empty()) {
    one.set_root(live[0].first);
    EXPECT_EQ(two.root(), as_two_sees(live[0].first));
  }
  EXPECT_EQ(one.blocks(), live.size());
  EXPECT_TRUE(one.check());
  EXPECT_TRUE(two.check());
}

TEST(segment_resource, threads_that_come_at_once_make_one_heap) {
  for (int round = 0; round != 50; ++round) {
    const mapping pages = shared_pages(64_KiB);
    std::vector<std::thread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([&] {
        segment_resource heap(pages.data(), 64_KiB);
        static_cast<void>(heap.allocate(100, 8));
      });
    }
    for (std::thread& t : threads) t.join();
    const segment_resource heap(pages.data(), 64_KiB);
    EXPECT_EQ(heap.blocks(), 4U);
    EXPECT_TRUE(heap.check());
  }
}

TEST(segment_resource, refuses_ranges_that_can_hold_no_heap) {
  const mapping pages = shared_pages(64_KiB);
  auto* const begin = static_cast<char*>(pages.data());
  const auto code = [](void* p, std::size_t bytes) {
    return code_thrown([=] { segment_resource heap(p, bytes); });
  };
  EXPECT_EQ(code(nullptr, 64_KiB), errc::invalid_argument);
  EXPECT_EQ(code(begin + 8, 32_KiB), errc::invalid_alignment);
  EXPECT_EQ(code(begin, 4095), errc::invalid_size);
  EXPECT_EQ(code(begin, 0), errc::invalid_size);
  EXPECT_EQ(code(begin, std::numeric_limits<std::size_t>::max()), errc::invalid_size);
}

TEST(segment_resource, every_size_of_a_range_works) {
  const mapping pages = shared_pages(64_KiB);
  for (std::size_t bytes = 4096; bytes != 4096 + 100; ++bytes) {
    std::memset(pages.data(), 0, 64_KiB);
    std::memset(static_cast<char*>(pages.data()) + bytes, 0x77, 200);
    segment_resource heap(pages.data(), bytes);
    const std::size_t all = heap.largest_free();
    auto* const p = static_cast<char*>(heap.allocate(all, 8));
    EXPECT_LE(p + all, static_cast<char*>(pages.data()) + bytes);
    std::memset(p, 0xFF, all);
    EXPECT_TRUE(heap.check());
    heap.deallocate(p, all, 8);
    EXPECT_EQ(heap.largest_free(), all);
    for (int i = 0; i != 200; ++i)
      ASSERT_EQ(static_cast<char*>(pages.data())[bytes + static_cast<std::size_t>(i)], 0x77);
  }
}

TEST(segment_resource, an_alignment_that_is_no_power_of_two_is_an_error) {
  const mapping pages = shared_pages(64_KiB);
  segment_resource heap(pages.data(), 64_KiB);
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{3}, 64_KiB + 1}) {
    const volatile std::size_t alignment = wrong;
    EXPECT_EQ(code_thrown([&] { static_cast<void>(heap.allocate(8, alignment)); }), errc::invalid_alignment);
  }
}

}  // namespace
}  // namespace acre::test
