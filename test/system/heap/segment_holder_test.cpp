// A shared heap whose lock is held by those who do not give it back: stopped, ended, or in other PID namespaces.
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/mapping.hpp>
#include <acre/segment_resource.hpp>

#include "heap/heap_layout.hpp"

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "support/child.hpp"
#include "support/comes_true.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/mappings.hpp"
#include "support/preconditions.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

using boost::unit_test::precondition;
using sys::lock_outcome;
using namespace std::chrono_literals;

sys::robust_mutex& mutex_in(const mapping& pages) { return static_cast<heap_header*>(pages.data())->mutex; }

std::uint32_t word_in(const mapping& pages) {
  return std::atomic_ref(*reinterpret_cast<std::uint32_t*>(&mutex_in(pages))).load();
}

void take(const mapping& pages) { require(mutex_in(pages).lock(30s) == lock_outcome::locked, "lock"); }

/// A child that does this with the heap's lock taken, then stops, and is killed at the end.
class stopped_holder {
 public:
  explicit stopped_holder(const mapping& pages)
      : x_child(start([&] {
          take(pages);
          raise(SIGSTOP);
        })) {
    int status = 0;
    BOOST_TEST_REQUIRE(waitpid(x_child, &status, WUNTRACED) == x_child);
    BOOST_TEST_REQUIRE(WIFSTOPPED(status));
  }
  ~stopped_holder() { end(); }
  stopped_holder(const stopped_holder&) = delete;
  stopped_holder& operator=(const stopped_holder&) = delete;

  pid_t number() const { return x_child; }
  void end() {
    if (x_child < 0) return;
    kill(x_child, SIGKILL);
    waitpid(x_child, nullptr, 0);
    x_child = -1;
  }

 private:
  pid_t x_child;
};

struct used_heap {
  mapping pages = shared_pages(64_KiB);
  segment_resource heap{pages.data(), 64_KiB};
};

BOOST_FIXTURE_TEST_SUITE(heap_holders, used_heap)

BOOST_AUTO_TEST_CASE(that_are_stopped_are_waited_for_and_then_named_by_all_functions_alike) {
  stopped_holder holder(pages);
  const std::array<std::function<void()>, 6> functions = {
      [&] { segment_resource late(pages.data(), 64_KiB); },
      [&] { static_cast<void>(heap.allocate(8, 8)); },
      [&] { static_cast<void>(heap.blocks()); },
      [&] { static_cast<void>(heap.free_bytes()); },
      [&] { static_cast<void>(heap.largest_free()); },
      [&] { static_cast<void>(heap.check()); },
  };
  std::array<std::error_code, functions.size()> codes;
  std::array<std::string, functions.size()> texts;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i != functions.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        functions[i]();
      } catch (const error& e) {
        codes[i] = e.code();
        texts[i] = e.what();
      } catch (const allocation_error& e) {
        codes[i] = e.code();
        texts[i] = e.what();
      }
    });
  }
  threads.clear();
  const std::string who =
      "waited for 10 s, it is held by process " + std::to_string(holder.number()) + ", which is stopped";
  for (std::size_t i = 0; i != functions.size(); ++i) {
    BOOST_TEST_CONTEXT("function " << i << ": " << texts[i]) {
      BOOST_TEST(codes[i] == std::error_code(ETIMEDOUT, std::system_category()));
      BOOST_TEST(texts[i].find(who) != std::string::npos);
    }
  }
  holder.end();
  BOOST_TEST(heap.check());
}

BOOST_AUTO_TEST_CASE(that_are_stopped_let_frees_be_made_up_for_later) {
  std::array<void*, 100> blocks{};
  for (void*& p : blocks) p = heap.allocate(100, 8);
  {
    stopped_holder holder(pages);
    // All of a container's blocks: waited for once.
    for (void* const p : blocks) BOOST_CHECK_NO_THROW(heap.deallocate(p, 100, 8));
  }
  // A child has no part in its parent's frees.
  in_child([&] { BOOST_TEST(heap.blocks() == blocks.size()); });
  BOOST_TEST(heap.blocks() == 0U);
  BOOST_TEST(heap.largest_free() == heap.free_bytes() - 8);
}

// libstdc++ declares memory_resource::deallocate() nonnull, of which UndefinedBehaviorSanitizer complains.
#if !defined(ACRE_TEST_ASAN)
BOOST_AUTO_TEST_CASE(that_are_stopped_do_not_keep_null_from_being_freed) {
  const std::size_t before = heap.free_bytes();
  void* volatile const null = nullptr;
  {
    const stopped_holder holder(pages);
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{100}, std::numeric_limits<std::size_t>::max()})
      BOOST_CHECK_NO_THROW(heap.deallocate(null, bytes, 8));
    BOOST_TEST(word_in(pages) == static_cast<std::uint32_t>(holder.number()));
  }
  BOOST_TEST(heap.free_bytes() == before);
}
#endif

/// Ends with the lock taken, whose next holder has to be told.
void expect_death_is_noticed(const mapping& pages, const std::function<void()>& die) {
  const pid_t child = start([&] {
    take(pages);
    die();
    _exit(1);
  });
  int status = 0;
  BOOST_TEST(waitpid(child, &status, 0) == child);
  BOOST_TEST((mutex_in(pages).lock(20s) == lock_outcome::owner_died), "it ended with " << status);
  mutex_in(pages).unlock();
}

BOOST_AUTO_TEST_CASE(that_end_in_any_way_are_told_of) {
  expect_death_is_noticed(pages, [] { raise(SIGKILL); });
  expect_death_is_noticed(pages, [] { _exit(0); });
  expect_death_is_noticed(pages, [] { execl("/proc/self/exe", "acre", "--version", nullptr); });
  BOOST_TEST(heap.check());
}

// To ThreadSanitizer a thread that ends so goes on for ever.
#if !defined(ACRE_TEST_TSAN)
BOOST_AUTO_TEST_CASE(that_are_threads_which_end_are_told_of) {
  std::thread([&] {
    static_cast<void>(mutex_in(pages).lock(30s));
    // Not its process.
    syscall(SYS_exit, 0);
  }).detach();
  BOOST_TEST(comes_true([&] { return (word_in(pages) & 0x4000'0000) != 0; }));
  BOOST_TEST((mutex_in(pages).lock(0ms) == lock_outcome::owner_died));
  mutex_in(pages).unlock();
  BOOST_TEST(heap.check());
}
#endif

BOOST_AUTO_TEST_CASE(that_end_are_noticed_where_the_kernel_may_not_be_asked_for_the_list) {
  const pid_t child = start([&] {
    const std::array calls{static_cast<long>(SYS_get_robust_list)};
    refuse_calls(calls, answer::eperm);
    expect_death_is_noticed(pages, [] { raise(SIGKILL); });
  });
  expect_success(child);
  BOOST_TEST(heap.check());
}

BOOST_AUTO_TEST_CASE(that_end_in_other_pid_namespaces_are_told_of, *precondition(may_make_namespaces)) {
  in_namespaces(CLONE_NEWPID, [&] {
    BOOST_TEST(getpid() == 1);
    take(pages);
  });
  BOOST_TEST((mutex_in(pages).lock(20s) == lock_outcome::owner_died));
  mutex_in(pages).unlock();
  BOOST_TEST(heap.check());
}

/// The first process of a PID namespace, which bears the number 1, and its parent here.
pid_t start_first_process(const std::function<void()>& body) {
  return start([&] {
    require(unshare(CLONE_NEWPID) == 0, "unshare");
    in_child(body);
  });
}

BOOST_AUTO_TEST_CASE(that_live_lose_nothing_by_the_death_of_others_with_their_number,
                     *precondition(may_make_namespaces)) {
  const mapping other_pages = shared_pages(4_KiB);
  struct shared {
    std::atomic<bool> let_go = false;
    std::atomic<bool> waits = false;
  };
  auto& s = *new (other_pages.data()) shared;
  const pid_t holder = start_first_process([&] {
    take(pages);
    BOOST_TEST(comes_true([&] { return s.let_go.load(); }));
  });
  BOOST_TEST_REQUIRE(comes_true([&] { return (word_in(pages) & 0x3FFF'FFFF) == 1; }));
  // Dies while it waits, and the kernel looks whether the word bears its number.
  const pid_t other = start_first_process([&] {
    std::jthread death([&] {
      if (comes_true([&] { return (word_in(pages) & 0x8000'0000) != 0; })) s.waits = true;
      _exit(0);
    });
    BOOST_TEST((mutex_in(pages).lock(100s) == lock_outcome::timed_out));
  });
  expect_success(other);
  BOOST_TEST(s.waits);
  BOOST_TEST((mutex_in(pages).lock(500ms) == lock_outcome::timed_out));
  BOOST_TEST(mutex_in(pages).holder().process == 0);
  s.let_go = true;
  expect_success(holder);
  BOOST_TEST((mutex_in(pages).lock(20s) == lock_outcome::owner_died));
  mutex_in(pages).unlock();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
