#include "placement/owned_ranges.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <mutex>

#include "base/fork_handlers.hpp"
#include "base/small_mutex.hpp"

namespace acre::inline v1 {
namespace {

constinit small_mutex ranges_mutex;
bool hold_ranges_in_fork() { return hold_mutex_in_fork<fork_part::ranges, ranges_mutex>(); }
// As early as can be, see fork_handlers.hpp; others' static constructors may come first.
[[maybe_unused]] const bool ranges_are_held_from_the_start = hold_ranges_in_fork();

/// Notes are made of nodes that were there before the lock was taken: operator new may have locks of its own.
template <class Parts>
void reserve(Parts& nodes, std::size_t count) {
  while (nodes.size() < count) nodes.try_emplace(nodes.size());
}

template <class Parts>
void place(Parts& to, Parts& nodes, const displaced_part& p) noexcept {
  auto node = nodes.extract(std::prev(nodes.end()));
  node.key() = p.begin;
  node.mapped() = p;
  to.insert(std::move(node));
}

}  // namespace

constinit owned_range::tree owned_range::all;

// Ranges of pools lie within those of the pool that they are over, and may begin where it does.
bool owned_range::by_address::before(const owned_range& a, const owned_range& b) noexcept {
  return a.x_begin != b.x_begin ? a.x_begin < b.x_begin : std::less<>{}(&a, &b);
}

bool owned_range::by_address::sum_up(owned_range& r, const owned_range* left,
                                     const owned_range* right) noexcept {
  std::uintptr_t last = r.x_end;
  if (left != nullptr) last = std::max(last, left->x_last);
  if (right != nullptr) last = std::max(last, right->x_last);
  return std::exchange(r.x_last, last) != last;
}

/// Calls f for all that have an address of the range.
template <class F>
void owned_range::for_each(std::uintptr_t begin, std::uintptr_t end, F f) {
  const auto has = [=](const owned_range& part) { return part.x_last > begin; };
  const auto is = [=](const owned_range& r) { return r.x_end > begin; };
  for (owned_range* r = all.find(0, has, is); r != nullptr && r->x_begin < end;
       r = tree::find_from(tree::neighbour(*r, 1), 0, has, is)) {
    f(*r);
  }
}

/// The range itself, if it still is one and has the address.
owned_range* owned_range::find(const owned_range* range, std::uintptr_t address) noexcept {
  owned_range* found = nullptr;
  for_each(address, address + 1, [&](owned_range& r) {
    if (&r == range) found = &r;
  });
  return found;
}

void owned_range::enter(const void* p, std::size_t bytes, const rules& how) {
  hold_ranges_in_fork();
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  const std::lock_guard guard(ranges_mutex);
  x_begin = first;
  x_end = first + bytes;
  x_rules = how;
  all.insert(*this);
}

void owned_range::leave() noexcept {
  parts gone;  // after the lock
  const std::lock_guard guard(ranges_mutex);
  if (x_begin == x_end) return;
  all.erase(*this);
  x_end = x_begin;
  gone.swap(x_displaced);
  update();
}

std::pair<std::uintptr_t, std::uintptr_t> owned_range::whole_pieces(std::uintptr_t begin,
                                                                    std::uintptr_t end) const noexcept {
  const std::uintptr_t rest = x_rules.piece - 1;
  return {std::max(x_begin, begin & ~rest), std::min(x_end, (end + rest) & ~rest)};
}

/// The first that ends behind `begin`.
owned_range::parts::iterator owned_range::first_displaced(std::uintptr_t begin) noexcept {
  auto at = x_displaced.upper_bound(begin);
  if (at != x_displaced.begin() && std::prev(at)->second.end > begin) --at;
  return at;
}

/// Adds what is not there yet of a part.
/// \param nodes null: to count
/// \returns how many nodes it takes
std::size_t owned_range::add(const displaced_part& p, parts* nodes) noexcept {
  std::size_t count = 0;
  auto next = first_displaced(p.begin);
  for (std::uintptr_t at = p.begin; at < p.end;) {
    const std::uintptr_t free_end = next == x_displaced.end() ? p.end : std::min(p.end, next->second.begin);
    if (at < free_end) {
      ++count;
      if (nodes != nullptr) place(x_displaced, *nodes, {at, free_end, p.was});
    }
    if (next == x_displaced.end()) break;
    at = next->second.end;
    ++next;
  }
  return count;
}

void owned_range::update() noexcept {
  x_has_displaced.store(!x_displaced.empty() || x_taken != 0, std::memory_order_relaxed);
}

owned_range::taken::taken(owned_range& from, const void* p, std::size_t bytes) : x_from(from) {
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  const auto [begin, end] = from.whole_pieces(first, first + bytes);
  parts nodes;
  reserve(nodes, 2);  // what is cut off at both ends
  const std::lock_guard guard(ranges_mutex);
  for (auto at = from.first_displaced(begin); at != from.x_displaced.end() && at->second.begin < end;) {
    auto node = from.x_displaced.extract(at++);
    displaced_part& part = node.mapped();
    if (part.begin < begin) {
      place(from.x_displaced, nodes, {part.begin, begin, part.was});
      node.key() = part.begin = begin;
    }
    if (part.end > end) {
      place(from.x_displaced, nodes, {end, part.end, part.was});
      part.end = end;
    }
    x_parts.insert(std::move(node));
  }
  ++from.x_taken;
  from.update();
}

owned_range::taken::~taken() {
  const std::lock_guard guard(ranges_mutex);
  x_from.x_displaced.merge(x_parts);
  --x_from.x_taken;
  x_from.update();
}

range_owners::range_owners(std::uintptr_t begin, std::uintptr_t end) {
  hold_ranges_in_fork();
  for (;;) {
    std::size_t count = 0;
    {
      const std::lock_guard guard(ranges_mutex);
      owned_range::for_each(begin, end, [&](const owned_range& r) {
        if (++count > x_parts.capacity()) return;
        const auto [first, last] = r.whole_pieces(std::max(begin, r.x_begin), std::min(end, r.x_end));
        x_parts.push_back(
            {&r, first, last, r.x_rules.home, r.has_small_blocks(first, last), r.has_displaced()});
      });
    }
    if (count <= x_parts.capacity()) return;
    x_parts.clear();
    x_parts.reserve(count);
  }
}

void range_owners::note(const owned_range* owner, const std::vector<displaced_part>& displaced) {
  if (displaced.empty()) return;
  owned_range::parts nodes;
  for (std::size_t count = displaced.size();;) {
    reserve(nodes, count);
    const std::lock_guard guard(ranges_mutex);
    count = 0;
    owned_range* const found = owned_range::find(owner, displaced.front().begin);
    if (found == nullptr) return;  // given back meanwhile
    for (const displaced_part& p : displaced) count += found->add(p, nullptr);
    if (count > nodes.size()) continue;
    for (const displaced_part& p : displaced) found->add(p, &nodes);
    found->update();
    return;
  }
}

void range_owners::withdraw() const noexcept {
  std::multimap<std::uintptr_t, displaced_part> gone;  // after the lock
  const std::lock_guard guard(ranges_mutex);
  for (const part& p : x_parts) {
    if (p.had_displaced) continue;
    owned_range* const found = owned_range::find(p.owner, p.begin);
    if (found == nullptr) continue;
    auto& notes = found->x_displaced;
    for (auto at = notes.lower_bound(p.begin); at != notes.end() && at->second.end <= p.end;) {
      gone.insert(notes.extract(at++));
    }
    found->update();
  }
}

}  // namespace acre::inline v1
