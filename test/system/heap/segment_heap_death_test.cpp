// A shared heap whose users die inside.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/segment_resource.hpp>

#include "heap/heap_layout.hpp"

#include <boost/test/unit_test.hpp>

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/mappings.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/resource_stress.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

using boost::unit_test::precondition;
using namespace std::chrono_literals;

/// Allocates and frees until it is killed, and spends most of its time inside.
[[noreturn]] void churn(segment_resource& heap, unsigned seed) {
  std::mt19937 random(seed);
  struct block {
    void* p = nullptr;
    std::size_t bytes = 0;
  };
  std::array<block, 16> live;
  for (;;) {
    const auto chosen = random();
    block& b = live[chosen % live.size()];
    if (b.p != nullptr) heap.deallocate(b.p, b.bytes);
    b.bytes = chosen / 16 % 3000;
    b.p = heap.allocate(b.bytes, std::size_t{1} << chosen / 65536 % 10);
    std::memset(b.p, 0xCC, b.bytes);
  }
}

BOOST_AUTO_TEST_SUITE(heap_death)

BOOST_AUTO_TEST_CASE(survives_the_death_of_processes_at_any_time) {
  constexpr int deaths = 300;
  const mapping pages = shared_pages(64_MiB);
  segment_resource heap(pages.data(), 64_MiB);
  const auto& header = *static_cast<const heap_header*>(pages.data());
  const mapping other_pages = shared_pages(4_KiB);
  auto& started = *new (other_pages.data()) std::atomic<int>(0);
  std::mt19937 random(5);
  std::vector<filled_block> live;
  // Looked at too often for an assertion each time.
  block_faults faults;
  const auto add = [&](std::size_t bytes, std::size_t alignment) {
    live.emplace_back(heap, bytes, alignment, bytes, static_cast<unsigned char>(random()));
    if (!live.back().is_aligned()) faults.note(live.back(), "is misaligned");
  };
  int inside = 0;
  for (int death = 0; death != deaths; ++death) {
    const pid_t child = start([&] {
      ++started;
      churn(heap, static_cast<unsigned>(death));
    });
    while (started <= death) std::this_thread::yield();
    // Beside this process, which then waits until the child is out of the heap; or alone, and mostly inside: with one
    // CPU, who waits for the child first never finds it there.
    const auto time = std::chrono::microseconds(random() % (sanitized ? 20'000 : 3000));
    const auto until = std::chrono::steady_clock::now() + (death % 2 == 0 ? time : time * 0);
    if (death % 2 != 0) std::this_thread::sleep_for(time);
    while (std::chrono::steady_clock::now() < until) {
      add(random() % 2000, 8);
      if (live.size() > 200) {
        std::swap(live[random() % live.size()], live.back());
        faults.look_at(live.back());
        heap.deallocate(live.back().p, live.back().bytes, 8);
        live.pop_back();
      }
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    std::uint32_t lock = 0;
    std::memcpy(&lock, static_cast<const void*>(&header.mutex), sizeof lock);
    inside += lock != 0;
    add(random() % 5000, 64);
    for (const filled_block& b : live) faults.look_at(b);
    BOOST_TEST_CONTEXT("after death " << death) {
      BOOST_TEST_REQUIRE(heap.check());
      faults.expect_none();
      heap.deallocate(live.back().p, live.back().bytes, 64);
      live.pop_back();
      BOOST_TEST_REQUIRE(heap.blocks() <= live.size() + static_cast<std::size_t>(death + 1) * 17);
    }
  }
  BOOST_TEST(inside > 0);
  BOOST_TEST_MESSAGE(inside << " of them died inside");
}

/// As the kernel leaves a mutex whose holder ended (handle_futex_death in kernel/futex/core.c).
void let_holder_die(void* memory) {
  constexpr std::uint32_t died = 0x4000'0000;
  constexpr std::uint32_t thread_id = 0x3FFF'FFFF;
  std::uint32_t word = 0;
  std::memcpy(&word, &static_cast<heap_header*>(memory)->mutex, sizeof word);
  if ((word & thread_id) == 0) return;
  word = died;
  std::memcpy(static_cast<void*>(&static_cast<heap_header*>(memory)->mutex), &word, sizeof word);
}

/// A child that is killed at the end, wherever it is then.
class mortal {
 public:
  explicit mortal(pid_t child) : x_child(child) {}
  ~mortal() {
    kill(x_child, SIGKILL);
    waitpid(x_child, nullptr, 0);
  }
  mortal(const mortal&) = delete;
  mortal& operator=(const mortal&) = delete;

 private:
  pid_t x_child;
};

/// Runs `body` in a child, and calls `look` between any two instructions of it.
/// \returns so many there were
std::size_t step_through(const std::function<void()>& body, const std::function<void()>& look) {
  const pid_t child = start([&] {
    require(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0, "ptrace");
    raise(SIGSTOP);
    body();
    raise(SIGSTOP);
  });
  const mortal traced(child);
  std::size_t steps = 0;
  int status = 0;
  const auto stopped_by = [&](int signal) { return WIFSTOPPED(status) && WSTOPSIG(status) == signal; };
  BOOST_TEST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST_REQUIRE(stopped_by(SIGSTOP), "no child to trace: " << status);
  while (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) == 0 && waitpid(child, &status, 0) == child &&
         stopped_by(SIGTRAP)) {
    ++steps;
    look();
  }
  BOOST_TEST(stopped_by(SIGSTOP), "the child did not come to its end: " << status);
  return steps;
}

struct stepped {
  static constexpr std::size_t bytes = 12_KiB;
  mapping pages = shared_pages(bytes);
  mapping copy = shared_pages(bytes);
  std::vector<unsigned char> last;

  /// What the next process finds if the child is killed now; a copy of it is good enough.
  void look(const std::function<void(segment_resource&)>& find) {
    // Most instructions change nothing here.
    if (!last.empty() && std::memcmp(pages.data(), last.data(), bytes) == 0) return;
    last.assign(static_cast<unsigned char*>(pages.data()), static_cast<unsigned char*>(pages.data()) + bytes);
    std::memcpy(copy.data(), last.data(), bytes);
    let_holder_die(copy.data());
    segment_resource heap(copy.data(), bytes);
    BOOST_TEST_REQUIRE(heap.check());
    find(heap);
    BOOST_TEST_REQUIRE(heap.check());
  }
};

BOOST_AUTO_TEST_CASE(survives_death_between_any_two_instructions_of_its_making, *precondition(may_trace)) {
  stepped s;
  std::size_t seen = 0;
  // Once before, so that symbols are resolved.
  segment_resource(s.copy.data(), s.bytes);
  const std::size_t all = step_through([&] { segment_resource heap(s.pages.data(), s.bytes); },
                                       [&] {
                                         s.look([&](segment_resource& heap) {
                                           ++seen;
                                           BOOST_TEST_REQUIRE(heap.blocks() == 0U);
                                           BOOST_TEST_REQUIRE(heap.largest_free() == heap.free_bytes() - 8);
                                           void* const p = heap.allocate(100, 8);
                                           heap.set_root(p);
                                         });
                                       });
  BOOST_TEST(all > 100U);
  BOOST_TEST(seen > 10U);
}

/// Every way through allocate() and deallocate(): with and without a rest, with a gap, joined with neither
/// neighbour, either, and both.
void go_every_way(segment_resource& heap) {
  void* const a = heap.allocate(100, 8);
  void* const b = heap.allocate(200, 1024);
  void* const c = heap.allocate(300, 8);
  void* const d = heap.allocate(100, 8);
  void* const e = heap.allocate(100, 8);
  heap.deallocate(c, 300, 8);
  void* const again = heap.allocate(300, 8);
  heap.deallocate(a, 100, 8);
  heap.deallocate(again, 300, 8);
  heap.deallocate(b, 200, 1024);
  heap.deallocate(d, 100, 8);
  heap.deallocate(e, 100, 8);
}

BOOST_AUTO_TEST_CASE(survives_death_between_any_two_instructions_of_its_functions, *precondition(may_trace)) {
  stepped s;
  segment_resource heap(s.pages.data(), s.bytes);
  go_every_way(heap);
  // What this process holds meanwhile, with holes between.
  std::vector<filled_block> live;
  for (std::size_t i = 0; i != 8; ++i) {
    live.emplace_back(heap, 500, 8, 500, static_cast<unsigned char>(i + 1));
    BOOST_TEST(live.back().is_aligned());
  }
  for (const std::size_t i : {2U, 5U}) heap.deallocate(live[i].p, 500, 8);
  live.erase(live.begin() + 5);
  live.erase(live.begin() + 2);
  std::size_t seen = 0;
  step_through([&] { go_every_way(heap); },
               [&] {
                 s.look([&](segment_resource& after) {
                   ++seen;
                   BOOST_TEST_REQUIRE(after.blocks() >= live.size());
                   BOOST_TEST_REQUIRE(after.blocks() <= live.size() + 5);
                   // All that is free now.
                   std::vector<std::pair<void*, std::size_t>> taken;
                   for (const std::size_t bytes : {3000U, 400U, 24U}) {
                     try {
                       for (;;) {
                         taken.emplace_back(after.allocate(bytes, 8), bytes);
                         std::memset(taken.back().first, 0xEE, bytes);
                       }
                     } catch (const allocation_error& full) {
                       BOOST_TEST_REQUIRE(full.code() == errc::out_of_memory);
                     }
                   }
                   for (const filled_block& b : live) {
                     const auto* const p = static_cast<unsigned char*>(after.data()) +
                                           (b.p - static_cast<unsigned char*>(s.pages.data()));
                     BOOST_TEST_REQUIRE(
                         std::all_of(p, p + b.bytes, [&](unsigned char x) { return x == b.fill; }),
                         "a live block was given again");
                   }
                   BOOST_TEST_REQUIRE(after.check());
                   for (const auto& [p, bytes] : taken) after.deallocate(p, bytes, 8);
                 });
               });
  BOOST_TEST(seen > 100U);
  BOOST_TEST(heap.check());
  BOOST_TEST(heap.blocks() == live.size());
}

BOOST_AUTO_TEST_CASE(a_process_that_died_while_it_formatted_does_no_harm) {
  const mapping pages = shared_pages(64_KiB);
  auto& header = *static_cast<heap_header*>(pages.data());
  for (int death = 0; death != 3; ++death) {
    const pid_t child = start([&] {
      header.signature = heap_header::signature_base | heap_header::version;
      header.bytes = 64_KiB;
      BOOST_TEST_REQUIRE((header.mutex.lock(10s) != sys::lock_outcome::timed_out));
      header.bins.fill(77);
      raise(SIGKILL);
    });
    int status = 0;
    BOOST_TEST(waitpid(child, &status, 0) == child);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
               "it did not come to its death: " << status);
  }
  segment_resource heap(pages.data(), 64_KiB);
  BOOST_TEST(heap.blocks() == 0U);
  static_cast<void>(heap.allocate(100, 8));
  BOOST_TEST(heap.check());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
