// Standard containers whose allocators place: what they hold lies right.
#include <acre/numa_allocator.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "multinode/touch.hpp"
#include "multinode/verify.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(containers)

BOOST_AUTO_TEST_CASE(hold_vectors_on_every_node) {
  for (unsigned node : usable_nodes()) {
    const std::vector<double, numa_allocator<double>> v(200'000, 1.5, placement::bind({node}));
    expect_all_on(node, v.data(), v.size() * sizeof(double));
  }
}

BOOST_AUTO_TEST_CASE(interleave_large_vectors) {
  const nodes usable = usable_nodes();
  const std::vector<double, numa_allocator<double>> v(512 * 1024, 1.5,
                                                      placement::interleave(to_node_set(usable)));
  const auto counts = count_pages(v.data(), v.size() * sizeof(double));
  const std::size_t share = v.size() * sizeof(double) / base_page() / usable.size();
  BOOST_TEST_REQUIRE(counts.size() == usable.size());
  for (const auto& [node, pages] : counts) {
    BOOST_TEST_CONTEXT("node " << node) {
      BOOST_TEST(pages + 2 >= share);
      BOOST_TEST(pages <= share + 2);
    }
  }
}

BOOST_AUTO_TEST_CASE(let_first_touch_place_uninitialised_vectors) {
  std::vector<double, first_touch_allocator<double>> v(512 * 1024, placement::local());
  const std::size_t bytes = v.size() * sizeof(double);
  BOOST_TEST(count_untouched(v.data(), bytes) >= bytes / base_page() - 2);
}

BOOST_AUTO_TEST_CASE(keep_nodes_of_maps_in_place_through_churn) {
  using pair = std::pair<const int, long>;
  using placed = std::map<int, long, std::less<>, numa_allocator<pair>>;
  std::vector<std::pair<unsigned, placed>> maps;
  for (unsigned node : usable_nodes())
    maps.emplace_back(node, placed(numa_allocator<pair>(placement::bind({node}))));
  const std::vector<unsigned> cpus = one_cpu_per_node();
  for (int round = 0; round < 4; ++round) {
    const pinned here(cpus.at(static_cast<std::size_t>(round) % cpus.size()));
    for (auto& [node, m] : maps) {
      for (int i = 0; i < 3000; ++i) m.emplace(i, i);
      for (int i = 0; i < 3000; i += round + 2) m.erase(i);
    }
  }
  for (const auto& [node, m] : maps) {
    // Each page once, not once for each of its elements.
    std::set<std::uintptr_t> pages;
    for (const auto& element : m) pages.insert(reinterpret_cast<std::uintptr_t>(&element) / base_page());
    for (const std::uintptr_t page : pages) {
      expect_all_on(node, reinterpret_cast<const void*>(page * base_page()), base_page());
    }
  }
}

BOOST_AUTO_TEST_CASE(take_blocks_with_them_when_they_move) {
  using vector = std::vector<int, numa_allocator<int>>;
  const std::vector<unsigned> usable = usable_list();
  vector a(100'000, 1, placement::bind({usable.front()}));
  vector b(100'000, 2, placement::bind({usable.back()}));
  const int* there = b.data();
  a = std::move(b);
  BOOST_TEST(a.data() == there);
  a.resize(150'000);
  expect_all_on(usable.back(), a.data(), a.size() * sizeof(int));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
