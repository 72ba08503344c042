// slab: a mapping of a pool, divided into units of 8 KiB that are used in runs.
#pragma once

#include <acre/detail/size_class.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/summed_tree.hpp"
#include "placement/owned_ranges.hpp"
#include "pool/bit_map.hpp"
#include "pool/run_map.hpp"

namespace acre::inline v1 {

inline constexpr std::size_t unit_bytes = detail::largest_class_alignment;

/// What is known of a slab, or of many together, without looking into it.
struct slab_summary {
  /// A slab has one of these if ...
  enum mark : unsigned {
    is_empty = 1,    ///< nothing of it is used
    is_young = 2,    ///< something became dirty since the last age()
    may_go = 4,      ///< take_dirty() may find something,
    old_may_go = 8,  ///< also with only_old
    /// ... and, shifted by the logarithm of an alignment in units: a search for a run so aligned found nothing.
    is_unaligned = 16,
  };

  std::uint32_t longest = 0;  ///< free run, in units
  unsigned marks = 0;

  friend bool operator==(const slab_summary&, const slab_summary&) = default;
};

/// Keeps its books outside of the memory it hands out. Knows of each unit whether it is used, and if not, whether it
/// may still have its pages ("dirty"), and for how long; and, where pages are made before they are handed out, of which
/// they are not yet, or may have gone ("bare").
/// \safety none; page_heap locks
class slab : public owned_range {
 public:
  /// \param bytes a multiple of unit_bytes; \param granule a multiple of unit_bytes: pages go back to the system in
  ///   such aligned pieces; 0: never
  /// \param piece a multiple of unit_bytes: pages are made in such aligned pieces, and all are bare; 0: not before
  ///   they are touched
  /// \throws std::bad_alloc
  slab(std::size_t bytes, std::size_t alignment, std::size_t granule, std::size_t piece = 0);
  ~slab() override { leave(); }
  /// Called once, when the memory is there.
  void place(void* base) noexcept { x_base = static_cast<std::byte*>(base); }

  std::byte* base() const noexcept { return x_base; }
  std::size_t bytes() const noexcept { return x_used.size() * unit_bytes; }
  std::size_t alignment() const noexcept { return x_alignment; }
  bool contains(const void* p) const noexcept {
    return static_cast<std::size_t>(static_cast<const std::byte*>(p) - x_base) < bytes();
  }
  bool is_empty() const noexcept { return x_free == x_used.size(); }
  std::size_t dirty_units() const noexcept { return x_dirty_units; }
  /// Whether p is the beginning of a unit, and this one and those after it are used, `units` together.
  /// \param p within the slab
  bool is_used(const void* p, std::size_t units) const noexcept;
  slab_summary summary() const noexcept;
  /// No run of more units begins at such an address, as far as is known.
  /// \param power the logarithm of an alignment in units, up to 8
  std::uint32_t aligned_room(std::size_t power) const noexcept;

  /// The lowest free run, aligned as asked. The time does not grow with the number of free runs; where runs are long
  /// enough but not aligned, it does, unless the last search with that alignment was for as many units or fewer.
  /// \param alignment bytes, a power of two
  /// \returns null if there is none
  void* take(std::size_t units, std::size_t alignment) noexcept;
  void give(const void* p, std::size_t units) noexcept;

  /// A run of pages that may be given back to the system.
  struct run {
    std::size_t first = 0;
    std::size_t count = 0;  ///< 0: none
  };
  /// Takes the next such run at or after unit `from`: used from now on, until give_back(), and dirty still.
  /// \param only_old units that were free since before the last age()
  /// \param most units to take at most, rounded up to a granule
  run take_dirty(std::size_t from, bool only_old, std::size_t most) noexcept;
  void* address(const run& r) const noexcept { return x_base + r.first * unit_bytes; }
  /// Ends what take_dirty() began: the run is free again.
  /// \param clean the pages are gone; else they are dirty still
  void give_back(const run& r, bool clean) noexcept;
  /// The marks say that take_dirty() may find something; who goes through the whole slab takes the mark away first, and
  /// puts it back where it ends before. What becomes dirty, or old, sets it.
  void expect_dirty(bool only_old) noexcept { (only_old ? x_old_may_go : x_may_go) = true; }
  void expect_no_dirty(bool only_old) noexcept { (only_old ? x_old_may_go : x_may_go) = false; }
  /// What is dirty now is old from now on, unless it is used in between.
  void age() noexcept;
  /// Nothing became dirty since.
  bool is_old() const noexcept { return !x_young; }

  /// The logarithm of an alignment in units; of less than a unit, 0.
  static std::size_t power_of(std::size_t alignment) noexcept {
    return static_cast<std::size_t>(std::countr_zero(std::max(alignment / unit_bytes, std::size_t{1})));
  }

  /// Whether units of the run are bare. \param p within the slab
  bool is_bare(const void* p, std::size_t units) const noexcept {
    return x_bare_units != 0 && x_bare.count(unit_of(p), units) != 0;
  }
  run run_of(const void* p, std::size_t units) const noexcept { return {unit_of(p), units}; }
  /// The run of whole pieces, of `piece` units each, that a run of units lies in. \param p within the slab
  run pieces_of(const void* p, std::size_t units, std::size_t piece) const noexcept;
  run pieces_of(const void* p, std::size_t units) const noexcept { return pieces_of(p, units, x_piece); }
  /// Units of the aligned pieces in which pages go back to the system; 0: they never do.
  std::size_t granule() const noexcept { return x_granule; }
  /// Units of a run are not dirty any more. \returns how many were
  std::size_t forget_dirty(const run& r) noexcept;
  /// The first run of bare units of a run, but for those that are on their way back.
  run bare_run(const run& in) const noexcept;
  /// The pages of a run that was bare are there.
  void note_pages(const run& r) noexcept;
  /// The pages of a used run are gone; where pages are made before they are handed out it is bare now.
  void note_no_pages(const run& r) noexcept;
  /// The system refused to take pages of a run: some may be there. What of it is free is dirty, and what is used when
  /// it is given back, bare or not.
  void note_unsure_pages(const run& r) noexcept;

  // Spans, for those who look up blocks by address.

  /// Notes that `units` from p on are one span.
  void note_span(const void* p, std::size_t units) noexcept;
  /// They are no span any more.
  void forget_span(const void* p, std::size_t units) noexcept;
  /// Where the span of a block begins.
  std::byte* span_of(const void* block) const noexcept;
  /// A counter for each span, 0 at first, for who goes through all free blocks.
  std::uint16_t& span_counter(const void* span) noexcept {
    x_counted = true;
    return x_counters[unit_of(span)];
  }
  void clear_counters() noexcept {
    if (x_counted) std::fill(x_counters.begin(), x_counters.end(), std::uint16_t{0});
    x_counted = false;
  }

 private:
  friend class slab_index;

  std::size_t unit_of(const void* p) const noexcept {
    return static_cast<std::size_t>(static_cast<const std::byte*>(p) - x_base) / unit_bytes;
  }
  bool has_small_blocks(std::uintptr_t begin, std::uintptr_t end) const noexcept override;
  bool may_go(std::size_t granule_begin, std::size_t granule_end, bool only_old) const noexcept;
  void use(const run& r) noexcept;
  void free(const run& r) noexcept;
  void mark_dirty(std::size_t first, std::size_t count) noexcept;
  std::size_t find_aligned(std::size_t units, std::size_t step) noexcept;

  /// What the last search with an alignment found out: no aligned run of that many units begins before `begin`.
  struct aligned_search {
    std::size_t units = 0;
    std::size_t begin = 0;
  };

  std::byte* x_base = nullptr;
  std::size_t x_alignment;
  std::size_t x_granule;  ///< in units
  std::size_t x_piece;    ///< in units
  run_map x_used;
  bit_map x_dirty;
  bit_map x_old;
  bit_map x_bare;
  std::size_t x_free;  ///< units
  std::size_t x_dirty_units = 0;
  std::size_t x_bare_units;
  bool x_unsure = false;  ///< bare units may have pages
  bool x_young = false;
  bool x_may_go = false;
  bool x_old_may_go = false;
  std::array<aligned_search, 9> x_searches;  ///< for 1, 2, 4 ... 256 units
  unsigned x_unaligned = 0;                  ///< a bit for each of them that found nothing
  /// Units from the beginning of the span, and one more; 0: in no span. relaxed: migrate() asks, without the heap's
  /// lock, of what the caller says is a block.
  std::vector<std::atomic<std::uint8_t>> x_back;
  std::vector<std::uint16_t> x_counters;
  bool x_counted = false;
  // For the index.
  tree_links<slab> x_links{};
  slab_summary x_own;   ///< as it was last seen
  slab_summary x_part;  ///< of the slabs that this one is the root of
  std::array<std::uint32_t, 9>
      x_part_room{};  ///< the most aligned_room() of those, where is_unaligned says so
};

}  // namespace acre::inline v1
