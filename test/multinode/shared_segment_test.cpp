// Segments of every placement on every backend: created here, touched by other programs from the CPUs of other nodes,
// counted by the kernel.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <acre/shared_segment.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "multinode/segment_peers.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

constexpr std::uint64_t seed = 20;

struct kind {
  std::string name;
  segment_backend backend;
  page_kind pages;
};
void PrintTo(const kind& k, std::ostream* out) { *out << k.name; }

struct made {
  std::string name;
  expectation expected;
  shared_segment segment;
};

std::string name_of(segment_backend backend, const std::string& base) {
  return backend == segment_backend::sysv ? "private" : "acre_test_" + base;
}

class segments_of : public testing::TestWithParam<kind> {
 protected:
  const pinned x_here{one_cpu_per_node().at(0)};

  bool huge() const { return GetParam().pages == page_kind::huge_2mb; }
  std::size_t unit() const { return page_size(GetParam().pages); }
  /// Enough for a round of the nodes and a rest.
  std::size_t units() const { return huge() ? std::min<std::size_t>(usable_nodes().size() + 1, 5) : 67; }
  /// Room for the record in the last huge page; no whole number of base pages.
  std::size_t bytes() const { return units() * unit() - (huge() ? 2 * base_page() + 7 : 7); }

  /// The kernel keeps policies of huge pages in the mapping that set them, which create() does not keep.
  expectation expected_of(const sample& s) const {
    expectation e = s.make(usable_list(), unit());
    if (huge()) {
      e.installed = [](const test::unit&) { return std::vector<kernel_policy>{{}}; };
      e.together = 0;
    }
    return e;
  }

  made make(const sample& s, std::optional<commit> when) const {
    expectation e = expected_of(s);
    const segment_options options{.backend = GetParam().backend, .pages = GetParam().pages, .commit = when};
    const std::string name = name_of(GetParam().backend, s.name);
    shared_segment segment = shared_segment::create(name, bytes(), e.where, options);
    return {name, std::move(e), std::move(segment)};
  }

  void expect_right(const made& m, bool written_first_by_peers) const {
    const shared_segment& s = m.segment;
    // mincore(2) sees huge pages only where they are mapped.
    if (!huge()) {
      ASSERT_EQ(count_present(s), (s.size() + base_page() - 1) / base_page());
    }
    expect_signed(s, seed);
    const std::vector<unsigned> by = writers(seed, units());
    expect_as_modelled(m.expected, s.data(), s.size(), unit(), [&](std::size_t index) {
      return written_first_by_peers ? std::optional(by[index]) : std::nullopt;
    });
    EXPECT_TRUE(s.downgrades().empty());
    if (m.expected.where.strategy() == strategy::by_page) {
      EXPECT_EQ(code_of([&] { s.check(); }), errc::unsupported_placement);
      return;
    }
    EXPECT_EQ(s.where(), m.expected.where);
    const check_result found = s.check();
    EXPECT_TRUE(found.ok()) << found;
  }

  void write_and_count(const std::vector<sample>& some, std::optional<commit> when) {
    std::vector<made> all;
    std::vector<std::string> addresses;
    std::vector<std::string> policies;
    for (const sample& s : some) {
      SCOPED_TRACE(s.name);
      all.push_back(make(s, when));
      addresses.push_back(address_of(all.back().segment, all.back().name));
      std::ranges::copy(policies_of(all.back().segment, unit()), std::back_inserter(policies));
    }
    for (const auto& seen : write_from_peers(addresses, seed, unit())) EXPECT_EQ(seen, policies);
    for (const made& m : all) {
      SCOPED_TRACE(m.expected.where.to_string());
      expect_right(m, when == commit::lazy);
      remove(m.segment, m.name);
    }
  }
};

std::vector<sample> possible_samples() {
  std::vector<sample> result = samples();
  if (!knows_policy(mpol::weighted)) {
    std::erase_if(result, [](const sample& s) { return s.name == "weighted_by_system"; });
  }
  return result;
}

TEST_P(segments_of, every_placement_lie_as_placed_whoever_touches_them) {
  const nothing_left after;
  const std::vector<sample> all = possible_samples();
  if (!huge()) {
    write_and_count(all, commit::lazy);
    write_and_count(all, commit::eager);
    return;
  }
  constexpr std::size_t at_once = 3;  // as many as the reserved pages are enough for
  for (std::size_t i = 0; i < all.size(); i += at_once) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(i);
    write_and_count({first, first + static_cast<std::ptrdiff_t>(std::min(at_once, all.size() - i))}, {});
  }
}

INSTANTIATE_TEST_SUITE_P(backends, segments_of,
                         testing::Values(kind{"posix", segment_backend::posix, page_kind::system},
                                         kind{"memfd", segment_backend::memfd, page_kind::system},
                                         kind{"sysv", segment_backend::sysv, page_kind::system},
                                         kind{"huge_memfd", segment_backend::memfd, page_kind::huge_2mb},
                                         kind{"huge_sysv", segment_backend::sysv, page_kind::huge_2mb}),
                         [](const auto& test) { return test.param.name; });

/// Needs two usable nodes.
class segments : public testing::Test {
 protected:
  const pinned x_here{one_cpu_per_node().at(0)};
  std::vector<unsigned> usable = usable_list();
  unsigned first = usable.at(0);
  unsigned last = usable.back();
  std::size_t page = base_page();
};

/// The first in turn, the second all on one node: what a wrong order of ranges would show.
expectation in_blocks() {
  for (const sample& s : samples()) {
    if (s.name == "blocked_weights") return s.make(usable_list(), base_page());
  }
  throw std::logic_error("no such sample");
}

/// `s` was just attached; nobody has touched it.
void expect_placed_and_untouched(const shared_segment& s, const expectation& expected) {
  const std::size_t units = s.size() / base_page();
  EXPECT_FALSE(s.created());
  EXPECT_EQ(count_present(s), 0U);
  for (std::size_t i = 0; i < units; ++i) {
    ASSERT_THAT(expected.installed({i, units, std::nullopt}),
                testing::Contains(policy_at(static_cast<const char*>(s.data()) + i * base_page())));
  }
}

void expect_written_as_placed(const shared_segment& s, const expectation& expected) {
  const std::vector<unsigned> by = writers(seed, s.size() / base_page());
  ASSERT_EQ(count_present(s), s.size() / base_page());
  expect_signed(s, seed);
  expect_as_modelled(expected, s.data(), s.size(), base_page(),
                     [&](std::size_t index) { return std::optional(by[index]); });
}

TEST_F(segments, keep_their_placement_when_their_creator_is_gone_before_a_page_is_touched) {
  const expectation expected = in_blocks();
  for (const segment_backend backend : {segment_backend::posix, segment_backend::sysv}) {
    const std::string name = backend == segment_backend::sysv ? "0x61637265" : "acre_test_orphan";
    in_child([&] { shared_segment::create(name, 64 * page, expected.where, {.backend = backend}); });
    {
      const shared_segment s = shared_segment::open(name, {.backend = backend});
      expect_placed_and_untouched(s, expected);
    }
    // Nobody has it attached now.
    const std::string address = (backend == segment_backend::sysv ? "sysv:" : "posix:") + name;
    write_from_peers({address}, seed, page);
    expect_written_as_placed(shared_segment::open(name, {.backend = backend}), expected);
    EXPECT_TRUE(shared_segment::remove(name, {.backend = backend}));
  }
}

TEST_F(segments, keep_their_placement_in_a_descriptor_that_outlives_their_creator) {
  const expectation expected = in_blocks();
  std::array<int, 2> told{};
  std::array<int, 2> done{};
  ASSERT_EQ(pipe(told.data()) + pipe(done.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const shared_segment s =
        shared_segment::create("", 64 * page, expected.where, {.backend = segment_backend::memfd});
    const int file = s.native_handle();
    char byte = 0;
    _exit(write(told[1], &file, sizeof file) == sizeof file && read(done[0], &byte, 1) == 1 ? 0 : 1);
  }
  int number = -1;
  ASSERT_EQ(read(told[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
  const std::string path = "/proc/" + std::to_string(child) + "/fd/" + std::to_string(number);
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  ASSERT_EQ(write(done[1], "!", 1), 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  expect_placed_and_untouched(shared_segment::attach(file), expected);
  write_from_peers({"fd:" + std::to_string(file)}, seed, page);
  expect_written_as_placed(shared_segment::attach(file), expected);
  close(file);
}

TEST_F(segments, of_different_placements_live_in_one_process) {
  const shared_segment a = shared_segment::create("acre_test_a", 32 * page, placement::bind({first}));
  const shared_segment b = shared_segment::create("acre_test_b", 32 * page, placement::bind({last}));
  const shared_segment again = shared_segment::open("acre_test_b");
  write_from_peers({"posix:acre_test_a", "posix:acre_test_b"}, seed, page);
  expect_signed(a, seed);
  expect_signed(b, seed);
  expect_signed(again, seed);
  expect_all_on(first, a.data(), a.size());
  expect_all_on(last, b.data(), b.size());
  expect_all_on(last, again.data(), again.size());
  EXPECT_TRUE(shared_segment::remove("acre_test_a"));
  EXPECT_TRUE(shared_segment::remove("acre_test_b"));
}

TEST_F(segments, of_every_placement_are_prefaulted_as_placed_by_those_who_attached_them) {
  for (const sample& wanted : possible_samples()) {
    SCOPED_TRACE(wanted.name);
    const expectation expected = wanted.make(usable, page);
    const shared_segment s = shared_segment::create("acre_test_prefault", 40 * page, expected.where);
    shared_segment::open("acre_test_prefault").prefault();
    ASSERT_EQ(s.resident().untouched, 0U);
    map_present(s);
    expect_as_modelled(expected, s.data(), s.size(), page, false);
    EXPECT_TRUE(shared_segment::remove("acre_test_prefault"));
  }
}

TEST_F(segments, bound_anew_in_part_are_prefaulted_as_placed) {
  for (const sample& wanted : possible_samples()) {
    SCOPED_TRACE(wanted.name);
    const placement where = wanted.make(usable, page).where;
    shared_segment s = shared_segment::create("acre_test_prefault", 40 * page, where);
    shared_segment other = shared_segment::open("acre_test_prefault");
    s.bind(placement::bind({last}), {.offset = 8 * page, .bytes = 8 * page});
    other.bind(placement::unbound(), {.offset = 16 * page, .bytes = 8 * page});
    const std::vector<std::string> policies = policies_of(s, page);
    for (const std::size_t i : {16U, 23U}) ASSERT_EQ(policies[i], "default{ }");
    other.prefault();
    s.prefault();
    EXPECT_EQ(policies_of(s, page), policies);
    EXPECT_EQ(s.resident().untouched, 0U);
    expect_all_on(last, static_cast<char*>(s.data()) + 8 * page, 8 * page);
    EXPECT_TRUE(shared_segment::remove("acre_test_prefault"));
  }
}

/// Half of the pages, at random, are written by a peer that is gone.
void expect_the_raw_truth_without_a_new_page(const shared_segment& s, unsigned on) {
  const std::size_t pages = s.size() / base_page();
  ASSERT_EQ(count_present(s), pages / 2);
  const residency found = s.resident();
  EXPECT_EQ(found.untouched, pages - pages / 2);
  EXPECT_EQ(found.on(on), pages / 2);
  EXPECT_EQ(found.resident(), pages / 2);
  const check_result checked = s.check();
  EXPECT_TRUE(checked.ok()) << checked;
  EXPECT_EQ(checked.where, found);
  std::size_t listed = 0;
  for (const segment_info& info : shared_segment::list()) {
    EXPECT_EQ(info.resident, found) << info;
    EXPECT_EQ(info.state, creator_state::alive);
    EXPECT_EQ(info.bytes, s.size());
    ++listed;
  }
  EXPECT_EQ(listed, s.backend() == segment_backend::memfd ? 0U : 1U);
  EXPECT_EQ(count_present(s), pages / 2);
  map_present(s);
  EXPECT_EQ(count_pages(s.data(), s.size()), (std::map<unsigned, std::size_t>{{on, pages / 2}}));
}

TEST_F(segments, that_only_others_touched_are_told_right_and_no_page_comes_to_be) {
  for (const segment_backend backend :
       {segment_backend::posix, segment_backend::memfd, segment_backend::sysv}) {
    const std::string name = name_of(backend, "quiet");
    const shared_segment s =
        shared_segment::create(name, 64 * page, placement::bind({last}), {.backend = backend});
    EXPECT_EQ(s.resident().untouched, 64U);
    EXPECT_EQ(count_present(s), 0U);
    segment_peer peer({.node = peer_nodes()[0], .shares = 2}, {address_of(s, name)});
    peer.end();
    expect_the_raw_truth_without_a_new_page(s, last);
    remove(s, name);
  }
}

}  // namespace
}  // namespace acre::test
