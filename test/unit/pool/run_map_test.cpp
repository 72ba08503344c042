#include "pool/run_map.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

#include "least_time.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

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

BOOST_AUTO_TEST_SUITE(run_map)
using acre::run_map;
using boost::test_tools::assertion_result;

assertion_result finds_as_modelled(const run_map& map, const model& expected, std::size_t count,
                                   std::size_t from) {
  const std::size_t found = map.find(count, from);
  const std::size_t wanted = expected.find(count, from);
  if (found != wanted) return wrong(count, " units from ", from, " are at ", found, " instead of ", wanted);
  return true;
}

BOOST_AUTO_TEST_CASE(finds_every_run_of_every_pattern_of_ten_units_wherever_they_lie) {
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
      const auto finds_all_as_modelled = [&]() -> assertion_result {
        for (std::size_t count = 1; count <= n + 1; ++count) {
          for (std::size_t from = before == 0 ? 0 : before - 1; from <= units; ++from) {
            assertion_result found = finds_as_modelled(map, expected, count, from);
            if (!found) return found;
          }
        }
        return true;
      };
      BOOST_TEST_CONTEXT("pattern " << pattern << " behind " << before << " units") {
        BOOST_TEST_REQUIRE(map.longest() == expected.longest());
        BOOST_TEST_REQUIRE(finds_all_as_modelled());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(finds_what_looking_at_every_unit_finds) {
  std::mt19937 random(1);
  for (const std::size_t units : {1U, 63U, 64U, 65U, 128U, 129U, 1000U, 4096U, 5000U}) {
    BOOST_TEST_CONTEXT(units << " units") {
      run_map map(units);
      model expected(units);
      for (int i = 0; i != 2000; ++i) {
        const std::size_t first = random() % units;
        const std::size_t count = 1 + random() % (std::min<std::size_t>(units - first, 1U << random() % 13));
        const bool used = random() % 2 == 0;
        used ? map.take(first, count) : map.give(first, count);
        expected.set(first, count, used);
        BOOST_TEST_REQUIRE(map.longest() == expected.longest());
        const std::size_t wanted = 1 + random() % (expected.longest() + 2);
        const std::size_t from = random() % 2 == 0 ? 0 : random() % (units + 1);
        BOOST_TEST_REQUIRE(finds_as_modelled(map, expected, wanted, from));
      }
      for (std::size_t i = 0; i != units; ++i) {
        BOOST_TEST_REQUIRE(map.used().test(i) == expected.is_used(i));
      }
    }
  }
}

/// To find, take and give runs of all lengths, among holes of five units and one of six in the middle.
double time_among_holes(std::size_t units) {
  run_map map(units);
  for (std::size_t i = 0; i + 5 < units; i += 10) map.take(i, 5);
  map.take(units / 2, 40);
  map.give(units / 2 + 15, 6);
  return least_time([&] {
    for (std::size_t count = 1; count != 10; ++count) {
      const std::size_t at = map.find(count);
      if (at == units) continue;
      map.take(at, count);
      map.give(at, count);
    }
  });
}

// To look at every unit, or every word, would take a thousand times as long.
BOOST_AUTO_TEST_CASE(takes_hardly_longer_where_there_are_more_runs) {
  BOOST_TEST(time_among_holes(1'000'000) < 25 * time_among_holes(1000));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
