// slab_index: the slabs of a pool, found by what they have room for and what is to be done with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/summed_tree.hpp"
#include "pool/slab.hpp"

namespace acre::inline v1 {

/// In the order of their addresses. The work of every function but for_each() grows with the logarithm of the number of
/// slabs.
/// \safety none; page_heap locks
class slab_index {
 public:
  slab_index() = default;
  slab_index(const slab_index&) = delete;
  slab_index& operator=(const slab_index&) = delete;
  ~slab_index() { clear(); }

  slab& add(std::unique_ptr<slab> s) noexcept;
  std::unique_ptr<slab> remove(slab& s) noexcept;
  void clear() noexcept;
  /// To be called after anything was done with a slab.
  void update(slab& s) noexcept;

  /// The slab that has the address; null: none.
  slab* with(const void* p) const noexcept;
  /// The lowest that may have such a run, aligned to up to 256 units: one for which slab::take() fails is not found
  /// again until it was given back to.
  slab* first_with_room(std::size_t units, std::size_t alignment) const noexcept;
  /// The lowest that begins at `from` or later and has one of the marks.
  slab* first_marked(unsigned marks, const void* from) const noexcept;
  /// The highest that begins below `below` and has one of the marks.
  slab* last_marked(unsigned marks, const void* below) const noexcept;

  /// In order.
  template <class F>
  void for_each(F f) const {
    for (slab* s = x_slabs.first(); s != nullptr; s = x_slabs.neighbour(*s, 1)) f(*s);
  }

 private:
  struct by_address {
    static tree_links<slab>& links(slab& s) noexcept { return s.x_links; }
    static bool before(const slab& a, const slab& b) noexcept { return a.base() < b.base(); }
    static bool sum_up(slab& s, const slab* left, const slab* right) noexcept;
    static bool sum_up_room(slab& s, const slab* left, const slab* right) noexcept;
  };
  static std::uint32_t room_of_part(const slab& root, std::size_t power) noexcept;

  summed_tree<slab, by_address> x_slabs;
};

}  // namespace acre::inline v1
