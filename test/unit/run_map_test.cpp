#include "pool/run_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace acre::test {
namespace {

/// The same, by looking at every unit.
class model {
 public:
  explicit model(std::size_t units) : x_used(units) {}
  void set(std::size_t first, std::size_t count, bool used) {
    std::fill_n(x_used.begin() + static_cast<std::ptrdiff_t>(first), count, used);
  }
  bool is_used(std::size_t unit) const { return x_used[unit]; }
  std::size_t find(std::size_t count, std::size_t from) const {
    std::size_t run = 0;
    for (std::size_t i = from; i < x_used.size(); ++i) {
      run = x_used[i] ? 0 : run + 1;
      if (run == count) return i + 1 - count;
    }
    return x_used.size();
  }
  std::size_t longest() const {
    std::size_t run = 0;
    std::size_t most = 0;
    for (const bool used : x_used) most = std::max(most, run = used ? 0 : run + 1);
    return most;
  }

 private:
  std::vector<bool> x_used;
};

TEST(run_map, finds_every_run_of_every_pattern_of_ten_units_wherever_they_lie) {
  constexpr std::size_t n = 10;
  for (const std::size_t before :
       {0U, 54U, 59U, 118U, 250U}) {  // at the beginning, in a word, over the edge of two
    const std::size_t units = before + n;
    for (unsigned pattern = 0; pattern != 1U << n; ++pattern) {
      run_map map(units);
      model expected(units);
      for (std::size_t i = 0; i != n; ++i) {
        if ((pattern >> i & 1) == 0) continue;
        map.take(before + i, 1);
        expected.set(before + i, 1, true);
      }
      ASSERT_EQ(map.longest(), expected.longest()) << pattern;
      for (std::size_t count = 1; count <= n + 1; ++count) {
        for (std::size_t from = before == 0 ? 0 : before - 1; from <= units; ++from)
          ASSERT_EQ(map.find(count, from), expected.find(count, from))
              << pattern << ": " << count << " from " << from;
      }
    }
  }
}

TEST(run_map, finds_what_looking_at_every_unit_finds) {
  std::mt19937 random(1);
  for (const std::size_t units : {1U, 63U, 64U, 65U, 128U, 129U, 1000U, 4096U, 5000U}) {
    run_map map(units);
    model expected(units);
    for (int i = 0; i != 2000; ++i) {
      const std::size_t first = random() % units;
      const std::size_t count = 1 + random() % (std::min<std::size_t>(units - first, 1U << random() % 13));
      const bool used = random() % 2 == 0;
      used ? map.take(first, count) : map.give(first, count);
      expected.set(first, count, used);
      ASSERT_EQ(map.longest(), expected.longest());
      const std::size_t wanted = 1 + random() % (expected.longest() + 2);
      const std::size_t from = random() % 2 == 0 ? 0 : random() % (units + 1);
      ASSERT_EQ(map.find(wanted, from), expected.find(wanted, from))
          << wanted << " from " << from << " of " << units;
    }
    for (std::size_t i = 0; i != units; ++i) ASSERT_EQ(map.used().test(i), expected.is_used(i));
  }
}

TEST(run_map, takes_no_more_steps_where_there_are_more_runs) {
  for (const std::size_t units : {std::size_t{1000}, std::size_t{100'000}}) {
    run_map map(units);
    for (std::size_t i = 0; i + 5 < units; i += 10) map.take(i, 5);
    map.take(units / 2, 40);
    map.give(units / 2 + 15, 6);
    for (std::size_t count = 1; count != 10; ++count) {
      const std::size_t before = map.steps();
      const std::size_t at = map.find(count);
      if (at != units) {
        map.take(at, count);
        map.give(at, count);
      }
      EXPECT_LE(map.steps() - before, 100U) << count << " of " << units;
    }
  }
}

}  // namespace
}  // namespace acre::test
