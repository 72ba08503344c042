#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <boost/test/unit_test.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/errors.hpp"
#include "support/print.hpp"

namespace acre {

static std::ostream& boost_test_print_type(std::ostream& out, const node_weight& w) {
  return out << w.node << ':' << w.weight;
}

}  // namespace acre

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(placement)
using acre::placement;
using boost::test_tools::per_element;

static_assert(std::is_nothrow_copy_constructible_v<placement>);
static_assert(std::is_nothrow_copy_assignable_v<placement>);
static_assert(std::is_nothrow_move_constructible_v<placement>);
static_assert(std::is_nothrow_move_assignable_v<placement>);
static_assert(std::is_nothrow_swappable_v<placement>);
static_assert(std::equality_comparable<placement>);
static_assert(std::is_nothrow_default_constructible_v<placement>);

placement by_parity() {
  return placement::by_page([](std::size_t i, std::size_t) { return static_cast<node_id>(i % 2); }, {0, 1});
}

/// Any two of these differ.
std::vector<placement> various() {
  const node_set nodes{0, 1};
  return {placement::unbound(),
          placement::local(),
          placement::bind(nodes),
          placement::bind({0}),
          placement::prefer(nodes),
          placement::interleave(nodes),
          placement::interleave(nodes, chunk::page),
          placement::interleave(nodes, 1),
          placement::interleave(nodes, chunk::whole),
          placement::interleave(nodes, 8192),
          placement::interleave(nodes).hard(),
          placement::weighted({{0, 1}, {1, 2}}),
          placement::weighted({{1, 2}, {0, 1}}),
          placement::weighted({{0, 2}, {1, 1}}),
          placement::weighted({{0, 1}, {1, 2}}, 8192),
          placement::weighted_by_system(nodes),
          placement::blocked({{0, 1}, {1, 2}}),
          placement::blocked(nodes),
          placement::blocked(nodes).soft(),
          placement::most_free(nodes),
          placement::most_free(nodes, chunk::page),
          by_parity(),
          by_parity()};
}

BOOST_AUTO_TEST_CASE(equals_its_copies_and_nothing_else) {
  const std::vector<placement> all = various();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const placement copy = all[i];
    BOOST_TEST(copy == all[i]);
    BOOST_TEST(copy.hash() == all[i].hash());
    for (std::size_t j = 0; j < all.size(); ++j) {
      BOOST_TEST_INFO(all[i] << " / " << all[j]);
      BOOST_TEST((all[i] == all[j]) == (i == j));
    }
  }
}

BOOST_AUTO_TEST_CASE(made_twice_the_same_way_is_equal_with_equal_hash) {
  const std::vector<placement> once = various();
  const std::vector<placement> again = various();
  for (std::size_t i = 0; i < once.size(); ++i) {
    if (once[i].strategy() == strategy::by_page) continue;
    BOOST_TEST(once[i] == again[i]);
    BOOST_TEST(std::hash<placement>{}(once[i]) == std::hash<placement>{}(again[i]));
  }
}

BOOST_AUTO_TEST_CASE(has_another_hash_than_different_ones) {
  std::unordered_set<std::size_t> hashes;
  const std::vector<placement> all = various();
  for (const placement& p : all) hashes.insert(p.hash());
  BOOST_TEST(hashes.size() == all.size());
}

BOOST_AUTO_TEST_CASE(has_the_default_strictness_of_its_strategy) {
  const node_set n{0};
  BOOST_TEST(!placement::unbound().is_hard());
  BOOST_TEST(!placement::local().is_hard());
  BOOST_TEST(placement::bind(n).is_hard());
  BOOST_TEST(!placement::prefer(n).is_hard());
  BOOST_TEST(!placement::interleave(n).is_hard());
  BOOST_TEST(!placement::weighted({{0, 1}}).is_hard());
  BOOST_TEST(!placement::weighted_by_system(n).is_hard());
  BOOST_TEST(placement::blocked(n).is_hard());
  BOOST_TEST(!placement::most_free(n).is_hard());
  BOOST_TEST(by_parity().is_hard());
}

BOOST_AUTO_TEST_CASE(is_the_same_after_other_strictness_and_back) {
  for (const placement& p : various()) {
    BOOST_TEST(p.soft().strictness() == strictness::soft);
    BOOST_TEST(p.soft().strategy() == p.strategy());
    if (p.is_hard()) {
      BOOST_TEST(p.soft().hard() == p);
      BOOST_TEST(p.soft() != p);
    } else {
      BOOST_TEST(p.soft() == p);
    }
  }
}

BOOST_AUTO_TEST_CASE(is_prefer_for_soft_bind_and_bind_for_hard_prefer) {
  BOOST_TEST(placement::bind({0, 2}).soft() == placement::prefer({0, 2}));
  BOOST_TEST(placement::prefer({0, 2}).hard() == placement::bind({0, 2}));
  BOOST_TEST(placement::prefer({0, 2}).strategy() == strategy::bind);
}

BOOST_AUTO_TEST_CASE(is_not_made_hard_where_the_kernel_cannot_keep_it) {
  const auto naming = [](std::string_view name) {
    return with_code(errc::unsupported_placement).saying(name);
  };
  BOOST_CHECK_EXCEPTION((void)placement::unbound().hard(), error, naming("unbound"));
  BOOST_CHECK_EXCEPTION((void)placement::local().hard(), error, naming("local"));
  BOOST_CHECK_EXCEPTION((void)placement::weighted_by_system({0}).hard(), error,
                        naming("weighted_by_system 0"));
}

BOOST_AUTO_TEST_CASE(needs_nodes) {
  const node_set none;
  const auto zero = [](std::size_t, std::size_t) { return 0U; };
  const auto naming = [](std::string_view name) { return with_code(errc::empty_node_set).saying(name); };
  BOOST_CHECK_EXCEPTION((void)placement::bind(none), error, naming("bind"));
  BOOST_CHECK_EXCEPTION((void)placement::prefer(none), error, naming("prefer"));
  BOOST_CHECK_EXCEPTION((void)placement::interleave(none), error, naming("interleave"));
  BOOST_CHECK_EXCEPTION((void)placement::interleave(none, 4096), error, naming("interleave"));
  BOOST_CHECK_EXCEPTION((void)placement::weighted_by_system(none), error, naming("weighted_by_system"));
  BOOST_CHECK_EXCEPTION((void)placement::blocked(none), error, naming("blocked"));
  BOOST_CHECK_EXCEPTION((void)placement::most_free(none), error, naming("most_free"));
  BOOST_CHECK_EXCEPTION((void)placement::by_page(zero, none), error, naming("by_page"));
}

BOOST_AUTO_TEST_CASE(refuses_a_chunk_of_nothing) {
  const auto refusal = with_code(errc::invalid_chunk).saying("0 bytes").saying("'page' is one page");
  BOOST_CHECK_EXCEPTION((void)placement::interleave({0}, 0), error, refusal);
  BOOST_CHECK_EXCEPTION((void)placement::weighted({{0, 1}}, 0), error, refusal);
  BOOST_CHECK_EXCEPTION((void)placement::most_free({0}, 0), error, refusal);
}

BOOST_AUTO_TEST_CASE(refuses_chunks_that_no_object_can_have) {
  const auto refusal = with_code(errc::invalid_chunk).saying("it must be 1 to 9223372036854775807");
  BOOST_CHECK_EXCEPTION((void)placement::interleave({0}, static_cast<std::size_t>(-1)), error, refusal);
  BOOST_CHECK_EXCEPTION((void)placement::most_free({0}, std::size_t{1} << 63), error, refusal);
  BOOST_TEST(placement::interleave({0}, PTRDIFF_MAX).chunk() == chunk(PTRDIFF_MAX));
}

BOOST_AUTO_TEST_CASE(refuses_bad_weights_by_node_and_value) {
  const auto invalid = [] { return with_code(errc::invalid_weights); };
  struct row {
    std::vector<node_weight> weights;
    with_code refusal;
  };
  const std::vector<row> table = {
      {{}, invalid().saying("no weights")},
      {{{3, 0}}, invalid().saying("node 3").saying("weight 0").saying("1..65535")},
      {{{0, 1}, {7, 65536}}, invalid().saying("node 7").saying("weight 65536").saying("1..65535")},
      {{{0, 1}, {2, 5}, {0, 6}}, invalid().saying("node 0 is named twice").saying("weight 6")},
  };
  for (const row& r : table) {
    BOOST_TEST_CONTEXT(r.weights.size() << " weights") {
      BOOST_CHECK_EXCEPTION((void)placement::weighted(r.weights), error, r.refusal);
      BOOST_CHECK_EXCEPTION((void)placement::blocked(r.weights), error, r.refusal);
    }
  }
  BOOST_CHECK_EXCEPTION((void)placement::weighted({{1024, 1}}), error,
                        with_code(errc::unknown_node).saying("1024"));
  const placement heaviest = placement::weighted({{1023, placement::max_weight}});
  BOOST_TEST(heaviest.weights()[0].weight == placement::max_weight);
}

BOOST_AUTO_TEST_CASE(keeps_weights_in_the_order_given) {
  const std::vector<node_weight> order = {{5, 1}, {0, 3}, {2, 2}};
  for (const placement& p : {placement::weighted(order), placement::blocked(order)}) {
    BOOST_TEST(std::vector<node_weight>(p.weights().begin(), p.weights().end()) == order, per_element());
    BOOST_TEST(p.nodes() == (node_set{0, 2, 5}));
  }
}

BOOST_AUTO_TEST_CASE(blocked_without_weights_has_equal_ones_in_node_order) {
  BOOST_TEST(placement::blocked({2, 0}) == placement::blocked({{0, 1}, {2, 1}}));
}

BOOST_AUTO_TEST_CASE(has_a_chunk_where_chunks_mean_something) {
  BOOST_TEST(placement::interleave({0}).chunk() == chunk::automatic);
  BOOST_TEST(placement::interleave({0}, chunk::page).chunk() == chunk::page);
  BOOST_TEST(placement::interleave({0}, 5000).chunk() == chunk(5000));
  BOOST_TEST(placement::weighted({{0, 1}}).chunk() == chunk::automatic);
  BOOST_TEST(placement::most_free({0}).chunk() == chunk::automatic);
  BOOST_TEST(placement::bind({0}).chunk() == chunk::automatic);
  BOOST_TEST(placement::unbound().nodes().empty());
  const placement without = placement::bind({0});
  BOOST_TEST(without.weights().empty());
}

BOOST_AUTO_TEST_CASE(has_other_chunks_where_it_has_any) {
  BOOST_TEST(placement::interleave({0, 1}).hard().by(8192) == placement::interleave({0, 1}, 8192).hard());
  BOOST_TEST(placement::most_free({0, 1}, 4096).by(chunk::automatic) == placement::most_free({0, 1}));
  for (const placement& p :
       {placement::unbound(), placement::bind({0}), placement::blocked({0}), by_parity()}) {
    BOOST_CHECK_EXCEPTION((void)p.by(4096), error,
                          with_code(errc::unsupported_placement).saying("no chunks"));
  }
}

BOOST_AUTO_TEST_CASE(is_unbound_if_nothing_is_said) { BOOST_TEST(placement() == placement::unbound()); }

BOOST_AUTO_TEST_CASE(by_page_needs_a_function_and_only_it_has_one) {
  const auto naming = [](std::string_view name) { return with_code(errc::invalid_function).saying(name); };
  node_id (*const null)(std::size_t, std::size_t) = nullptr;
  BOOST_CHECK_EXCEPTION((void)placement::by_page(null, {0}), error, naming("by_page"));
  const std::function<node_id(std::size_t, std::size_t)> empty;
  BOOST_CHECK_EXCEPTION((void)placement::by_page(empty, {0}), error, naming("by_page"));
  BOOST_CHECK_EXCEPTION((void)placement::bind({0}).node_of_page(0, 1), error, naming("bind 0"));
  BOOST_TEST(by_parity().node_of_page(3, 10) == 1U);
  BOOST_TEST(by_parity().soft().node_of_page(4, 10) == 0U);
}

BOOST_AUTO_TEST_CASE(by_page_takes_whatever_can_be_called) {
  node_id (*const pointer)(std::size_t, std::size_t) = [](std::size_t i, std::size_t) -> node_id {
    return i == 3 ? 5 : 4;
  };
  BOOST_TEST(placement::by_page(pointer, {4, 5}).node_of_page(3, 10) == 5U);
  const std::function<node_id(std::size_t, std::size_t)> function = pointer;
  BOOST_TEST(placement::by_page(function, {4, 5}).node_of_page(3, 10) == 5U);
  BOOST_TEST(placement::by_page([](unsigned long i, auto) { return static_cast<long>(i); }, {0, 1})
                 .node_of_page(1, 2) == 1U);
  // Neither copyable nor callable where it is constant.
  auto calls = [n = std::make_unique<int>(0), sum = 0U](std::size_t, std::size_t) mutable -> node_id {
    return sum += static_cast<node_id>(++*n);
  };
  const placement p = placement::by_page(std::move(calls), {1, 3});
  BOOST_TEST(p.node_of_page(0, 2) == 1U);
  BOOST_TEST(p.node_of_page(1, 2) == 3U);
}

BOOST_AUTO_TEST_CASE(the_function_of_by_page_lives_as_long_as_the_last_copy) {
  const auto life = std::make_shared<int>(0);
  const auto function = [life](std::size_t, std::size_t) { return 0U; };
  const long without = life.use_count();
  BOOST_CHECK_THROW((void)placement::by_page(function, {}), error);
  BOOST_TEST(life.use_count() == without);
  {
    std::optional<placement> first = placement::by_page(function, {0});
    placement second = first->soft();
    placement third = placement::weighted({{0, 1}});
    third = second;
    third = *&third;
    BOOST_TEST(life.use_count() == without + 1);
    first.reset();
    second = placement();
    BOOST_TEST(third.node_of_page(0, 1) == 0U);
    BOOST_TEST(life.use_count() == without + 1);
  }
  BOOST_TEST(life.use_count() == without);
}

BOOST_AUTO_TEST_CASE(stays_whole_when_it_is_moved_from) {
  placement from = placement::weighted({{0, 1}, {1, 2}});
  const placement same = from;
  const placement to = std::move(from);
  BOOST_TEST(to == same);
  BOOST_TEST(from == same);  // NOLINT(bugprone-use-after-move)
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
