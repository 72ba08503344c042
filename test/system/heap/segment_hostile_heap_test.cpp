// A shared heap beside a writer that overwrites all of it, at random, while others use it and die. Longer than usual:
//   acre_system_tests --run_test=hostile_writers --log_level=message -- SECONDS SEED
#include <acre/bytes.hpp>
#include <acre/error.hpp>
#include <acre/misuse.hpp>
#include <acre/segment_resource.hpp>

#include "heap/heap_layout.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <random>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "support/comes_true.hpp"
#include "support/print.hpp"
#include "support/require.hpp"
#include "support/sanitizers.hpp"

namespace acre::test {
namespace {

constexpr std::size_t bytes = 64_KiB;
constexpr int users = 3;

/// The range, and so much before and behind it that a number that leads out of it leads into nothing.
class fenced_range {
 public:
  fenced_range() {
    void* const all =
        mmap(nullptr, fence * 2 + bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(all != MAP_FAILED, "mmap");
    x_data = static_cast<std::byte*>(all) + fence;
    require(
        mmap(x_data, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == x_data,
        "mmap");
  }
  ~fenced_range() { munmap(x_data - fence, fence * 2 + bytes); }
  fenced_range(const fenced_range&) = delete;
  fenced_range& operator=(const fenced_range&) = delete;

  std::byte* data() const { return x_data; }
  std::atomic_ref<std::uint64_t> word(std::size_t i) const {
    return std::atomic_ref(reinterpret_cast<std::uint64_t*>(x_data)[i]);
  }

 private:
  static constexpr std::size_t fence = 16_GiB;
  std::byte* x_data;
};

/// What the users tell, in memory that all processes share.
struct told {
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> blocks = 0;
  std::atomic<std::uint64_t> opened = 0;
  std::atomic<std::uint64_t> damages = 0;
  std::atomic<std::uint64_t> misuses = 0;
  std::atomic<std::uint64_t> full = 0;
  std::atomic<std::uint64_t> waited_in_vain = 0;
  std::atomic<std::uint64_t> unsound = 0;
  std::atomic<std::int64_t> longest_call_ms = 0;
  std::atomic<std::uint64_t> wrong = 0;
};

class user {
 public:
  user(const fenced_range& range, told& t, std::uint64_t seed) : x_range(range), x_told(t), x_random(seed) {}

  void run() {
    // A block whose books were overwritten looks like none.
    set_misuse_handler([](const misuse&) {});
    while (!x_told.stop) {
      const auto begin = std::chrono::steady_clock::now();
      try {
        act();
      } catch (const error& e) {
        count(e.code());
      } catch (const allocation_error& e) {
        count(e.code());
      }
      ++x_told.calls;
      const auto took =
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
      std::int64_t longest = x_told.longest_call_ms;
      while (longest < took.count() && !x_told.longest_call_ms.compare_exchange_weak(longest, took.count())) {
      }
    }
  }

 private:
  void act() {
    if (!x_heap || x_random() % 64 == 0) {
      x_heap.reset();
      x_heap.emplace(x_range.data(), bytes);
      ++x_told.opened;
    }
    switch (x_random() % 16) {
      case 0:
        return static_cast<void>(x_heap->check() || ++x_told.unsound != 0);
      case 1:
        return expect(x_heap->free_bytes() <= bytes && x_heap->largest_free() < bytes);
      case 2:
        return static_cast<void>(x_heap->blocks());
      case 3:
        return expect(is_inside(x_heap->root(), 1) || x_heap->root() == nullptr);
      case 4:
        return x_heap->set_root(x_range.data() + 2048 + x_random() % 1000);
      case 5:  // of nobody, or of somebody else
        return x_heap->deallocate(x_range.data() + x_random() % bytes / 16 * 16, 8, 8);
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
        return give_back();
      default:
        return take();
    }
  }

  void take() {
    const std::size_t size = x_random() % 8 == 0 ? x_random() % 20'000 : x_random() % 500;
    const std::size_t alignment = std::size_t{1} << (x_random() % 8 == 0 ? x_random() % 13 : 3);
    auto* const p = static_cast<std::byte*>(x_heap->allocate(size, alignment));
    ++x_told.blocks;
    expect(is_inside(p, size));
    // Others may have been given the same bytes, or the books have.
    std::memset(p, static_cast<int>(x_random()), std::min<std::size_t>(size, 64));
    x_live.emplace_back(p, size);
  }

  void give_back() {
    if (x_live.empty()) return;
    std::swap(x_live[x_random() % x_live.size()], x_live.back());
    const auto [p, size] = x_live.back();
    x_live.pop_back();
    x_heap->deallocate(p, size, 8);
  }

  bool is_inside(const void* p, std::size_t size) const {
    const auto* const begin = x_range.data();
    const auto* const at = static_cast<const std::byte*>(p);
    return at > begin && at <= begin + bytes && size <= static_cast<std::size_t>(begin + bytes - at);
  }
  void expect(bool holds) {
    if (!holds) ++x_told.wrong;
  }

  void count(std::error_code code) {
    if (code == errc::foreign_segment) {
      ++x_told.damages;
      if (x_random() % 4 == 0) x_heap.reset();
    } else if (code == errc::not_mapped) {
      ++x_told.misuses;
    } else if (code == errc::out_of_memory) {
      ++x_told.full;
      x_live.clear();
    } else if (code == std::error_code(ETIMEDOUT, std::system_category())) {
      ++x_told.waited_in_vain;
    } else {
      ++x_told.wrong;
    }
  }

  const fenced_range& x_range;
  told& x_told;
  std::mt19937_64 x_random;
  std::optional<segment_resource> x_heap;
  std::vector<std::pair<std::byte*, std::size_t>> x_live;
};

/// Overwrites words: with anything, with what leads somewhere, and with what bears a right seal.
class writer {
 public:
  writer(const fenced_range& range, std::uint64_t seed) : x_range(range), x_random(seed) {}

  /// \returns so many words were overwritten
  std::size_t round() {
    for (std::size_t i = 0; i != words; ++i) x_range.word(i).store(0, std::memory_order_relaxed);
    const std::size_t flips = 200 + x_random() % 5000;
    // Mild or wild: who is let alone for a while gets further.
    const std::size_t pause = x_random() % 4 == 0 ? 0 : x_random() % 100;
    for (std::size_t i = 0; i != flips; ++i) {
      flip();
      for (std::size_t n = 0; n != pause * 20; ++n) std::atomic_signal_fence(std::memory_order_seq_cst);
      if (i % 256 == 0) std::this_thread::yield();
    }
    return flips;
  }
  /// Lets go of what nobody will let go of.
  void free_lock() { x_range.word(lock_word).store(0); }

 private:
  static constexpr std::size_t words = bytes / 8;
  static constexpr std::size_t lock_word = offsetof(heap_header, mutex) / 8;

  std::size_t chosen_word() {
    switch (x_random() % 4) {
      case 0:
        return x_random() % (sizeof(heap_header) / 8);
      case 1:
        return x_random() % words;
      default:
        return x_random() % 1024;
    }
  }

  std::uint64_t some_offset() { return first_block() + x_random() % (bytes / 16) * 16; }

  void flip() {
    std::size_t i = chosen_word();
    // Most of the time would be spent waiting otherwise, or refused before anything is done.
    const bool is_gate = i == lock_word || i < lock_word - 1;
    if (is_gate && x_random() % 16 != 0) i = lock_word + 2;
    const auto word = x_range.word(i);
    const std::uint64_t is = word.load(std::memory_order_relaxed);
    const auto put = [&](std::uint64_t value) { word.store(value, std::memory_order_relaxed); };
    switch (x_random() % 8) {
      case 0:
        return put(is ^ std::uint64_t{1} << x_random() % 64);
      case 1:
        return put(x_random());
      case 2:
        return put(0);
      case 3:
        return put(some_offset());
      case 4:
        return put(x_range.word(x_random() % words).load(std::memory_order_relaxed));
      case 5:  // for a moment: what is read twice differs
        put(x_random() % 2 == 0 ? some_offset() : x_random());
        return put(is);
      default:
        return put(seal(i * 8, (some_offset() & ~flags) | x_random() % 4));
    }
  }

  const fenced_range& x_range;
  std::mt19937_64 x_random;
};

struct effort {
  std::chrono::seconds at_least{0};
  std::size_t rounds = sanitized ? 20 : 40;
  std::uint64_t seed = 1;
};

effort wanted_effort() {
  const auto& suite = boost::unit_test::framework::master_test_suite();
  effort e;
  if (suite.argc > 1) e.at_least = std::chrono::seconds(std::atoi(suite.argv[1]));
  if (suite.argc > 2) e.seed = std::strtoull(suite.argv[2], nullptr, 10);
  return e;
}

BOOST_AUTO_TEST_SUITE(hostile_writers)

BOOST_AUTO_TEST_CASE(cause_errors_and_nothing_else) {
  const effort wanted = wanted_effort();
  const fenced_range range;
  void* const shared = mmap(nullptr, sizeof(told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  BOOST_TEST_REQUIRE(shared != MAP_FAILED);
  auto& t = *new (shared) told;
  std::array<pid_t, users> children{};
  const auto begin = [&](std::size_t i, std::size_t life) {
    children[i] = start([&] { user(range, t, wanted.seed * 1000 + life * users + i).run(); });
  };
  for (std::size_t i = 0; i != users; ++i) begin(i, 0);
  writer w(range, wanted.seed);
  std::size_t flips = 0;
  std::size_t rounds = 0;
  std::size_t crashes = 0;
  const auto until = std::chrono::steady_clock::now() + wanted.at_least;
  // On a busy machine the users may come late.
  const auto is_enough = [&] {
    return rounds >= wanted.rounds && (t.blocks > 0 || rounds >= 100 * wanted.rounds) &&
           std::chrono::steady_clock::now() >= until;
  };
  while (!is_enough()) {
    flips += w.round();
    if (++rounds % 8 != 0) continue;
    // Some die, wherever they are.
    const std::size_t i = rounds / 8 % users;
    kill(children[i], SIGKILL);
    int status = 0;
    waitpid(children[i], &status, 0);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) ++crashes;
    begin(i, rounds);
  }
  t.stop = true;
  std::array<int, users> ends{};
  for (std::size_t i = 0; i != users; ++i) {
    BOOST_TEST_INFO("user " << i);
    BOOST_TEST(comes_true([&] {
      w.free_lock();
      return waitpid(children[i], &ends[i], WNOHANG) == children[i];
    }));
    BOOST_TEST(ends[i] == 0, "user " << i << " ended with status " << ends[i]);
  }
  BOOST_TEST_MESSAGE(rounds << " rounds, " << flips << " words overwritten, " << t.calls << " calls, "
                            << t.opened << " opened, " << t.blocks << " blocks, " << t.damages << " damages, "
                            << t.unsound << " unsound, " << t.misuses << " misuses, " << t.full << " full, "
                            << t.waited_in_vain << " waited in vain, the longest call " << t.longest_call_ms
                            << " ms");
  BOOST_TEST(crashes == 0U);
  BOOST_TEST(t.wrong == 0U);
  BOOST_TEST(t.blocks > 0U);
  BOOST_TEST(t.damages > 0U);
  munmap(shared, sizeof(told));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
