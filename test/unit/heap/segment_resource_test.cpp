#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/segment_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/mappings.hpp"
#include "support/misuse.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

static_assert(!std::is_copy_constructible_v<segment_resource>);

/// A range with a heap that has to be sound in the end.
struct sound_heap {
  void teardown() { BOOST_TEST(heap.check()); }

  static constexpr std::size_t bytes = 16_MiB;
  mapping pages = shared_pages(bytes);
  segment_resource heap{pages.data(), bytes};
};

BOOST_FIXTURE_TEST_SUITE(a_segment_resource, sound_heap)

BOOST_AUTO_TEST_CASE(is_one_free_block_at_first) {
  BOOST_TEST(heap.bytes() == bytes);
  BOOST_TEST(heap.data() == pages.data());
  BOOST_TEST(heap.blocks() == 0U);
  BOOST_TEST(heap.free_bytes() > bytes - 4_KiB);
  BOOST_TEST(heap.largest_free() == heap.free_bytes() - 8);
  BOOST_TEST(heap.root() == nullptr);
}

BOOST_AUTO_TEST_CASE(gives_all_it_has_and_takes_it_back) {
  const std::size_t all = heap.largest_free();
  for (int i = 0; i != 2; ++i) {
    void* const p = heap.allocate(all, 16);
    BOOST_TEST(heap.free_bytes() == 0U);
    BOOST_TEST(heap.largest_free() == 0U);
    BOOST_TEST(heap.check());
    BOOST_CHECK_EXCEPTION(static_cast<void>(heap.allocate(0, 1)), allocation_error,
                          with_code(errc::out_of_memory));
    heap.deallocate(p, all, 16);
  }
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap.allocate(all + 1, 16)), allocation_error,
                        with_code(errc::out_of_memory));
  BOOST_TEST(heap.largest_free() == all);
}

BOOST_AUTO_TEST_CASE(says_how_much_was_asked_when_it_is_exhausted) {
  const auto says_how_much = [](const allocation_error& e) {
    BOOST_TEST(e.bytes() == bytes);
    return with_code(errc::out_of_memory)(e);
  };
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap.allocate(bytes, 8)), allocation_error, says_how_much);
}

BOOST_AUTO_TEST_CASE(has_good_sizes_in_steps_of_16) {
  struct {
    std::size_t bytes, good;
  } const cases[] = {{0, 24}, {1, 24}, {24, 24}, {25, 40}, {40, 40}, {41, 56}, {4096, 4104}};
  for (const auto& c : cases) {
    BOOST_TEST_INFO(c.bytes << " bytes");
    BOOST_TEST(heap.good_size(c.bytes, 8) == c.good);
  }
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  BOOST_TEST(heap.good_size(max, 8) == max);
}

BOOST_AUTO_TEST_CASE(keeps_every_alignment_up_to_its_size_or_says_so) {
  for (std::size_t alignment = 1; alignment != 0; alignment *= 2) {
    for (const std::size_t size : {0U, 1U, 100U, 5000U}) {
      BOOST_TEST_CONTEXT(size << " bytes aligned to " << alignment) {
        try {
          void* const p = heap.allocate(size, alignment);
          BOOST_TEST(reinterpret_cast<std::uintptr_t>(p) % alignment == 0U);
          BOOST_TEST(heap.check());
          heap.deallocate(p, size, alignment);
        } catch (const allocation_error& e) {
          BOOST_TEST(e.code() == errc::out_of_memory);
          BOOST_TEST(alignment > 4_MiB);
        }
      }
    }
  }
  BOOST_TEST(heap.largest_free() == heap.free_bytes() - 8);
}

BOOST_AUTO_TEST_CASE(uses_every_place_when_it_is_nearly_full) {
  // At multiples of 8 KiB, then what lies between them.
  std::vector<std::pair<void*, std::size_t>> live;
  for (const std::size_t alignment : {8_KiB, std::size_t{16}}) {
    const std::size_t size = alignment == 8_KiB ? 4_KiB : 4_KiB - 32;
    try {
      for (;;) live.emplace_back(heap.allocate(size, alignment), size);
    } catch (const allocation_error&) {
    }
    BOOST_TEST(heap.check());
  }
  BOOST_TEST(live.size() >= bytes / 4_KiB - 4);
  for (const auto& [p, size] : live) heap.deallocate(p, size);
  BOOST_TEST(heap.largest_free() == heap.free_bytes() - 8);
}

BOOST_AUTO_TEST_CASE(fills_up_with_blocks_of_one_size_again_and_again) {
  for (const std::size_t size : {24U, 100U, 4000U, 100'000U}) {
    const std::size_t block = heap.good_size(size, 8) + 8;
    const std::size_t most = heap.free_bytes() / block;
    for (int round = 0; round != 3; ++round) {
      std::vector<void*> live;
      try {
        for (;;) live.push_back(heap.allocate(size, 8));
      } catch (const allocation_error&) {
      }
      BOOST_TEST(live.size() == most);
      // Every other one first: nothing can be joined until the rest goes.
      for (std::size_t i = 0; i < live.size(); i += 2) heap.deallocate(live[i], size, 8);
      BOOST_TEST(heap.check());
      for (std::size_t i = 1; i < live.size(); i += 2) heap.deallocate(live[i], size, 8);
      BOOST_TEST(heap.largest_free() == heap.free_bytes() - 8);
    }
  }
}

using block_map = std::map<unsigned char*, filled_block>;

boost::test_tools::assertion_result lies_well(const block_map& live, block_map::const_iterator at) {
  const auto& [p, b] = *at;
  const auto after = std::next(at);
  if (!b.is_aligned()) return wrong("a block is not aligned to ", b.alignment);
  if (after != live.end() && p + b.bytes > after->first) return wrong("a block reaches into the next");
  if (at == live.begin()) return true;
  const filled_block& before = std::prev(at)->second;
  if (before.p + before.bytes > p) return wrong("a block begins in the one before");
  return true;
}

BOOST_AUTO_TEST_CASE(never_lets_random_blocks_overlap_and_is_one_block_again) {
  std::mt19937 random(7);
  block_map live;
  const std::size_t empty = heap.free_bytes();
  std::size_t full = 0;
  for (int step = 0; step != (sanitized ? 20'000 : 60'000); ++step) {
    // Grows and shrinks.
    if (live.empty() || random() % 8 < (step / 5000 % 2 == 0 ? 7U : 2U)) {
      const std::size_t size = random() % 16 == 0 ? random() % 400'000 : random() % 3000;
      const std::size_t alignment = std::size_t{1} << (random() % 16 == 0 ? random() % 18 : random() % 7);
      try {
        const filled_block b(heap, size, alignment, size, static_cast<unsigned char>(random()));
        const auto [at, fresh] = live.emplace(b.p, b);
        BOOST_TEST_REQUIRE(fresh, "given twice");
        BOOST_TEST_REQUIRE(lies_well(live, at));
      } catch (const allocation_error& e) {
        BOOST_TEST_REQUIRE(e.code() == errc::out_of_memory);
        ++full;
      }
    } else {
      auto at = live.lower_bound(static_cast<unsigned char*>(pages.data()) + random() % bytes);
      if (at == live.end()) at = live.begin();
      BOOST_TEST_REQUIRE(at->second.is_intact());
      heap.deallocate(at->first, at->second.bytes, at->second.alignment);
      live.erase(at);
    }
    if (step % 500 == 0) {
      BOOST_TEST_CONTEXT("step " << step) {
        BOOST_TEST_REQUIRE(heap.check());
        BOOST_TEST_REQUIRE(heap.blocks() == live.size());
      }
    }
  }
  BOOST_TEST(full > 0U, "it was never full");
  for (const auto& [p, b] : live) {
    BOOST_TEST(b.is_intact());
    heap.deallocate(p, b.bytes, b.alignment);
  }
  BOOST_TEST(heap.free_bytes() == empty);
  BOOST_TEST(heap.largest_free() == empty - 8);
}

BOOST_AUTO_TEST_CASE(refuses_a_second_free_and_changes_nothing) {
  std::array<void*, 5> p{};
  for (void*& q : p) q = heap.allocate(100, 8);
  // Joined with nothing, with the one behind, with the one before, and with both.
  for (const std::size_t i : {1U, 0U, 3U, 2U}) {
    heap.deallocate(p[i], 100, 8);
    BOOST_TEST_INFO("block " << i);
    BOOST_TEST(contains(misuse_in([&] { heap.deallocate(p[i], 100, 8); }), "is no live block"));
  }
  for (const std::size_t i : {0U, 1U, 2U, 3U}) {
    BOOST_TEST_INFO("block " << i);
    BOOST_TEST(contains(misuse_in([&] { heap.deallocate(p[i], 100, 8); }), "is no live block"));
  }
  BOOST_TEST(heap.blocks() == 1U);
}

BOOST_AUTO_TEST_CASE(refuses_a_pointer_that_is_no_block) {
  void* const p = heap.allocate(1000, 8);
  std::memset(p, 0xFF, 1000);
  int elsewhere = 0;
  for (void* const wrong :
       {static_cast<void*>(&elsewhere), heap.data(), static_cast<void*>(static_cast<char*>(p) + 16),
        static_cast<void*>(static_cast<char*>(p) + 1),
        static_cast<void*>(static_cast<char*>(heap.data()) + bytes)}) {
    BOOST_TEST_INFO("pointer " << wrong << ", data at " << heap.data() << ", block at " << p);
    BOOST_TEST(contains(misuse_in([&] { heap.deallocate(wrong, 1000, 8); }), "is no live block"));
  }
  BOOST_TEST(heap.blocks() == 1U);
}

#ifdef ACRE_CHECKED
BOOST_AUTO_TEST_CASE(finds_a_wrong_size_in_checked_builds) {
  void* const p = heap.allocate(1000, 8);
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{900}, std::size_t{1100}, SIZE_MAX}) {
    BOOST_TEST_INFO(wrong << " bytes");
    BOOST_TEST(contains(misuse_in([&] { heap.deallocate(p, wrong, 8); }), "is no live block"));
  }
  heap.deallocate(p, 1000, 8);
}
#endif

BOOST_AUTO_TEST_CASE(is_found_again_with_all_it_held) {
  auto* const p = static_cast<char*>(heap.allocate(100, 8));
  std::strcpy(p, "still here");
  heap.set_root(p);
  const segment_resource again(pages.data(), bytes);
  BOOST_TEST(again.blocks() == 1U);
  BOOST_TEST(std::string_view(static_cast<char*>(again.root())) == "still here");
  BOOST_TEST(again.is_equal(heap));
  const mapping other_pages = shared_pages(bytes);
  const segment_resource other(other_pages.data(), bytes);
  BOOST_TEST(!other.is_equal(heap));
}

BOOST_AUTO_TEST_CASE(takes_the_root_of_who_comes_first) {
  void* const one = heap.allocate(8);
  void* const two = heap.allocate(8);
  BOOST_TEST(heap.try_set_root(one));
  BOOST_TEST(!heap.try_set_root(two));
  BOOST_TEST(heap.root() == one);
  heap.set_root(two);
  BOOST_TEST(heap.root() == two);
  heap.set_root(nullptr);
  BOOST_TEST(heap.root() == nullptr);
  int outside = 0;
  BOOST_CHECK_EXCEPTION(heap.set_root(&outside), error, with_code(errc::invalid_argument));
  BOOST_CHECK_EXCEPTION(heap.set_root(heap.data()), error, with_code(errc::invalid_argument));
  BOOST_CHECK_EXCEPTION(heap.try_set_root(static_cast<char*>(heap.data()) + bytes), error,
                        with_code(errc::invalid_argument));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(segment_resource)
using acre::segment_resource;

BOOST_AUTO_TEST_CASE(works_at_two_addresses_at_once) {
  const int file = memfd_create("segment_resource_test", MFD_CLOEXEC);
  BOOST_TEST_REQUIRE(file >= 0);
  BOOST_TEST_REQUIRE(ftruncate(file, 1_MiB) == 0);
  const mapping here(1_MiB, {.sharing = sharing::shared, .file = file});
  const mapping there(1_MiB, {.sharing = sharing::shared, .file = file});
  close(file);
  segment_resource one(here.data(), 1_MiB);
  segment_resource two(there.data(), 1_MiB);
  BOOST_TEST(!one.is_equal(two));  // a pointer of one means nothing to the other
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
        BOOST_TEST(*as_two_sees(p) == static_cast<char>(step % 100));
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
    BOOST_TEST(two.root() == static_cast<void*>(as_two_sees(live[0].first)));
  }
  BOOST_TEST(one.blocks() == live.size());
  BOOST_TEST(one.check());
  BOOST_TEST(two.check());
}

BOOST_AUTO_TEST_CASE(is_one_heap_for_threads_that_come_at_once) {
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
    BOOST_TEST(heap.blocks() == 4U);
    BOOST_TEST(heap.check());
  }
}

BOOST_AUTO_TEST_CASE(refuses_ranges_that_can_hold_no_heap) {
  const mapping pages = shared_pages(64_KiB);
  auto* const begin = static_cast<char*>(pages.data());
  constexpr std::size_t max = std::numeric_limits<std::size_t>::max();
  BOOST_CHECK_EXCEPTION(segment_resource(nullptr, 64_KiB), error, with_code(errc::invalid_argument));
  BOOST_CHECK_EXCEPTION(segment_resource(begin + 8, 32_KiB), error, with_code(errc::invalid_alignment));
  BOOST_CHECK_EXCEPTION(segment_resource(begin, 4095), error, with_code(errc::invalid_size));
  BOOST_CHECK_EXCEPTION(segment_resource(begin, 0), error, with_code(errc::invalid_size));
  BOOST_CHECK_EXCEPTION(segment_resource(begin, max), error, with_code(errc::invalid_size));
}

BOOST_AUTO_TEST_CASE(works_in_a_range_of_every_size) {
  const mapping pages = shared_pages(64_KiB);
  auto* const begin = static_cast<char*>(pages.data());
  for (std::size_t bytes = 4096; bytes != 4096 + 100; ++bytes) {
    BOOST_TEST_CONTEXT(bytes << " bytes") {
      std::memset(begin, 0, 64_KiB);
      std::memset(begin + bytes, 0x77, 200);
      segment_resource heap(begin, bytes);
      const std::size_t all = heap.largest_free();
      auto* const p = static_cast<char*>(heap.allocate(all, 8));
      BOOST_TEST(p - begin + static_cast<std::ptrdiff_t>(all) <= static_cast<std::ptrdiff_t>(bytes));
      std::memset(p, 0xFF, all);
      BOOST_TEST(heap.check());
      heap.deallocate(p, all, 8);
      BOOST_TEST(heap.largest_free() == all);
      BOOST_TEST_REQUIRE(std::count(begin + bytes, begin + bytes + 200, 0x77) == 200);
    }
  }
}

BOOST_AUTO_TEST_CASE(refuses_an_alignment_that_is_no_power_of_two) {
  const mapping pages = shared_pages(64_KiB);
  segment_resource heap(pages.data(), 64_KiB);
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{3}, 64_KiB + 1}) {
    const volatile std::size_t alignment = wrong;
    BOOST_TEST_INFO("alignment " << wrong);
    BOOST_CHECK_EXCEPTION(static_cast<void>(heap.allocate(8, alignment)), allocation_error,
                          with_code(errc::invalid_alignment));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
