#include <acre/segment_resource.hpp>

#include <acre/error.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <string>

#include "base/code_of.hpp"
#include "base/report_misuse.hpp"
#include "base/resource_cast.hpp"
#include "heap/held_heap.hpp"
#include "sys/processes.hpp"

namespace acre::inline v1 {

/// A block that is to be freed when the heap can be had. Kept in the process's own memory.
struct segment_resource::late_free {
  void* p;
  int process;  ///< a forked child has a copy of what is its parent's to free
  late_free* next;
};

namespace {

constexpr const char* heap_text = "segment_resource";

std::size_t block_size(std::size_t bytes) noexcept {
  return std::max(least_block, (bytes + word_bytes + block_unit - 1) / block_unit * block_unit);
}

void require_range(const void* memory, std::size_t bytes) {
  if (memory == nullptr) throw error(errc::invalid_argument, "segment_resource: the range is null");
  if (reinterpret_cast<std::uintptr_t>(memory) % heap_alignment != 0) {
    throw error(errc::invalid_alignment, "segment_resource: the range does not begin at a multiple of " +
                                             std::to_string(heap_alignment));
  }
  if (bytes < least_heap || bytes > largest_heap) {
    throw error(errc::invalid_size, "segment_resource: " + std::to_string(bytes) +
                                        " bytes, possible are 4096 to " + std::to_string(largest_heap));
  }
}

heap_header& header_in(void* memory) noexcept { return *static_cast<heap_header*>(memory); }

std::uint64_t offset_of(const void* p, const void* memory, std::size_t bytes) {
  if (p == nullptr) return 0;
  const std::uintptr_t offset =
      reinterpret_cast<std::uintptr_t>(p) - reinterpret_cast<std::uintptr_t>(memory);
  if (offset == 0 || offset >= bytes)
    throw error(errc::invalid_argument, "segment_resource: the root is to lie in the range, behind its head");
  return offset;
}

#ifdef ACRE_CHECKED
/// A block may be one unit larger than asked for: less than a block is not split off.
bool may_be_size(std::size_t size, std::size_t bytes) noexcept {
  return bytes <= largest_heap && (size == block_size(bytes) || size == block_size(bytes) + block_unit);
}
#endif

}  // namespace

segment_resource::segment_resource(void* memory, std::size_t bytes) : x_memory(memory), x_bytes(bytes) {
  require_range(memory, bytes);
  open_heap(memory, bytes);
}

// The range may be gone already.
segment_resource::~segment_resource() { forget_late_frees(); }

template <class F>
auto segment_resource::inside(F f) const {
  held_heap heap(x_memory, x_bytes);
  if (x_late.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
    make_up_for_late_frees(*heap);
  return f(*heap);
}

void segment_resource::make_up_for_late_frees(segment_heap& heap) const noexcept {
  for (late_free* late = x_late.exchange(nullptr, std::memory_order_acquire); late != nullptr;) {
    const std::unique_ptr<late_free> done(late);
    late = late->next;
    if (done->process != sys::process_number()) continue;
    try {
      if (const auto block = heap.used_block(done->p); block.size != 0) heap.deallocate(block);
    } catch (const error&) {
      // Damage, which the next call finds as well.
    }
  }
}

void segment_resource::forget_late_frees() noexcept {
  for (late_free* late = x_late.exchange(nullptr, std::memory_order_acquire); late != nullptr;) {
    const std::unique_ptr<late_free> done(late);
    late = late->next;
  }
}

void segment_resource::free_later(void* p) noexcept {
  auto* const late =
      new (std::nothrow) late_free{p, sys::process_number(), x_late.load(std::memory_order_relaxed)};
  if (late == nullptr) return;
  while (
      !x_late.compare_exchange_weak(late->next, late, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

std::size_t segment_resource::free_bytes() const {
  return inside([](segment_heap& heap) { return heap.free_bytes(); });
}
std::size_t segment_resource::largest_free() const {
  return inside([](segment_heap& heap) { return heap.largest_free(); });
}
std::size_t segment_resource::blocks() const {
  return inside([](segment_heap& heap) { return heap.blocks(); });
}

void segment_resource::set_root(void* p) {
  std::atomic_ref(header_in(x_memory).root).store(offset_of(p, x_memory, x_bytes), std::memory_order_release);
}

bool segment_resource::try_set_root(void* p) {
  std::uint64_t none = 0;
  return std::atomic_ref(header_in(x_memory).root)
      .compare_exchange_strong(none, offset_of(p, x_memory, x_bytes), std::memory_order_acq_rel);
}

void* segment_resource::root() const {
  const std::uint64_t offset = std::atomic_ref(header_in(x_memory).root).load(std::memory_order_acquire);
  if (offset >= x_bytes) throw error(errc::foreign_segment, "segment_resource: the root is damaged");
  return offset == 0 ? nullptr : static_cast<std::byte*>(x_memory) + offset;
}

bool segment_resource::check() const {
  try {
    return inside([](segment_heap& heap) { return heap.is_sound(); });
  } catch (const error& e) {
    if (e.code() != errc::foreign_segment) throw;
    return false;
  }
}

std::size_t segment_resource::free_bytes(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return free_bytes(); });
}
std::size_t segment_resource::largest_free(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return largest_free(); });
}
std::size_t segment_resource::blocks(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return blocks(); });
}
void* segment_resource::root(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return root(); });
}
bool segment_resource::check(std::error_code& ec) const noexcept {
  return value_or_code(ec, [&] { return check(); });
}

std::size_t segment_resource::good_size(std::size_t bytes, std::size_t) const noexcept {
  return bytes > largest_heap ? bytes : block_size(bytes) - word_bytes;
}

void* segment_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (alignment == 0 || (alignment & (alignment - 1)) != 0)  // std::has_single_bit() is a call to a library
    throw allocation_error(errc::invalid_alignment, bytes, heap_text, "the alignment is not a power of two");
  if (bytes > x_bytes)
    throw allocation_error(errc::out_of_memory, bytes, heap_text, "more bytes than the segment has");
  try {
    const auto take = [&](segment_heap& heap) { return heap.allocate(block_size(bytes), alignment); };
    if (void* const p = inside(take)) return p;
  } catch (const error& e) {
    throw allocation_error(e.code(), bytes, heap_text, e.what());
  }
  throw allocation_error(errc::out_of_memory, bytes, heap_text, "no free block is large enough");
}

/// \returns false if it is no live block of this heap
bool segment_resource::give_back(void* p, [[maybe_unused]] std::size_t bytes) {
  // Who has waited once in vain does not wait for each block of a container.
  const bool has_waited = x_late.load(std::memory_order_relaxed) != nullptr;
  held_heap heap(x_memory, x_bytes, has_waited ? std::chrono::milliseconds(0) : longest_wait);
  if (!heap) {
    free_later(p);
    return true;
  }
  if (has_waited) make_up_for_late_frees(*heap);
  const auto block = heap->used_block(p);
  if (block.size == 0) return false;
#ifdef ACRE_CHECKED
  if (!may_be_size(block.size, bytes)) return false;
#endif
  heap->deallocate(block);
  return true;
}

void segment_resource::do_deallocate(void* p, std::size_t bytes, std::size_t) noexcept {
  if (p == nullptr) return;
  try {
    if (give_back(p, bytes)) return;
  } catch (const error&) {
    // The heap is damaged: nothing can be given back to it, and the next function that may throw says so.
    return;
  }
  report_no_block("segment_resource", p, bytes);
}

bool segment_resource::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  if (this == &other) return true;
  const auto* const o = resource_cast<segment_resource>(&other);
  return o != nullptr && o->x_memory == x_memory;
}

}  // namespace acre::inline v1
