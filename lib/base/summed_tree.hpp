// summed_tree: elements in order, found by what is summed up of parts of the order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace acre::inline v1 {

/// What an element of a summed_tree has in it.
template <class T>
struct tree_links {
  T* up = nullptr;
  std::array<T*, 2> down{};  ///< before and after
};

/// A treap through its elements: nothing is allocated, and nothing can fail. Elements have the priority that a hash of
/// their address gives; the work of every function grows with the logarithm of their number, whatever comes in which
/// order.
///
/// \tparam Traits static functions:
///   tree_links<T>& links(T&);
///   bool before(const T&, const T&): a strict order;
///   bool sum_up(T&, const T* left, const T* right) noexcept: works out what T knows of the part it is the root of,
///   from itself and the roots of the parts below (null: none). Returns whether that has changed.
/// \safety none
template <class T, class Traits>
class summed_tree {
 public:
  bool empty() const noexcept { return x_root == nullptr; }
  /// Any element; null if there is none.
  T* root() const noexcept { return x_root; }
  /// Forgets all.
  void clear() noexcept { x_root = nullptr; }

  /// \param t no element of a tree now
  void insert(T& t) noexcept {
    links(t) = {};
    T* up = nullptr;
    std::size_t side = 0;
    for (T* at = x_root; at != nullptr; at = links(*at).down[side]) {
      up = at;
      side = Traits::before(t, *at) ? 0 : 1;
    }
    links(t).up = up;
    (up == nullptr ? x_root : links(*up).down[side]) = &t;
    sum_up(t);
    while (links(t).up != nullptr && rank(t) > rank(*links(t).up)) lift(t);
    sum_up_from(links(t).up);
  }

  void erase(T& t) noexcept {
    for (;;) {
      const auto& [left, right] = links(t).down;
      if (left == nullptr && right == nullptr) break;
      T* const next = left == nullptr ? right : right == nullptr || rank(*left) > rank(*right) ? left : right;
      lift(*next);
    }
    T* const up = links(t).up;
    place_of(t) = nullptr;
    sum_up_from(up);
  }

  /// After t itself has changed, but for its place in the order.
  void update(T& t) noexcept { sum_up_from(&t); }

  /// The element after (side 1) or before t (side 0); null if there is none.
  static T* neighbour(T& t, std::size_t side) noexcept {
    if (T* const down = links(t).down[side]) return outermost(*down, 1 - side);
    T* at = &t;
    while (links(*at).up != nullptr && links(*links(*at).up).down[side] == at) at = links(*at).up;
    return links(*at).up;
  }
  T* first() const noexcept { return x_root == nullptr ? nullptr : outermost(*x_root, 0); }

  /// The outermost element towards `side` of which is_in(t): the first (side 0) or last (side 1) of them.
  /// \param is_in true from some element on, up to (side 0) or down to (side 1) the end
  template <class IsIn>
  T* edge(std::size_t side, IsIn is_in) const noexcept {
    T* found = nullptr;
    for (T* at = x_root; at != nullptr;) {
      const bool in = is_in(*at);
      if (in) found = at;
      at = links(*at).down[in ? side : 1 - side];
    }
    return found;
  }

  /// The first (side 0) or last (side 1) element of which is(t).
  /// \param has whether is(t) holds for any t of the part that the argument is the root of
  template <class Has, class Is>
  T* find(std::size_t side, Has has, Is is) const noexcept {
    return x_root != nullptr && has(*x_root) ? find_within(*x_root, side, has, is) : nullptr;
  }
  /// find() among `from` and the elements after it (side 0) or before it (side 1).
  /// \param from null: there is none
  template <class Has, class Is>
  static T* find_from(T* from, std::size_t side, Has has, Is is) noexcept {
    for (T* at = from; at != nullptr;) {
      if (is(*at)) return at;
      T* const down = links(*at).down[1 - side];
      if (down != nullptr && has(*down)) return find_within(*down, side, has, is);
      while (links(*at).up != nullptr && links(*links(*at).up).down[1 - side] == at) at = links(*at).up;
      at = links(*at).up;
    }
    return nullptr;
  }

 private:
  static tree_links<T>& links(T& t) noexcept { return Traits::links(t); }
  /// Addresses of elements end in the same bits, and begin with the same.
  static std::uint64_t rank(const T& t) noexcept {
    std::uint64_t h = reinterpret_cast<std::uintptr_t>(&t) * 0x9E37'79B9'7F4A'7C15;
    h = (h ^ h >> 32) * 0xD6E8'FEB8'6659'FD93;
    return h ^ h >> 32;
  }

  T*& place_of(T& t) noexcept {
    T* const up = links(t).up;
    if (up == nullptr) return x_root;
    return links(*up).down[links(*up).down[0] == &t ? 0 : 1];
  }
  static bool sum_up(T& t) noexcept {
    const auto& [left, right] = links(t).down;
    return Traits::sum_up(t, left, right);
  }
  static void sum_up_from(T* t) noexcept {
    while (t != nullptr && sum_up(*t)) t = links(*t).up;
  }

  /// t and what is above it change places; the order stays.
  void lift(T& t) noexcept {
    T& up = *links(t).up;
    const std::size_t side = links(up).down[0] == &t ? 0 : 1;
    T*& inner = links(t).down[1 - side];
    place_of(up) = &t;
    links(t).up = links(up).up;
    links(up).down[side] = inner;
    if (inner != nullptr) links(*inner).up = &up;
    inner = &up;
    links(up).up = &t;
    sum_up(up);
    sum_up(t);
  }

  static T* outermost(T& t, std::size_t side) noexcept {
    T* at = &t;
    while (links(*at).down[side] != nullptr) at = links(*at).down[side];
    return at;
  }
  template <class Has, class Is>
  static T* find_within(T& part, std::size_t side, Has has, Is is) noexcept {
    T* at = &part;
    for (;;) {
      T* const outer = links(*at).down[side];
      if (outer != nullptr && has(*outer)) {
        at = outer;
      } else if (is(*at)) {
        return at;
      } else {
        at = links(*at).down[1 - side];
      }
    }
  }

  T* x_root = nullptr;
};

}  // namespace acre::inline v1
