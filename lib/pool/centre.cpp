#include "pool/centre.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#include "pool/slab.hpp"

namespace acre {
namespace {

/// Blocks that are linked at once out of a fresh span: a page of them, so that a pool of few blocks touches few pages.
constexpr std::size_t carved_bytes = 4096;

}  // namespace

class_shape shape_of(size_class c) noexcept {
  const std::size_t bytes = detail::class_bytes(c);
  class_shape best;
  std::size_t least = 1;  // unused bytes of `best` for each unit
  for (std::size_t units = 8; units <= 16; ++units) {
    const std::size_t blocks = units * unit_bytes / bytes;
    const std::size_t unused = units * unit_bytes - blocks * bytes;
    if (best.span_units != 0 && unused * best.span_units >= least * units) continue;
    least = unused;
    best.span_units = static_cast<std::uint16_t>(units);
    best.span_blocks = static_cast<std::uint16_t>(blocks);
    if (unused == 0) break;
  }
  best.block_bytes = static_cast<std::uint32_t>(bytes);
  best.list_blocks = 1;
  return best;
}

void centre::push_loose(free_block* b) noexcept {
  b->next = x_loose;
  x_loose = b;
  if (++x_loose_blocks < x_shape.list_blocks) return;
  auto* const full = ::new (static_cast<void*>(x_loose)) full_list{{x_loose->next}, x_full};
  x_full = full;
  x_loose = nullptr;
  x_loose_blocks = 0;
}

block_list centre::carve() noexcept {
  if (x_span == nullptr) return {};
  const auto left = static_cast<std::uint32_t>(x_shape.span_blocks - x_carved);
  const auto page = static_cast<std::uint32_t>(std::max<std::size_t>(carved_bytes / x_shape.block_bytes, 1));
  block_list list;
  list.blocks = std::min({left, page, std::uint32_t{x_shape.list_blocks}});
  // Linked from behind, so that the blocks are handed out in the order of their addresses.
  for (std::uint32_t i = x_carved + list.blocks; i-- != x_carved;) {
    const std::uint32_t index = (x_shape.first_block + i) % x_shape.span_blocks;
    list.head = ::new (x_span + std::size_t{index} * x_shape.block_bytes) free_block{list.head};
  }
  x_carved += list.blocks;
  if (x_carved == x_shape.span_blocks) x_span = nullptr;
  return list;
}

block_list centre::take() noexcept {
  const std::lock_guard guard(x_mutex);
  if (x_full != nullptr) {
    full_list* const l = std::exchange(x_full, x_full->next_list);
    return {l, x_shape.list_blocks};
  }
  if (x_loose != nullptr) return {std::exchange(x_loose, nullptr), std::exchange(x_loose_blocks, 0)};
  return carve();
}

void* centre::take_one() noexcept {
  const std::lock_guard guard(x_mutex);
  if (x_loose == nullptr && x_full != nullptr) {
    x_loose = std::exchange(x_full, x_full->next_list);
    x_loose_blocks = x_shape.list_blocks;
  }
  if (x_loose == nullptr) {
    const block_list fresh = carve();
    x_loose = fresh.head;
    x_loose_blocks = fresh.blocks;
  }
  if (x_loose == nullptr) return nullptr;
  --x_loose_blocks;
  return std::exchange(x_loose, x_loose->next);
}

void centre::give_full(free_block* head) noexcept {
  const std::lock_guard guard(x_mutex);
  x_full = ::new (static_cast<void*>(head)) full_list{{head->next}, x_full};
}

void centre::give(block_list list) noexcept {
  const std::lock_guard guard(x_mutex);
  while (list.head != nullptr) push_loose(std::exchange(list.head, list.head->next));
}

bool centre::add_span(void* p) noexcept {
  const std::lock_guard guard(x_mutex);
  if (x_span != nullptr) return false;
  x_span = static_cast<std::byte*>(p);
  x_carved = 0;
  return true;
}

void centre::clear() noexcept {
  x_full = nullptr;
  x_loose = nullptr;
  x_loose_blocks = 0;
  x_span = nullptr;
}

// A span whose blocks are all free here is found by counting: up in a first pass over all free blocks, down in a second
// that drops its blocks. Spans have no lists of their own, so that giving a block back does not have to find its span.
struct centre::sweep {
  std::span<slab* const> slabs;
  slab* last = nullptr;

  slab& slab_of(const void* p) noexcept {
    if (last != nullptr && last->contains(p)) return *last;
    const auto after = std::upper_bound(slabs.begin(), slabs.end(), p,
                                        [](const void* q, const slab* s) { return q < s->base(); });
    last = *(after - 1);
    return *last;
  }

  /// Calls f(block) for each, which may overwrite it. Goes along several lists at once: each step waits for a block that
  /// is in no cache of the processor, most likely (550 ns a block became 130).
  template <class F>
  static void for_each(full_list* full, free_block* loose, F f) {
    std::array<free_block*, 8> at{loose};
    for (bool some = true; some;) {
      some = false;
      for (free_block*& b : at) {
        if (b == nullptr && full != nullptr) b = std::exchange(full, full->next_list);
        if (b == nullptr) continue;
        some = true;
        free_block* const next = b->next;
        __builtin_prefetch(next);
        f(std::exchange(b, next));
      }
    }
  }
};

free_block* centre::take_empty_spans(std::span<slab* const> slabs) noexcept {
  const std::lock_guard guard(x_mutex);
  sweep s{slabs};
  sweep::for_each(x_full, x_loose, [&](free_block* b) {
    slab& in = s.slab_of(b);
    ++in.span_counter(in.span_of(b));
  });
  full_list* const full = std::exchange(x_full, nullptr);
  free_block* const loose = std::exchange(x_loose, nullptr);
  x_loose_blocks = 0;
  free_block* empty = nullptr;
  sweep::for_each(full, loose, [&](free_block* b) {
    slab& in = s.slab_of(b);
    std::byte* const span = in.span_of(b);
    const std::uint32_t blocks = span == x_span ? x_carved : x_shape.span_blocks;
    // The highest bit: all blocks of the span are here, and being dropped.
    constexpr std::uint16_t dropping = 0x8000;
    std::uint16_t& counter = in.span_counter(span);
    if (counter == blocks) counter = static_cast<std::uint16_t>(counter | dropping);
    if ((counter & dropping) == 0) return push_loose(b);
    if ((--counter & ~dropping) != 0) return;
    if (span == x_span) x_span = nullptr;
    empty = ::new (static_cast<void*>(span)) free_block{empty};
  });
  for (slab* const each : slabs) each->clear_counters();
  return empty;
}

}  // namespace acre
