// What the workloads share: random sizes, sets of live blocks, threads that work together.
#pragma once

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <memory_resource>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

/// xorshift64*: two nanoseconds at most, so that it is not what is measured.
class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) : x_state(seed * 2 + 1) {}
  std::uint32_t next() {
    x_state ^= x_state >> 12;
    x_state ^= x_state << 25;
    x_state ^= x_state >> 27;
    return static_cast<std::uint32_t>((x_state * 0x2545'f491'4f6c'dd1d) >> 32);
  }
  /// From 0 to n - 1.
  std::size_t below(std::size_t n) { return (std::uint64_t{next()} * n) >> 32; }

 private:
  std::uint64_t x_state;
};

/// Sizes, each as likely as any other.
struct size_range {
  std::size_t least;
  std::size_t most;
  std::size_t operator()(random_numbers& random) const { return least + random.below(most - least + 1); }
};
inline constexpr size_range object_sizes{8, 1024};

inline void write_a_word(void* p) { *static_cast<void* volatile*>(p) = p; }

/// Each load is at an address that depends on the load before. What the words hold does not matter: the next place is
/// random with whatever is added to it, and has to wait for the load.
/// \param words a power of two
/// \param at where to go on; 1 at first
inline std::uint64_t load_from_random_places(const volatile std::uint64_t* block, std::size_t words,
                                             std::uint64_t at, int loads) {
  for (; loads != 0; --loads) {
    at = at * 0x5851'f42d'4c95'7f2d + 0x1405'7b7e'f767'814f;
    const std::size_t place = (at >> 20) & (words - 1) & ~std::size_t{7};
    at += block[place + 1];
  }
  return at;
}

/// Live blocks of random sizes, of which random ones are replaced.
class live_blocks {
 public:
  live_blocks(std::pmr::memory_resource& memory, std::size_t count, size_range sizes, std::uint64_t seed)
      : x_memory(&memory), x_sizes(sizes), x_random(seed), x_blocks(count) {
    for (block& b : x_blocks) b = make();
  }
  live_blocks(live_blocks&& other) noexcept = default;
  live_blocks& operator=(live_blocks&&) = delete;
  ~live_blocks() { free_all(); }

  void replace(std::size_t times) {
    for (; times != 0; --times) {
      block& b = x_blocks[x_random.below(x_blocks.size())];
      x_memory->deallocate(b.at, b.bytes);
      b = make();
    }
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const block& b : x_blocks) sum += b.bytes;
    return sum;
  }
  void free_all() {
    for (const block& b : x_blocks) x_memory->deallocate(b.at, b.bytes);
    x_blocks.clear();
  }
  /// Leaves them to a memory that is about to end.
  void abandon() { x_blocks.clear(); }

 private:
  struct block {
    void* at;
    std::size_t bytes;
  };
  block make() {
    const std::size_t bytes = x_sizes(x_random);
    const block b{x_memory->allocate(bytes), bytes};
    write_a_word(b.at);
    return b;
  }

  std::pmr::memory_resource* x_memory;
  size_range x_sizes;
  random_numbers x_random;
  std::vector<block> x_blocks;
};

/// Threads that do rounds of work together; the one that makes it is the first of them.
class team {
 public:
  explicit team(unsigned size) : x_gate(size) {
    for (unsigned i = 1; i != size; ++i) x_others.emplace_back([this, i] { follow(i); });
  }
  ~team() {
    x_work = nullptr;
    x_gate.arrive_and_wait();
  }
  team(const team&) = delete;
  team& operator=(const team&) = delete;

  /// Every thread calls work(index); returns when all have.
  void run(std::function<void(unsigned)> work) {
    x_work = std::move(work);
    x_gate.arrive_and_wait();
    x_work(0);
    x_gate.arrive_and_wait();
  }

 private:
  void follow(unsigned index) {
    for (x_gate.arrive_and_wait(); x_work; x_gate.arrive_and_wait()) {
      x_work(index);
      x_gate.arrive_and_wait();
    }
  }

  std::function<void(unsigned)> x_work;
  std::barrier<> x_gate;
  std::vector<std::jthread> x_others;
};

inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
/// That this process computed so far, and the kernel for it: what other processes do does not count.
inline double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Page faults of this process so far that needed no disk.
inline double faults() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_minflt);
}

/// By name; "seconds" is what is compared.
using figures = std::map<std::string, double>;

/// What one of the `each` operations of `some()` takes, and the page faults of one call. Calls it twice as
/// often each time, until that takes `at_least` seconds, and counts those last calls only.
template <class F>
figures repeated(double at_least, std::size_t each, F some) {
  for (double times = 1;; times *= 2) {
    const double faults_before = faults();
    const double begin = cpu_seconds();
    for (double i = 0; i != times; ++i) some();
    const double took = cpu_seconds() - begin;
    if (took >= at_least) {
      return {{"seconds", took / times / static_cast<double>(each)},
              {"faults", (faults() - faults_before) / times}};
    }
  }
}

}  // namespace bench
