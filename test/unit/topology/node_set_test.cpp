#include <acre/error.hpp>
#include <acre/node_set.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(node_set)
using acre::node_set;

static_assert(std::regular<node_set>);
static_assert(std::is_nothrow_copy_constructible_v<node_set>);
static_assert(std::is_nothrow_copy_assignable_v<node_set>);
static_assert(std::is_trivially_copyable_v<node_set>);
static_assert(std::forward_iterator<node_set::iterator>);
static_assert(node_set{0, 2}.size() == 2 && node_set{3, 1}.first() == 1);
static_assert((node_set{0, 1} & node_set{1, 2}) == node_set{1});

const node_set sparse{0, 2, 5, 250};

node_set random_set(std::mt19937& random) {
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  node_set s;
  const unsigned highest = 1 + below(node_set::max_nodes);
  for (unsigned runs = below(40); runs > 0; --runs) {
    const unsigned start = below(highest);
    const unsigned end = std::min(highest, start + 1 + below(5));
    for (unsigned n = start; n < end; ++n) s.insert(n);
  }
  return s;
}

BOOST_AUTO_TEST_CASE(is_a_set) {
  node_set s{8, 1, 3, 1};
  BOOST_TEST(same(std::vector(s.begin(), s.end()), std::vector{1U, 3U, 8U}));
  BOOST_TEST(s.size() == 3U);
  BOOST_TEST(s.contains(3U));
  BOOST_TEST(!s.contains(2U));
  BOOST_TEST(!s.contains(5000U));
  BOOST_TEST(s.contains(node_set{1, 8}));
  BOOST_TEST(!s.contains(node_set{1, 9}));
  BOOST_TEST(s.erase(3).erase(5000) == (node_set{1, 8}));
  s.clear();
  BOOST_TEST(s.empty());
  BOOST_TEST((s.begin() == s.end()));
}

BOOST_AUTO_TEST_CASE(obeys_set_algebra) {
  std::mt19937 random(2);
  for (int i = 0; i < 500; ++i) {
    const node_set a = random_set(random), b = random_set(random);
    BOOST_TEST((a | b).size() + (a & b).size() == a.size() + b.size());
    BOOST_TEST(((a - b) | (a & b)) == a);
    BOOST_TEST(!(a - b).intersects(b));
    BOOST_TEST((a | b).contains(a));
    BOOST_TEST(static_cast<std::size_t>(std::distance(a.begin(), a.end())) == a.size());
  }
}

BOOST_AUTO_TEST_CASE(refuses_numbers_that_linux_cannot_have) {
  BOOST_CHECK_NO_THROW(node_set{1023});
  BOOST_CHECK_EXCEPTION(
      node_set{1024}, error,
      with_code(errc::unknown_node).saying_exactly("node 1024: node numbers go up to 1023"));
}

BOOST_AUTO_TEST_CASE(is_written_as_ranges) {
  BOOST_TEST(node_set{}.to_string() == "none");
  BOOST_TEST((node_set{0, 1, 2, 3, 8}).to_string() == "0-3,8");
  BOOST_TEST((node_set{63, 64, 1022, 1023}).to_string() == "63-64,1022-1023");
  std::ostringstream out;
  out << sparse;
  BOOST_TEST(out.str() == "0,2,5,250");
}

BOOST_AUTO_TEST_CASE(hashes_equal_sets_alike_and_others_apart) {
  std::unordered_set<std::size_t> seen;
  for (unsigned n = 0; n < node_set::max_nodes; ++n) seen.insert(std::hash<node_set>{}(node_set{n}));
  BOOST_TEST(seen.size() == std::size_t{node_set::max_nodes});
  BOOST_TEST((node_set{1, 2}).hash() == (node_set{2, 1}).hash());
}

BOOST_AUTO_TEST_CASE(parses_what_numactl_users_type) {
  const std::pair<const char*, node_set> cases[] = {
      {"0", {0}},
      {"0-3,8", {0, 1, 2, 3, 8}},
      {"8,0-3", {0, 1, 2, 3, 8}},
      {"1,1,0-1", {0, 1}},
      {"7-7", {7}},
      {"007", {7}},
      {"1023", {1023}},
      {"none", {}},
      {"all", sparse},
      {"1,all", {0, 1, 2, 5, 250}},
      {"!all", {}},
      {"!2", {0, 5, 250}},
      {"!0-2,250", {5}},
      {"!9", sparse},
      {"+0", {0}},
      {"+0-1", {0, 2}},
      {"+1,3", {2, 250}},
      {"!+0-2", {250}},
  };
  for (const auto& [text, nodes] : cases) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_TEST(node_set::parse(text, sparse) == nodes);
  }
}

BOOST_AUTO_TEST_CASE(says_what_is_wrong_and_where) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "'': a set of nodes is missing (\"none\" is the empty set) at position 0"},
      {"0-x", "'0-x': expected a node number at position 2"},
      {"x", "'x': expected a node number at position 0"},
      {"!", "'!': expected a node number at position 1"},
      {"+", "'+': expected a node number at position 1"},
      {"+!0", "'+!0': expected a node number at position 1"},
      {"!!0", "'!!0': expected a node number at position 1"},
      {"0,!1", "'0,!1': expected a node number at position 2"},
      {"0,", "'0,': expected a node number at position 2"},
      {",0", "',0': expected a node number at position 0"},
      {"0,,1", "'0,,1': expected a node number at position 2"},
      {"0-", "'0-': expected a node number at position 2"},
      {"-1", "'-1': expected a node number at position 0"},
      {" 0", "' 0': expected a node number at position 0"},
      {"0 ", "'0 ': expected ',' or the end at position 1"},
      {"0-1-2", "'0-1-2': expected ',' or the end at position 3"},
      {"0x1", "'0x1': expected ',' or the end at position 1"},
      {"1;2", "'1;2': expected ',' or the end at position 1"},
      {"allx", "'allx': expected ',' or the end at position 3"},
      {"+all", "'+all': expected a node number at position 1"},
      {"0,none", "'0,none': expected a node number at position 2"},
      {"1024", "'1024': node numbers go up to 1023 at position 0"},
      {"0-1024", "'0-1024': node numbers go up to 1023 at position 2"},
      {"99999999999999999999", "'99999999999999999999': node numbers go up to 1023 at position 0"},
      {"+4", "'+4': there is no relative node 4 among the 4 of 0,2,5,250 at position 1"},
      {"+0,3-4", "'+0,3-4': there is no relative node 4 among the 4 of 0,2,5,250 at position 3"},
      {"netdev:eth0", "'netdev:eth0': numactl's 'netdev:' is not supported, name the nodes at position 0"},
      {"0,file:/x", "'0,file:/x': numactl's 'file:' is not supported, name the nodes at position 2"},
      {"block:sda", "'block:sda': numactl's 'block:' is not supported, name the nodes at position 0"},
      {"ip:1.2.3.4", "'ip:1.2.3.4': numactl's 'ip:' is not supported, name the nodes at position 0"},
      {"pci:01.0", "'pci:01.0': numactl's 'pci:' is not supported, name the nodes at position 0"},
      {"same", "'same': numactl's 'same' is not supported, name the nodes at position 0"},
  };
  for (const auto& [text, message] : cases) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_CHECK_EXCEPTION((void)node_set::parse(text, sparse), error,
                          with_code(errc::invalid_text).saying_exactly(message));
  }
}

BOOST_AUTO_TEST_CASE(rejects_a_reversed_range) {
  BOOST_CHECK_EXCEPTION(
      (void)node_set::parse("0,3-1"), error,
      with_code(errc::invalid_text).saying_exactly("'0,3-1': the range is reversed at position 2"));
}

BOOST_AUTO_TEST_CASE(rejects_a_text_with_a_zero_inside) {
  BOOST_CHECK_EXCEPTION((void)node_set::parse(std::string_view("0\0001", 3), sparse), error,
                        with_code(errc::invalid_text));
}

BOOST_AUTO_TEST_CASE(parses_back_what_it_writes) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const node_set s = random_set(random);
    BOOST_TEST(node_set::parse(s.to_string()) == s);
    if (s.empty()) continue;
    BOOST_TEST(node_set::parse("!" + s.to_string(), sparse) == sparse - s);
  }
}

boost::test_tools::assertion_result is_read_or_invalid(const std::string& text) {
  try {
    const node_set s = node_set::parse(text, sparse);
    if (node_set::parse(s.to_string()) != s) return wrong("'", text, "' is written as ", s);
  } catch (const error& e) {
    if (e.code() != errc::invalid_text) return wrong("'", text, "' is refused: ", e.what());
  }
  return true;
}

BOOST_AUTO_TEST_CASE(parses_random_texts_or_refuses_them_as_invalid) {
  constexpr std::string_view alphabet = "0123456789-,!+aln: ";
  std::mt19937 random(4);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (auto n = random() % 8; n > 0; --n) text += alphabet[random() % alphabet.size()];
    BOOST_TEST_REQUIRE(is_read_or_invalid(text));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
