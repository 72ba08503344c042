#include "pool/central_free_list.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "pool/slab.hpp"
#include "pool/span_census.hpp"

namespace acre::inline v1 {
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

void central_free_list::lists::push(free_block* b, std::uint32_t list_blocks) noexcept {
  b->next = loose;
  loose = b;
  if (++loose_blocks < list_blocks) return;
  full = ::new (static_cast<void*>(loose)) full_list{{loose->next}, full};
  loose = nullptr;
  loose_blocks = 0;
}

void central_free_list::push_all(block_list list) noexcept {
  while (list.head != nullptr) x_lists.push(std::exchange(list.head, list.head->next), x_shape.list_blocks);
}

block_list central_free_list::carve(std::size_t most_bytes) noexcept {
  if (x_span == nullptr) return {};
  const auto left = static_cast<std::uint32_t>(x_shape.span_blocks - x_carved);
  const auto most = static_cast<std::uint32_t>(std::max<std::size_t>(most_bytes / x_shape.block_bytes, 1));
  block_list list;
  list.blocks = std::min({left, most, std::uint32_t{x_shape.list_blocks}});
  // Linked from behind, so that the blocks are handed out in the order of their addresses.
  for (std::uint32_t i = x_carved + list.blocks; i-- != x_carved;) {
    const std::uint32_t index = (x_shape.first_block + i) % x_shape.span_blocks;
    list.head = ::new (x_span + std::size_t{index} * x_shape.block_bytes) free_block{list.head};
  }
  x_carved += list.blocks;
  if (x_carved == x_shape.span_blocks) x_span = nullptr;
  return list;
}

block_list central_free_list::take() noexcept {
  const std::lock_guard guard(x_mutex);
  if (x_lists.full != nullptr) {
    full_list* const l = std::exchange(x_lists.full, x_lists.full->next_list);
    return {l, x_shape.list_blocks};
  }
  if (x_lists.loose != nullptr)
    return {std::exchange(x_lists.loose, nullptr), std::exchange(x_lists.loose_blocks, 0)};
  return carve(carved_bytes);
}

void* central_free_list::take_one() noexcept {
  const std::lock_guard guard(x_mutex);
  lists& l = x_lists;
  if (l.loose == nullptr && l.full != nullptr) {
    l.loose = std::exchange(l.full, l.full->next_list);
    l.loose_blocks = x_shape.list_blocks;
  }
  if (l.loose == nullptr) {
    const block_list fresh = carve(carved_bytes);
    l.loose = fresh.head;
    l.loose_blocks = fresh.blocks;
  }
  if (l.loose == nullptr) return nullptr;
  --l.loose_blocks;
  return std::exchange(l.loose, l.loose->next);
}

void central_free_list::give_full(free_block* head) noexcept {
  const std::lock_guard guard(x_mutex);
  x_lists.full = ::new (static_cast<void*>(head)) full_list{{head->next}, x_lists.full};
}

void central_free_list::give_one(void* p) noexcept {
  const std::lock_guard guard(x_mutex);
  x_lists.push(::new (p) free_block{nullptr}, x_shape.list_blocks);
}

void central_free_list::give(free_block* head) noexcept {
  // Full lists are made of them and of those that are there, which nobody finds meanwhile.
  lists all;
  {
    const std::lock_guard guard(x_mutex);
    all.loose = std::exchange(x_lists.loose, nullptr);
    all.loose_blocks = std::exchange(x_lists.loose_blocks, 0);
  }
  while (head != nullptr) all.push(std::exchange(head, head->next), x_shape.list_blocks);
  put_back(all, nullptr, 0);
}

bool central_free_list::add_span(void* p) noexcept {
  const std::lock_guard guard(x_mutex);
  if (x_span != nullptr) return false;
  x_span = static_cast<std::byte*>(p);
  x_carved = 0;
  return true;
}

void central_free_list::clear() noexcept {
  x_lists = {};
  x_span = nullptr;
}

/// Calls f(block) for each block of the lists, which it may overwrite. Goes along several lists at once: each step
/// waits for a block that is in no cache of the processor, most likely (550 ns a block became 110).
template <class F>
void central_free_list::for_each_block(lists l, F f) {
  std::array<free_block*, 8> at{l.loose};
  for (bool some = true; some;) {
    some = false;
    for (free_block*& b : at) {
      if (b == nullptr && l.full != nullptr) b = std::exchange(l.full, l.full->next_list);
      if (b == nullptr) continue;
      some = true;
      free_block* const next = b->next;
      __builtin_prefetch(next);
      f(std::exchange(b, next));
    }
  }
}

void central_free_list::put_back(const lists& kept, std::byte* span, std::uint32_t carved) noexcept {
  full_list* last = kept.full;
  while (last != nullptr && last->next_list != nullptr) last = last->next_list;
  const std::lock_guard guard(x_mutex);
  if (last != nullptr) last->next_list = std::exchange(x_lists.full, kept.full);
  if (x_lists.loose == nullptr) {
    x_lists.loose = kept.loose;
    x_lists.loose_blocks = kept.loose_blocks;
  } else {
    push_all({kept.loose, kept.loose_blocks});
  }
  if (span == nullptr) return;
  // There is room for one newest span: what is left of another one is all carved.
  std::swap(x_span, span);
  std::swap(x_carved, carved);
  if (span == nullptr) return;
  while (x_span != nullptr) push_all(carve(std::numeric_limits<std::size_t>::max()));
  x_span = span;
  x_carved = carved;
}

// A span whose blocks are all free here is found by counting: up in a first pass over all free blocks, down in a second
// that drops its blocks. Spans have no lists of their own, so that giving a block back does not have to find its span.
free_block* central_free_list::take_empty_spans(page_heap& heap) {
  // Held before anything is taken out, until all is back: fork() takes it, too, and its child would not have what
  // only this thread knows; and who had to wait for it here would keep blocks from all others meanwhile.
  const auto slabs_stay = heap.hold_slabs();
  lists taken;
  std::byte* span = nullptr;
  std::uint32_t carved = 0;
  {
    const std::lock_guard guard(x_mutex);
    taken = std::exchange(x_lists, {});
    span = std::exchange(x_span, nullptr);
    carved = x_carved;
  }
  // Going through all slabs for each class that is not in use would be most of what trim() takes.
  if (taken.full == nullptr && taken.loose == nullptr && span == nullptr) return nullptr;
  // Made after the blocks were taken: their spans were there before.
  std::optional<span_census> free_blocks;
  try {
    free_blocks.emplace(heap);
  } catch (...) {
    put_back(taken, span, carved);
    throw;
  }
  for_each_block(taken, [&](const free_block* b) { ++free_blocks->of(b).count; });
  free_block* empty = nullptr;
  if (span != nullptr && carved == 0)
    empty = ::new (static_cast<void*>(std::exchange(span, nullptr))) free_block{empty};
  lists kept;
  for_each_block(taken, [&](free_block* b) {
    const auto [its, count] = free_blocks->of(b);
    const std::uint32_t blocks = its == span ? carved : x_shape.span_blocks;
    // The highest bit: all blocks of the span are here, and being dropped.
    constexpr std::uint16_t dropping = 0x8000;
    if (count == blocks) count = static_cast<std::uint16_t>(count | dropping);
    if ((count & dropping) == 0) return kept.push(b, x_shape.list_blocks);
    if ((--count & ~dropping) != 0) return;
    if (its == span) span = nullptr;
    empty = ::new (static_cast<void*>(its)) free_block{empty};
  });
  put_back(kept, span, carved);
  return empty;
}

}  // namespace acre::inline v1
