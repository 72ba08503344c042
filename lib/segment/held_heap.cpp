#include "segment/held_heap.hpp"

#include <acre/error.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

namespace acre {
namespace {

constexpr std::chrono::seconds longest_wait{10};

[[noreturn, gnu::cold]] void refuse(errc code, const std::string& what) {
  throw error(code, "segment_resource: " + what);
}

/// Not looked at by ThreadSanitizer: others may be formatting meanwhile. Then the answer is not used.
[[gnu::no_sanitize_thread]] bool is_zero(const heap_header& h) noexcept {
  const auto* const words = reinterpret_cast<const volatile std::uint64_t*>(&h);
  std::uint64_t all = 0;
  for (std::size_t i = 0; i != sizeof h / sizeof *words; ++i) all |= words[i];
  return all == 0;
}

/// \returns the value that stands there now: the given one, or what somebody stored before
std::uint64_t store_once(std::uint64_t& word, std::uint64_t value) noexcept {
  std::uint64_t is = 0;
  return std::atomic_ref(word).compare_exchange_strong(is, value) ? value : is;
}

void require_signature(heap_header& h) {
  constexpr std::uint64_t wanted = heap_header::signature_base | heap_header::version;
  std::uint64_t is = std::atomic_ref(h.signature).load();
  // Somebody else may be on the way here: the signature comes before all else.
  if (is == 0 && !is_zero(h) && (is = std::atomic_ref(h.signature).load()) == 0)
    refuse(errc::foreign_segment, "the range begins with other bytes than a heap or zeroes");
  if (is == 0) is = store_once(h.signature, wanted);
  if (is == wanted) return;
  const std::uint64_t version = is ^ heap_header::signature_base;
  if (version >> 16 != 0) refuse(errc::foreign_segment, "the range begins with other bytes than a heap");
  refuse(errc::foreign_segment, "the heap has layout " + std::to_string(version) + ", this library knows " +
                                    std::to_string(heap_header::version));
}

void require_size(heap_header& h, std::size_t bytes) {
  const std::uint64_t is = store_once(h.bytes, bytes);
  if (is == bytes) return;
  refuse(errc::foreign_segment,
         "the heap was made in a range of " + std::to_string(is) + " bytes, not of " + std::to_string(bytes));
}

[[noreturn, gnu::cold]] void refuse(sys::lock_outcome outcome) {
  switch (outcome) {
    case sys::lock_outcome::timed_out:
      throw error(
          std::error_code(ETIMEDOUT, std::system_category()),
          "segment_resource: the heap has been locked for ten seconds, by a process that does not go on");
    case sys::lock_outcome::unrecoverable:
      refuse(errc::foreign_segment, "the heap is damaged, which was found after a process died inside");
    default:
      refuse(errc::foreign_segment, "the mutex of the heap is damaged");
  }
}

/// \returns with the mutex locked, or throws
void make_usable(segment_heap& heap, sys::lock_outcome outcome) {
  heap_header& h = heap.header();
  if (outcome == sys::lock_outcome::locked) return;
  if (outcome != sys::lock_outcome::owner_died) refuse(outcome);
  // One that died before the mark was stored left nothing that is worth repair.
  if (h.formatted == heap_header::formatted_mark && !heap.rebuild()) {
    h.mutex.unlock();
    refuse(sys::lock_outcome::unrecoverable);
  }
  h.mutex.repaired();
}

}  // namespace

void open_heap(void* memory, std::size_t bytes) {
  segment_heap heap(memory, bytes);
  heap_header& h = heap.header();
  require_signature(h);
  require_size(h, bytes);
  if (!h.mutex.prepare()) refuse(sys::lock_outcome::unusable);
  make_usable(heap, h.mutex.lock(longest_wait));
  if (h.formatted == 0) heap.format();
  const bool good = h.formatted == heap_header::formatted_mark && heap.is_plausible();
  h.mutex.unlock();
  if (!good) refuse(errc::foreign_segment, "the head of the heap is damaged");
}

held_heap::held_heap(void* memory, std::size_t bytes) : x_heap(memory, bytes) {
  make_usable(x_heap, x_heap.header().mutex.lock());
}

}  // namespace acre
