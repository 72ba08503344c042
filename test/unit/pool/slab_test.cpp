#include "pool/slab.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "least_time.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

/// Nothing lies there: a slab does not touch its memory.
void* address(std::size_t units) {
  return reinterpret_cast<void*>((std::uintptr_t{1} << 40) + units * unit_bytes);
}

struct placed_slab : slab {
  explicit placed_slab(std::size_t units, std::size_t phase = 0)
      : slab(units * unit_bytes, unit_bytes, unit_bytes) {
    place(test::address(phase));
  }
};

std::size_t position(const slab& s, const void* p) {
  return static_cast<std::size_t>(static_cast<const std::byte*>(p) - s.base()) / unit_bytes;
}

/// The lowest aligned free run, by looking at every unit.
class model {
 public:
  model(std::size_t units, std::size_t phase) : x_used(units), x_phase(phase) {}
  void set(std::size_t first, std::size_t count, bool used) {
    std::fill_n(x_used.begin() + static_cast<std::ptrdiff_t>(first), count, used);
  }
  std::size_t find(std::size_t count, std::size_t step) const {
    for (std::size_t i = 0; i + count <= x_used.size(); ++i) {
      const auto begin = x_used.begin() + static_cast<std::ptrdiff_t>(i);
      if ((i + x_phase) % step == 0 && std::find(begin, begin + static_cast<std::ptrdiff_t>(count), true) ==
                                           begin + static_cast<std::ptrdiff_t>(count))
        return i;
    }
    return x_used.size();
  }

 private:
  std::vector<bool> x_used;
  std::size_t x_phase;
};

BOOST_AUTO_TEST_SUITE(slab)
using acre::slab;
using boost::test_tools::assertion_result;

/// p is what take() gave for so many units by that step.
assertion_result lies_as_modelled(const slab& s, const void* p, std::size_t units, std::size_t expected,
                                  std::size_t count, std::size_t step) {
  if ((p == nullptr) != (expected == units))
    return wrong(count, " units by ", step, p == nullptr ? " are refused" : " are given where none is free");
  const std::size_t at = p == nullptr ? units : position(s, p);
  if (at != expected) return wrong(count, " units by ", step, " at ", at, " instead of ", expected);
  return true;
}

BOOST_AUTO_TEST_CASE(takes_the_lowest_aligned_run_whatever_was_taken_and_given_before) {
  std::mt19937 random(1);
  for (const std::size_t units : {7U, 128U, 700U}) {
    for (const std::size_t phase : {0U, 3U, 128U}) {
      BOOST_TEST_CONTEXT(units << " units from " << phase) {
        placed_slab s(units, phase);
        model expected(units, phase);
        std::vector<std::pair<std::size_t, std::size_t>> live;
        std::size_t free = units;
        for (int i = 0; i != 6000; ++i) {
          // Fills up, and empties again.
          if (random() % 3 != (i / 500 % 2 == 0 ? 0U : 1U) || live.empty()) {
            const std::size_t count = 1 + random() % (1U << random() % 6);
            const std::size_t step = random() % 2 == 0 ? 1 : std::size_t{1} << random() % 10;
            const std::size_t at = expected.find(count, step);
            void* const p = s.take(count, step * unit_bytes);
            BOOST_TEST_REQUIRE(lies_as_modelled(s, p, units, at, count, step));
            if (p == nullptr) continue;
            expected.set(at, count, true);
            live.emplace_back(at, count);
            free -= count;
          } else {
            const std::size_t which = random() % live.size();
            const auto [at, count] = live[which];
            live[which] = live.back();
            live.pop_back();
            s.give(s.base() + at * unit_bytes, count);
            expected.set(at, count, false);
            free += count;
          }
          BOOST_TEST_REQUIRE(s.is_empty() == (free == units));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(finds_the_lowest_aligned_run_of_every_pattern_of_eight_units) {
  for (unsigned pattern = 0; pattern != 256; ++pattern) {
    BOOST_TEST_CONTEXT("pattern " << pattern) {
      for (std::size_t count = 1; count <= 8; ++count) {
        for (const std::size_t step : {1U, 2U, 4U, 8U}) {
          placed_slab s(8, 1);
          model expected(8, 1);
          BOOST_TEST_REQUIRE(s.take(8, unit_bytes) != nullptr);
          for (std::size_t i = 0; i != 8; ++i) {
            const bool used = (pattern >> i & 1) != 0;
            expected.set(i, 1, used);
            if (!used) s.give(s.base() + i * unit_bytes, 1);
          }
          const std::size_t at = expected.find(count, step);
          const void* const p = s.take(count, step * unit_bytes);
          BOOST_TEST_REQUIRE(lies_as_modelled(s, p, 8, at, count, step));
        }
      }
    }
  }
}

/// Every other block of `live` units is freed again. What fits into the holes was taken.
struct pattern {
  std::size_t live, other, step;
};

/// To give and take `other` units.
double time_among_blocks(const pattern& c, std::size_t blocks) {
  placed_slab s(blocks * c.live + 1000);
  std::vector<void*> live;
  for (std::size_t i = 0; i != blocks; ++i) live.push_back(s.take(c.live, unit_bytes));
  for (std::size_t i = 0; i < blocks; i += 2) s.give(live[i], c.live);
  void* last = nullptr;
  const auto take = [&] { return s.take(c.other, c.step * unit_bytes); };
  for (std::size_t i = 0; i != blocks / 2 + 50; ++i) {
    if (void* const p = take()) last = p;
  }
  return least_time([&] {
    for (int i = 0; i != 10; ++i) {
      if (last != nullptr) s.give(last, c.other);
      last = take();
      if (void* const next = take()) s.give(next, c.other);
    }
  });
}

// To look at every block would take a hundred times as long.
BOOST_AUTO_TEST_CASE(takes_hardly_longer_where_more_is_live) {
  const pattern cases[] = {
      {5, 8, 1},   // no hole is long enough
      {5, 6, 1},   // by one only
      {5, 5, 1},   // every hole is
      {9, 9, 8},   // every hole is long enough, few are aligned
      {12, 9, 8},  //
  };
  for (const pattern& c : cases) {
    BOOST_TEST_INFO(c.other << " units among blocks of " << c.live);
    BOOST_TEST(time_among_blocks(c, 50'000) < 20 * time_among_blocks(c, 500));
  }
}

BOOST_AUTO_TEST_CASE(tells_what_is_dirty) {
  placed_slab s(100);
  void* const p = s.take(10, unit_bytes);
  BOOST_TEST(s.dirty_units() == 0U);
  s.give(p, 10);
  BOOST_TEST(s.dirty_units() == 10U);
  const slab::run r = s.take_dirty(0, false, 100);
  BOOST_TEST(r.first == 0U);
  BOOST_TEST(r.count == 10U);
  BOOST_TEST(s.take(1, unit_bytes) == s.base() + 10 * unit_bytes);
  s.give_back(r, true);
  BOOST_TEST(s.dirty_units() == 0U);
  BOOST_TEST(s.take(1, unit_bytes) == s.base());
}

/// Units whose pages are still to be made.
std::size_t bare_units(const slab& s) {
  std::size_t n = 0;
  for (std::size_t i = 0; i != s.bytes() / unit_bytes; ++i)
    n += s.is_bare(s.base() + i * unit_bytes, 1) ? 1U : 0U;
  return n;
}

struct slab_by_pieces : slab {
  slab_by_pieces(std::size_t granule_units, std::size_t piece_units)
      : slab(100 * unit_bytes, unit_bytes, granule_units * unit_bytes, piece_units * unit_bytes) {
    place(test::address(0));
  }
};

BOOST_AUTO_TEST_CASE(tells_what_has_no_pages_yet) {
  slab_by_pieces s(1, 8);
  BOOST_TEST(bare_units(s) == 100U);
  void* const p = s.take(10, unit_bytes);
  BOOST_TEST(s.is_bare(p, 10));
  const slab::run pieces = s.pieces_of(p, 10);
  BOOST_TEST(pieces.first == 0U);
  BOOST_TEST(pieces.count == 16U);
  const slab::run bare = s.bare_run(pieces);
  BOOST_TEST(bare.count == 16U);
  s.note_pages(bare);
  BOOST_TEST(!s.is_bare(p, 10));
  BOOST_TEST(s.bare_run(pieces).count == 0U);
  BOOST_TEST(bare_units(s) == 84U);
  // What came beside it is free, and can go.
  BOOST_TEST(s.dirty_units() == 6U);
}

BOOST_AUTO_TEST_CASE(ends_its_last_piece_where_it_ends) {
  slab_by_pieces s(1, 8);
  void* const all = s.take(100, unit_bytes);
  BOOST_TEST(s.pieces_of(all, 100).count == 100U);
  BOOST_TEST(s.pieces_of(s.base() + 99 * unit_bytes, 1).first == 96U);
  BOOST_TEST(s.pieces_of(s.base() + 99 * unit_bytes, 1).count == 4U);
}

BOOST_AUTO_TEST_CASE(has_no_pages_where_they_went_back) {
  slab_by_pieces s(1, 8);
  void* const p = s.take(10, unit_bytes);
  s.note_pages(s.pieces_of(p, 10));
  s.give(p, 10);
  BOOST_TEST(s.dirty_units() == 16U);
  const slab::run gone = s.take_dirty(0, false, 100);
  BOOST_TEST(gone.count == 16U);
  s.give_back(gone, true);
  BOOST_TEST(s.dirty_units() == 0U);
  BOOST_TEST(bare_units(s) == 100U);
}

/// A run that gets its pages alone, is freed, and is to be given back to the system.
slab::run on_its_way_back(slab& s, const void* p, std::size_t units) {
  s.note_pages(s.bare_run(s.run_of(p, units)));
  s.give(p, units);
  return s.take_dirty(0, false, 100);
}

BOOST_AUTO_TEST_CASE(has_what_the_system_did_not_take) {
  slab_by_pieces s(1, 8);
  void* const p = s.take(4, unit_bytes);
  const slab::run stay = on_its_way_back(s, p, 4);
  BOOST_TEST(s.dirty_units() == 4U);
  BOOST_TEST(!s.is_used(s.base() + 4 * unit_bytes, 1));
  BOOST_TEST(s.is_used(p, 4));
  s.give_back(stay, false);
  BOOST_TEST(s.dirty_units() == 4U);
  BOOST_TEST(bare_units(s) == 96U);
}

// The system took some pages, nobody knows which.
BOOST_AUTO_TEST_CASE(has_pages_to_be_made_among_those_that_may_be_there) {
  slab_by_pieces s(1, 8);
  void* const p = s.take(4, unit_bytes);
  const slab::run stay = on_its_way_back(s, p, 4);
  s.note_no_pages(stay);
  s.give_back(stay, false);
  BOOST_TEST(s.dirty_units() == 4U);
  BOOST_TEST(bare_units(s) == 100U);
  BOOST_TEST_REQUIRE(s.take(1, unit_bytes) == p);
  BOOST_TEST(s.dirty_units() == 3U);
  BOOST_TEST(s.is_bare(p, 1));
  // All of the piece are made: those that are free are dirty once.
  s.note_pages(s.bare_run(s.pieces_of(p, 1)));
  BOOST_TEST(s.dirty_units() == 7U);
  s.give(p, 1);
  s.give_back(s.take_dirty(0, false, 100), true);
  BOOST_TEST(s.dirty_units() == 0U);
  BOOST_TEST(bare_units(s) == 100U);
}

BOOST_AUTO_TEST_CASE(has_smaller_pieces_where_these_are_asked_for) {
  slab_by_pieces s(1, 8);
  const slab::run least = s.pieces_of(s.base() + 5 * unit_bytes, 2, 2);
  BOOST_TEST(least.first == 4U);
  BOOST_TEST(least.count == 4U);
}

BOOST_AUTO_TEST_CASE(is_not_dirty_where_pages_never_came) {
  slab_by_pieces s(1, 8);
  void* const p = s.take(10, unit_bytes);
  s.note_pages(s.bare_run(s.run_of(p, 4)));
  s.give(p, 10);
  BOOST_TEST(s.dirty_units() == 4U);
  BOOST_TEST(bare_units(s) == 96U);
}

// A huge page of which a part is used stays, and would be looked at in vain.
BOOST_AUTO_TEST_CASE(is_not_dirty_beside_what_is_used_where_pages_go_in_pieces_as_large) {
  slab_by_pieces s(8, 8);
  void* const p = s.take(3, unit_bytes);
  s.note_pages(s.bare_run(s.pieces_of(p, 3)));
  BOOST_TEST(s.dirty_units() == 0U);
  s.give(p, 3);
  const slab::run gone = s.take_dirty(0, false, 100);
  BOOST_TEST(gone.count == 8U);
  s.give_back(gone, true);
  BOOST_TEST(bare_units(s) == 100U);
}

BOOST_AUTO_TEST_CASE(of_pages_that_come_by_themselves_has_none_to_be_made) {
  placed_slab s(100);
  void* const p = s.take(10, unit_bytes);
  BOOST_TEST(!s.is_bare(p, 10));
  s.give(p, 10);
  s.give_back(s.take_dirty(0, false, 100), true);
  BOOST_TEST(bare_units(s) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
