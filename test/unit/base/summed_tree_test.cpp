#include "base/summed_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

/// What traits were asked: what the time goes into.
std::size_t questions = 0;

struct element {
  explicit element(int k, int v) : key(k), value(v) {}
  int key;
  int value;
  int most = 0;  ///< value of its part
  tree_links<element> links{};
};

struct by_key {
  static tree_links<element>& links(element& e) { return e.links; }
  static bool before(const element& a, const element& b) {
    ++questions;
    return a.key < b.key;
  }
  static bool sum_up(element& e, const element* left, const element* right) noexcept {
    ++questions;
    int most = e.value;
    if (left != nullptr) most = std::max(most, left->most);
    if (right != nullptr) most = std::max(most, right->most);
    return std::exchange(e.most, most) != most;
  }
};

struct a_tree {
  summed_tree<element, by_key> tree;
  std::map<int, std::unique_ptr<element>> all;

  void insert(int key, int value) {
    auto& e = all[key];
    if (e) return;
    e = std::make_unique<element>(key, value);
    tree.insert(*e);
  }
  void erase(int key) {
    const auto at = all.find(key);
    if (at == all.end()) return;
    tree.erase(*at->second);
    all.erase(at);
  }
  void change(int key, int value) {
    const auto at = all.find(key);
    if (at == all.end()) return;
    at->second->value = value;
    tree.update(*at->second);
  }

  element* edge(std::size_t side, int key) {
    return tree.edge(side, [&](const element& e) { return side == 0 ? e.key >= key : e.key <= key; });
  }
  element* find(std::size_t side, int value) {
    return tree.find(
        side,
        [&](const element& e) {
          ++questions;
          return e.most >= value;
        },
        [&](const element& e) { return e.value >= value; });
  }
  element* find_from(int key, std::size_t side, int value) {
    return tree.find_from(
        edge(side, key), side,
        [&](const element& e) {
          ++questions;
          return e.most >= value;
        },
        [&](const element& e) { return e.value >= value; });
  }
  /// The same, by looking at all.
  element* sought(int key, std::size_t side, int value) {
    element* last = nullptr;
    for (const auto& [k, e] : all) {
      if (e->value < value || (side == 0 ? k < key : k > key)) continue;
      if (side == 0) return e.get();
      last = e.get();
    }
    return last;
  }
};

BOOST_FIXTURE_TEST_SUITE(a_summed_tree, a_tree)

BOOST_AUTO_TEST_CASE(finds_what_is_there_as_a_search_through_all_does) {
  std::mt19937 random(1);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int i = 0; i != 20'000; ++i) {
    switch (below(4)) {
      case 0:
      case 1:
        insert(below(300), below(1000));
        break;
      case 2:
        erase(below(300));
        break;
      default:
        change(below(300), below(1000));
    }
    const int key = below(320) - 10;
    const int value = below(1000);
    for (const std::size_t side : {0U, 1U}) {
      BOOST_TEST_REQUIRE(find_from(key, side, value) == sought(key, side, value));
      BOOST_TEST_REQUIRE(find(side, value) == sought(side == 0 ? -1 : 1000, side, value));
      BOOST_TEST_REQUIRE(edge(side, key) == sought(key, side, -1));
    }
    if (i % 100 != 0) continue;
    auto expected = all.begin();
    for (element* e = tree.first(); e != nullptr; e = tree.neighbour(*e, 1), ++expected)
      BOOST_TEST_REQUIRE((expected != all.end() && expected->second.get() == e));
    BOOST_TEST_REQUIRE((expected == all.end()));
  }
}

BOOST_AUTO_TEST_CASE(does_not_look_at_all_whatever_comes_in_which_order) {
  constexpr int count = 100'000;
  for (int i = 0; i != count; ++i) insert(i, i % 1000);
  // 2 * ln(100,000) levels on average, and what each asks.
  questions = 0;
  for (int i = 0; i < count; i += 100) {
    static_cast<void>(edge(0, i));
    BOOST_TEST_REQUIRE(find_from(i, 0, 999) != nullptr);
    BOOST_TEST_REQUIRE(find_from(i, 1, 0) != nullptr);
    change(i, 999);
    erase(i);
    insert(i, 0);
  }
  BOOST_TEST(questions / (count / 100) <= 400U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
