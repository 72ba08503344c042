#include "area/unmap_queue.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <new>

#include "area/cold_mutex.hpp"
#include "base/summed_tree.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1::unmap_queue {
namespace {

struct range {
  std::byte* p;
  std::size_t bytes;
};

/// In the first page of a range that waits. No two of them touch.
struct entry {
  tree_links<entry> links{};
  std::size_t bytes = 0;

  range all() noexcept { return {reinterpret_cast<std::byte*>(this), bytes}; }
};

struct by_address {
  static tree_links<entry>& links(entry& e) noexcept { return e.links; }
  static bool before(const entry& a, const entry& b) noexcept { return &a < &b; }
  static bool sum_up(entry&, const entry*, const entry*) noexcept { return false; }
};

// All below under cold_mutex(), but for reading the counter.
constinit summed_tree<entry, by_address> entries;
/// The entry that was tried last was here.
constinit std::byte* last_tried = nullptr;
constinit std::atomic<std::size_t> count{0};
/// Only a statistic.
constinit std::atomic<std::uint64_t> calls_made{0};

/// \returns whether the range is gone: any error but ENOMEM is for ever
bool try_unmap(const range& r) noexcept {
  calls_made.fetch_add(1, std::memory_order_relaxed);
  return sys::unmap(r.p, r.bytes) != ENOMEM;
}

entry* last_up_to(const std::byte* p) noexcept {
  return entries.edge(1, [=](entry& e) { return e.all().p <= p; });
}

entry* first_from(const std::byte* p) noexcept {
  return entries.edge(0, [=](entry& e) { return e.all().p >= p; });
}

/// The entries that end where the range begins, and begin where it ends; null: none.
std::array<entry*, 2> beside(const range& r) noexcept {
  entry* before = last_up_to(r.p);
  if (before != nullptr && before->all().p + before->bytes != r.p) before = nullptr;
  entry* after = first_from(r.p + r.bytes);
  if (after != nullptr && after->all().p != r.p + r.bytes) after = nullptr;
  return {before, after};
}

bool try_again(entry& e) noexcept {
  const range r = e.all();
  entries.erase(e);
  if (try_unmap(r)) {
    count.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  entries.insert(e);
  return false;
}

/// Together with those beside it the range may be a whole mapping of the kernel's, or the end of one: that needs no further
/// one. If not, all of them wait as one.
void unmap_together(const range& r) noexcept {
  range all = r;
  for (entry* const e : beside(r)) {
    if (e == nullptr) continue;
    if (e->all().p < all.p) all.p = e->all().p;
    all.bytes += e->bytes;
    entries.erase(*e);
    count.fetch_sub(1, std::memory_order_relaxed);
  }
  if (try_unmap(all)) {
    count.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  const std::byte* const kept = all.p;
  for (std::byte* const part : {r.p, r.p + r.bytes}) {
    if (part != kept && part < all.p + all.bytes) sys::discard(part, sys::page_size());
  }
  entry* const e = ::new (static_cast<void*>(all.p)) entry;
  e->bytes = all.bytes;
  entries.insert(*e);
}

/// After r went: what is beside it is the end of a mapping now. There may be room for others, too; they take turns.
void go_on_after(const range& r) noexcept {
  for (entry* const e : beside(r)) {
    if (e != nullptr) try_again(*e);
  }
  // More go with each call than can have come with it, as long as there is room.
  constexpr int most = 4;
  for (int i = 0; i != most; ++i) {
    entry* next = first_from(last_tried);
    if (next == nullptr) next = entries.first();
    if (next == nullptr) return;
    last_tried = next->all().p + 1;
    if (!try_again(*next)) return;
  }
}

}  // namespace

std::size_t waiting() noexcept { return count.load(std::memory_order_relaxed); }
std::uint64_t calls() noexcept { return calls_made.load(std::memory_order_relaxed); }

void unmap(void* p, std::size_t bytes) noexcept {
  const range r{static_cast<std::byte*>(p), bytes};
  if (sys::unmap(p, bytes) != ENOMEM) {
    // Looked at after the call: see below.
    if (waiting() == 0) return;
    const std::lock_guard lock(cold_mutex());
    return go_on_after(r);
  }
  // Only private memory without huge pages of its own is part of a larger mapping. The first page stays for the entry.
  sys::unlock(p, bytes);
  const std::size_t page = sys::page_size();
  if (bytes > page) sys::discard(r.p + page, bytes - page);
  const std::lock_guard lock(cold_mutex());
  // Before the kernel is asked again: it answers one after the other, so whoever unmaps what is beside this afterwards sees
  // that something waits. Relaxed: the kernel's lock orders it.
  count.fetch_add(1, std::memory_order_relaxed);
  unmap_together(r);
}

}  // namespace acre::inline v1::unmap_queue
