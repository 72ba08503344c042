// mapping_store: mappings of single large blocks, live ones and ones kept for the next block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/summed_tree.hpp"
#include "pool/page_source.hpp"

namespace acre::inline v1 {

/// Books only: maps and unmaps nothing. The work of every function grows with the logarithm of what there is.
/// \safety none; page_heap locks
class mapping_store {
 public:
  /// Made before the lock is taken, so that nothing can fail, or takes long, under it.
  struct mapping {
    void* p = nullptr;
    std::size_t bytes = 0;
    std::size_t alignment = 0;
    owned_range range;  ///< from when there is one

   private:
    friend mapping_store;
    tree_links<mapping> links{};
    mapping* older = nullptr;  ///< of those kept
    mapping* newer = nullptr;
    std::uint64_t kept_as = 0;  ///< how many were kept before this one
    std::uint8_t zeroes = 0;    ///< bits that the address ends with: what it is aligned to
    /// The most zeroes of this one and of those below it in the tree of kept ones.
    std::uint8_t most_zeroes = 0;
  };

  /// \param reuse any: a kept mapping serves blocks that are up to an eighth smaller; same_size: those exactly of its
  ///   size and alignment
  explicit mapping_store(page_reuse reuse) noexcept : x_reuse(reuse) {}
  mapping_store(const mapping_store&) = delete;
  mapping_store& operator=(const mapping_store&) = delete;
  /// When there are none any more.
  ~mapping_store() = default;

  /// A live one from now on.
  void add(std::unique_ptr<mapping> m) noexcept;
  /// The live one that begins at p; null if there is none.
  mapping* find(const void* p) const noexcept;
  /// Takes a live one out.
  std::unique_ptr<mapping> remove(mapping& m) noexcept;
  /// Keeps one that was live.
  void keep(mapping& m) noexcept;

  /// A kept mapping for a block, live from now on; of those that fit the smallest, of equals the one used last.
  /// \returns null if there is none
  mapping* reuse(std::size_t bytes, std::size_t alignment) noexcept;

  /// Takes the mapping out that was kept longest; with only_old, only if it was kept before the last age().
  /// \returns null if there is none
  std::unique_ptr<mapping> drop(bool only_old) noexcept;
  void age() noexcept { x_young = x_kept_so_far; }

  /// Takes any live one out; null when there is none.
  std::unique_ptr<mapping> remove_any() noexcept;

  std::size_t live_bytes() const noexcept { return x_live_bytes; }
  std::size_t kept_bytes() const noexcept { return x_kept_bytes; }
  /// Calls f(p, bytes) for all, live and kept.
  template <class F>
  void for_each(F f) const {
    for (mapping* m = x_live.first(); m != nullptr; m = x_live.neighbour(*m, 1)) f(m->p, m->bytes);
    for (const mapping* m = x_oldest; m != nullptr; m = m->newer) f(m->p, m->bytes);
  }

 private:
  struct by_address {
    static tree_links<mapping>& links(mapping& m) noexcept { return m.links; }
    static bool before(const mapping& a, const mapping& b) noexcept { return a.p < b.p; }
    static bool sum_up(mapping&, const mapping*, const mapping*) noexcept { return false; }
  };
  struct by_size {
    static tree_links<mapping>& links(mapping& m) noexcept { return m.links; }
    static bool before(const mapping& a, const mapping& b) noexcept;
    static bool sum_up(mapping& m, const mapping* left, const mapping* right) noexcept;
  };

  mapping* find_kept(std::size_t bytes, std::size_t alignment) const noexcept;
  void let_go(mapping& m) noexcept;

  const page_reuse x_reuse;
  summed_tree<mapping, by_address> x_live;
  summed_tree<mapping, by_size> x_kept;
  mapping* x_oldest = nullptr;  ///< of those kept
  mapping* x_newest = nullptr;
  std::uint64_t x_kept_so_far = 0;
  std::uint64_t x_young = 0;  ///< what kept_as says of the first one that was kept since the last age()
  std::size_t x_live_bytes = 0;
  std::size_t x_kept_bytes = 0;
};

}  // namespace acre::inline v1
