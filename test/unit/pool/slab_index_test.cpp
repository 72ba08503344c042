#include "pool/slab_index.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t slab_units = 256;

std::unique_ptr<slab> slab_at(std::size_t number, std::size_t units = slab_units) {
  auto s = std::make_unique<slab>(units * unit_bytes, unit_bytes, 4 * unit_bytes);
  s->place(reinterpret_cast<void*>((std::uintptr_t{1} << 40) + 2 * number * slab_units * unit_bytes));
  return s;
}

struct an_index {
  slab_index index;
  std::map<std::size_t, slab*> all;  ///< by number
  struct block {
    slab* in;
    void* p;
    std::size_t units;
  };
  std::vector<block> blocks;
  std::size_t tries = 0;  ///< slabs that were asked for a run

  void add(std::size_t number) { all[number] = &index.add(slab_at(number)); }

  /// As a pool does.
  void* take(std::size_t units, std::size_t alignment) {
    while (slab* const s = index.first_with_room(units, alignment)) {
      void* const p = s->take(units, alignment);
      ++tries;
      index.update(*s);
      if (p == nullptr) continue;
      blocks.push_back({s, p, units});
      return p;
    }
    return nullptr;
  }
  void give(std::size_t i) {
    const block b = std::exchange(blocks[i], blocks.back());
    blocks.pop_back();
    b.in->give(b.p, b.units);
    index.update(*b.in);
  }
};

BOOST_FIXTURE_TEST_SUITE(a_slab_index, an_index)

BOOST_AUTO_TEST_CASE(knows_the_slab_of_an_address) {
  for (const std::size_t i : {3U, 1U, 2U, 7U}) add(i);
  for (const auto& [number, s] : all) {
    BOOST_TEST(index.with(s->base()) == s);
    BOOST_TEST(index.with(s->base() + s->bytes() - 1) == s);
    BOOST_TEST(index.with(s->base() + s->bytes()) == nullptr);
    BOOST_TEST(index.with(s->base() - 1) == nullptr);
  }
  BOOST_TEST(index.with(nullptr) == nullptr);
}

// Whatever is asked for, it lies in the lowest slab that has it, as if each had been tried.
BOOST_AUTO_TEST_CASE(takes_from_the_lowest_slab_that_has_room) {
  std::mt19937 random(3);
  struct by_base {
    bool operator()(const slab* a, const slab* b) const { return a->base() < b->base(); }
  };
  std::map<const slab*, std::unique_ptr<slab>, by_base> same;
  for (std::size_t i = 0; i != 40; ++i) {
    add(i);
    same.emplace(all[i], slab_at(i));
  }
  for (int i = 0; i != 20'000; ++i) {
    const std::size_t units = std::size_t{1} + random() % (random() % 8 == 0 ? 200 : 20);
    const std::size_t alignment = unit_bytes << (random() % 3 == 0 ? random() % 9 : 0);
    if (random() % 5 < 3) {
      const void* expected = nullptr;
      for (auto at = same.begin(); at != same.end() && expected == nullptr; ++at)
        expected = at->second->take(units, alignment);
      BOOST_TEST_REQUIRE(take(units, alignment) == expected);
    } else if (!blocks.empty()) {
      const std::size_t chosen = random() % blocks.size();
      same.at(blocks[chosen].in)->give(blocks[chosen].p, blocks[chosen].units);
      give(chosen);
    }
  }
}

// What does not fit is not looked at again and again.
BOOST_AUTO_TEST_CASE(does_not_try_a_slab_again_that_has_no_aligned_run) {
  for (std::size_t i = 0; i != 100; ++i) add(i);
  // Of each pair of units the first is used: runs of one, none of which is aligned to two.
  for (std::size_t i = 0; i != 100 * slab_units; ++i) BOOST_TEST_REQUIRE(take(1, unit_bytes) != nullptr);
  std::vector<block> live;
  for (const block& b : std::exchange(blocks, {})) {
    if (reinterpret_cast<std::uintptr_t>(b.p) / unit_bytes % 2 == 0) {
      live.push_back(b);
      continue;
    }
    b.in->give(b.p, 1);
    index.update(*b.in);
  }
  tries = 0;
  for (int i = 0; i != 10; ++i) BOOST_TEST(take(1, 2 * unit_bytes) == nullptr);
  BOOST_TEST(tries == 100U);
  // Once more for another alignment.
  for (int i = 0; i != 10; ++i) BOOST_TEST(take(1, 256 * unit_bytes) == nullptr);
  BOOST_TEST(tries == 200U);
  for (int i = 0; i != 10; ++i) BOOST_TEST(take(1, 2 * unit_bytes) == nullptr);
  BOOST_TEST(tries == 200U);
  // One that is given back to has it again.
  live[100].in->give(live[100].p, 1);
  index.update(*live[100].in);
  BOOST_TEST(take(1, 2 * unit_bytes) == live[100].p);
}

BOOST_AUTO_TEST_CASE(finds_what_is_marked) {
  for (std::size_t i = 0; i != 50; ++i) add(i);
  const auto* const none = static_cast<const std::byte*>(nullptr);
  const auto* const end = reinterpret_cast<const std::byte*>(UINTPTR_MAX);
  BOOST_TEST(index.first_marked(slab_summary::is_empty, none) == all[0]);
  BOOST_TEST(index.first_marked(slab_summary::is_empty, all[7]->base() + 1) == all[8]);
  BOOST_TEST(index.last_marked(slab_summary::may_go, end) == nullptr);
  for (const std::size_t i : {10U, 20U, 30U}) {
    void* const p = all[i]->take(8, unit_bytes);
    all[i]->give(p, 8);
    index.update(*all[i]);
  }
  BOOST_TEST(index.last_marked(slab_summary::may_go, end) == all[30]);
  BOOST_TEST(index.last_marked(slab_summary::may_go, all[30]->base()) == all[20]);
  BOOST_TEST(index.first_marked(slab_summary::is_young, all[11]->base()) == all[20]);
  BOOST_TEST(index.last_marked(slab_summary::old_may_go, end) == nullptr);
  all[20]->age();
  index.update(*all[20]);
  BOOST_TEST(index.last_marked(slab_summary::old_may_go, end) == all[20]);
  BOOST_TEST(index.first_marked(slab_summary::is_young, all[11]->base()) == all[30]);
  all[20]->expect_no_dirty(true);
  index.update(*all[20]);
  BOOST_TEST(index.last_marked(slab_summary::old_may_go, end) == nullptr);
}

BOOST_AUTO_TEST_CASE(lets_slabs_go) {
  for (std::size_t i = 0; i != 20; ++i) add(i);
  for (std::size_t i = 0; i < 20; i += 2) {
    const std::unique_ptr<slab> gone = index.remove(*all[i]);
    BOOST_TEST(gone.get() == all[i]);
    BOOST_TEST(index.with(gone->base()) == nullptr);
    all.erase(i);
  }
  std::vector<slab*> left;
  index.for_each([&](slab& s) { left.push_back(&s); });
  BOOST_TEST(left.size() == 10U);
  BOOST_TEST(std::is_sorted(left.begin(), left.end(),
                            [](const slab* a, const slab* b) { return a->base() < b->base(); }));
  BOOST_TEST(index.first_with_room(slab_units, unit_bytes) == all[1]);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
