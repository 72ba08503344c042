// Standard containers over numa_allocator: every kind, alone and between unequal allocators.
#include <acre/numa_allocator.hpp>

#include "support/checking_resource.hpp"
#include "support/failing_resource.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <forward_list>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <list>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace acre::test {
namespace {

using pair_type = std::pair<const int, int>;
using numa_string = std::basic_string<char, std::char_traits<char>, numa_allocator<char>>;

template <class Container>
typename Container::value_type make(int i) {
  if constexpr (std::is_same_v<typename Container::value_type, pair_type>) {
    return {i, i};
  } else {
    return static_cast<typename Container::value_type>(i);
  }
}

template <class Container>
void fill(Container& c, int from, int to) {
  for (int i = from; i != to; ++i) {
    if constexpr (requires { c.push_back(make<Container>(i)); }) {
      c.push_back(make<Container>(i));
    } else if constexpr (requires { c.push_front(make<Container>(i)); }) {
      c.push_front(make<Container>(i));
    } else {
      c.insert(make<Container>(i));
    }
  }
}

template <class Container>
class containers : public testing::Test {};

template <class T>
using over = numa_allocator<T>;
using kinds = testing::Types<
    std::vector<int, over<int>>, std::vector<bool, over<bool>>, std::deque<int, over<int>>,
    std::list<int, over<int>>, std::forward_list<int, over<int>>, std::set<int, std::less<>, over<int>>,
    std::map<int, int, std::less<>, over<pair_type>>, std::multimap<int, int, std::less<>, over<pair_type>>,
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>, over<pair_type>>, numa_string,
    std::vector<int, first_touch_allocator<int>>,
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>, first_touch_allocator<pair_type>>>;
TYPED_TEST_SUITE(containers, kinds);

constexpr int many = 100;

TYPED_TEST(containers, take_all_memory_from_the_resource_and_give_it_back) {
  checking_resource memory;
  {
    TypeParam c(&memory);
    fill(c, 0, many);
    EXPECT_GT(memory.live_bytes(), 0U);
    EXPECT_EQ(std::distance(c.begin(), c.end()), many);
  }
  EXPECT_EQ(memory.live_blocks(), 0U);
}

TYPED_TEST(containers, move_construction_carries_the_resource_along) {
  checking_resource memory;
  TypeParam from(&memory);
  fill(from, 0, many);
  const TypeParam to(std::move(from));
  EXPECT_EQ(to.get_allocator().resource(), &memory);
  EXPECT_EQ(std::distance(to.begin(), to.end()), many);
}

TYPED_TEST(containers, move_assignment_carries_the_resource_along) {
  checking_resource one;
  checking_resource two;
  TypeParam to(&one);
  fill(to, 0, 7);
  TypeParam from(&two);
  fill(from, 0, many);
  const std::size_t before = two.allocations();
  to = std::move(from);
  EXPECT_EQ(to.get_allocator().resource(), &two);
  // libstdc++'s deque makes a new empty one for the source, which takes two blocks.
  EXPECT_LE(two.allocations(), before + 2) << "elements were moved one by one";
  EXPECT_EQ(std::distance(to.begin(), to.end()), many);
}

TYPED_TEST(containers, copy_assignment_keeps_the_resource_of_the_target) {
  checking_resource one;
  checking_resource two;
  TypeParam to(&one);
  fill(to, 0, 7);
  TypeParam from(&two);
  fill(from, 0, many);
  to = from;
  EXPECT_EQ(to.get_allocator().resource(), &one);
  EXPECT_TRUE(to == from);
}

TYPED_TEST(containers, copy_construction_keeps_the_resource_of_the_source) {
  checking_resource memory;
  TypeParam from(&memory);
  fill(from, 0, many);
  const TypeParam to(from);
  EXPECT_EQ(to.get_allocator().resource(), &memory);
  EXPECT_TRUE(to == from);
}

TYPED_TEST(containers, construction_with_another_resource_uses_it) {
  checking_resource one;
  checking_resource two;
  TypeParam from(&one);
  fill(from, 0, many);
  const TypeParam copy(from, typename TypeParam::allocator_type(&two));
  EXPECT_TRUE(copy == from);
  const TypeParam moved(std::move(from), typename TypeParam::allocator_type(&two));
  EXPECT_EQ(moved.get_allocator().resource(), &two);
  EXPECT_TRUE(moved == copy);
}

TYPED_TEST(containers, swap_carries_the_resources_along) {
  checking_resource one;
  checking_resource two;
  TypeParam a(&one);
  fill(a, 0, 7);
  TypeParam b(&two);
  fill(b, 0, many);
  using std::swap;
  swap(a, b);
  EXPECT_EQ(a.get_allocator().resource(), &two);
  EXPECT_EQ(b.get_allocator().resource(), &one);
  EXPECT_EQ(std::distance(a.begin(), a.end()), many);
  EXPECT_EQ(std::distance(b.begin(), b.end()), 7);
}

TYPED_TEST(containers, lose_nothing_when_memory_ends) {
  EXPECT_GT(for_each_failure_point([](std::pmr::memory_resource& upstream) {
              TypeParam c(&upstream);
              fill(c, 0, 40);
              TypeParam copy(c);
              copy = c;
            }),
            0U);
}

TEST(list, splices_and_merges_between_equal_allocators) {
  checking_resource memory;
  std::list<int, numa_allocator<int>> a({1, 3, 5}, &memory);
  std::list<int, numa_allocator<int>> b({2, 4}, &memory);
  const std::size_t before = memory.allocations();
  a.merge(b);
  EXPECT_EQ(a, (std::list<int, numa_allocator<int>>({1, 2, 3, 4, 5}, &memory)));
  b.splice(b.end(), a, a.begin());
  EXPECT_EQ(b.front(), 1);
  EXPECT_EQ(a.size(), 4U);
  EXPECT_EQ(memory.allocations(), before + 5) << "only the list compared with allocates";
}

TEST(map, hands_nodes_over_between_equal_allocators) {
  using map_type = std::map<int, int, std::less<>, numa_allocator<pair_type>>;
  checking_resource memory;
  map_type a(&memory);
  map_type b(&memory);
  fill(a, 0, 10);
  fill(b, 10, 20);
  const std::size_t before = memory.allocations();
  auto node = a.extract(3);
  EXPECT_TRUE(node.get_allocator() == a.get_allocator());
  node.key() = 30;
  EXPECT_TRUE(b.insert(std::move(node)).inserted);
  b.merge(a);
  EXPECT_EQ(b.size(), 20U);
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(memory.allocations(), before);
}

TEST(map, a_node_handle_frees_its_node_through_the_resource_it_came_from) {
  checking_resource memory;
  std::map<int, int, std::less<>, numa_allocator<pair_type>> a(&memory);
  fill(a, 0, 3);
  { const auto node = a.extract(1); }
  EXPECT_EQ(memory.live_blocks(), 2U);
}

TEST(priority_queue, works_over_a_resource) {
  checking_resource memory;
  std::priority_queue<int, std::vector<int, numa_allocator<int>>> q{numa_allocator<int>(&memory)};
  for (int i = 0; i != many; ++i) q.push(i * 37 % many);
  for (int i = many; i-- != 0; q.pop()) ASSERT_EQ(q.top(), i);
}

struct tree {
  int value = 0;
  std::vector<tree, numa_allocator<tree>> vector;
  std::list<tree, numa_allocator<tree>> list;
  std::forward_list<tree, first_touch_allocator<tree>> forward_list;
  explicit tree(std::pmr::memory_resource* r, int depth) : value(depth), vector(r), list(r), forward_list(r) {
    if (depth == 0) return;
    vector.emplace_back(r, depth - 1);
    list.emplace_back(r, depth - 1);
    forward_list.emplace_front(r, depth - 1);
  }
};

TEST(numa_allocator, allows_incomplete_types_in_containers) {
  checking_resource memory;
  const tree t(&memory, 4);
  EXPECT_EQ(t.vector.front().list.front().forward_list.front().value, 1);
}

TEST(numa_allocator, deduces_containers) {
  checking_resource memory;
  const std::vector v({1, 2, 3}, numa_allocator<int>(&memory));
  static_assert(std::is_same_v<decltype(v), const std::vector<int, numa_allocator<int>>>);
  EXPECT_EQ(v.size(), 3U);
}

}  // namespace
}  // namespace acre::test
