// Standard containers over numa_allocator: every kind, alone and between unequal allocators.
#include <acre/numa_allocator.hpp>

#include <boost/test/unit_test.hpp>

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
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/failing_resource.hpp"
#include "support/named_cases.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

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

template <class T>
using over = numa_allocator<T>;
using kinds = std::tuple<
    std::vector<int, over<int>>, std::vector<bool, over<bool>>, std::deque<int, over<int>>,
    std::list<int, over<int>>, std::forward_list<int, over<int>>, std::set<int, std::less<>, over<int>>,
    std::map<int, int, std::less<>, over<pair_type>>, std::multimap<int, int, std::less<>, over<pair_type>>,
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>, over<pair_type>>, numa_string,
    std::vector<int, first_touch_allocator<int>>,
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>, first_touch_allocator<pair_type>>>;
const std::vector<std::string> names_of_kinds{
    "vector", "vector_of_bool", "deque",         "list",   "forward_list",       "set",
    "map",    "multimap",       "unordered_map", "string", "first_touch_vector", "first_touch_unordered_map"};

constexpr int many = 100;

BOOST_AUTO_TEST_SUITE(containers, *named_cases(names_of_kinds))

BOOST_AUTO_TEST_CASE_TEMPLATE(take_all_memory_from_the_resource_and_give_it_back, container, kinds) {
  checking_resource memory;
  {
    container c(&memory);
    fill(c, 0, many);
    BOOST_TEST(memory.live_bytes() > 0U);
    BOOST_TEST(std::distance(c.begin(), c.end()) == many);
  }
  BOOST_TEST(memory.live_blocks() == 0U);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(carry_the_resource_along_in_move_construction, container, kinds) {
  checking_resource memory;
  container from(&memory);
  fill(from, 0, many);
  const container to(std::move(from));
  BOOST_TEST(to.get_allocator().resource() == &memory);
  BOOST_TEST(std::distance(to.begin(), to.end()) == many);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(carry_the_resource_along_in_move_assignment, container, kinds) {
  checking_resource one;
  checking_resource two;
  container to(&one);
  fill(to, 0, 7);
  container from(&two);
  fill(from, 0, many);
  const std::size_t before = two.allocations();
  to = std::move(from);
  BOOST_TEST(to.get_allocator().resource() == &two);
  // No element is moved by itself. libstdc++'s deque makes a new empty one for the source, of two blocks.
  BOOST_TEST(two.allocations() <= before + 2);
  BOOST_TEST(std::distance(to.begin(), to.end()) == many);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keep_the_resource_of_the_target_in_copy_assignment, container, kinds) {
  checking_resource one;
  checking_resource two;
  container to(&one);
  fill(to, 0, 7);
  container from(&two);
  fill(from, 0, many);
  to = from;
  BOOST_TEST(to.get_allocator().resource() == &one);
  BOOST_TEST(same(to, from));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keep_the_resource_of_the_source_in_copy_construction, container, kinds) {
  checking_resource memory;
  container from(&memory);
  fill(from, 0, many);
  const container to(from);
  BOOST_TEST(to.get_allocator().resource() == &memory);
  BOOST_TEST(same(to, from));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(use_another_resource_they_are_constructed_with, container, kinds) {
  checking_resource one;
  checking_resource two;
  container from(&one);
  fill(from, 0, many);
  const container copy(from, typename container::allocator_type(&two));
  BOOST_TEST(same(copy, from));
  const container moved(std::move(from), typename container::allocator_type(&two));
  BOOST_TEST(moved.get_allocator().resource() == &two);
  BOOST_TEST(same(moved, copy));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(carry_the_resources_along_in_swap, container, kinds) {
  checking_resource one;
  checking_resource two;
  container a(&one);
  fill(a, 0, 7);
  container b(&two);
  fill(b, 0, many);
  using std::swap;
  swap(a, b);
  BOOST_TEST(a.get_allocator().resource() == &two);
  BOOST_TEST(b.get_allocator().resource() == &one);
  BOOST_TEST(std::distance(a.begin(), a.end()) == many);
  BOOST_TEST(std::distance(b.begin(), b.end()) == 7);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(lose_nothing_when_memory_ends, container, kinds) {
  const std::size_t points = for_each_failure_point([](std::pmr::memory_resource& upstream) {
    container c(&upstream);
    fill(c, 0, 40);
    container copy(c);
    copy = c;
  });
  BOOST_TEST(points > 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(list)

BOOST_AUTO_TEST_CASE(splices_and_merges_between_equal_allocators) {
  checking_resource memory;
  std::list<int, numa_allocator<int>> a({1, 3, 5}, &memory);
  std::list<int, numa_allocator<int>> b({2, 4}, &memory);
  const std::size_t before = memory.allocations();
  a.merge(b);
  BOOST_TEST(same(a, std::list<int, numa_allocator<int>>({1, 2, 3, 4, 5}, &memory)));
  b.splice(b.end(), a, a.begin());
  BOOST_TEST(b.front() == 1);
  BOOST_TEST(a.size() == 4U);
  // Only the list compared with allocates.
  BOOST_TEST(memory.allocations() == before + 5);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(map)

BOOST_AUTO_TEST_CASE(hands_nodes_over_between_equal_allocators) {
  using map_type = std::map<int, int, std::less<>, numa_allocator<pair_type>>;
  checking_resource memory;
  map_type a(&memory);
  map_type b(&memory);
  fill(a, 0, 10);
  fill(b, 10, 20);
  const std::size_t before = memory.allocations();
  auto node = a.extract(3);
  BOOST_TEST((node.get_allocator() == a.get_allocator()));
  node.key() = 30;
  BOOST_TEST(b.insert(std::move(node)).inserted);
  b.merge(a);
  BOOST_TEST(b.size() == 20U);
  BOOST_TEST(a.empty());
  BOOST_TEST(memory.allocations() == before);
}

BOOST_AUTO_TEST_CASE(frees_the_node_of_a_handle_through_the_resource_it_came_from) {
  checking_resource memory;
  std::map<int, int, std::less<>, numa_allocator<pair_type>> a(&memory);
  fill(a, 0, 3);
  { const auto node = a.extract(1); }
  BOOST_TEST(memory.live_blocks() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(priority_queue)

BOOST_AUTO_TEST_CASE(works_over_a_resource) {
  checking_resource memory;
  std::priority_queue<int, std::vector<int, numa_allocator<int>>> q{numa_allocator<int>(&memory)};
  for (int i = 0; i != many; ++i) q.push(i * 37 % many);
  for (int i = many; i-- != 0; q.pop()) BOOST_TEST_REQUIRE(q.top() == i);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(numa_allocator)
using acre::numa_allocator;

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

BOOST_AUTO_TEST_CASE(allows_incomplete_types_in_containers) {
  checking_resource memory;
  const tree t(&memory, 4);
  BOOST_TEST(t.vector.front().list.front().forward_list.front().value == 1);
}

BOOST_AUTO_TEST_CASE(deduces_containers) {
  checking_resource memory;
  const std::vector v({1, 2, 3}, numa_allocator<int>(&memory));
  static_assert(std::is_same_v<decltype(v), const std::vector<int, numa_allocator<int>>>);
  BOOST_TEST(v.size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
