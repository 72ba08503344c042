// shared_segment::open_or_create() by many processes at once.
#include <acre/error.hpp>
#include <acre/shared_segment.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "segment/segment_record.hpp"
#include "support/sanitizers.hpp"
#include "support/segments.hpp"
#include "support/throws.hpp"

namespace acre {
namespace {

using test::own_name;
using test::way;

constexpr int processes = 8;
constexpr int rounds = test::sanitized ? 50 : 200;

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

int take_part(const own_name& name, counters& c, int self) {
  int wrong = 0;
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
    if (s && static_cast<std::atomic<int>*>(s.data())->load() != processes) ++wrong;
    s.detach();
    meet(c);
    if (self == 0 && !shared_segment::remove(name, {.backend = name.backend()})) ++wrong;
  }
  std::fflush(nullptr);
  return wrong == 0 ? 0 : 1;
}

class races : public testing::TestWithParam<way> {};
INSTANTIATE_TEST_SUITE_P(of, races, testing::ValuesIn(test::named_ways), testing::PrintToStringParamName());

TEST_P(races, to_open_or_create_have_one_winner_and_all_get_the_same) {
  const own_name name(GetParam());
  void* const shared =
      ::mmap(nullptr, sizeof(counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& c = *new (shared) counters;
  topology::system();
  std::fflush(nullptr);
  std::array<pid_t, processes> children{};
  for (int self = 0; self < processes; ++self) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(take_part(name, c, self));
    children[static_cast<std::size_t>(self)] = child;
  }
  for (const pid_t child : children) {
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  for (std::size_t n = 0; n < rounds; ++n) {
    EXPECT_EQ(c.created[n], 1) << "round " << n;
    EXPECT_EQ(c.failed[n], 0) << "round " << n;
  }
  ::munmap(shared, sizeof(counters));
}

TEST(a_header_that_is_being_written, is_looked_at_again) {
  test::segment_maker maker(way::sysv_private);
  const shared_segment s = maker.make(10'000, placement::local());
  const std::size_t object = test::object_size(s);
  const record_bytes whole = encode({.bytes = s.size(), .object_bytes = object, .backend = s.backend()});
  record_bytes torn = whole;
  torn[record_mark_size + 50] ^= std::byte{1};
  std::fflush(nullptr);
  const pid_t writer = ::fork();
  while (writer == 0) {
    test::scribble(s, object - record_size, torn.data(), torn.size());
    test::scribble(s, object - record_size, whole.data(), whole.size());
  }
  for (int n = 0; n < 200; ++n)
    EXPECT_EQ(test::code_thrown([&] { EXPECT_EQ(test::again(s).size(), 10'000U); }), std::error_code());
  EXPECT_EQ(::kill(writer, SIGKILL), 0);
  EXPECT_EQ(::waitpid(writer, nullptr, 0), writer);
}

}  // namespace
}  // namespace acre
