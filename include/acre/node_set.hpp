/// \file
/// A set of NUMA nodes by their OS numbers, as a regular value without allocation.
#pragma once

#include <acre/export.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>

namespace acre::inline v1 {

/// The number of a node as the operating system has it: the N of /sys/devices/system/node/nodeN.
using node_id = unsigned;

/// A set of node numbers 0..1023 (Linux's largest MAX_NUMNODES). Regular, constexpr, never allocates: 128 bytes.
/// \safety a value: const calls from any thread.
class node_set {
 public:
  /// One more than the largest node number.
  static constexpr node_id max_nodes = 1024;

  class iterator;
  using const_iterator = iterator;  ///< members are read, never written
  using value_type = node_id;       ///< for the standard library

  /// The empty set.
  constexpr node_set() noexcept = default;

  /// Of these nodes; a number may come twice.
  /// \throws error errc::unknown_node for a number of max_nodes or above.
  constexpr node_set(std::initializer_list<node_id> nodes) {
    for (node_id n : nodes) insert(n);
  }

  /// Reads what numactl's users type: "0-3,8", "all", "!1" (all but 1), "+0-1" (the first two nodes that the
  /// process may use). "all", "!" and "+" are relative to topology::system().default_nodes(); the machine is
  /// looked at only if one of them is there. An empty text is an error, "none" is the empty set.
  /// \throws error errc::invalid_text with the position of the mistake: trailing junk, overflow, a reversed
  ///   range, a relative node beyond the universe.
  [[nodiscard]] ACRE_API static node_set parse(std::string_view text);

  /// The same, with "all", "!" and "+" relative to `universe`: a pure function.
  [[nodiscard]] ACRE_API static node_set parse(std::string_view text, const node_set& universe);

  /// False for any number of max_nodes or above, too.
  [[nodiscard]] constexpr bool contains(node_id node) const noexcept {
    return node < max_nodes && (x_words[node / 64] >> (node % 64) & 1) != 0;
  }
  /// True if all of `other` are members; so for an empty one.
  [[nodiscard]] constexpr bool contains(const node_set& other) const noexcept {
    return (other - *this).empty();
  }
  /// True if one of `other` at least is a member.
  [[nodiscard]] constexpr bool intersects(const node_set& other) const noexcept {
    return !(*this & other).empty();
  }
  /// True without members.
  [[nodiscard]] constexpr bool empty() const noexcept { return *this == node_set{}; }
  /// How many members there are; counted anew by each call.
  [[nodiscard]] constexpr std::size_t size() const noexcept {
    std::size_t n = 0;
    for (std::uint64_t w : x_words) n += static_cast<std::size_t>(std::popcount(w));
    return n;
  }
  /// The smallest member. The set must not be empty.
  [[nodiscard]] constexpr node_id first() const noexcept { return next(0); }

  /// Nothing changes if it is a member.
  /// \throws error errc::unknown_node for a number of max_nodes or above
  constexpr node_set& insert(node_id node) {
    if (node >= max_nodes) reject(node);
    x_words[node / 64] |= std::uint64_t{1} << (node % 64);
    return *this;
  }
  /// Nothing changes if it is no member.
  constexpr node_set& erase(node_id node) noexcept {
    if (node < max_nodes) x_words[node / 64] &= ~(std::uint64_t{1} << (node % 64));
    return *this;
  }
  /// Leaves the empty set.
  constexpr void clear() noexcept { x_words = {}; }

  /// Adds the members of `o`.
  constexpr node_set& operator|=(const node_set& o) noexcept {
    for (std::size_t i = 0; i < words; ++i) x_words[i] |= o.x_words[i];
    return *this;
  }
  /// Keeps only what `o` has, too.
  constexpr node_set& operator&=(const node_set& o) noexcept {
    for (std::size_t i = 0; i < words; ++i) x_words[i] &= o.x_words[i];
    return *this;
  }
  /// Takes the members of `o` away.
  constexpr node_set& operator-=(const node_set& o) noexcept {
    for (std::size_t i = 0; i < words; ++i) x_words[i] &= ~o.x_words[i];
    return *this;
  }
  /// The nodes of either.
  friend constexpr node_set operator|(node_set a, const node_set& b) noexcept { return a |= b; }
  /// The nodes of both.
  friend constexpr node_set operator&(node_set a, const node_set& b) noexcept { return a &= b; }
  /// The nodes of `a` that `b` has not.
  friend constexpr node_set operator-(node_set a, const node_set& b) noexcept { return a -= b; }
  /// True if both have the same members.
  friend constexpr bool operator==(const node_set&, const node_set&) noexcept = default;

  /// At the smallest member; members come in increasing order. Equal to end() if there are none.
  [[nodiscard]] constexpr iterator begin() const noexcept;
  /// Behind the largest member.
  [[nodiscard]] constexpr iterator end() const noexcept;

  /// "0-3,8"; "none" for the empty set. parse() reads it back.
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const node_set& nodes);

  /// For hash tables: equal sets have equal hashes. std::hash gives the same.
  [[nodiscard]] ACRE_API std::size_t hash() const noexcept;

 private:
  static constexpr std::size_t words = max_nodes / 64;
  [[noreturn]] ACRE_API static void reject(node_id node);

  /// The smallest member at or above `from`, max_nodes if there is none.
  constexpr node_id next(node_id from) const noexcept {
    for (std::size_t i = from / 64; i < words; ++i) {
      const std::uint64_t w = i == from / 64 ? x_words[i] & (~std::uint64_t{0} << (from % 64)) : x_words[i];
      if (w != 0) return static_cast<node_id>(i * 64 + static_cast<std::size_t>(std::countr_zero(w)));
    }
    return max_nodes;
  }

  std::array<std::uint64_t, words> x_words{};
};

/// Goes over the members of a set in increasing order. The set must live as long; it may change meanwhile: what is
/// inserted behind the iterator's place comes, too, and what is erased there does not.
class node_set::iterator {
 public:
  using iterator_concept = std::forward_iterator_tag;  ///< of C++20
  using iterator_category = std::input_iterator_tag;   ///< of C++17, whose forward ones must give references
  using value_type = node_id;                          ///< for the standard library
  using difference_type = std::ptrdiff_t;              ///< for the standard library
  using pointer = void;                                ///< there is nothing to point to
  using reference = node_id;                           ///< members are given by value

  /// Of no set: may be compared and assigned to.
  constexpr iterator() noexcept = default;
  /// The member, by value. Not of end().
  constexpr node_id operator*() const noexcept { return x_node; }
  /// To the next larger member, or to the end.
  constexpr iterator& operator++() noexcept {
    x_node = x_node + 1 < max_nodes ? x_set->next(x_node + 1) : max_nodes;
    return *this;
  }
  /// The same.
  /// \returns where it was
  constexpr iterator operator++(int) noexcept {
    iterator old = *this;
    ++*this;
    return old;
  }
  /// Of iterators over one set.
  friend constexpr bool operator==(const iterator& a, const iterator& b) noexcept {
    return a.x_node == b.x_node;
  }

 private:
  friend class node_set;
  constexpr iterator(const node_set* set, node_id node) noexcept : x_set(set), x_node(node) {}

  const node_set* x_set = nullptr;
  node_id x_node = max_nodes;
};

constexpr node_set::iterator node_set::begin() const noexcept { return {this, next(0)}; }
constexpr node_set::iterator node_set::end() const noexcept { return {this, max_nodes}; }

static_assert(std::regular<node_set> && std::is_trivially_copyable_v<node_set>);
static_assert(std::forward_iterator<node_set::iterator>);

}  // namespace acre::inline v1

/// For std::unordered_map and its kind.
template <>
struct std::hash<acre::node_set> {
  /// node_set::hash().
  std::size_t operator()(const acre::node_set& s) const noexcept { return s.hash(); }
};
