// node_set: a set of NUMA nodes by their OS numbers, as a regular value without allocation.
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

/// A set of node numbers 0..1023 (Linux's largest MAX_NUMNODES). Regular, constexpr, never allocates.
/// \safety a value: const calls from any thread.
class node_set {
 public:
  /// One more than the largest node number.
  static constexpr node_id max_nodes = 1024;

  class iterator;
  using const_iterator = iterator;
  using value_type = node_id;

  constexpr node_set() noexcept = default;

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

  [[nodiscard]] constexpr bool contains(node_id node) const noexcept {
    return node < max_nodes && (x_words[node / 64] >> (node % 64) & 1) != 0;
  }
  [[nodiscard]] constexpr bool contains(const node_set& other) const noexcept {
    return (other - *this).empty();
  }
  [[nodiscard]] constexpr bool intersects(const node_set& other) const noexcept {
    return !(*this & other).empty();
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return *this == node_set{}; }
  [[nodiscard]] constexpr std::size_t size() const noexcept {
    std::size_t n = 0;
    for (std::uint64_t w : x_words) n += static_cast<std::size_t>(std::popcount(w));
    return n;
  }
  /// The smallest member. The set must not be empty.
  [[nodiscard]] constexpr node_id first() const noexcept { return next(0); }

  constexpr node_set& insert(node_id node) {
    if (node >= max_nodes) reject(node);
    x_words[node / 64] |= std::uint64_t{1} << (node % 64);
    return *this;
  }
  constexpr node_set& erase(node_id node) noexcept {
    if (node < max_nodes) x_words[node / 64] &= ~(std::uint64_t{1} << (node % 64));
    return *this;
  }
  constexpr void clear() noexcept { x_words = {}; }

  constexpr node_set& operator|=(const node_set& o) noexcept {
    for (std::size_t i = 0; i < words; ++i) x_words[i] |= o.x_words[i];
    return *this;
  }
  constexpr node_set& operator&=(const node_set& o) noexcept {
    for (std::size_t i = 0; i < words; ++i) x_words[i] &= o.x_words[i];
    return *this;
  }
  constexpr node_set& operator-=(const node_set& o) noexcept {
    for (std::size_t i = 0; i < words; ++i) x_words[i] &= ~o.x_words[i];
    return *this;
  }
  friend constexpr node_set operator|(node_set a, const node_set& b) noexcept { return a |= b; }
  friend constexpr node_set operator&(node_set a, const node_set& b) noexcept { return a &= b; }
  friend constexpr node_set operator-(node_set a, const node_set& b) noexcept { return a -= b; }
  friend constexpr bool operator==(const node_set&, const node_set&) noexcept = default;

  /// Iterates over the members in increasing order.
  [[nodiscard]] constexpr iterator begin() const noexcept;
  [[nodiscard]] constexpr iterator end() const noexcept;

  /// "0-3,8"; "none" for the empty set. parse() reads it back.
  [[nodiscard]] ACRE_API std::string to_string() const;
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const node_set& nodes);

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

class node_set::iterator {
 public:
  using iterator_concept = std::forward_iterator_tag;
  using iterator_category = std::input_iterator_tag;  // forward ones of C++17 must give references
  using value_type = node_id;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = node_id;

  constexpr iterator() noexcept = default;
  constexpr node_id operator*() const noexcept { return x_node; }
  constexpr iterator& operator++() noexcept {
    x_node = x_node + 1 < max_nodes ? x_set->next(x_node + 1) : max_nodes;
    return *this;
  }
  constexpr iterator operator++(int) noexcept {
    iterator old = *this;
    ++*this;
    return old;
  }
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

template <>
struct std::hash<acre::node_set> {
  std::size_t operator()(const acre::node_set& s) const noexcept { return s.hash(); }
};
