#include "heap/segment_heap.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <limits>
#include <string>

namespace acre::inline v1 {
namespace {

/// How many blocks of a bin are looked at, where some may be too small, before a larger bin is taken.
constexpr std::size_t quick_look = 4;

[[noreturn, gnu::cold, gnu::noinline]] void find_damage(std::uint64_t at) {
  throw error(errc::foreign_segment, "segment_resource: the heap is damaged at offset " + std::to_string(at));
}

}  // namespace

// ---- reading

bool segment_heap::read(std::uint64_t at, block& b) const noexcept {
  if (at == x_end) {
    const std::uint64_t found = read_once(word(at));
    b = {at, 0, true, (found & flag_previous_used) != 0};
    return found == seal(at, body_of(found)) && (body_of(found) & ~flag_previous_used) == flag_used;
  }
  if (!may_be_block(at)) return false;
  const std::uint64_t found = read_once(word(at));
  const std::uint64_t body = body_of(found);
  b = {at, body & ~flags, (body & flag_used) != 0, (body & flag_previous_used) != 0};
  return found == seal(at, body) && b.size >= least_block && b.size <= x_end - at;
}

segment_heap::block segment_heap::require(std::uint64_t at) const {
  block b;
  if (!read(at, b)) find_damage(at);
  return b;
}

segment_heap::block segment_heap::require_free(std::uint64_t at) const {
  const block b = require(at);
  if (b.used) find_damage(at);
  return b;
}

segment_heap::block segment_heap::require_previous(const block& b) const {
  const std::uint64_t size = read_once(word(b.at - word_bytes));
  if (size > b.at) find_damage(b.at);
  const block previous = require_free(b.at - size);
  if (previous.size != size) find_damage(previous.at);
  return previous;
}

segment_heap::links segment_heap::require_links(const block& b) const {
  const links l = links_of(b.at);
  const bool first = l.previous == 0;
  if (first ? read_once(header().bins[bin_of(b.size)]) != b.at
            : !may_be_block(l.previous) || read_once(next_of(l.previous)) != b.at)
    find_damage(b.at);
  if (l.next != 0 && (!may_be_block(l.next) || read_once(previous_of(l.next)) != b.at)) find_damage(b.at);
  return l;
}

// ---- writing

void segment_heap::commit(const block& b) noexcept {
  // Only the compiler must not move stores across: a process that was killed has made all stores up to some
  // instruction and none after it, and who locks the mutex next sees them.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  write(b);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void segment_heap::write(const block& b) noexcept {
  const std::uint64_t body = b.size | (b.used ? flag_used : 0) | (b.previous_used ? flag_previous_used : 0);
  write_once(word(b.at), seal(b.at, body));
}

void segment_heap::write_previous_used(block b, bool used) noexcept {
  b.previous_used = used;
  write(b);
}

void segment_heap::link(const block& b) noexcept {
  heap_header& h = header();
  const std::size_t bin = bin_of(b.size);
  const std::uint64_t head = read_once(h.bins[bin]);
  write_once(last_word(b), b.size);
  // A head that leads nowhere is found when it is taken.
  if (may_be_block(head)) write_once(previous_of(head), b.at);
  write_once(next_of(b.at), head);
  write_once(previous_of(b.at), 0);
  write_once(h.bins[bin], b.at);
  write_once(h.filled[bin / 64], read_once(h.filled[bin / 64]) | std::uint64_t{1} << bin % 64);
  write_once(h.free_bytes, read_once(h.free_bytes) + b.size);
}

void segment_heap::unlink(const block& b, const links& l) noexcept {
  heap_header& h = header();
  const std::size_t bin = bin_of(b.size);
  if (l.next != 0) write_once(previous_of(l.next), l.previous);
  if (l.previous != 0) {
    write_once(next_of(l.previous), l.next);
  } else {
    write_once(h.bins[bin], l.next);
    if (l.next == 0)
      write_once(h.filled[bin / 64], read_once(h.filled[bin / 64]) & ~(std::uint64_t{1} << bin % 64));
  }
  write_once(h.free_bytes, read_once(h.free_bytes) - b.size);
}

// ---- finding

bool segment_heap::fits(const block& b, std::size_t size, std::size_t alignment, room& found) const noexcept {
  found = {b, 0};
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(x_base) + b.at + word_bytes;
  std::uint64_t gap = -begin & (alignment - 1);
  // What stays free has to be a block.
  while (gap != 0 && gap < least_block) gap += alignment;
  found.gap = gap;
  return gap <= b.size && size <= b.size - gap;
}

std::size_t segment_heap::filled_bin(std::size_t from) const noexcept {
  for (std::size_t i = from / 64; i < header().filled.size(); ++i) {
    std::uint64_t bits = read_once(header().filled[i]);
    if (i == from / 64) bits &= ~std::uint64_t{0} << from % 64;
    if (bits != 0) return i * 64 + static_cast<std::size_t>(std::countr_zero(bits));
  }
  return bin_count;
}

bool segment_heap::find_in_bin(std::size_t bin, std::size_t size, std::size_t alignment, std::size_t most,
                               room& found) const {
  std::uint64_t at = read_once(header().bins[bin]);
  std::uint64_t previous = 0;
  for (std::size_t n = std::min(most, x_bytes / least_block); at != 0 && n != 0; --n) {
    const block b = require_free(at);
    const links l = links_of(at);
    // Damaged links may go in a circle; where it closes they do not go back the way they came.
    if (l.previous != previous) find_damage(at);
    if (fits(b, size, alignment, found)) return true;
    previous = at;
    at = l.next;
  }
  return false;
}

bool segment_heap::find(std::size_t size, std::size_t alignment, room& found) const {
  const std::size_t least_bin = bin_of(size);
  if (find_in_bin(least_bin, size, alignment, quick_look, found)) return true;
  const std::size_t worst_gap = alignment <= block_unit ? 0 : alignment + block_unit;
  if (size <= largest_heap - worst_gap) {
    const std::size_t bin = filled_bin(bin_above(size + worst_gap));
    if (bin < bin_count && find_in_bin(bin, size, alignment, 1, found)) return true;
  }
  // Nearly full: now every block counts.
  for (std::size_t bin = least_bin; (bin = filled_bin(bin)) < bin_count; ++bin) {
    if (find_in_bin(bin, size, alignment, std::numeric_limits<std::size_t>::max(), found)) return true;
  }
  return false;
}

// ---- blocks

// Flat, as deallocate() below: what reads and checks one word is short, and calls to it were a quarter of the time.
[[gnu::flatten]] void* segment_heap::allocate(std::size_t size, std::size_t alignment) {
  room found;
  if (size > x_bytes || alignment > largest_heap || !find(size, alignment, found)) return nullptr;
  take(found, size);
  return x_base + found.from.at + found.gap + word_bytes;
}

void segment_heap::take(const room& r, std::size_t size) {
  const block& all = r.from;
  const links links_of_all = require_links(all);
  const block next = require(all.end());
  const std::uint64_t rest_size = all.size - r.gap - size;
  const bool splits = rest_size >= least_block;
  const block taken{all.at + r.gap, splits ? size : all.size - r.gap, true, r.gap == 0};
  const block rest{taken.end(), rest_size, false, true};
  const block gap{all.at, r.gap, false, true};

  unlink(all, links_of_all);
  if (splits) write(rest);
  if (r.gap != 0) write(taken);
  commit(r.gap != 0 ? gap : taken);
  if (splits) {
    link(rest);
  } else {
    write_previous_used(next, true);
  }
  if (r.gap != 0) link(gap);
  write_once(header().blocks, blocks() + 1);
}

segment_heap::block segment_heap::used_block(const void* p) const noexcept {
  const std::uintptr_t at =
      reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(x_base) - word_bytes;
  block b;
  return at < x_end && read(at, b) && b.used ? b : block{};
}

[[gnu::flatten]] void segment_heap::deallocate(const block& freed) {
  const block next = require(freed.end());
  block all{freed.at, freed.size, false, true};
  block previous;
  links links_of_previous{};
  if (!freed.previous_used) {
    previous = require_previous(freed);
    links_of_previous = require_links(previous);
    all.at = previous.at;
    all.size += previous.size;
    all.previous_used = previous.previous_used;
  }
  links links_of_next{};
  if (!next.used) {
    links_of_next = require_links(next);
    require(next.end());
    all.size += next.size;
  }

  if (!freed.previous_used) unlink(previous, links_of_previous);
  if (!next.used) {
    // The two may have been neighbours in their bin, too.
    if (links_of_next.previous == previous.at) links_of_next.previous = links_of_previous.previous;
    if (links_of_next.next == previous.at) links_of_next.next = links_of_previous.next;
    unlink(next, links_of_next);
  }
  commit(all);
  // Inside a free block now: a second free of it shall not find it.
  if (!freed.previous_used) write_once(word(freed.at), 0);
  if (next.used) write_previous_used(next, false);
  link(all);
  write_once(header().blocks, blocks() - 1);
}

std::size_t segment_heap::free_bytes() const {
  const std::uint64_t bytes = read_once(header().free_bytes);
  if (bytes > x_bytes) find_damage(offsetof(heap_header, free_bytes));
  return bytes;
}

std::size_t segment_heap::largest_free() const {
  std::size_t bin = bin_count;
  while (bin != 0 && (read_once(header().filled[(bin - 1) / 64]) >> (bin - 1) % 64 & 1) == 0) --bin;
  if (bin == 0) return 0;
  std::uint64_t most = 0;
  std::uint64_t previous = 0;
  std::size_t n = x_bytes / least_block;
  for (std::uint64_t at = read_once(header().bins[bin - 1]); at != 0 && n != 0; --n) {
    most = std::max(most, require_free(at).size);
    const links l = links_of(at);
    if (l.previous != previous) find_damage(at);
    previous = at;
    at = l.next;
  }
  return most == 0 ? 0 : most - word_bytes;
}

}  // namespace acre::inline v1
