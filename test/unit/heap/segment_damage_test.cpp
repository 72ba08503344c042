// What a segment_resource does with bytes that are no heap, or no longer one.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/segment_resource.hpp>

#include "heap/heap_layout.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/mappings.hpp"
#include "support/misuse.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

using boost::test_tools::assertion_result;

BOOST_AUTO_TEST_SUITE(segment_damage)

BOOST_AUTO_TEST_CASE(by_foreign_bytes_is_refused_and_left_alone) {
  const mapping pages = shared_pages(64_KiB);
  auto* const begin = static_cast<unsigned char*>(pages.data());
  const with_code is_foreign(errc::foreign_segment);
  for (const std::size_t place : {0U, 7U, 8U, 30U, 100U, 1000U}) {
    std::memset(begin, 0, 64_KiB);
    begin[place] = 1;
    const std::vector<unsigned char> before(begin, begin + 64_KiB);
    BOOST_TEST_CONTEXT("a byte at " << place) {
      BOOST_CHECK_EXCEPTION(segment_resource(begin, 64_KiB), error, is_foreign);
      BOOST_TEST(std::equal(before.begin(), before.end(), begin));
    }
  }
  std::memset(begin, 0, 64_KiB);
  BOOST_CHECK_NO_THROW(segment_resource(begin, 64_KiB));
  BOOST_CHECK_EXCEPTION(segment_resource(begin, 32_KiB), error, is_foreign);  // another size
  reinterpret_cast<heap_header*>(begin)->signature += 1;
  BOOST_CHECK_EXCEPTION(segment_resource(begin, 64_KiB), error,
                        with_code(errc::foreign_segment)
                            .saying_exactly("segment_resource: the heap has layout 3, this library knows 2"));
}

/// Opens and uses what may be a damaged heap: errors are fine, other memory is not touched, and it ends.
assertion_result can_be_tried(void* memory, std::size_t bytes) {
  assertion_result result = true;
  try {
    segment_resource heap(memory, bytes);
    static_cast<void>(heap.check());
    static_cast<void>(heap.blocks());
    std::vector<std::pair<void*, std::size_t>> live;
    const auto attempt = [&](auto call) {
      try {
        call();
      } catch (const error& e) {
        if (e.code() != errc::foreign_segment && e.code() != errc::not_mapped) result = wrong(e.what());
      } catch (const allocation_error& e) {
        if (e.code() != errc::foreign_segment && e.code() != errc::out_of_memory) result = wrong(e.what());
      }
    };
    for (const std::size_t size : {10U, 100U, 1000U, 10'000U, 50'000U, 100U, 10U}) {
      attempt([&] {
        auto* const p = static_cast<char*>(heap.allocate(size, size == 1000 ? 256 : 8));
        const std::ptrdiff_t offset = p - static_cast<char*>(memory);
        if (offset < 0) result = wrong("a block ", -offset, " bytes before the range");
        if (p + size > static_cast<char*>(memory) + bytes)
          result = wrong("a block of ", size, " bytes at ", offset);
        live.emplace_back(p, size);
      });
    }
    for (const auto& [p, size] : live) {
      attempt([&, q = p, n = size] { static_cast<void>(misuse_in([&] { heap.deallocate(q, n, 8); })); });
    }
    attempt([&] { static_cast<void>(heap.largest_free()); });
    attempt([&] { static_cast<void>(heap.root()); });
  } catch (const error& e) {
    if (e.code() != errc::foreign_segment) result = wrong(e.what());
  }
  return result;
}

/// The word that threads wait for: with other bits there, it is held by nobody who would let go.
bool is_lock_word(std::size_t offset) {
  const std::size_t mutex = offsetof(heap_header, mutex);
  return offset >= mutex && offset < mutex + 4;
}

BOOST_AUTO_TEST_CASE(of_the_books_is_an_error_and_no_crash) {
  constexpr std::size_t bytes = 64_KiB;
  const mapping pages = shared_pages(3 * bytes);
  auto* const begin = static_cast<unsigned char*>(pages.data()) + bytes;
  std::memset(pages.data(), 0x33, pages.size());
  std::memset(begin, 0, bytes);
  std::vector<std::size_t> words;  // where books are
  {
    segment_resource heap(begin, bytes);
    std::vector<void*> live;
    for (std::size_t i = 0; i != 40; ++i) live.push_back(heap.allocate(i * 37 % 600, 8));
    for (std::size_t i = 0; i != 40; i += 1 + i % 3) {
      heap.deallocate(live[i], i * 37 % 600, 8);
      live[i] = nullptr;
    }
    for (std::size_t at = 0; at != sizeof(heap_header); at += 8) words.push_back(at);
    for (std::size_t at = sizeof(heap_header); at != 16_KiB; at += 8) words.push_back(at);
    for (std::size_t at = bytes - 64; at != bytes; at += 8) words.push_back(at);
  }
  const std::vector<unsigned char> good(begin, begin + bytes);
  std::mt19937 random(11);
  const auto damage_and_use = [&](auto damage) {
    std::copy(good.begin(), good.end(), begin);
    damage();
    BOOST_TEST(can_be_tried(begin, bytes));
  };
  for (const std::size_t at : words) {
    BOOST_TEST_CONTEXT("the word at " << at) {
      for (int i = 0; i != (sanitized ? 1 : 6); ++i) {
        const std::size_t place = at + random() % 8;
        if (is_lock_word(place)) continue;
        damage_and_use([&] { begin[place] ^= static_cast<unsigned char>(1U << random() % 8); });
        damage_and_use([&] { begin[place] = static_cast<unsigned char>(random()); });
      }
      if (is_lock_word(at)) continue;
      // An offset that would be one, and one that is none.
      for (const std::uint64_t value : {std::uint64_t{0}, first_block(), std::uint64_t{bytes},
                                        std::uint64_t{bytes} * 2 + 8, ~std::uint64_t{7}})
        damage_and_use([&] { std::memcpy(begin + at, &value, 8); });
    }
  }
  for (int round = 0; round != (sanitized ? 20 : 300); ++round) {
    damage_and_use([&] {
      for (std::size_t at = 24; at != bytes; ++at) {
        const bool in_mutex = at >= offsetof(heap_header, mutex) &&
                              at < offsetof(heap_header, mutex) + sizeof(sys::robust_mutex);
        if (!in_mutex) begin[at] = static_cast<unsigned char>(random());
      }
    });
    damage_and_use([&] {
      for (std::size_t at = 0; at != bytes; ++at) begin[at] = static_cast<unsigned char>(random());
    });
  }
  const auto is_untouched = [](unsigned char byte) { return byte == 0x33; };
  BOOST_TEST(std::all_of(begin - bytes, begin, is_untouched), "written before the range");
  BOOST_TEST(std::all_of(begin + bytes, begin + 2 * bytes, is_untouched), "written behind the range");
}

BOOST_AUTO_TEST_CASE(that_makes_links_go_in_a_circle_is_found_where_it_closes) {
  const mapping pages = shared_pages(64_KiB);
  auto* const begin = static_cast<char*>(pages.data());
  segment_resource heap(begin, 64_KiB);
  std::vector<char*> freed;
  for (int i = 0; i != 8; ++i) {
    freed.push_back(static_cast<char*>(heap.allocate(600, 8)));
    static_cast<void>(heap.allocate(24, 8));
  }
  static_cast<void>(heap.allocate(heap.largest_free(), 8));
  for (char* const p : freed) heap.deallocate(p, 600, 8);
  BOOST_TEST(heap.check());
  // A free block has its links where its first bytes were; the last that was freed comes first.
  const std::uint64_t first = static_cast<std::uint64_t>(freed.back() - begin) - word_bytes;
  std::memcpy(freed.front(), &first, sizeof first);
  // Of the same bin, and too large for all of its blocks.
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap.allocate(616, 8)), allocation_error,
                        with_code(errc::foreign_segment));
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap.largest_free()), error, with_code(errc::foreign_segment));
  BOOST_TEST(!heap.check());
}

BOOST_AUTO_TEST_CASE(with_the_mark_of_a_dead_holder_is_an_error_for_good) {
  const mapping pages = shared_pages(64_KiB);
  segment_resource heap(pages.data(), 64_KiB);
  void* const p = heap.allocate(100, 8);
  auto* const header = reinterpret_cast<heap_header*>(pages.data());
  // The word of the only block.
  std::memset(static_cast<char*>(pages.data()) + first_block(), 0x5A, 8);
  BOOST_TEST(!heap.check());
  // FUTEX_OWNER_DIED of linux/futex.h, which the kernel sets when the holder ends.
  const std::uint32_t died = 0x4000'0000;
  std::memcpy(static_cast<void*>(&header->mutex), &died, sizeof died);
  const with_code is_foreign(errc::foreign_segment);
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap.allocate(8, 8)), allocation_error, is_foreign);
  BOOST_CHECK_EXCEPTION(static_cast<void>(heap.allocate(8, 8)), allocation_error, is_foreign);
  heap.deallocate(p, 100, 8);  // throws nothing
  BOOST_CHECK_EXCEPTION(segment_resource(pages.data(), 64_KiB), error, is_foreign);
  BOOST_TEST(!heap.check());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
