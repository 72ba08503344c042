// Nodes without room (shape tiny: node 2 has 64 MiB and no CPU). Soft placements spill; hard ones are errors, and
// the runner fails every test in which the kernel killed a process.
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/migrate.hpp>
#include <acre/plan.hpp>
#include <acre/prefault.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "multinode/full_node.hpp"
#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr unsigned nearest_to_small = 1;
constexpr std::size_t too_much = 80 * mib;

area_options eager() {
  area_options o;
  o.commit = commit::eager;
  return o;
}

/// The kernel gives pages back in batches of each CPU.
void expect_given_back(std::uint64_t free_before) {
  BOOST_TEST(node_meminfo(small, "MemFree") + 6 * mib > free_before);
}

void spills(const placement& where, std::size_t bytes, const area_options& options = {}) {
  BOOST_TEST_CONTEXT(where) {
    area a(where, options);
    void* p = a.allocate(bytes);
    touch(p, bytes);
    const std::vector<int> pages = page_nodes(p, bytes);
    const auto on_small = std::ranges::count(pages, static_cast<int>(small));
    BOOST_TEST(on_small > 1000);
    // Not always to the roomy node: node 1 is nearer to the small one.
    BOOST_TEST(std::ssize(pages) - on_small > 1000);
    BOOST_TEST(std::ranges::count_if(pages, [](int node) { return node < 0; }) == 0);
    const check_result found = a.check_block(p, bytes);
    BOOST_TEST_INFO(found);
    BOOST_TEST(!found);
    BOOST_TEST(found.misplaced > 0U);
    a.deallocate(p, bytes);
  }
}

void is_refused(const placement& where, std::size_t bytes) {
  BOOST_TEST_CONTEXT(where) {
    area a(where, eager());
    a.deallocate(a.allocate(base_page()), base_page());
    const std::size_t mappings = count_mappings();
    const std::uint64_t free = node_meminfo(small, "MemFree");
    BOOST_CHECK_EXCEPTION(a.deallocate(a.allocate(bytes), bytes), allocation_error,
                          with_code(errc::node_full));
    BOOST_TEST(count_mappings() == mappings);
    expect_given_back(free);
    BOOST_TEST(a.status().blocks == 0U);
  }
}

BOOST_FIXTURE_TEST_SUITE(full_node, innocent_neighbour)

BOOST_AUTO_TEST_CASE(lets_soft_memory_spill_when_touched) { spills(placement::prefer({small}), too_much); }
BOOST_AUTO_TEST_CASE(lets_soft_memory_spill_when_committed_eagerly) {
  spills(placement::prefer({small}), too_much, eager());
}
// Its home node: without it, the kernel would go by the node of the CPU that touches.
BOOST_AUTO_TEST_CASE(lets_soft_memory_spill_to_the_node_nearest_to_it) {
  area a(placement::prefer({small}));
  void* p = a.allocate(too_much);
  const std::uint64_t room = node_meminfo(nearest_to_small, "MemFree");
  touch(p, too_much);
  expect_spilled(page_nodes(p, too_much), small, nearest_to_small, room);
  a.deallocate(p, too_much);
}
BOOST_AUTO_TEST_CASE(lets_soft_blocks_spill) {
  spills(placement::blocked({roomy, small}).soft(), 2 * too_much);
}
BOOST_AUTO_TEST_CASE(lets_soft_chunks_spill) {
  spills(placement::interleave({roomy, small}, mib), 2 * too_much);
}
BOOST_AUTO_TEST_CASE(lets_most_free_spill) { spills(placement::most_free({small}), too_much); }

BOOST_AUTO_TEST_CASE(makes_an_eager_bind_an_error) { is_refused(placement::bind({small}), too_much); }
BOOST_AUTO_TEST_CASE(makes_eager_blocks_an_error) {
  is_refused(placement::blocked({roomy, small}), 2 * too_much);
}
BOOST_AUTO_TEST_CASE(makes_an_eager_hard_interleave_an_error) {
  is_refused(placement::interleave({roomy, small}, mib).hard(), 2 * too_much);
}
BOOST_AUTO_TEST_CASE(makes_eager_by_page_an_error) {
  is_refused(placement::by_page([](std::size_t i, std::size_t n) { return i < n / 8 ? roomy : small; },
                                {roomy, small}),
             too_much);
}

BOOST_AUTO_TEST_CASE(has_room_for_a_smaller_block_after_one_was_refused) {
  area a(placement::bind({small}), eager());
  BOOST_CHECK_EXCEPTION(a.deallocate(a.allocate(too_much), too_much), allocation_error,
                        with_code(errc::node_full));
  void* p = a.allocate(8 * mib);
  expect_all_on(small, p, 8 * mib);
  a.deallocate(p, 8 * mib);
}

BOOST_AUTO_TEST_CASE(makes_prefaulting_hard_memory_an_error_and_keeps_it_hard) {
  area a(placement::bind({small}));
  void* p = a.allocate(too_much);
  BOOST_CHECK_EXCEPTION(prefault(p, too_much), error, with_code(errc::node_full));
  BOOST_TEST(policy_at(p) == (kernel_policy{mpol::bind, {small}}));
  a.deallocate(p, too_much);
}

BOOST_AUTO_TEST_CASE(lets_memory_that_is_there_be_prefaulted) {
  // More than half of what is free, and as much is not free any more.
  const std::size_t bytes = node_meminfo(small, "MemFree") * 6 / 10 / base_page() * base_page();
  area a(placement::bind({small}), eager());
  void* p = a.allocate(bytes);
  BOOST_TEST(node_meminfo(small, "MemFree") < bytes);
  prefault(p, bytes);
  prefault(p, make_plan(placement::bind({small}), bytes, topology::system()));
  expect_all_on(small, p, bytes);
  a.deallocate(p, bytes);
}

// They are no memory yet: nothing is made elsewhere before it is found that there is no room.
BOOST_AUTO_TEST_CASE(makes_prefaulting_zeros_an_error_before_any_page_is_made) {
  area a(placement::bind({small}), {.page_kind = page_kind::system});
  char* p = static_cast<char*>(a.allocate(too_much));
  for (std::size_t at = 0; at < too_much; at += base_page())
    static_cast<void>(*static_cast<volatile char*>(p + at));
  BOOST_CHECK_EXCEPTION(prefault(p, too_much), error, with_code(errc::node_full));
  BOOST_TEST(count_untouched(p, too_much) == too_much / base_page());
  BOOST_CHECK_EXCEPTION(prefault(p, make_plan(placement::bind({small}), too_much, topology::system())), error,
                        with_code(errc::node_full));
  BOOST_TEST(count_untouched(p, too_much) == too_much / base_page());
  a.deallocate(p, too_much);
}

// The kernel divides huge pages that have no room, and gives their zeros back (Linux 6.12): touched later, under a hard
// policy, they would call the OOM killer.
BOOST_AUTO_TEST_CASE(makes_an_eager_bind_an_error_or_whole) {
  const std::size_t free = node_meminfo(small, "MemFree") / base_page() * base_page();
  area a(placement::bind({small}), eager());
  try {
    void* p = a.allocate(free);
    expect_all_on(small, p, free);
    a.deallocate(p, free);
  } catch (const allocation_error& e) {
    BOOST_TEST(e.code() == errc::node_full, e.what());
  }
}

/// The pages that /proc/self/numa_maps tells of on a node, of the mapping at `p`: where all calls that look are
/// refused.
std::size_t told_by_numa_maps(const void* p, unsigned node) {
  std::ifstream all("/proc/self/numa_maps");
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const std::string key = " N" + std::to_string(node) + "=";
  std::size_t pages = 0;
  for (std::string line; std::getline(all, line);) {
    if (std::stoull(line, nullptr, 16) > at) break;
    const std::size_t found = line.find(key);
    pages = found == std::string::npos ? 0 : std::stoul(line.substr(found + key.size()));
  }
  return pages;
}

// As much as the node has free passes the first look, and mostly not all comes to lie there. What looks and what
// moves is refused then.
BOOST_AUTO_TEST_CASE(makes_an_eager_bind_an_error_or_true_where_looking_is_refused) {
  const std::vector<long> half{SYS_move_pages};
  const std::vector<long> all{SYS_move_pages, SYS_get_mempolicy};
  for (const std::vector<long>& refused : {half, all}) {
    in_child([&] {
      topology::system();
      const std::size_t free = node_meminfo(small, "MemFree") / base_page() * base_page();
      area a(placement::bind({small}), eager());
      refuse_calls(refused, answer::eperm);
      try {
        void* p = a.allocate(free);
        BOOST_TEST(told_by_numa_maps(p, small) == free / base_page());
        a.deallocate(p, free);
      } catch (const allocation_error& e) {
        BOOST_TEST(e.code() == errc::node_full, e.what());
      }
      void* p = a.allocate(8 * mib);
      BOOST_TEST(locate(p, 8 * mib).on(small) == 8 * mib / base_page());
      a.deallocate(p, 8 * mib);
    });
  }
}

BOOST_AUTO_TEST_CASE(takes_migrated_pages_and_those_without_room_are_counted) {
  area a(placement::bind({roomy}));
  void* p = a.allocate(too_much);
  sign_pages(p, too_much);
  const migration done = migrate(p, too_much, placement::bind({small}));
  BOOST_TEST_CONTEXT(done) {
    BOOST_TEST(done.no_room > 0U);
    BOOST_TEST(done.moved > 0U);
  }
  BOOST_TEST(count_pages(p, too_much).at(small) == done.moved);
  BOOST_TEST(pages_are_signed(p, too_much));
  a.deallocate(p, too_much);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
