// run_map: which units are used, and where a run of free ones begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pool/bit_map.hpp"

namespace acre::inline v1 {

/// A bit for each unit, and above each 64 of them a binary tree that knows of every part how many free units it begins
/// with, ends with, and has in its longest run. The work of every function grows with the logarithm of the size and
/// with the length of the run, never with the number of runs.
/// \safety none
class run_map {
 public:
  /// All free.
  /// \throws std::bad_alloc
  explicit run_map(std::size_t units);

  std::size_t size() const noexcept { return x_used.size(); }
  const bit_map& used() const noexcept { return x_used; }

  /// The run becomes used.
  void take(std::size_t first, std::size_t count) noexcept;
  /// The run becomes free.
  void give(std::size_t first, std::size_t count) noexcept;

  /// The length of the longest free run.
  std::size_t longest() const noexcept { return x_nodes[1].longest; }
  /// Where the first run of `count` free units at or after `from` begins; size() if there is none.
  /// \param count at least 1
  std::size_t find(std::size_t count, std::size_t from = 0) const noexcept;

 private:
  /// Of a part of the map: free units.
  struct node {
    std::uint32_t before = 0;  ///< those it begins with
    std::uint32_t after = 0;   ///< those it ends with
    std::uint32_t longest = 0;
    friend bool operator==(const node&, const node&) = default;
  };
  static node of_word(std::uint64_t free) noexcept;
  static node joined(const node& left, const node& right, std::size_t units_of_each) noexcept;
  std::uint64_t free_bits(std::size_t word) const noexcept;
  void update(std::size_t first, std::size_t count) noexcept;
  /// Goes on behind `carried` free units; the run is in the part, or ends in it.
  std::size_t find_within(std::size_t part, std::size_t count, std::size_t carried) const noexcept;
  /// Units of all parts on a node's level.
  std::size_t units_of(std::size_t part) const noexcept;
  std::size_t first_unit_of(std::size_t part) const noexcept;

  bit_map x_used;
  std::size_t x_leaves;  ///< a power of two
  /// [1] is the root; [n] is above [2n] and [2n + 1]; a leaf for each word of x_used.
  std::vector<node> x_nodes;
};

}  // namespace acre::inline v1
