// Frees near vm.max_map_count, where munmap(2) cannot cut a block out of a larger mapping.
#include "support/sanitizers.hpp"

// Sanitizers have mappings of their own, and take long.
#if !defined(ACRE_TEST_ASAN) && !defined(ACRE_TEST_TSAN)
#include "area/unmap_queue.hpp"

#include <acre/area.hpp>
#include <acre/placement.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <vector>

#include "support/child.hpp"
#include "support/kernel.hpp"
#include "support/print.hpp"
#include "sys/files.hpp"
#include "sys/mappings.hpp"

namespace acre::test {
namespace {

std::size_t waiting() { return unmap_queue::of_process().waiting(); }

/// Frees one after the other, most of which find no room.
struct frees {
  std::size_t most_waiting = 0;

  void one(area& a, void* p) {
    a.deallocate(p, base_page(), 8);
    most_waiting = std::max(most_waiting, waiting());
  }
};

std::vector<void*> blocks_of(area& a, std::size_t count) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i != count; ++i) blocks.push_back(a.allocate(base_page(), 8));
  return blocks;
}

/// Every second one of so many is a hole more than there may be.
std::size_t too_many() { return 2 * sys::max_map_count() + 20'000; }

BOOST_AUTO_TEST_SUITE(frees_without_room)

BOOST_AUTO_TEST_CASE(one_by_one_lose_nothing) {
  in_child([] {
    area a(placement::local());
    frees f;
    const std::size_t mappings = count_mappings();
    const std::vector<void*> blocks = blocks_of(a, too_many());
    for (std::size_t i = 0; i < blocks.size(); i += 2) f.one(a, blocks[i]);
    BOOST_TEST(f.most_waiting >= 5'000U);
    for (std::size_t i = 1; i < blocks.size(); i += 2) f.one(a, blocks[i]);
    BOOST_TEST(waiting() == 0U);
    BOOST_TEST(count_mappings() <= mappings + 2);
  });
}

BOOST_AUTO_TEST_CASE(in_any_order_lose_nothing) {
  in_child([] {
    area a(placement::local());
    frees f;
    const std::size_t mappings = count_mappings();
    std::vector<void*> blocks = blocks_of(a, too_many());
    std::shuffle(blocks.begin(), blocks.end(), std::mt19937(1));
    for (void* const p : blocks) f.one(a, p);
    BOOST_TEST(waiting() == 0U);
    BOOST_TEST(count_mappings() <= mappings + 2);
  });
}

// Blocks of one lie between those of the other.
BOOST_AUTO_TEST_CASE(of_two_areas_under_one_policy_lose_nothing) {
  in_child([] {
    auto one = std::make_unique<area>(placement::local());
    area other(placement::local());
    frees f;
    const std::size_t mappings = count_mappings();
    std::vector<void*> ones;
    std::vector<void*> others;
    while (2 * ones.size() < too_many()) {
      ones.push_back(one->allocate(base_page(), 8));
      others.push_back(other.allocate(base_page(), 8));
    }
    for (void* const p : ones) f.one(*one, p);
    BOOST_TEST(f.most_waiting >= 5'000U);
    one.reset();
    for (void* const p : others) f.one(other, p);
    BOOST_TEST(waiting() == 0U);
    BOOST_TEST(count_mappings() <= mappings + 2);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test

#endif
