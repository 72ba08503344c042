// Eager hard memory by chunks, weights and functions: each page where it was planned, and one mapping of the kernel's.
#include <acre/apply.hpp>
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/check.hpp>
#include <acre/migrate.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/two_nodes.hpp"
#include "placement/range_budget.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t alignment = 64;

node_set all_nodes() { return to_node_set(usable_nodes()); }

/// Mappings that have a part of the range.
std::size_t mappings_of(const void* p, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(p);
  std::size_t n = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    char dash = 0;
    std::istringstream(line) >> std::hex >> first >> dash >> last;
    if (first < begin + bytes && last > begin) ++n;
  }
  return n;
}

/// The nodes of the chunks of a round by weights(), said a second time.
std::vector<unsigned> round_of_weights() {
  std::vector<unsigned> round;
  for (const node_weight& w : weights()) round.insert(round.end(), w.weight, w.node);
  return round;
}

void expect_dealt_out(const void* p, std::size_t bytes, std::size_t chunk) {
  const std::vector<int> pages = page_nodes(p, bytes);
  const std::vector<unsigned> round = round_of_weights();
  std::size_t wrong = 0;
  for (std::size_t i = 0; i != pages.size(); ++i)
    wrong += pages[i] == static_cast<int>(round[i * base_page() / chunk % round.size()]) ? 0U : 1U;
  BOOST_TEST(wrong == 0U);
}

void expect_one_policy(const void* p, std::size_t bytes, const node_set& of) {
  BOOST_TEST(mappings_of(p, bytes) == 1U);
  BOOST_TEST(policy_at(p) == (kernel_policy{mpol::bind, nodes(of.begin(), of.end())}));
}
void expect_together(const void* p, std::size_t bytes) { expect_one_policy(p, bytes, all_nodes()); }

BOOST_AUTO_TEST_SUITE(exact_pages)

BOOST_AUTO_TEST_CASE(of_an_area_cost_one_mapping) {
  const placement where = placement::weighted(weights()).hard();
  for (const std::size_t chunk : {4_KiB, 12_KiB, 64_KiB, 1_MiB}) {
    const std::size_t bytes = chunk < 64_KiB ? 16_MiB : 64_MiB;
    BOOST_TEST_CONTEXT(bytes << " bytes by " << chunk) {
      area pages(where.by(chunk), {.commit = commit::eager});
      // The first one starts threads, of which the C library keeps stacks.
      pages.deallocate(pages.allocate(bytes, alignment), bytes, alignment);
      const std::size_t used = ranges_in_use();
      const std::size_t mappings = count_mappings();
      void* const p = pages.allocate(bytes, alignment);
      expect_dealt_out(p, bytes, chunk);
      expect_together(p, bytes);
      BOOST_TEST(count_mappings() <= mappings + 1);
      BOOST_TEST(ranges_in_use() == used);
      BOOST_TEST(pages.check_block(p, bytes).ok(), pages.check_block(p, bytes));
      BOOST_TEST(pages.status().installed == "bind " + all_nodes().to_string());
      pages.deallocate(p, bytes, alignment);
      BOOST_TEST(count_mappings() <= mappings);
    }
  }
}

BOOST_AUTO_TEST_CASE(are_dealt_out_finely_where_nothing_is_said) {
  const placement where = placement::interleave(all_nodes()).hard();
  area pages(where, {.commit = commit::eager});
  const std::size_t bytes = 128_MiB;
  void* const p = pages.allocate(bytes, alignment);
  expect_together(p, bytes);
  const auto counts = count_pages(p, bytes);
  BOOST_TEST(counts.size() == usable_list().size());
  for (const auto& [node, count] : counts) {
    const double share = static_cast<double>(bytes / base_page()) / static_cast<double>(counts.size());
    BOOST_TEST(static_cast<double>(count) == share, boost::test_tools::tolerance(0.001));
  }
  const std::vector<int> first = page_nodes(p, 256_KiB + base_page());
  BOOST_TEST(first.front() != first.back());
  pages.deallocate(p, bytes, alignment);
}

BOOST_AUTO_TEST_CASE(of_all_strategies_lie_where_their_plan_says) {
  const std::vector<unsigned> list = usable_list();
  for (const placement& where :
       {placement::interleave(all_nodes(), chunk::page).hard(),
        placement::interleave(all_nodes(), 20_KiB).hard(), placement::blocked(weights()),
        placement::most_free(all_nodes(), 64_KiB).hard(), placement::weighted({{list.back(), 1}}).hard(),
        placement::by_page([list](std::size_t i, std::size_t) { return list[i * 7 / 3 % list.size()]; },
                           all_nodes())}) {
    for (const page_kind kind : {page_kind::system, page_kind::transparent_huge}) {
      BOOST_TEST_CONTEXT(where << " in " << to_string(kind)) {
        area pages(where, {.page_kind = kind, .commit = commit::eager});
        for (const std::size_t bytes : {20_KiB, 1_MiB + 1, 9_MiB}) {
          char* const p = static_cast<char*>(pages.allocate(bytes, alignment));
          BOOST_TEST(count_untouched(p, bytes) == 0U);
          BOOST_TEST(check(p, bytes, where).ok(), check(p, bytes, where));
          BOOST_TEST(check(p + bytes / 3, bytes / 2, where).ok());
          if (where.strategy() == strategy::by_page && kind == page_kind::system) {
            const std::vector<int> on = page_nodes(p, bytes);
            for (std::size_t i = 0; i != on.size(); ++i)
              BOOST_TEST_REQUIRE(on[i] == static_cast<int>(list[i * 7 / 3 % list.size()]));
          }
          pages.deallocate(p, bytes, alignment);
        }
      }
    }
  }
}

/// Also where the kernel does not begin its own round with the same node.
BOOST_AUTO_TEST_CASE(take_turns_from_the_first_node_on) {
  const std::vector<unsigned> list = usable_list();
  std::vector<node_set> sets{all_nodes(), {list.front(), list.back()}};
  if (list.size() > 3) sets.push_back({list[0], list[1], list[3]});
  for (const node_set& nodes : sets) {
    const placement where = placement::interleave(nodes, chunk::page).hard();
    area pages(where, {.commit = commit::eager});
    pool_resource pool(where);
    for (const std::size_t bytes : {3 * base_page(), 1_MiB + base_page(), 17_MiB}) {
      for (std::pmr::memory_resource* const r : {static_cast<std::pmr::memory_resource*>(&pages),
                                                 static_cast<std::pmr::memory_resource*>(&pool)}) {
        void* const p = r->allocate(bytes, alignment);
        const std::vector<int> on = page_nodes(p, bytes);
        const std::vector<unsigned> turns(nodes.begin(), nodes.end());
        std::size_t wrong = 0;
        // A block below 32 KiB is a part of a slab.
        const auto first = static_cast<std::size_t>(
            std::find(turns.begin(), turns.end(), static_cast<unsigned>(on.front())) - turns.begin());
        for (std::size_t i = 0; i != on.size(); ++i)
          wrong += on[i] == static_cast<int>(turns[(first + i) % turns.size()]) ? 0U : 1U;
        BOOST_TEST_CONTEXT(where << ", " << bytes << " bytes") {
          BOOST_TEST(wrong == 0U);
          if (bytes > 1_MiB) BOOST_TEST(first == 0U);
          BOOST_TEST(check(p, bytes, where).ok(), check(p, bytes, where));
          expect_one_policy(p, bytes, nodes);
        }
        r->deallocate(p, bytes, alignment);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(may_be_more_than_the_process_may_have_mappings) {
  const std::string file = "/proc/sys/vm/max_map_count";
  std::string before;
  std::getline(std::ifstream(file) >> std::ws, before);
  std::ofstream(file) << 2000;
  std::this_thread::sleep_for(
      std::chrono::milliseconds(300));  // the budget is read again after a tenth of a second
  {
    const placement where = placement::interleave(all_nodes(), 16_KiB).hard();
    area lazy(where);
    BOOST_CHECK_EXCEPTION((void)lazy.allocate(64_MiB, alignment), allocation_error,
                          with_code(errc::too_many_ranges).saying("vm.max_map_count"));
    area eager(where, {.commit = commit::eager});
    void* const p = eager.allocate(64_MiB, alignment);
    expect_together(p, 64_MiB);
    BOOST_TEST(check(p, 64_MiB, where).ok(), check(p, 64_MiB, where));
    eager.deallocate(p, 64_MiB, alignment);
  }
  std::ofstream(file) << before;
}

BOOST_AUTO_TEST_CASE(of_forked_children_are_exact_and_together) {
  const placement where = placement::weighted(weights(), 16_KiB).hard();
  area pages(where, {.commit = commit::eager});
  void* const before = pages.allocate(8_MiB, alignment);
  const auto allocate = [&] {
    void* const p = pages.allocate(8_MiB, alignment);
    expect_dealt_out(p, 8_MiB, 16_KiB);
    expect_together(p, 8_MiB);
    pages.deallocate(p, 8_MiB, alignment);
  };
  in_child(allocate);
  allocate();
  expect_dealt_out(before, 8_MiB, 16_KiB);
  pages.deallocate(before, 8_MiB, alignment);
}

BOOST_AUTO_TEST_CASE(that_were_moved_away_come_home_by_migrate) {
  const placement where = placement::weighted(weights(), 16_KiB).hard();
  area pages(where, {.commit = commit::eager});
  char* const p = static_cast<char*>(pages.allocate(4_MiB, alignment));
  const unsigned other = usable_list().back();
  BOOST_TEST(migrate(p + 1_MiB, 1_MiB, placement::bind({other})).failed() == 0U);
  BOOST_TEST(!check(p, 4_MiB, where).ok());
  BOOST_TEST(check(p, 1_MiB, where).ok());
  BOOST_TEST(migrate(p, 4_MiB, where).failed() == 0U);
  BOOST_TEST(check(p, 4_MiB, where).ok(), check(p, 4_MiB, where));
  expect_dealt_out(p, 4_MiB, 16_KiB);
  expect_together(p, 4_MiB);
  pages.deallocate(p, 4_MiB, alignment);
}

BOOST_AUTO_TEST_CASE(under_another_policy_are_told) {
  const two_nodes n;
  const placement where = placement::weighted(weights(), 16_KiB).hard();
  area pages(where, {.commit = commit::eager});
  char* const p = static_cast<char*>(pages.allocate(4_MiB, alignment));
  for (const kernel_policy& other :
       {kernel_policy{mpol::interleave, n.all}, kernel_policy{mpol::preferred_many, n.all},
        kernel_policy{mpol::bind, {n.last}}, kernel_policy{}}) {
    BOOST_TEST_CONTEXT(other) {
      BOOST_TEST(set_policy(p + 1_MiB, 64_KiB, other) == 0);
      const check_result told = check(p, 4_MiB, where);
      BOOST_TEST_REQUIRE(told.policy.has_value());
      BOOST_TEST(told.misplaced == 0U);
      BOOST_TEST(told.policy->offset % 64_KiB == 0U);
      BOOST_TEST(set_policy(p + 1_MiB, 64_KiB, {mpol::bind, n.all}) == 0);
      BOOST_TEST(check(p, 4_MiB, where).ok(), check(p, 4_MiB, where));
    }
  }
  pages.deallocate(p, 4_MiB, alignment);
}

const std::string khugepaged = "/sys/kernel/mm/transparent_hugepage/khugepaged/";

/// Written for the life of this: other cases share the machine.
class khugepaged_setting {
 public:
  khugepaged_setting(const char* name, const char* value) : x_file(khugepaged + name) {
    std::getline(std::ifstream(x_file) >> std::ws, x_before);
    std::ofstream(x_file) << value;
  }
  ~khugepaged_setting() { std::ofstream(x_file) << x_before; }
  khugepaged_setting(const khugepaged_setting&) = delete;
  khugepaged_setting& operator=(const khugepaged_setting&) = delete;

 private:
  std::string x_file;
  std::string x_before;
};

/// Waits until khugepaged has looked at everything again, several times.
void let_khugepaged_work() {
  const khugepaged_setting much("pages_to_scan", "100000");
  // Also where it once gets no huge page. These wake it up, so they come last.
  const khugepaged_setting try_again("alloc_sleep_millisecs", "1");
  const khugepaged_setting at_once("scan_sleep_millisecs", "1");
  const auto scans = [] {
    std::size_t n = 0;
    std::ifstream(khugepaged + "full_scans") >> n;
    return n;
  };
  const std::size_t first = scans();
  for (int looks = 0; looks != 3000 && scans() < first + 3; ++looks)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  BOOST_TEST(scans() >= first + 3);
}

BOOST_AUTO_TEST_CASE(are_not_joined_to_huge_pages_of_one_node) {
  const placement fine = placement::weighted(weights(), 64_KiB).hard();
  const placement coarse = placement::weighted(weights(), 2_MiB).hard();
  area pages(fine, {.commit = commit::eager});
  area huge_pages(coarse, {.page_kind = page_kind::transparent_huge, .commit = commit::eager});
  area large_chunks(coarse, {.commit = commit::eager});
  pool_resource pool(fine.by(chunk::automatic));
  void* const p = pages.allocate(16_MiB, alignment);
  void* const q = huge_pages.allocate(16_MiB, alignment);
  void* const r = large_chunks.allocate(16_MiB, alignment);
  void* const s = pool.allocate(5_MiB, alignment);
  let_khugepaged_work();
  expect_dealt_out(p, 16_MiB, 64_KiB);
  expect_dealt_out(q, 16_MiB, 2_MiB);
  expect_dealt_out(r, 16_MiB, 2_MiB);
  BOOST_TEST(locate(q, 16_MiB).transparent_huge != 0U);
  BOOST_TEST(locate(p, 16_MiB).transparent_huge == 0U);
  BOOST_TEST(check(s, 5_MiB, fine.by(chunk::automatic)).ok());
  pool.deallocate(s, 5_MiB, alignment);
  large_chunks.deallocate(r, 16_MiB, alignment);
  huge_pages.deallocate(q, 16_MiB, alignment);
  pages.deallocate(p, 16_MiB, alignment);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
