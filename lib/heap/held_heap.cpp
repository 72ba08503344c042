#include "heap/held_heap.hpp"

#include <acre/error.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

namespace acre::inline v1 {
namespace {

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

std::string text_of(const sys::lock_holder& holder) {
  // The holder unlocked at the last moment.
  if (holder.thread == 0) return "others that take turns";
  if (holder.process == 0) {
    return "thread " + std::to_string(holder.thread) +
           ", which this process does not know: of another PID namespace, or the range was overwritten";
  }
  return "process " + std::to_string(holder.process) + (holder.is_stopped ? ", which is stopped" : "");
}

[[noreturn, gnu::cold]] void fail_to_wait(const heap_header& h) {
  throw error(std::error_code(ETIMEDOUT, std::system_category()),
              "segment_resource: the heap was waited for " + std::to_string(longest_wait.count()) +
                  " s, it is held by " + text_of(h.mutex.holder()));
}

/// \returns with the mutex locked, or not, or throws
sys::lock_outcome lock_repaired(segment_heap& heap, std::chrono::milliseconds at_most) {
  sys::robust_mutex& mutex = heap.header().mutex;
  const sys::lock_outcome outcome = mutex.lock(at_most);
  if (outcome != sys::lock_outcome::owner_died) [[likely]]
    return outcome;
  if (heap.rebuild()) return sys::lock_outcome::locked;
  mutex.unlock_unrepaired();
  refuse(errc::foreign_segment, "the heap is damaged, which was found after a process died inside");
}

}  // namespace

void open_heap(void* memory, std::size_t bytes) {
  segment_heap heap(memory, bytes);
  heap_header& h = heap.header();
  require_signature(h);
  require_size(h, bytes);
  const sys::lock_outcome outcome = h.mutex.lock(longest_wait);
  if (outcome == sys::lock_outcome::timed_out) fail_to_wait(h);
  const std::uint64_t formatted = read_once(h.formatted);
  // One that died before the mark was stored left nothing that is worth repair.
  if (formatted == 0) heap.format();
  const bool repaired = outcome == sys::lock_outcome::locked || formatted == 0 || heap.rebuild();
  const bool good =
      repaired && (formatted == 0 || formatted == heap_header::formatted_mark) && heap.is_plausible();
  if (repaired) {
    h.mutex.unlock();
  } else {
    h.mutex.unlock_unrepaired();
  }
  if (!good) refuse(errc::foreign_segment, "the head of the heap is damaged");
}

held_heap::held_heap(void* memory, std::size_t bytes) : held_heap(memory, bytes, longest_wait) {
  if (!x_held) fail_to_wait(x_heap.header());
}

held_heap::held_heap(void* memory, std::size_t bytes, std::chrono::milliseconds at_most)
    : x_heap(memory, bytes), x_held(lock_repaired(x_heap, at_most) == sys::lock_outcome::locked) {}

}  // namespace acre::inline v1
