// Walks over all of a heap: to make it, to repair it, to look at it.
#include <atomic>

#include "segment/segment_heap.hpp"

namespace acre {

void segment_heap::format() noexcept {
  heap_header& h = header();
  h.root = 0;
  h.free_bytes = 0;
  h.blocks = 0;
  h.filled = {};
  h.bins = {};
  const block all{first_block(), x_end - first_block(), false, true};
  write(all);
  write({x_end, 0, true, false});
  link(all);
  // Whoever sees the mark without holding the mutex looks at nothing but the root.
  std::atomic_ref(h.formatted).store(heap_header::formatted_mark, std::memory_order_release);
}

bool segment_heap::rebuild() noexcept {
  heap_header& h = header();
  h.free_bytes = 0;
  h.blocks = 0;
  h.filled = {};
  h.bins = {};
  bool previous_used = true;
  std::uint64_t at = first_block();
  // Ends: every block that is read has a size and stays within the heap.
  while (at != x_end) {
    block b;
    if (!read(at, b)) return false;
    b.previous_used = previous_used;
    if (b.used) {
      write(b);
      ++h.blocks;
    } else {
      block next;
      while (read(b.end(), next) && !next.used) b.size += next.size;
      commit(b);
      link(b);
    }
    previous_used = b.used;
    at = b.end();
  }
  block end;
  if (!read(x_end, end)) return false;
  write_previous_used(x_end, previous_used);
  return true;
}

bool segment_heap::is_plausible() const noexcept {
  const heap_header& h = header();
  if (h.root >= x_bytes || h.free_bytes > x_bytes || h.blocks > x_bytes / least_block) return false;
  for (std::size_t bin = 0; bin != bin_count; ++bin) {
    const bool filled = (h.filled[bin / 64] >> bin % 64 & 1) != 0;
    if (filled != (h.bins[bin] != 0) || (filled && !may_be_block(h.bins[bin]))) return false;
  }
  return true;
}

bool segment_heap::are_bins_sound(std::size_t free_blocks) const noexcept {
  std::size_t linked = 0;
  for (std::size_t bin = 0; bin != bin_count; ++bin) {
    std::uint64_t previous = 0;
    for (std::uint64_t at = header().bins[bin]; at != 0; at = links_of(at).next) {
      block b;
      if (++linked > free_blocks || !read(at, b) || b.used || bin_of(b.size) != bin) return false;
      if (links_of(at).previous != previous) return false;
      previous = at;
    }
  }
  return linked == free_blocks;
}

bool segment_heap::is_sound() const noexcept {
  if (!is_plausible()) return false;
  std::uint64_t free_bytes = 0;
  std::size_t free_blocks = 0;
  std::size_t used_blocks = 0;
  bool previous_used = true;
  block b;
  for (std::uint64_t at = first_block();; at = b.end()) {
    if (!read(at, b) || b.previous_used != previous_used) return false;
    if (at == x_end) break;
    if (b.used) {
      ++used_blocks;
    } else {
      if (!previous_used || last_word(b) != b.size) return false;
      ++free_blocks;
      free_bytes += b.size;
    }
    previous_used = b.used;
  }
  return free_bytes == header().free_bytes && used_blocks == header().blocks && are_bins_sound(free_blocks);
}

}  // namespace acre
