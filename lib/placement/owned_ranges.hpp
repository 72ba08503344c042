// owned_ranges: memory whose owner hands parts of it out again and again, and what migrate() does to it meanwhile.
#pragma once

#include <acre/plan.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/summed_tree.hpp"

namespace acre::inline v1 {

/// Part of a range that has, or gets, another policy than its owner gave it.
struct displaced_part {
  std::uintptr_t begin;
  std::uintptr_t end;
  policy was;  ///< the owner's

  void* data() const noexcept { return reinterpret_cast<void*>(begin); }
  void* last() const noexcept { return reinterpret_cast<void*>(end - 1); }
  std::size_t bytes() const noexcept { return end - begin; }
};

/// Addresses that somebody owns who hands parts of them out. Who gives such a part another policy notes it here
/// before, and the owner puts it right before the next one gets it.
/// \safety all functions from any thread, but for enter() and leave(); a range leaves before what overrides its
///   functions ends. One lock for all ranges, which is taken last; fork() holds it.
class owned_range {
 public:
  struct rules {
    /// The policy of all of it; nothing: there are several, or it is not known.
    std::optional<policy> home = {};
    /// Parts are noted, and taken, in whole pieces: what cannot be moved in parts. A power of two.
    std::size_t piece = 1;
  };

  owned_range() = default;
  owned_range(const owned_range&) = delete;
  owned_range& operator=(const owned_range&) = delete;
  virtual ~owned_range() { leave(); }

  /// From now on it is found by its addresses.
  void enter(const void* p, std::size_t bytes, const rules& how);
  /// From now on it is not found; what was noted is forgotten. A second call does nothing.
  void leave() noexcept;

  /// rules::piece
  std::size_t piece() const noexcept { return x_rules.piece; }
  /// False: nothing is displaced, and nobody is just putting anything right. relaxed: who gave a part back that was
  /// moved has seen the note, and whatever orders that before its next use orders this load behind the note.
  bool has_displaced() const noexcept { return x_has_displaced.load(std::memory_order_relaxed); }

  /// What of a part is to be put right, taken out of the notes. What is left when this ends goes back there.
  class taken {
   public:
    /// \throws std::bad_alloc; nothing is taken then
    taken(owned_range& from, const void* p, std::size_t bytes);
    taken(const taken&) = delete;
    taken& operator=(const taken&) = delete;
    ~taken();

    bool empty() const noexcept { return x_parts.empty(); }
    const displaced_part& front() const noexcept { return x_parts.begin()->second; }
    /// The first part has the owner's policy again.
    void pop_front() noexcept { x_parts.erase(x_parts.begin()); }

   private:
    owned_range& x_from;
    std::map<std::uintptr_t, displaced_part> x_parts;
  };

 private:
  friend class range_owners;
  /// Parts that do not overlap, by where they begin.
  using parts = std::map<std::uintptr_t, displaced_part>;

  struct by_address {
    static tree_links<owned_range>& links(owned_range& r) noexcept { return r.x_links; }
    static bool before(const owned_range& a, const owned_range& b) noexcept;
    static bool sum_up(owned_range& r, const owned_range* left, const owned_range* right) noexcept;
  };
  using tree = summed_tree<owned_range, by_address>;
  static tree all;

  /// Whether blocks that nobody looks at when they are handed out again have a page of the part. Called under the lock.
  virtual bool has_small_blocks(std::uintptr_t, std::uintptr_t) const noexcept { return false; }

  template <class F>
  static void for_each(std::uintptr_t begin, std::uintptr_t end, F f);
  static owned_range* find(const owned_range* range, std::uintptr_t address) noexcept;
  std::pair<std::uintptr_t, std::uintptr_t> whole_pieces(std::uintptr_t begin,
                                                         std::uintptr_t end) const noexcept;
  // Under the lock.
  parts::iterator first_displaced(std::uintptr_t begin) noexcept;
  std::size_t add(const displaced_part& p, parts* nodes) noexcept;
  void update() noexcept;

  std::uintptr_t x_begin = 0;
  std::uintptr_t x_end = 0;  ///< x_begin: not registered
  std::uintptr_t x_last{};   ///< the end of the part of the tree
  rules x_rules;
  tree_links<owned_range> x_links{};
  parts x_displaced;
  unsigned x_taken = 0;  ///< `taken`s there are
  std::atomic<bool> x_has_displaced = false;
};

/// The owners of a range of addresses, for who is about to give it other policies.
class range_owners {
 public:
  struct part {
    const owned_range* owner;
    std::uintptr_t begin;
    std::uintptr_t end;
    std::optional<policy> home;  ///< of all of it
    bool has_small_blocks;       ///< that nobody looks at when they are handed out again
    bool had_displaced;          ///< something of the owner's was before
  };

  /// \throws std::bad_alloc
  range_owners(std::uintptr_t begin, std::uintptr_t end);
  const std::vector<part>& parts() const noexcept { return x_parts; }

  /// Notes, in one of these parts, what is displaced from now on. Of what is already, the first note counts.
  /// \throws std::bad_alloc; nothing is noted then
  static void note(const owned_range* owner, const std::vector<displaced_part>& displaced);
  /// Forgets what is noted of these parts, for nothing was done: of owners that had nothing displaced before.
  void withdraw() const noexcept;

 private:
  std::vector<part> x_parts;
};

}  // namespace acre::inline v1
