// A segment under thousands of random bindings of random parts, against a model that keeps what each page was told
// last. After numactl's randmap.
#include <acre/shared_segment.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "multinode/model.hpp"
#include "multinode/segment_peers.hpp"
#include "multinode/touch.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

using boost::test_tools::assertion_result;

constexpr std::size_t pages = 1000;
constexpr std::size_t steps_between_looks = 200;

/// A part bound at random.
struct step {
  std::size_t first;
  std::size_t count;
  std::shared_ptr<const expectation> expected;
};

/// Makes the same steps from the same seed in every process.
class dice {
 public:
  explicit dice(std::uint64_t seed) : x_random(seed) {
    for (const sample& s : samples()) {
      if (s.name != "weighted_by_system" || knows_policy(mpol::weighted)) x_samples.push_back(s);
    }
  }

  step throw_step() {
    // Long parts seldom: they cost most.
    const std::size_t longest = below(16) == 0 ? pages : 40;
    const std::size_t count = 1 + below(longest);
    const std::size_t first = below(pages - count + 1);
    const sample& s = x_samples[below(x_samples.size())];
    expectation e = s.make(some_nodes(), base_page());
    // Such pages may lie wherever the toucher can.
    if (e.where.nodes().empty()) e = s.make(x_usable, base_page());
    return {first, count, std::make_shared<expectation>(std::move(e))};
  }

  std::size_t below(std::size_t limit) { return x_random() % limit; }

 private:
  /// In order, as samples take them.
  std::vector<unsigned> some_nodes() {
    std::vector<unsigned> some;
    while (some.empty()) {
      for (const unsigned node : x_usable) {
        if (below(2) == 0) some.push_back(node);
      }
    }
    return some;
  }

  std::mt19937_64 x_random;
  std::vector<sample> x_samples;
  std::vector<unsigned> x_usable = usable_list();
};

/// What each page was told last.
class paged_model {
 public:
  void follow(const step& s) {
    for (std::size_t i = 0; i < s.count; ++i) x_pages.at(s.first + i) = {s.expected, i, s.count};
  }

  assertion_result has_policies_of(const shared_segment& s) const {
    for (std::size_t i = 0; i < pages; ++i) {
      const auto& [expected, index, count] = x_pages[i];
      const kernel_policy policy = policy_at(static_cast<const char*>(s.data()) + i * base_page());
      const std::vector<kernel_policy> may = expected->installed({index, count, std::nullopt});
      if (std::ranges::find(may, policy) == may.end()) {
        return wrong("page ", i, " has the policy ", policy, ", expected one of ", may, ": bound last by '",
                     expected->where, "' as page ", index, " of ", count);
      }
    }
    return true;
  }

  assertion_result has_nodes_of(const shared_segment& s, const std::vector<unsigned>& touchers) const {
    const std::vector<int> found = page_nodes(s.data(), s.size());
    for (std::size_t i = 0; i < pages; ++i) {
      const auto& [expected, index, count] = x_pages[i];
      const nodes may = expected->lies({index, count, touchers[i]});
      if (found[i] < 0 || !may.contains(static_cast<unsigned>(found[i]))) {
        return wrong("page ", i, " lies on ", found[i], ", expected one of ", may, ": bound last by '",
                     expected->where, "' as page ", index, " of ", count, ", touched from node ",
                     touchers[i]);
      }
    }
    return true;
  }

 private:
  struct told {
    std::shared_ptr<const expectation> expected =
        std::make_shared<expectation>(samples().at(0).make(usable_list(), base_page()));
    std::size_t index = 0;
    std::size_t count = 1;
  };
  std::vector<told> x_pages{std::vector<told>(pages, told{})};
};

void bind(shared_segment& s, const step& now) {
  s.bind(now.expected->where, {.offset = now.first * base_page(), .bytes = now.count * base_page()});
}

/// Every page from the CPU of a random node.
std::vector<unsigned> touch_at_random(const shared_segment& s, dice& random) {
  const std::vector<unsigned> cpus = one_cpu_per_node();
  std::vector<std::size_t> by(pages);
  for (std::size_t& k : by) k = random.below(cpus.size());
  std::vector<unsigned> touchers(pages);
  for (std::size_t k = 0; k < cpus.size(); ++k) {
    const pinned here(cpus[k]);
    const unsigned node = node_of_cpu(cpus[k]);
    for (std::size_t i = 0; i < pages; ++i) {
      if (by[i] != k) continue;
      touchers[i] = node;
      touch(static_cast<char*>(s.data()) + i * base_page(), base_page());
    }
  }
  return touchers;
}

/// The same steps at each run: what fails once fails again.
constexpr std::uint64_t seed_of_steps = 0x5eed;

/// \param steps how many
/// \param bind_in_turn binds step i from one attachment or the other
void expect_as_the_model_says(const shared_segment& looking, std::size_t steps,
                              const std::function<void(std::size_t i, const step&)>& bind_in_turn) {
  dice random(seed_of_steps);
  paged_model model;
  for (std::size_t i = 0; i < steps; ++i) {
    const step now = random.throw_step();
    bind_in_turn(i, now);
    model.follow(now);
    if ((i + 1) % steps_between_looks != 0) continue;
    BOOST_TEST_INFO("after step " << i);
    BOOST_TEST_REQUIRE(model.has_policies_of(looking));
  }
  BOOST_TEST(count_present(looking) == 0U);
  const std::vector<unsigned> touchers = touch_at_random(looking, random);
  BOOST_TEST(model.has_nodes_of(looking, touchers));
}

/// Binds every odd step, each when it is told to.
void bind_odd_steps(int id, std::size_t steps, int told, int done) {
  shared_segment s = shared_segment::attach_id(id);
  dice random(seed_of_steps);
  for (std::size_t i = 0; i < steps; ++i) {
    const step now = random.throw_step();
    if (i % 2 == 0) continue;
    char byte = 0;
    require(read(told, &byte, 1) == 1, "read");
    bind(s, now);
    require(write(done, "!", 1) == 1, "write");
  }
}

BOOST_AUTO_TEST_SUITE(segment_randmap)

BOOST_AUTO_TEST_CASE(binds_as_the_model_says_through_two_attachments_of_one_process) {
  const own_name name;
  shared_segment one = shared_segment::create(name, pages * base_page(), placement::unbound());
  shared_segment other = shared_segment::open(name);
  const std::size_t mappings = count_mappings();
  expect_as_the_model_says(one, 3000,
                           [&](std::size_t i, const step& now) { bind(i % 2 == 0 ? one : other, now); });
  BOOST_TEST(count_mappings() <= mappings + 4);
  remove(one, name.text());
}

BOOST_AUTO_TEST_CASE(binds_as_the_model_says_from_two_processes) {
  constexpr std::size_t steps = 600;
  // Both on one: they take turns, and an emulated machine's CPUs wait for each other.
  const pinned here(one_cpu_per_node().at(0));
  segment_maker maker(way::sysv_private);
  shared_segment one = maker.make(pages * base_page());
  std::array<int, 2> told{};
  std::array<int, 2> done{};
  BOOST_TEST_REQUIRE(pipe2(told.data(), O_CLOEXEC) + pipe2(done.data(), O_CLOEXEC) == 0);
  const pid_t child = start([&] {
    close(told[1]);
    bind_odd_steps(one.id(), steps, told[0], done[1]);
  });
  close(done[1]);
  expect_as_the_model_says(one, steps, [&](std::size_t i, const step& now) {
    if (i % 2 == 0) return bind(one, now);
    char byte = 0;
    BOOST_TEST_REQUIRE(write(told[1], "!", 1) == 1);
    BOOST_TEST_REQUIRE(read(done[0], &byte, 1) == 1, "the other process has failed");
  });
  close(told[1]);
  expect_success(child);
  BOOST_TEST(shared_segment::remove_id(one.id()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
