// span_census: finds the span that a free block lies in, and counts for each span how many of its blocks are free.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pool/page_heap.hpp"
#include "pool/slab.hpp"

namespace acre::inline v1 {

/// Lives while its maker has page_heap::hold_slabs(). All counts are 0 at first, and when it has gone.
/// \safety one at a time: hold_slabs() sees to it
class span_census {
 public:
  /// Knows spans that are in use now, and no later ones.
  /// \throws std::bad_alloc
  explicit span_census(page_heap& heap) : x_slabs(heap.slabs()) {}
  span_census(const span_census&) = delete;
  span_census& operator=(const span_census&) = delete;
  ~span_census() {
    for (slab* const each : x_slabs) each->clear_counters();
  }

  struct entry {
    std::byte* span;
    std::uint16_t& count;
  };
  /// Of the span that has the block.
  entry of(const void* block) noexcept {
    slab& in = slab_of(block);
    std::byte* const span = in.span_of(block);
    return {span, in.span_counter(span)};
  }

 private:
  slab& slab_of(const void* p) noexcept {
    if (x_last != nullptr && x_last->contains(p)) return *x_last;
    const auto after = std::upper_bound(x_slabs.begin(), x_slabs.end(), p,
                                        [](const void* q, const slab* s) { return q < s->base(); });
    x_last = *(after - 1);
    return *x_last;
  }

  std::vector<slab*> x_slabs;
  slab* x_last = nullptr;  ///< where the last block was
};

}  // namespace acre::inline v1
