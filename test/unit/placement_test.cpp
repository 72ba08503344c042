#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace {

using acre::errc;
using acre::node_set;
using acre::node_weight;
using acre::placement;

static_assert(std::is_nothrow_copy_constructible_v<placement>);
static_assert(std::is_nothrow_copy_assignable_v<placement>);
static_assert(std::is_nothrow_move_constructible_v<placement>);
static_assert(std::is_nothrow_move_assignable_v<placement>);
static_assert(std::is_nothrow_swappable_v<placement>);
static_assert(std::equality_comparable<placement>);
static_assert(!std::is_default_constructible_v<placement>);

placement by_parity() {
  return placement::by_page([](std::size_t i, std::size_t) { return static_cast<acre::node_id>(i % 2); },
                            {0, 1});
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
          placement::most_free(nodes, placement::one_page),
          by_parity(),
          by_parity()};
}

void expect_error(errc code, const std::vector<std::string>& words, const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const acre::error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    for (const std::string& w : words)
      EXPECT_NE(std::string(e.what()).find(w), std::string::npos) << e.what();
  }
}

TEST(placement, equals_its_copies_and_nothing_else) {
  const std::vector<placement> all = various();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const placement copy = all[i];
    EXPECT_EQ(copy, all[i]);
    EXPECT_EQ(copy.hash(), all[i].hash());
    for (std::size_t j = 0; j < all.size(); ++j)
      EXPECT_EQ(all[i] == all[j], i == j) << all[i] << " / " << all[j];
  }
}

TEST(placement, made_twice_the_same_way_is_equal_with_equal_hash) {
  const std::vector<placement> once = various();
  const std::vector<placement> again = various();
  for (std::size_t i = 0; i < once.size(); ++i) {
    if (once[i].strategy() == acre::strategy::by_page) continue;
    EXPECT_EQ(once[i], again[i]);
    EXPECT_EQ(std::hash<placement>{}(once[i]), std::hash<placement>{}(again[i]));
  }
}

TEST(placement, hashes_of_different_placements_differ) {
  std::unordered_set<std::size_t> hashes;
  const std::vector<placement> all = various();
  for (const placement& p : all) hashes.insert(p.hash());
  EXPECT_EQ(hashes.size(), all.size());
}

TEST(placement, has_the_default_strictness_of_its_strategy) {
  const node_set n{0};
  EXPECT_FALSE(placement::unbound().is_hard());
  EXPECT_FALSE(placement::local().is_hard());
  EXPECT_TRUE(placement::bind(n).is_hard());
  EXPECT_FALSE(placement::prefer(n).is_hard());
  EXPECT_FALSE(placement::interleave(n).is_hard());
  EXPECT_FALSE(placement::weighted({{0, 1}}).is_hard());
  EXPECT_FALSE(placement::weighted_by_system(n).is_hard());
  EXPECT_TRUE(placement::blocked(n).is_hard());
  EXPECT_FALSE(placement::most_free(n).is_hard());
  EXPECT_TRUE(by_parity().is_hard());
}

TEST(placement, other_strictness_and_back_is_the_same) {
  for (const placement& p : various()) {
    EXPECT_EQ(p.soft().strictness(), acre::strictness::soft);
    EXPECT_EQ(p.soft().strategy(), p.strategy());
    if (p.is_hard()) {
      EXPECT_EQ(p.soft().hard(), p);
      EXPECT_NE(p.soft(), p);
    } else {
      EXPECT_EQ(p.soft(), p);
    }
  }
}

TEST(placement, soft_bind_is_prefer_and_hard_prefer_is_bind) {
  EXPECT_EQ(placement::bind({0, 2}).soft(), placement::prefer({0, 2}));
  EXPECT_EQ(placement::prefer({0, 2}).hard(), placement::bind({0, 2}));
  EXPECT_EQ(placement::prefer({0, 2}).strategy(), acre::strategy::bind);
}

TEST(placement, what_the_kernel_cannot_keep_is_not_made_hard) {
  const auto refuses = [](const placement& p, const std::string& name) {
    expect_error(errc::unsupported_placement, {name}, [&] { (void)p.hard(); });
  };
  refuses(placement::unbound(), "unbound");
  refuses(placement::local(), "local");
  refuses(placement::weighted_by_system({0}), "weighted_by_system 0");
}

TEST(placement, needs_nodes) {
  const node_set none;
  const auto refuses = [](const std::string& name, const std::function<void()>& call) {
    expect_error(errc::empty_node_set, {name}, call);
  };
  refuses("bind", [&] { (void)placement::bind(none); });
  refuses("prefer", [&] { (void)placement::prefer(none); });
  refuses("interleave", [&] { (void)placement::interleave(none); });
  refuses("interleave", [&] { (void)placement::interleave(none, 4096); });
  refuses("weighted_by_system", [&] { (void)placement::weighted_by_system(none); });
  refuses("blocked", [&] { (void)placement::blocked(none); });
  refuses("most_free", [&] { (void)placement::most_free(none); });
  refuses("by_page", [&] { (void)placement::by_page([](std::size_t, std::size_t) { return 0U; }, none); });
}

TEST(placement, refuses_a_chunk_of_nothing) {
  expect_error(errc::invalid_chunk, {"interleave", "0 bytes"}, [] { (void)placement::interleave({0}, 0); });
  expect_error(errc::invalid_chunk, {"weighted", "0 bytes"}, [] { (void)placement::weighted({{0, 1}}, 0); });
  expect_error(errc::invalid_chunk, {"most_free", "0 bytes"}, [] { (void)placement::most_free({0}, 0); });
}

TEST(placement, refuses_bad_weights_by_node_and_value) {
  struct row {
    std::vector<node_weight> weights;
    std::vector<std::string> words;
  };
  const std::vector<row> table = {
      {{}, {"no weights"}},
      {{{3, 0}}, {"node 3", "weight 0", "1..65535"}},
      {{{0, 1}, {7, 65536}}, {"node 7", "weight 65536", "1..65535"}},
      {{{0, 1}, {2, 5}, {0, 6}}, {"node 0 is named twice", "weight 6"}},
  };
  for (const row& r : table) {
    expect_error(errc::invalid_weights, r.words, [&] { (void)placement::weighted(r.weights); });
    expect_error(errc::invalid_weights, r.words, [&] { (void)placement::blocked(r.weights); });
  }
  expect_error(errc::unknown_node, {"1024"}, [] { (void)placement::weighted({{1024, 1}}); });
  EXPECT_EQ(placement::weighted({{1023, placement::max_weight}}).weights()[0].weight, placement::max_weight);
}

TEST(placement, keeps_weights_in_the_order_given) {
  const std::vector<node_weight> order = {{5, 1}, {0, 3}, {2, 2}};
  for (const placement& p : {placement::weighted(order), placement::blocked(order)}) {
    EXPECT_EQ(std::vector<node_weight>(p.weights().begin(), p.weights().end()), order);
    EXPECT_EQ(p.nodes(), (node_set{0, 2, 5}));
  }
}

TEST(placement, blocked_nodes_are_equal_weights_in_node_order) {
  EXPECT_EQ(placement::blocked({2, 0}), placement::blocked({{0, 1}, {2, 1}}));
}

TEST(placement, has_a_chunk_where_chunks_mean_something) {
  EXPECT_EQ(placement::interleave({0}).chunk(), placement::one_page);
  EXPECT_EQ(placement::interleave({0}, placement::one_page), placement::interleave({0}));
  EXPECT_EQ(placement::interleave({0}, 5000).chunk(), 5000U);
  EXPECT_EQ(placement::weighted({{0, 1}}).chunk(), placement::one_page);
  EXPECT_EQ(placement::most_free({0}).chunk(), placement::whole);
  EXPECT_EQ(placement::bind({0}).chunk(), 0U);
  EXPECT_TRUE(placement::unbound().nodes().empty());
  EXPECT_TRUE(placement::bind({0}).weights().empty());
}

TEST(placement, by_page_needs_a_function_and_only_it_has_one) {
  expect_error(errc::invalid_function, {"by_page"}, [] { (void)placement::by_page(nullptr, {0}); });
  expect_error(errc::invalid_function, {"bind 0"}, [] { (void)placement::bind({0}).node_of_page(0, 1); });
  EXPECT_EQ(by_parity().node_of_page(3, 10), 1U);
  EXPECT_EQ(by_parity().soft().node_of_page(4, 10), 0U);
}

TEST(placement, stays_whole_when_it_is_moved_from) {
  placement from = placement::weighted({{0, 1}, {1, 2}});
  const placement same = from;
  const placement to = std::move(from);
  EXPECT_EQ(to, same);
  EXPECT_EQ(from, same);  // NOLINT(bugprone-use-after-move)
}

}  // namespace
