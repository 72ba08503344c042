// Segments of every placement on every backend: created here, touched by other programs from the CPUs of other nodes,
// counted by the kernel.
#include <acre/shared_segment.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "multinode/model.hpp"
#include "multinode/segment_peers.hpp"
#include "multinode/two_nodes.hpp"
#include "multinode/verify.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/named_cases.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

using boost::test_tools::assertion_result;
using boost::test_tools::per_element;

constexpr std::uint64_t seed = 20;

std::vector<sample> possible_samples() {
  std::vector<sample> result = samples();
  if (!knows_policy(mpol::weighted)) {
    std::erase_if(result, [](const sample& s) { return s.name == "weighted_by_system"; });
  }
  return result;
}

struct kind {
  const char* name;
  way made;
  acre::page_kind page_kind;
  friend std::ostream& operator<<(std::ostream& out, const kind& k) { return out << k.name; }
};
constexpr std::array kinds{
    kind{"posix", way::posix, page_kind::system},
    kind{"memfd", way::memfd, page_kind::system},
    kind{"sysv", way::sysv_private, page_kind::system},
    kind{"huge_memfd", way::memfd, page_kind::huge_2mb},
    kind{"huge_sysv", way::sysv_private, page_kind::huge_2mb},
};

/// Segments of one kind, one of each placement.
class segments_of {
 public:
  explicit segments_of(const kind& k) : x_kind(k) {}

  bool huge() const { return x_kind.page_kind == page_kind::huge_2mb; }

  void write_and_count(const std::vector<sample>& some, std::optional<commit> when) const {
    std::vector<made> all;
    std::vector<std::string> addresses;
    std::vector<std::string> policies;
    for (const sample& s : some) {
      BOOST_TEST_CONTEXT(s) {
        all.push_back(make(s, when));
        addresses.push_back(address_of(all.back().segment, all.back().name()));
        std::ranges::copy(policies_of(all.back().segment, unit()), std::back_inserter(policies));
      }
    }
    for (const auto& seen : write_from_peers(addresses, seed, unit())) {
      BOOST_TEST(seen == policies, per_element());
    }
    for (const made& m : all) {
      BOOST_TEST_CONTEXT(m.expected.where) {
        expect_right(m, when == commit::lazy);
        remove(m.segment, m.name());
      }
    }
  }

 private:
  struct made {
    expectation expected;
    std::unique_ptr<segment_maker> maker;
    shared_segment segment;
    const std::string& name() const { return maker->name().text(); }
  };

  std::size_t unit() const { return page_size(x_kind.page_kind); }
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
    auto maker = std::make_unique<segment_maker>(x_kind.made);
    shared_segment segment = maker->make(bytes(), e.where, {.page_kind = x_kind.page_kind, .commit = when});
    return {std::move(e), std::move(maker), std::move(segment)};
  }

  void expect_right(const made& m, bool written_first_by_peers) const {
    const shared_segment& s = m.segment;
    // mincore(2) sees huge pages only where they are mapped.
    if (!huge()) {
      BOOST_TEST_REQUIRE(count_present(s) == (s.size() + base_page() - 1) / base_page());
    }
    expect_signed(s, seed);
    const std::vector<unsigned> by = writers(seed, units());
    expect_as_modelled(m.expected, s.data(), s.size(), unit(), [&](std::size_t index) {
      return written_first_by_peers ? std::optional(by[index]) : std::nullopt;
    });
    BOOST_TEST(s.downgrades().empty());
    if (m.expected.where.strategy() == strategy::by_page) {
      BOOST_CHECK_EXCEPTION((void)s.check(), error, with_code(errc::unsupported_placement));
      return;
    }
    BOOST_TEST(s.where() == m.expected.where);
    BOOST_TEST(s.check());
  }

  kind x_kind;
};

BOOST_AUTO_TEST_SUITE(backends, *named_cases(kinds))

BOOST_DATA_TEST_CASE(make_segments_of_every_placement_lie_as_placed_whoever_touches_them, kinds, k) {
  const pinned here(one_cpu_per_node().at(0));
  const nothing_left after;
  const segments_of segments(k);
  const std::vector<sample> all = possible_samples();
  if (!segments.huge()) {
    segments.write_and_count(all, commit::lazy);
    segments.write_and_count(all, commit::eager);
    return;
  }
  constexpr std::size_t at_once = 3;  // as many as the reserved pages are enough for
  for (std::size_t i = 0; i < all.size(); i += at_once) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(i);
    segments.write_and_count({first, first + static_cast<std::ptrdiff_t>(std::min(at_once, all.size() - i))},
                             {});
  }
}

BOOST_AUTO_TEST_SUITE_END()

struct seen_from_first_node : two_nodes {
  const pinned here{one_cpu_per_node().at(0)};
  std::size_t page = base_page();
};

/// The first in turn, the second all on one node: what a wrong order of ranges would show.
expectation in_blocks() {
  for (const sample& s : samples()) {
    if (s.name == "blocked_weights") return s.make(usable_list(), base_page());
  }
  throw std::logic_error("no such sample");
}

assertion_result has_policies(const shared_segment& s, const expectation& expected) {
  const std::size_t units = s.size() / base_page();
  for (std::size_t i = 0; i < units; ++i) {
    const kernel_policy policy = policy_at(static_cast<const char*>(s.data()) + i * base_page());
    const std::vector<kernel_policy> may = expected.installed({i, units, std::nullopt});
    if (std::ranges::find(may, policy) == may.end()) {
      return wrong("page ", i, " has the policy ", policy, ", expected one of ", may);
    }
  }
  return true;
}

/// `s` was just attached; nobody has touched it.
void expect_placed_and_untouched(const shared_segment& s, const expectation& expected) {
  BOOST_TEST(!s.created());
  BOOST_TEST(count_present(s) == 0U);
  BOOST_TEST(has_policies(s, expected));
}

void expect_written_as_placed(const shared_segment& s, const expectation& expected) {
  const std::vector<unsigned> by = writers(seed, s.size() / base_page());
  BOOST_TEST_REQUIRE(count_present(s) == s.size() / base_page());
  expect_signed(s, seed);
  expect_as_modelled(expected, s.data(), s.size(), base_page(),
                     [&](std::size_t index) { return std::optional(by[index]); });
}

/// Half of the pages, at random, are written by a peer that is gone.
void expect_the_raw_truth_without_a_new_page(const shared_segment& s, unsigned on) {
  const std::size_t pages = s.size() / base_page();
  BOOST_TEST_REQUIRE(count_present(s) == pages / 2);
  const residency found = s.resident();
  BOOST_TEST_CONTEXT(found) {
    BOOST_TEST(found.untouched == pages - pages / 2);
    BOOST_TEST(found.on(on) == pages / 2);
    BOOST_TEST(found.resident() == pages / 2);
  }
  const check_result checked = s.check();
  BOOST_TEST(checked);
  BOOST_TEST(checked.where == found);
  BOOST_TEST((s.info().resident == found));
  std::size_t listed = 0;
  for (const segment_info& info : shared_segment::list()) {
    BOOST_TEST_CONTEXT(info) {
      BOOST_TEST(info.resident == found);
      BOOST_TEST(info.state == creator_state::alive);
      BOOST_TEST(info.bytes == s.size());
    }
    ++listed;
  }
  BOOST_TEST(listed == (s.backend() == segment_backend::memfd ? 0U : 1U));
  BOOST_TEST(count_present(s) == pages / 2);
  map_present(s);
  const std::map<unsigned, std::size_t> half{{on, pages / 2}};
  BOOST_TEST(same(count_pages(s.data(), s.size()), half));
}

BOOST_FIXTURE_TEST_SUITE(segments, seen_from_first_node)

BOOST_AUTO_TEST_CASE(keep_their_placement_when_their_creator_is_gone_before_a_page_is_touched) {
  const expectation expected = in_blocks();
  for (const way w : named_ways) {
    BOOST_TEST_CONTEXT(w) {
      const own_name name(w);
      const segment_backend backend = name.backend();
      in_child([&] { shared_segment::create(name, 64 * page, expected.where, {.backend = backend}); });
      {
        const shared_segment s = shared_segment::open(name, {.backend = backend});
        expect_placed_and_untouched(s, expected);
      }
      // Nobody has it attached now.
      const std::string address = (backend == segment_backend::sysv ? "sysv:" : "posix:") + name.text();
      write_from_peers({address}, seed, page);
      expect_written_as_placed(shared_segment::open(name, {.backend = backend}), expected);
      BOOST_TEST(shared_segment::remove(name, {.backend = backend}));
    }
  }
}

BOOST_AUTO_TEST_CASE(keep_their_placement_in_a_descriptor_that_outlives_their_creator) {
  const expectation expected = in_blocks();
  std::array<int, 2> told{};
  std::array<int, 2> done{};
  BOOST_TEST_REQUIRE(pipe(told.data()) + pipe(done.data()) == 0);
  const pid_t child = start([&] {
    const shared_segment s =
        shared_segment::create("", 64 * page, expected.where, {.backend = segment_backend::memfd});
    const int file = s.native_handle();
    char byte = 0;
    require(write(told[1], &file, sizeof file) == sizeof file, "write");
    require(read(done[0], &byte, 1) == 1, "read");
  });
  int number = -1;
  BOOST_TEST_REQUIRE(read(told[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number));
  const std::string path = "/proc/" + std::to_string(child) + "/fd/" + std::to_string(number);
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  BOOST_TEST_REQUIRE(file >= 0);
  BOOST_TEST_REQUIRE(write(done[1], "!", 1) == 1);
  expect_success(child);
  expect_placed_and_untouched(shared_segment::attach(file), expected);
  write_from_peers({"fd:" + std::to_string(file)}, seed, page);
  expect_written_as_placed(shared_segment::attach(file), expected);
  close(file);
}

BOOST_AUTO_TEST_CASE(of_different_placements_live_in_one_process) {
  const own_name name_of_a;
  const own_name name_of_b;
  const shared_segment a = shared_segment::create(name_of_a, 32 * page, placement::bind({first}));
  const shared_segment b = shared_segment::create(name_of_b, 32 * page, placement::bind({last}));
  const shared_segment again = shared_segment::open(name_of_b);
  write_from_peers({"posix:" + name_of_a.text(), "posix:" + name_of_b.text()}, seed, page);
  expect_signed(a, seed);
  expect_signed(b, seed);
  expect_signed(again, seed);
  expect_all_on(first, a.data(), a.size());
  expect_all_on(last, b.data(), b.size());
  expect_all_on(last, again.data(), again.size());
  remove(a, name_of_a.text());
  remove(b, name_of_b.text());
}

BOOST_AUTO_TEST_CASE(of_every_placement_are_prefaulted_as_placed_by_those_who_attached_them) {
  for (const sample& wanted : possible_samples()) {
    BOOST_TEST_CONTEXT(wanted) {
      const own_name name;
      const expectation expected = wanted.make(usable, page);
      const shared_segment s = shared_segment::create(name, 40 * page, expected.where);
      shared_segment::open(name).prefault();
      BOOST_TEST_REQUIRE(s.resident().untouched == 0U);
      map_present(s);
      expect_as_modelled(expected, s.data(), s.size(), page, false);
      remove(s, name.text());
    }
  }
}

BOOST_AUTO_TEST_CASE(bound_anew_in_part_are_prefaulted_as_placed) {
  for (const sample& wanted : possible_samples()) {
    BOOST_TEST_CONTEXT(wanted) {
      const own_name name;
      const placement where = wanted.make(usable, page).where;
      shared_segment s = shared_segment::create(name, 40 * page, where);
      shared_segment other = shared_segment::open(name);
      s.bind(placement::bind({last}), {.offset = 8 * page, .bytes = 8 * page});
      other.bind(placement::unbound(), {.offset = 16 * page, .bytes = 8 * page});
      const std::vector<std::string> policies = policies_of(s, page);
      for (const std::size_t i : {16U, 23U}) BOOST_TEST_REQUIRE(policies[i] == "default{ }");
      other.prefault();
      s.prefault();
      BOOST_TEST(policies_of(s, page) == policies, per_element());
      BOOST_TEST(s.resident().untouched == 0U);
      expect_all_on(last, static_cast<char*>(s.data()) + 8 * page, 8 * page);
      remove(s, name.text());
    }
  }
}

BOOST_AUTO_TEST_CASE(that_only_others_touched_are_told_right_and_no_page_comes_to_be) {
  for (const way w : {way::posix, way::memfd, way::sysv_private}) {
    BOOST_TEST_CONTEXT(w) {
      segment_maker maker(w);
      const shared_segment s = maker.make(64 * page, placement::bind({last}));
      BOOST_TEST(s.resident().untouched == 64U);
      BOOST_TEST(count_present(s) == 0U);
      segment_peer peer({.node = peer_nodes()[0], .shares = 2}, {address_of(s, maker.name().text())});
      peer.end();
      expect_the_raw_truth_without_a_new_page(s, last);
      remove(s, maker.name().text());
    }
  }
}

BOOST_AUTO_TEST_CASE(have_no_page_but_that_of_the_header_where_pages_are_huge_unasked) {
  require(allow_shared_huge_pages("always"), "shmem_enabled");
  const auto mounted = [](const char* option) {
    return ::mount(nullptr, "/dev/shm", nullptr, MS_REMOUNT, option) == 0;
  };
  require(mounted("huge=always"), "huge=always");
  for (const way w : all_ways) {
    for (const commit when : {commit::lazy, commit::eager}) {
      // A huge page of the header's would have all of the data in it.
      segment_maker maker(w);
      const shared_segment s = maker.make(64 * page, placement::bind({last}), {.commit = when});
      BOOST_TEST_CONTEXT(w << (when == commit::lazy ? " lazy" : " eager")) {
        BOOST_TEST(object_pages(s) == (when == commit::lazy ? page : 65 * page));
        BOOST_TEST(again(s).where() == placement::bind({last}));
        std::memset(s.data(), 1, s.size());
        expect_all_on(last, s.data(), s.size());
        BOOST_TEST(object_pages(s) == 65 * page);
      }
    }
  }
  require(mounted("huge=never"), "huge=never");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
