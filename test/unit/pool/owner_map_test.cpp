#include <acre/error.hpp>

#include <acre/detail/owner_map.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "support/checking_resource.hpp"
#include "support/errors.hpp"
#include "support/failing_resource.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::uintptr_t granule = detail::owner_map::granule_bytes;
constexpr std::uintptr_t page = 4096;
constexpr std::uintptr_t end_of_addresses = std::uintptr_t{1} << detail::owner_map::address_bits;
/// What one leaf is for.
constexpr std::uintptr_t leaf_bytes = std::uintptr_t{32} << 30;

const void* at(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

BOOST_AUTO_TEST_SUITE(owner_map)
using acre::detail::owner_map;

BOOST_AUTO_TEST_CASE(knows_nobody_at_first) {
  const owner_map map;
  for (const std::uintptr_t address :
       {std::uintptr_t{0}, granule, leaf_bytes, end_of_addresses - 1, end_of_addresses, UINTPTR_MAX}) {
    BOOST_TEST_INFO("address " << at(address));
    BOOST_TEST(map.find(at(address)) == std::nullopt);
  }
}

BOOST_AUTO_TEST_CASE(knows_the_owner_of_every_address_of_a_range_and_none_beyond) {
  owner_map map;
  map.set(at(8 * granule), 3 * granule, 7);
  BOOST_TEST(map.find(at(8 * granule - 1)) == std::nullopt);
  for (std::uintptr_t address = 8 * granule; address != 11 * granule; address += page / 2) {
    BOOST_TEST_INFO("address " << at(address));
    BOOST_TEST_REQUIRE(map.find(at(address)) == 7);
  }
  BOOST_TEST(map.find(at(11 * granule - 1)) == 7);
  BOOST_TEST(map.find(at(11 * granule)) == std::nullopt);
  map.clear(at(8 * granule), 3 * granule);
  for (std::uintptr_t address = 8 * granule; address != 11 * granule; address += page / 2) {
    BOOST_TEST_INFO("address " << at(address));
    BOOST_TEST_REQUIRE(map.find(at(address)) == std::nullopt);
  }
}

BOOST_AUTO_TEST_CASE(knows_nobody_behind_a_part_of_a_granule) {
  owner_map map;
  map.set(at(granule), granule + 5 * page + 1, 0);
  // The page that is begun is owned as a whole.
  BOOST_TEST(map.find(at(2 * granule + 5 * page)) == 0);
  BOOST_TEST(map.find(at(2 * granule + 6 * page - 1)) == 0);
  BOOST_TEST(map.find(at(2 * granule + 6 * page)) == std::nullopt);
  BOOST_TEST(map.find(at(3 * granule - 1)) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(holds_the_smallest_and_largest_owners_and_addresses) {
  owner_map map;
  map.set(at(0), granule, UINT16_MAX);
  map.set(at(end_of_addresses - granule), granule, UINT16_MAX);
  map.set(at(leaf_bytes - granule), 2 * granule, 0);
  BOOST_TEST(map.find(at(0)) == UINT16_MAX);
  BOOST_TEST(map.find(at(end_of_addresses - 1)) == UINT16_MAX);
  BOOST_TEST(map.find(at(leaf_bytes - granule)) == 0);
  BOOST_TEST(map.find(at(leaf_bytes)) == 0);
}

BOOST_AUTO_TEST_CASE(tells_granules_that_are_an_owners_from_end_to_end) {
  constexpr owner_map::owner last = owner_map::nobody - 1;
  owner_map map;
  map.set(at(0), granule, last);
  map.set(at(end_of_addresses - 2 * granule), granule + 5 * page, 0);
  const auto expect = [&](std::uintptr_t address, owner_map::owner who, bool whole) {
    BOOST_TEST_INFO("address " << at(address) << ", owner " << who);
    BOOST_TEST((map.entry_of(at(address)) == owner_map::whole(who)) == whole);
  };
  for (const owner_map::owner who : {owner_map::owner{0}, owner_map::owner{1}, last}) {
    for (const std::uintptr_t address : {std::uintptr_t{0}, page, granule - 1})
      expect(address, who, who == last);
    for (const std::uintptr_t address : {end_of_addresses - 2 * granule, end_of_addresses - granule - 1})
      expect(address, who, who == 0);
    for (const std::uintptr_t address :
         {granule, 2 * granule + page, end_of_addresses - 2 * granule - 1, end_of_addresses - granule,
          end_of_addresses - granule + 5 * page - 1, end_of_addresses - 1, end_of_addresses, UINTPTR_MAX})
      expect(address, who, false);
  }
}

BOOST_AUTO_TEST_CASE(has_no_owner_for_no_bytes) {
  owner_map map;
  map.set(at(granule), 0, 1);
  map.clear(at(granule), 0);
  BOOST_TEST(map.find(at(granule)) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(refuses_addresses_beyond_48_bits_and_changes_nothing) {
  checking_resource memory;
  owner_map map(&memory);
  for (const std::uintptr_t begin : {end_of_addresses, end_of_addresses - granule, end_of_addresses << 4}) {
    BOOST_TEST_CONTEXT("from address " << at(begin)) {
      BOOST_CHECK_EXCEPTION(map.set(at(begin), 2 * granule, 3), allocation_error,
                            with_code(errc::invalid_size));
      BOOST_TEST(map.find(at(begin)) == std::nullopt);
    }
  }
  BOOST_TEST(memory.allocations() == 0U);
}

BOOST_AUTO_TEST_CASE(has_changed_nothing_where_a_set_fails) {
  const std::size_t points = for_each_failure_point([](std::pmr::memory_resource& memory) {
    owner_map map(&memory);
    const void* const p = at(leaf_bytes - granule);
    try {
      map.set(p, leaf_bytes + 2 * granule, 5);
    } catch (const std::bad_alloc&) {
      for (const std::uintptr_t address : {leaf_bytes - granule, leaf_bytes, 2 * leaf_bytes}) {
        BOOST_TEST_INFO("address " << at(address));
        BOOST_TEST(map.find(at(address)) == std::nullopt);
      }
      map.set(p, leaf_bytes + 2 * granule, 5);
    }
    BOOST_TEST(map.find(at(leaf_bytes)) == 5);
    BOOST_TEST(map.find(at(2 * leaf_bytes)) == 5);
  });
  BOOST_TEST(points == 3U);  // one for each leaf
}

BOOST_AUTO_TEST_CASE(agrees_with_a_model_about_random_ranges) {
  struct range {
    std::uintptr_t bytes;
    owner_map::owner who;
  };
  std::mt19937_64 random(1);
  owner_map map;
  std::map<std::uintptr_t, range> model;
  // Few granules around the end of a leaf, so that ranges meet.
  const std::uintptr_t base = 3 * leaf_bytes - 64 * granule;
  const auto modelled = [&](std::uintptr_t address) -> std::optional<owner_map::owner> {
    auto next = model.upper_bound(address);
    if (next == model.begin()) return std::nullopt;
    const auto& [begin, r] = *--next;
    return address < begin + r.bytes ? std::optional(r.who) : std::nullopt;
  };
  const auto is_free = [&](std::uintptr_t begin, std::uintptr_t bytes) {
    for (std::uintptr_t g = begin; g < begin + bytes; g += granule) {
      if (modelled(g)) return false;
    }
    return true;
  };
  const auto agree_in = [&](int step) -> boost::test_tools::assertion_result {
    for (int look = 0; look != 8; ++look) {
      const std::uintptr_t address = base + random() % (140 * granule);
      const std::optional<owner_map::owner> found = map.find(at(address));
      const std::optional<owner_map::owner> expected = modelled(address);
      if (found != expected)
        return wrong("step ", step, ", address ", at(address), ": ", found, " instead of ", expected);
      const std::uintptr_t begin = address / granule * granule;
      const bool is_whole =
          expected && modelled(begin) == expected && modelled(begin + granule - page) == expected;
      // Compared with neighbours and far owners, too.
      const auto one = static_cast<owner_map::owner>(expected.value_or(0) + look - 4);
      const bool told = one != owner_map::nobody && map.entry_of(at(address)) == owner_map::whole(one);
      if (told != (one != owner_map::nobody && is_whole && expected == one))
        return wrong("step ", step, ", address ", at(address), " of ", expected, ": wholly of ", one, ": ",
                     told);
    }
    return true;
  };
  for (int step = 0; step != 20'000; ++step) {
    const std::uintptr_t begin = base + random() % 128 * granule;
    const std::uintptr_t bytes = (1 + random() % (random() % 4 == 0 ? 8 * 512 : 512)) * page;
    if (model.contains(begin)) {
      map.clear(at(begin), model[begin].bytes);
      model.erase(begin);
    } else if (is_free(begin, bytes)) {
      const auto who = static_cast<owner_map::owner>(random());
      map.set(at(begin), bytes, who);
      model[begin] = {bytes, who};
    }
    BOOST_TEST_REQUIRE(agree_in(step));
  }
}

// Each thread registers ranges of its own among the others' and looks them all up; leaves are made in a race.
BOOST_AUTO_TEST_CASE(lets_threads_register_and_look_up_at_once) {
  constexpr unsigned threads = 4;
  constexpr std::uintptr_t leaves = 64;
  checking_resource memory;
  owner_map map(&memory);
  std::atomic<unsigned> ready = 0;
  std::atomic<unsigned> lost = 0;
  std::atomic<unsigned> mixed_up = 0;
  std::atomic<unsigned> left_behind = 0;
  const auto work = [&](unsigned me) {
    ready.fetch_add(1);
    while (ready.load() != threads) std::this_thread::yield();
    for (int round = 0; round != 3; ++round) {
      for (std::uintptr_t i = 0; i != leaves; ++i) {
        const std::uintptr_t begin = i * leaf_bytes + (2 * me + 1) * granule;
        map.set(at(begin), granule + page, static_cast<owner_map::owner>(me));
        if (map.find(at(begin)) != me) ++lost;
        if (map.find(at(begin + granule)) != me) ++lost;
        const unsigned other = (me + 1) % threads;
        const auto found = map.find(at(i * leaf_bytes + (2 * other + 1) * granule));
        if (found && *found != other) ++mixed_up;
      }
      for (std::uintptr_t i = 0; i != leaves; ++i) {
        const std::uintptr_t begin = i * leaf_bytes + (2 * me + 1) * granule;
        map.clear(at(begin), granule + page);
        if (map.find(at(begin)) != std::nullopt) ++left_behind;
      }
    }
  };
  std::vector<std::thread> running;
  for (unsigned t = 0; t != threads; ++t) running.emplace_back(work, t);
  for (std::thread& t : running) t.join();
  BOOST_TEST(lost == 0U);
  BOOST_TEST(mixed_up == 0U);
  BOOST_TEST(left_behind == 0U);
  // One leaf each, whoever was faster.
  BOOST_TEST(memory.live_blocks() == leaves);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
