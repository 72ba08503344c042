// block_list: live blocks whose contents and addresses are checked; block_faults: the same where threads look; stress:
// threads that free each other's blocks.
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <mutex>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/thread.hpp"

namespace acre::test {

/// A block filled with bytes of its own.
struct filled_block {
  unsigned char* p;
  std::size_t bytes;  ///< as asked
  std::size_t alignment;
  std::size_t usable;  ///< filled up to here
  unsigned char fill;

  filled_block(std::pmr::memory_resource& r, std::size_t n, std::size_t a, std::size_t u, unsigned char f)
      : p(static_cast<unsigned char*>(r.allocate(n, a))), bytes(n), alignment(a), usable(u), fill(f) {
    // Large blocks: every page, not every byte.
    for (std::size_t i = 0; i < usable; i += step()) p[i] = fill;
    if (usable > 0) p[usable - 1] = fill;
  }

  bool is_aligned() const { return p != nullptr && reinterpret_cast<std::uintptr_t>(p) % alignment == 0; }
  bool is_intact() const {
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < usable; i += step()) wrong += p[i] != fill;
    if (usable > 0) wrong += p[usable - 1] != fill;
    return wrong == 0;
  }

 private:
  std::size_t step() const { return usable < 65'536 ? 1 : 4093; }
};

/// What is wrong with the blocks that threads look at, who must not assert themselves.
/// \safety any thread
class block_faults {
 public:
  void look_at(const filled_block& b) {
    if (!b.is_aligned()) note(b, "is misaligned");
    if (!b.is_intact()) note(b, "was overwritten");
  }
  void note(const filled_block& b, const char* fault) {
    const std::lock_guard lock(x_mutex);
    if (x_count++ != 0) return;
    std::ostringstream text;
    text << "a block of " << b.bytes << " bytes aligned to " << b.alignment << ' ' << fault;
    x_first = text.str();
  }

  /// The test's own thread asserts.
  void expect_none() const {
    const std::lock_guard lock(x_mutex);
    BOOST_TEST(x_count == 0U, x_count << " faults; the first: " << x_first);
  }

 private:
  mutable std::mutex x_mutex;
  std::size_t x_count = 0;
  std::string x_first;
};

/// Gives all back when it goes. In the test's own thread, a misaligned block fails the test then; in others,
/// look_at_all() tells of it.
class block_list {
 public:
  explicit block_list(std::pmr::memory_resource& r) : x_resource(&r) {}
  block_list(const block_list&) = delete;
  block_list& operator=(const block_list&) = delete;
  ~block_list() {
    if (may_assert()) BOOST_TEST(x_misaligned.empty(), x_misaligned.size() << " blocks were misaligned");
    for (const filled_block& b : x_blocks) x_resource->deallocate(b.p, b.bytes, b.alignment);
  }

  void add(std::size_t bytes, std::size_t alignment) { add(bytes, alignment, bytes); }
  void add(std::size_t bytes, std::size_t alignment, std::size_t usable) {
    x_blocks.reserve(x_blocks.size() + 1);
    x_blocks.emplace_back(*x_resource, bytes, alignment, usable, ++x_fill);
    if (!x_blocks.back().is_aligned()) x_misaligned.push_back(x_blocks.back());
  }
  void remove(std::size_t index, std::size_t size_back) {
    const filled_block b = x_blocks[index];
    x_blocks.erase(x_blocks.begin() + static_cast<std::ptrdiff_t>(index));
    x_resource->deallocate(b.p, size_back, b.alignment);
  }

  void check_all() const {
    block_faults faults;
    look_at_all(faults);
    faults.expect_none();
  }
  void check_distinct() const {
    block_faults faults;
    look_for_overlaps(faults);
    faults.expect_none();
  }
  /// The same in any thread.
  void look_at_all(block_faults& faults) const {
    for (const filled_block& b : x_misaligned) faults.note(b, "is misaligned");
    for (const filled_block& b : x_blocks) faults.look_at(b);
  }
  void look_for_overlaps(block_faults& faults) const {
    std::vector<filled_block> sorted = x_blocks;
    std::ranges::sort(sorted, {}, &filled_block::p);
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      const filled_block& before = sorted[i - 1];
      if (before.p + std::max<std::size_t>(before.bytes, 1) > sorted[i].p)
        faults.note(before, "overlaps another");
    }
  }

 private:
  std::pmr::memory_resource* x_resource;
  std::vector<filled_block> x_blocks;
  std::vector<filled_block> x_misaligned;  // those that are gone too
  unsigned char x_fill = 0;
};

struct stress_options {
  unsigned threads = 4;
  std::size_t blocks_per_thread = 500;
  std::size_t rounds = 4;
  std::size_t largest_small = 2000;
  std::size_t largest = 1U << 20;
  std::size_t largest_alignment = 4096;
};

/// Threads allocate blocks of random sizes and alignments, put them on a table that all share, and free what
/// they take from it: most blocks are freed by another thread than allocated them.
inline void stress(std::pmr::memory_resource& r, const stress_options& o) {
  std::mutex mutex;
  std::vector<filled_block> table;
  block_faults faults;
  const auto free_one = [&](std::mt19937& random) {
    std::unique_lock lock(mutex);
    if (table.empty()) return;
    std::swap(table[random() % table.size()], table.back());
    const filled_block b = table.back();
    table.pop_back();
    lock.unlock();
    faults.look_at(b);
    r.deallocate(b.p, b.bytes, b.alignment);
  };
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i != o.blocks_per_thread * o.rounds; ++i) {
      const std::size_t limit = random() % 64 == 0 ? o.largest : o.largest_small;
      std::size_t alignment = std::size_t{1} << random() % 8;
      if (random() % 64 == 0) alignment = std::size_t{1} << random() % 23;
      alignment = std::min(alignment, o.largest_alignment);
      const std::size_t bytes = random() % (limit + 1);
      const filled_block b(r, bytes, alignment, bytes, static_cast<unsigned char>(random()));
      {
        const std::lock_guard lock(mutex);
        table.push_back(b);
      }
      if (i >= o.blocks_per_thread || random() % 2 == 0) free_one(random);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t != o.threads; ++t) threads.emplace_back(work, t + 1);
  for (std::thread& t : threads) t.join();
  std::mt19937 random(0);
  while (!table.empty()) free_one(random);
  faults.expect_none();
}

}  // namespace acre::test
