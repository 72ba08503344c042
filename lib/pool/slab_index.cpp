#include "pool/slab_index.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace acre::inline v1 {

bool slab_index::by_address::sum_up(slab& s, const slab* left, const slab* right) noexcept {
  slab_summary all = s.x_own;
  for (const slab* const part : {left, right}) {
    if (part == nullptr) continue;
    all.longest = std::max(all.longest, part->x_part.longest);
    all.marks |= part->x_part.marks;
  }
  const bool changed = all != s.x_part;
  s.x_part = all;
  if (all.marks < slab_summary::is_unaligned) [[likely]]
    return changed;
  return sum_up_room(s, left, right) || changed;
}

bool slab_index::by_address::sum_up_room(slab& s, const slab* left, const slab* right) noexcept {
  bool changed = false;
  for (unsigned bits = s.x_part.marks / slab_summary::is_unaligned; bits != 0; bits &= bits - 1) {
    const auto power = static_cast<std::size_t>(std::countr_zero(bits));
    std::uint32_t most = s.aligned_room(power);
    if (left != nullptr) most = std::max(most, room_of_part(*left, power));
    if (right != nullptr) most = std::max(most, room_of_part(*right, power));
    changed = changed || s.x_part_room[power] != most;
    s.x_part_room[power] = most;
  }
  return changed;
}

std::uint32_t slab_index::room_of_part(const slab& root, std::size_t power) noexcept {
  const bool less = (root.x_part.marks & slab_summary::is_unaligned << power) != 0;
  return less ? root.x_part_room[power] : root.x_part.longest;
}

slab& slab_index::add(std::unique_ptr<slab> s) noexcept {
  slab& added = *s.release();
  added.x_own = added.summary();
  x_slabs.insert(added);
  return added;
}

std::unique_ptr<slab> slab_index::remove(slab& s) noexcept {
  x_slabs.erase(s);
  return std::unique_ptr<slab>(&s);
}

void slab_index::clear() noexcept {
  while (slab* const s = x_slabs.root()) remove(*s);
}

void slab_index::update(slab& s) noexcept {
  const slab_summary now = s.summary();
  if (now == s.x_own && now.marks < slab_summary::is_unaligned) return;
  s.x_own = now;
  x_slabs.update(s);
}

slab* slab_index::with(const void* p) const noexcept {
  slab* const s = x_slabs.edge(1, [=](const slab& at) { return at.base() <= p; });
  return s != nullptr && s->contains(p) ? s : nullptr;
}

slab* slab_index::first_with_room(std::size_t units, std::size_t alignment) const noexcept {
  const std::size_t power = slab::power_of(alignment);
  return x_slabs.find(
      0, [=](const slab& part) { return room_of_part(part, power) >= units; },
      [=](const slab& s) { return s.aligned_room(power) >= units; });
}

slab* slab_index::first_marked(unsigned marks, const void* from) const noexcept {
  return x_slabs.find_from(
      x_slabs.edge(0, [=](const slab& s) { return s.base() >= from; }), 0,
      [=](const slab& part) { return (part.x_part.marks & marks) != 0; },
      [=](const slab& s) { return (s.x_own.marks & marks) != 0; });
}

slab* slab_index::last_marked(unsigned marks, const void* below) const noexcept {
  return x_slabs.find_from(
      x_slabs.edge(1, [=](const slab& s) { return s.base() < below; }), 1,
      [=](const slab& part) { return (part.x_part.marks & marks) != 0; },
      [=](const slab& s) { return (s.x_own.marks & marks) != 0; });
}

}  // namespace acre::inline v1
