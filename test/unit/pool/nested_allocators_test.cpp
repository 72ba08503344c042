// numa_allocator inside the standard's adaptors, and acre's resources below std::pmr.
#include <acre/numa_allocator.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory_resource>
#include <queue>
#include <scoped_allocator>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

using inner = std::vector<int, numa_allocator<int>>;

BOOST_AUTO_TEST_SUITE(scoped_allocator_adaptor)

template <class Outer>
void nests() {
  checking_resource memory;
  using adaptor = std::scoped_allocator_adaptor<Outer>;
  std::vector<inner, adaptor> v{adaptor(Outer(&memory))};
  v.emplace_back(3U, 7);
  v.resize(5);
  v.push_back(inner({1, 2}, numa_allocator<int>(std::pmr::new_delete_resource())));
  for (const inner& i : v) BOOST_TEST(i.get_allocator().resource() == &memory);
  auto other = v;
  other = std::move(v);
  BOOST_TEST(other.size() == 6U);
}

BOOST_AUTO_TEST_CASE(nests_numa_allocators) { nests<numa_allocator<inner>>(); }
BOOST_AUTO_TEST_CASE(nests_first_touch_allocators) { nests<first_touch_allocator<inner>>(); }

BOOST_AUTO_TEST_CASE(nests_maps_of_strings) {
  using text = std::basic_string<char, std::char_traits<char>, numa_allocator<char>>;
  using value = std::pair<const text, inner>;
  using adaptor = std::scoped_allocator_adaptor<numa_allocator<value>>;
  checking_resource memory;
  std::map<text, inner, std::less<>, adaptor> m{adaptor(&memory)};
  const text key("a text that is too long to lie in the string object itself", &memory);
  m[key].push_back(1);
  BOOST_TEST(m.begin()->first.get_allocator().resource() == &memory);
  BOOST_TEST(m.begin()->second.get_allocator().resource() == &memory);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pmr_containers)

BOOST_AUTO_TEST_CASE(work_over_a_pool) {
  checking_resource memory;
  pool_resource pool(&memory);
  std::pmr::vector<int> v(&pool);
  std::pmr::deque<int> d(&pool);
  std::pmr::list<int> l(&pool);
  std::pmr::forward_list<int> f(&pool);
  std::pmr::map<int, std::pmr::string> m(&pool);
  std::pmr::multimap<int, int> mm(&pool);
  std::pmr::set<int> s(&pool);
  std::pmr::unordered_map<int, std::pmr::vector<int>> u(&pool);
  std::priority_queue<int, std::pmr::vector<int>> q{std::pmr::polymorphic_allocator<int>(&pool)};
  for (int i = 0; i != 5000; ++i) {
    v.push_back(i);
    d.push_back(i);
    l.push_back(i);
    f.push_front(i);
    m[i] = "a text that is too long to lie in the string object itself";
    mm.emplace(i / 2, i);
    s.insert(i);
    u[i % 100].push_back(i);
    q.push(i);
  }
  BOOST_TEST(u[7].get_allocator().resource() == &pool);
  BOOST_TEST(m[7].get_allocator().resource() == &pool);
  BOOST_TEST(u[7].size() == 50U);
  BOOST_TEST(q.top() == 4999);
  BOOST_TEST(l.back() == f.front());
  BOOST_TEST(mm.size() == d.size());
}

BOOST_AUTO_TEST_CASE(share_a_resource_with_numa_allocators) {
  checking_resource memory;
  const numa_allocator<int> a(&memory);
  std::pmr::vector<int> v({1, 2, 3}, a.resource());
  std::pmr::polymorphic_allocator<> p(a.resource());
  int* const one = p.new_object<int>(1);
  p.delete_object(one);
  BOOST_TEST(v.get_allocator().resource()->is_equal(*a.resource()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(numa_allocator)
using acre::numa_allocator;

BOOST_AUTO_TEST_CASE(hands_itself_to_no_element) {
  checking_resource one;
  checking_resource two;
  std::vector<inner, numa_allocator<inner>> v(&one);
  v.emplace_back(3U, 7, numa_allocator<int>(&two));
  BOOST_TEST(v.back().get_allocator().resource() == &two);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
