// shared_segment::open_or_create() by many processes at once.
#include <acre/mapping.hpp>
#include <acre/shared_segment.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sched.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>

#include "support/child.hpp"
#include "support/mappings.hpp"
#include "support/named_cases.hpp"
#include "support/print.hpp"
#include "support/sanitizers.hpp"
#include "support/segments.hpp"

namespace acre::test {
namespace {

constexpr int processes = 8;
constexpr int rounds = sanitized ? 50 : 200;

/// In memory that all processes share.
struct counters {
  std::atomic<int> waiting = 0;
  std::atomic<int> round = 0;
  std::array<std::atomic<int>, rounds> created{};
  std::array<std::atomic<int>, rounds> failed{};
};
static_assert(std::atomic<int>::is_always_lock_free);

/// All processes come here before any goes on.
void meet(counters& c) {
  const int now = c.round;
  if (c.waiting.fetch_add(1) + 1 == processes) {
    c.waiting = 0;
    ++c.round;
    return;
  }
  while (c.round == now) sched_yield();
}

void take_part(const own_name& name, counters& c, int self) {
  int not_shared_by_all = 0;
  int not_removed = 0;
  for (auto n = std::size_t{0}; n < rounds; ++n) {
    meet(c);
    shared_segment s;
    try {
      s = shared_segment::open_or_create(name, 10'000, placement::local(), {.backend = name.backend()});
      if (s.created()) ++c.created[n];
      static_cast<std::atomic<int>*>(s.data())->fetch_add(1);
    } catch (const std::exception& e) {
      ++c.failed[n];
      std::printf("round %zu: %s\n", n, e.what());
    }
    meet(c);
    if (s && static_cast<std::atomic<int>*>(s.data())->load() != processes) ++not_shared_by_all;
    s.detach();
    meet(c);
    if (self == 0 && !shared_segment::remove(name, {.backend = name.backend()})) ++not_removed;
  }
  BOOST_TEST(not_shared_by_all == 0);
  BOOST_TEST(not_removed == 0);
}

BOOST_AUTO_TEST_SUITE(races, *named_cases(named_ways))

BOOST_DATA_TEST_CASE(to_open_or_create_have_one_winner_and_all_get_the_same, named_ways, w) {
  const own_name name(w);
  const mapping shared = shared_pages(sizeof(counters));
  auto& c = *new (shared.data()) counters;
  topology::system();
  std::array<pid_t, processes> children{};
  for (int self = 0; self < processes; ++self) {
    children[static_cast<std::size_t>(self)] = start([&] { take_part(name, c, self); });
  }
  for (const pid_t child : children) expect_success(child);
  for (std::size_t n = 0; n < rounds; ++n) {
    BOOST_TEST_CONTEXT("round " << n) {
      BOOST_TEST(c.created[n] == 1);
      BOOST_TEST(c.failed[n] == 0);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
