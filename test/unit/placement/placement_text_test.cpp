#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/text.hpp"

namespace acre::test {
namespace {

const node_set machine{0, 1, 2, 3};

BOOST_AUTO_TEST_SUITE(placement_text)

BOOST_AUTO_TEST_CASE(is_written_as_documented) {
  const node_set two{0, 1};
  const placement parity = placement::by_page([](std::size_t, std::size_t) { return 0U; }, two);
  const std::vector<std::pair<placement, std::string>> table = {
      {placement::unbound(), "unbound"},
      {placement::local(), "local"},
      {placement::bind(two), "bind 0-1"},
      {placement::bind(two).soft(), "prefer 0-1"},
      {placement::prefer({2}), "prefer 2"},
      {placement::prefer({2}).hard(), "bind 2"},
      {placement::interleave({0, 2}), "interleave 0,2"},
      {placement::interleave({0, 2}, 2U << 20), "interleave 0,2 by 2MiB"},
      {placement::interleave({0, 2}, 2U << 20).hard(), "interleave 0,2 by 2MiB hard"},
      {placement::interleave({0, 2}).hard(), "interleave 0,2 hard"},
      {placement::interleave({0, 2}, 1000), "interleave 0,2 by 1000"},
      {placement::interleave({0, 2}, chunk::whole), "interleave 0,2 by whole"},
      {placement::weighted({{0, 3}, {2, 1}}), "weighted 0:3,2:1"},
      {placement::weighted({{2, 1}, {0, 3}}, 4096), "weighted 2:1,0:3 by 4KiB"},
      {placement::weighted({{0, 3}}).hard(), "weighted 0:3 hard"},
      {placement::weighted_by_system(two), "weighted_by_system 0-1"},
      {placement::blocked(two), "blocked 0:1,1:1"},
      {placement::blocked(two).soft(), "blocked 0:1,1:1 soft"},
      {placement::most_free({0, 1, 2, 3}), "most_free 0-3"},
      {placement::most_free({0, 1, 2, 3}, 1U << 30), "most_free 0-3 by 1GiB"},
      {placement::most_free({0}, chunk::page).hard(), "most_free 0 by page hard"},
      {placement::interleave({0, 2}, chunk::page), "interleave 0,2 by page"},
      {placement::most_free({0, 2}, chunk::whole), "most_free 0,2 by whole"},
      {parity, "by_page 0-1"},
      {parity.soft(), "by_page 0-1 soft"},
  };
  for (const auto& [p, text] : table) {
    BOOST_TEST(p.to_string() == text);
    std::ostringstream out;
    out << p;
    BOOST_TEST(out.str() == text);
    if (p.strategy() == strategy::by_page) continue;
    BOOST_TEST_CONTEXT("'" << text << "'") {
      BOOST_TEST(placement::parse(text, machine) == p);
      BOOST_TEST(placement::parse(text) == p);
    }
  }
}

BOOST_AUTO_TEST_CASE(is_read_in_other_spellings) {
  const std::vector<std::pair<std::string, placement>> table = {
      {"  bind\t0-1 \n", placement::bind({0, 1})},
      {"bind all", placement::bind(machine)},
      {"bind !1", placement::bind({0, 2, 3})},
      {"bind 0 hard", placement::bind({0})},
      {"bind 0 soft", placement::prefer({0})},
      {"prefer 0 hard", placement::bind({0})},
      {"preferred 0", placement::prefer({0})},
      {"default", placement::unbound()},
      {"unbound soft", placement::unbound()},
      {"interleave 1,0", placement::interleave({0, 1})},
      {"interleave 0-1 by automatic", placement::interleave({0, 1})},
      {"interleave 0-1 hard  by 64K", placement::interleave({0, 1}, 65536).hard()},
      {"weighted 0:3,2:1 by page soft", placement::weighted({{0, 3}, {2, 1}}, chunk::page)},
      {"weighted-by-system all", placement::weighted_by_system(machine)},
      {"blocked 0-1", placement::blocked({0, 1})},
      {"blocked 1:2,0:1 hard", placement::blocked({{1, 2}, {0, 1}})},
      {"most-free all by whole", placement::most_free(machine, chunk::whole)},
  };
  for (const auto& [text, p] : table) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_TEST(placement::parse(text, machine) == p);
  }
}

BOOST_AUTO_TEST_CASE(with_a_mistake_is_refused_with_its_position_and_what_would_be_right) {
  struct row {
    std::string text;
    std::size_t position;
    std::string expected;
  };
  const std::vector<row> table = {
      {"", 0, "expected unbound, local, bind"},
      {"   ", 3, "expected unbound, local, bind"},
      {" bound 0", 1, "expected unbound, local, bind"},
      {"BIND 0", 0, "'BIND' is no strategy"},
      {"bind", 4, "expected nodes, such as 0-3"},
      {"bind  0-x", 8, "expected a node number"},
      {"bind 3-1", 5, "reversed"},
      {"bind 0,", 7, "expected a node number"},
      {"bind 5000", 5, "1023"},
      {"bind 0 by 4KiB", 7, "expected 'hard', 'soft', or the end"},
      {"bind 0 hard soft", 12, "expected the end"},
      {"bind 0 1", 7, "expected 'hard', 'soft', or the end"},
      {"unbound 0", 8, "expected 'hard', 'soft', or the end"},
      {"interleave 0 by", 15, "expected a chunk, such as 64KiB"},
      {"interleave 0 by x", 16, ""},
      {"interleave 0 by 2MB", 17, "decimal"},
      {"interleave 0 by 4KiB by 4KiB", 21, "expected 'hard', 'soft', or the end"},
      {"interleave 0 of 4KiB", 13, "expected 'by' and a chunk, 'hard', 'soft', or the end"},
      {"weighted", 8, "expected nodes with weights, such as 0:3,2:1"},
      {"weighted 0-3", 10, "expected ':' and the weight of node 0"},
      {"weighted 0:", 11, "expected a weight"},
      {"weighted 0:-1", 11, "expected a weight"},
      {"weighted 0:1,", 13, "expected a node number"},
      {"weighted 0:1;1:1", 12, "expected ','"},
      {"weighted 0:1,x", 13, "expected a node number"},
      {"weighted 0:4294967296", 11, "too large"},
      {"blocked 0:1,1", 13, "expected ':'"},
      {"by_page 0-1", 0, "no text can hold"},
  };
  for (const row& r : table) {
    const auto tells_it_all = [&](const error& e) {
      const std::string_view what = e.what();
      BOOST_TEST(begins(what, "'" + r.text + "': "));
      BOOST_TEST(ends(what, " at position " + std::to_string(r.position)));
      BOOST_TEST(contains(what, r.expected));
      return with_code(errc::invalid_text)(e);
    };
    BOOST_TEST_CONTEXT("'" << r.text << "'") {
      BOOST_CHECK_EXCEPTION((void)placement::parse(r.text, machine), error, tells_it_all);
    }
  }
}

BOOST_AUTO_TEST_CASE(is_refused_where_a_factory_refuses) {
  const std::vector<std::pair<std::string, errc>> table = {
      {"bind none", errc::empty_node_set},
      {"interleave 0 by 0", errc::invalid_chunk},
      {"weighted 0:0", errc::invalid_weights},
      {"weighted 0:65536", errc::invalid_weights},
      {"blocked 0:1,0:1", errc::invalid_weights},
      {"weighted 1024:1", errc::unknown_node},
      {"unbound hard", errc::unsupported_placement},
      {"local hard", errc::unsupported_placement},
      {"weighted_by_system 0 hard", errc::unsupported_placement},
  };
  for (const auto& [text, code] : table) {
    BOOST_TEST_INFO("'" << text << "'");
    BOOST_CHECK_EXCEPTION((void)placement::parse(text, machine), error, with_code(code));
  }
}

class random_placements {
 public:
  placement next() {
    switch (below(9)) {
      case 0:
        return placement::unbound();
      case 1:
        return placement::local();
      case 2:
        return strict(placement::bind(nodes()));
      case 3:
        return strict(placement::interleave(nodes(), chunk()));
      case 4:
        return strict(placement::interleave(nodes()));
      case 5:
        return strict(placement::weighted(weights(), chunk()));
      case 6:
        return placement::weighted_by_system(nodes());
      case 7:
        return strict(placement::blocked(weights()));
      default:
        return strict(placement::most_free(nodes(), chunk()));
    }
  }

 private:
  std::size_t below(std::size_t n) { return x_random() % n; }
  placement strict(const placement& p) { return below(2) == 0 ? p.hard() : p.soft(); }
  node_id node() { return static_cast<node_id>(below(2) == 0 ? below(8) : below(1024)); }
  node_set nodes() {
    node_set n{node()};
    while (below(4) != 0) n.insert(node());
    return n;
  }
  std::vector<node_weight> weights() {
    std::vector<node_weight> w;
    for (node_id n : nodes()) w.push_back({n, static_cast<std::uint32_t>(1 + below(65535))});
    std::shuffle(w.begin(), w.end(), x_random);
    return w;
  }
  acre::chunk chunk() {
    switch (below(5)) {
      case 0:
        return acre::chunk::page;
      case 1:
        return acre::chunk::whole;
      case 2:
        return acre::chunk::automatic;
      case 3:
        return std::size_t{1} << below(50);
      default:
        return 1 + below(std::size_t{1} << 44);
    }
  }

  std::mt19937_64 x_random{20240229};
};

boost::test_tools::assertion_result reads_back_to_the_same(const placement& p) {
  const std::string text = p.to_string();
  const placement read = placement::parse(text, machine);
  if (read != p) return wrong(text, " reads back to another, ", read);
  if (read.hash() != p.hash())
    return wrong(text, " reads back to the hash ", read.hash(), " instead of ", p.hash());
  if (read.to_string() != text) return wrong(text, " reads back to ", read);
  return true;
}

BOOST_AUTO_TEST_CASE(of_random_placements_reads_back_to_the_same) {
  random_placements random;
  for (int i = 0; i < 20000; ++i) BOOST_TEST_REQUIRE(reads_back_to_the_same(random.next()));
}

BOOST_AUTO_TEST_CASE(cut_anywhere_throws_nothing_but_errors) {
  const auto parse_or_refuse = [](const std::string& text) {
    try {
      (void)placement::parse(text, machine);
    } catch (const error&) {
    }
  };
  random_placements random;
  for (int i = 0; i < 300; ++i) {
    const std::string text = random.next().to_string();
    for (std::size_t n = 0; n < text.size(); ++n) {
      BOOST_TEST_INFO("the first " << n << " characters of " << text);
      BOOST_CHECK_NO_THROW(parse_or_refuse(text.substr(0, n)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
