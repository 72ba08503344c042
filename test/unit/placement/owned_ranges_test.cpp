#include "placement/owned_ranges.hpp"

#include <acre/bytes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

/// Nothing lies there: ranges are addresses.
constexpr std::uintptr_t base = std::uintptr_t{1} << 41;
const policy home{policy_mode::bind, {3}};
const policy other{policy_mode::prefer, {2}};

void* at(std::uintptr_t offset) { return reinterpret_cast<void*>(base + offset); }

struct a_range : owned_range {
  explicit a_range(std::uintptr_t offset = 0, std::size_t bytes = 1_MiB, const rules& how = {.home = home}) {
    enter(at(offset), bytes, how);
  }
};

void note(const owned_range& r, std::uintptr_t begin, std::uintptr_t end, const policy& was = home) {
  range_owners::note(&r, {{base + begin, base + end, was}});
}

using offsets = std::pair<std::uintptr_t, std::uintptr_t>;
/// What there is to be put right of a part, which then is.
std::vector<offsets> put_right(owned_range& r, std::uintptr_t begin, std::uintptr_t end) {
  std::vector<offsets> found;
  for (owned_range::taken parts(r, at(begin), end - begin); !parts.empty(); parts.pop_front())
    found.emplace_back(parts.front().begin - base, parts.front().end - base);
  return found;
}

BOOST_AUTO_TEST_SUITE(owned_ranges)

BOOST_AUTO_TEST_CASE(are_found_by_any_of_their_addresses) {
  const a_range first(0, 100);
  const a_range second(100, 100);
  const auto owners = [](std::uintptr_t begin, std::uintptr_t end) {
    std::vector<const owned_range*> all;
    const range_owners found(base + begin, base + end);
    for (const range_owners::part& p : found.parts()) all.push_back(p.owner);
    return all;
  };
  using owned = std::vector<const owned_range*>;
  BOOST_TEST((owners(0, 1) == owned{&first}));
  BOOST_TEST((owners(99, 100) == owned{&first}));
  BOOST_TEST((owners(100, 101) == owned{&second}));
  BOOST_TEST((owners(50, 150) == owned{&first, &second}));
  BOOST_TEST(owners(200, 300).empty());
  const range_owners both(base + 50, base + 150);
  BOOST_TEST(both.parts().front().begin == base + 50);
  BOOST_TEST(both.parts().front().end == base + 100);
  BOOST_TEST((both.parts().front().home == home));
}

// Pools over pools have the same addresses. Each is found, whatever lies within what, until it ends.
BOOST_AUTO_TEST_CASE(may_lie_within_each_other) {
  std::mt19937 random(5);
  std::vector<std::unique_ptr<a_range>> all;
  std::vector<offsets> where;
  for (int i = 0; i != 3000; ++i) {
    if (random() % 3 != 0 || all.empty()) {
      const std::uintptr_t begin = random() % 1000;
      const std::size_t bytes = 1 + random() % (random() % 8 == 0 ? 800 : 30);
      all.push_back(std::make_unique<a_range>(begin, bytes));
      where.emplace_back(begin, begin + bytes);
    } else {
      const auto gone = static_cast<std::ptrdiff_t>(random() % all.size());
      all.erase(all.begin() + gone);
      where.erase(where.begin() + gone);
    }
    const std::uintptr_t begin = random() % 1000;
    const std::uintptr_t end = begin + 1 + random() % 50;
    std::set<const owned_range*> expected;
    for (std::size_t r = 0; r != all.size(); ++r) {
      if (where[r].first < end && begin < where[r].second) expected.insert(all[r].get());
    }
    std::set<const owned_range*> found;
    const range_owners owners(base + begin, base + end);
    for (const range_owners::part& p : owners.parts()) found.insert(p.owner);
    BOOST_TEST_REQUIRE(owners.parts().size() == expected.size());
    BOOST_TEST_REQUIRE((found == expected));
  }
}

BOOST_AUTO_TEST_CASE(have_nothing_displaced_at_first_and_at_last) {
  a_range r;
  BOOST_TEST(!r.has_displaced());
  note(r, 0, 10);
  BOOST_TEST(r.has_displaced());
  {
    owned_range::taken parts(r, at(0), 10);
    BOOST_TEST(!parts.empty());
    // Who looks meanwhile has to wait for who is at work.
    parts.pop_front();
    BOOST_TEST(parts.empty());
    BOOST_TEST(r.has_displaced());
  }
  BOOST_TEST(!r.has_displaced());
  note(r, 0, 10);
  r.leave();
  BOOST_TEST(!r.has_displaced());
  r.leave();
  BOOST_TEST(range_owners(base, base + 1).parts().empty());
  note(r, 0, 10);  // given back meanwhile
  BOOST_TEST(!r.has_displaced());
}

BOOST_AUTO_TEST_CASE(remember_the_first_policy_of_each_part) {
  a_range r;
  note(r, 20, 30, home);
  note(r, 50, 60, home);
  note(r, 10, 70, other);
  std::vector<displaced_part> found;
  for (owned_range::taken parts(r, at(0), 100); !parts.empty(); parts.pop_front())
    found.push_back(parts.front());
  const std::vector<std::pair<offsets, policy>> expected{
      {{10, 20}, other}, {{20, 30}, home}, {{30, 50}, other}, {{50, 60}, home}, {{60, 70}, other}};
  BOOST_TEST_REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i != found.size(); ++i) {
    BOOST_TEST((offsets{found[i].begin - base, found[i].end - base}) == expected[i].first);
    BOOST_TEST(found[i].was == expected[i].second);
  }
}

BOOST_AUTO_TEST_CASE(give_out_what_lies_in_a_part_and_keep_the_rest) {
  a_range r;
  note(r, 10, 90);
  BOOST_TEST((put_right(r, 30, 40) == std::vector<offsets>{{30, 40}}));
  BOOST_TEST(put_right(r, 30, 40).empty());
  BOOST_TEST(r.has_displaced());
  BOOST_TEST((put_right(r, 0, 100) == std::vector<offsets>{{10, 30}, {40, 90}}));
  BOOST_TEST(!r.has_displaced());
}

BOOST_AUTO_TEST_CASE(take_back_what_could_not_be_put_right) {
  a_range r;
  note(r, 10, 20);
  note(r, 30, 40);
  {
    owned_range::taken parts(r, at(0), 100);
    parts.pop_front();
  }
  BOOST_TEST(r.has_displaced());
  BOOST_TEST((put_right(r, 0, 100) == std::vector<offsets>{{30, 40}}));
}

BOOST_AUTO_TEST_CASE(go_by_whole_pieces) {
  a_range r(64_KiB, 1_MiB, {.home = home, .piece = 8_KiB});
  {
    const range_owners owners(base + 70_KiB, base + 73_KiB);
    BOOST_TEST_REQUIRE(owners.parts().size() == 1U);
    BOOST_TEST(owners.parts().front().begin == base + 64_KiB);
    BOOST_TEST(owners.parts().front().end == base + 80_KiB);
  }
  note(r, 64_KiB, 80_KiB);
  BOOST_TEST((put_right(r, 70_KiB, 71_KiB) == std::vector<offsets>{{64_KiB, 72_KiB}}));
  // Nor beyond the range.
  a_range odd(4_MiB + 4_KiB, 4_KiB, {.home = home, .piece = 8_KiB});
  const range_owners owners(base + 4_MiB + 5_KiB, base + 4_MiB + 6_KiB);
  BOOST_TEST(owners.parts().front().begin == base + 4_MiB + 4_KiB);
  BOOST_TEST(owners.parts().front().end == base + 4_MiB + 8_KiB);
}

BOOST_AUTO_TEST_CASE(forget_what_was_not_done) {
  a_range r;
  a_range within;
  const range_owners owners(base + 5, base + 30);
  note(r, 10, 20);
  note(within, 10, 20);
  owners.withdraw();
  BOOST_TEST(!r.has_displaced());
  BOOST_TEST(!within.has_displaced());
}

BOOST_AUTO_TEST_CASE(forget_nothing_of_who_had_something_displaced_before) {
  a_range r;
  note(r, 50, 60);
  const range_owners owners(base + 5, base + 70);
  note(r, 10, 20);
  owners.withdraw();
  BOOST_TEST((put_right(r, 0, 100) == std::vector<offsets>{{10, 20}, {50, 60}}));
}

// As if each byte were noted.
BOOST_AUTO_TEST_CASE(know_of_every_byte_what_is_to_be_put_right) {
  std::mt19937 random(7);
  a_range r;
  std::vector<bool> displaced(300);
  for (int i = 0; i != 5000; ++i) {
    const std::uintptr_t begin = random() % 250;
    const std::uintptr_t end = begin + 1 + random() % 40;
    if (random() % 2 == 0) {
      note(r, begin, end);
      for (std::uintptr_t b = begin; b != end; ++b) displaced[b] = true;
      continue;
    }
    std::vector<bool> found(300);
    for (const auto& [first, last] : put_right(r, begin, end)) {
      for (std::uintptr_t b = first; b != last; ++b) found[b] = true;
    }
    for (std::uintptr_t b = 0; b != 300; ++b) {
      BOOST_TEST_REQUIRE(found[b] == (b >= begin && b < end && displaced[b]));
      if (found[b]) displaced[b] = false;
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
