#include "area/unmap_queue.hpp"

#include <cerrno>
#include <mutex>
#include <new>

#include "base/fork_handlers.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

constinit small_mutex process_mutex;
constinit unmap_queue queue_of_process{{sys::unmap, sys::unlock, sys::discard}, process_mutex};

// As early as can be, see fork_handlers.hpp; others' static constructors may come first.
[[maybe_unused]] const bool areas_are_held_from_the_start =
    hold_mutex_in_fork<fork_part::areas, process_mutex>();

}  // namespace

unmap_queue& unmap_queue::of_process() {
  hold_mutex_in_fork<fork_part::areas, process_mutex>();
  return queue_of_process;
}

/// \returns whether the range is gone: any error but ENOMEM is for ever
bool unmap_queue::try_unmap(const range& r) const noexcept { return x_kernel.unmap(r.p, r.bytes) != ENOMEM; }

auto unmap_queue::first_from(const std::byte* p) const noexcept -> entry* {
  return x_entries.edge(0, [=](entry& e) { return e.all().p >= p; });
}

/// The entries that end where the range begins, and begin where it ends; null: none.
auto unmap_queue::beside(const range& r) const noexcept -> std::array<entry*, 2> {
  entry* before = x_entries.edge(1, [&](entry& e) { return e.all().p <= r.p; });
  if (before != nullptr && before->all().p + before->bytes != r.p) before = nullptr;
  entry* after = first_from(r.p + r.bytes);
  if (after != nullptr && after->all().p != r.p + r.bytes) after = nullptr;
  return {before, after};
}

bool unmap_queue::try_again(entry& e) noexcept {
  const range r = e.all();
  x_entries.erase(e);
  if (try_unmap(r)) {
    x_waiting.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  x_entries.insert(e);
  return false;
}

/// Together with those beside it the range may be a whole mapping of the kernel's, or the end of one: that needs no
/// further one. If not, all of them wait as one.
void unmap_queue::unmap_together(const range& r) noexcept {
  range all = r;
  for (entry* const e : beside(r)) {
    if (e == nullptr) continue;
    if (e->all().p < all.p) all.p = e->all().p;
    all.bytes += e->bytes;
    x_entries.erase(*e);
    x_waiting.fetch_sub(1, std::memory_order_relaxed);
  }
  if (try_unmap(all)) {
    x_waiting.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  const std::byte* const kept = all.p;
  for (std::byte* const part : {r.p, r.p + r.bytes}) {
    if (part != kept && part < all.p + all.bytes) x_kernel.discard(part, sys::page_size());
  }
  entry* const e = ::new (static_cast<void*>(all.p)) entry;
  e->bytes = all.bytes;
  x_entries.insert(*e);
}

/// After r went: what is beside it is the end of a mapping now. There may be room for others, too; they take turns.
void unmap_queue::go_on_after(const range& r) noexcept {
  for (entry* const e : beside(r)) {
    if (e != nullptr) try_again(*e);
  }
  // More go with each call than can have come with it, as long as there is room.
  constexpr int most = 4;
  for (int i = 0; i != most; ++i) {
    entry* next = first_from(x_next_turn);
    if (next == nullptr) next = x_entries.first();
    if (next == nullptr) return;
    x_next_turn = next->all().p + 1;
    if (!try_again(*next)) return;
  }
}

void unmap_queue::unmap(void* p, std::size_t bytes) noexcept {
  const range r{static_cast<std::byte*>(p), bytes};
  if (try_unmap(r)) {
    // Looked at after the call: see below.
    if (waiting() == 0) return;
    const std::lock_guard lock(x_mutex);
    return go_on_after(r);
  }
  // Only private memory without huge pages of its own is part of a larger mapping. The first page stays for the entry.
  x_kernel.unlock(p, bytes);
  const std::size_t page = sys::page_size();
  if (bytes > page) x_kernel.discard(r.p + page, bytes - page);
  const std::lock_guard lock(x_mutex);
  // Before the kernel is asked again: it answers one after the other, so whoever unmaps what is beside this
  // afterwards sees that something waits. Relaxed: the kernel's lock orders it.
  x_waiting.fetch_add(1, std::memory_order_relaxed);
  unmap_together(r);
}

}  // namespace acre::inline v1
