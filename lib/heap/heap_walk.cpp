// heap_walk: what goes through all of a heap: making it, repairing it, checking it.
#include <atomic>

#include "heap/segment_heap.hpp"

namespace acre::inline v1 {

void segment_heap::clear_books() noexcept {
  heap_header& h = header();
  write_once(h.free_bytes, 0);
  write_once(h.blocks, 0);
  for (std::uint64_t& bits : h.filled) write_once(bits, 0);
  for (std::uint64_t& bin : h.bins) write_once(bin, 0);
}

void segment_heap::format() noexcept {
  write_once(header().root, 0);
  clear_books();
  const block all{first_block(), x_end - first_block(), false, true};
  write(all);
  write({x_end, 0, true, false});
  link(all);
  // Whoever sees the mark without holding the mutex looks at nothing but the root.
  std::atomic_ref(header().formatted).store(heap_header::formatted_mark, std::memory_order_release);
}

bool segment_heap::rebuild() noexcept {
  clear_books();
  bool previous_used = true;
  std::uint64_t at = first_block();
  // Ends: every block that is read has a size and stays within the heap.
  while (at != x_end) {
    block b;
    if (!read(at, b)) return false;
    b.previous_used = previous_used;
    if (b.used) {
      write(b);
      write_once(header().blocks, blocks() + 1);
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
  write_previous_used(end, previous_used);
  return true;
}

bool segment_heap::is_plausible() const noexcept {
  const heap_header& h = header();
  if (read_once(h.root) >= x_bytes || read_once(h.free_bytes) > x_bytes || blocks() > x_bytes / least_block)
    return false;
  for (std::size_t bin = 0; bin != bin_count; ++bin) {
    const bool filled = (read_once(h.filled[bin / 64]) >> bin % 64 & 1) != 0;
    const std::uint64_t first = read_once(h.bins[bin]);
    if (filled != (first != 0) || (filled && !may_be_block(first))) return false;
  }
  return true;
}

bool segment_heap::are_bins_sound(std::size_t free_blocks) const noexcept {
  std::size_t linked = 0;
  for (std::size_t bin = 0; bin != bin_count; ++bin) {
    std::uint64_t previous = 0;
    for (std::uint64_t at = read_once(header().bins[bin]); at != 0;) {
      block b;
      if (++linked > free_blocks || !read(at, b) || b.used || bin_of(b.size) != bin) return false;
      const links l = links_of(at);
      if (l.previous != previous) return false;
      previous = at;
      at = l.next;
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
      if (!previous_used || read_once(last_word(b)) != b.size) return false;
      ++free_blocks;
      free_bytes += b.size;
    }
    previous_used = b.used;
  }
  return free_bytes == read_once(header().free_bytes) && used_blocks == blocks() &&
         are_bins_sound(free_blocks);
}

}  // namespace acre::inline v1
