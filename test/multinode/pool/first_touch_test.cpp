// First touch in pieces smaller than a huge page, where the system makes huge pages without being asked.
#include <acre/area.hpp>
#include <acre/bytes.hpp>
#include <acre/numa_allocator.hpp>
#include <acre/pool_resource.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "multinode/touch.hpp"
#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

constexpr std::size_t piece = 256_KiB;

/// Touched in turn by the CPUs of all nodes, each page lies with who touched it.
void expect_first_touch(void* p, std::size_t bytes) {
  touch_in_turn(p, bytes, piece);
  std::size_t elsewhere = 0;
  std::size_t at = 0;
  for (const int node : page_nodes(p, bytes)) {
    const unsigned from = toucher_of(at / piece);
    if (node < 0 || !nearest(from, usable_nodes()).contains(static_cast<unsigned>(node))) ++elsewhere;
    at += base_page();
  }
  BOOST_TEST(elsewhere == 0U, elsewhere << " of " << at / base_page() << " pages lie elsewhere");
}

BOOST_AUTO_TEST_SUITE(first_touch)

BOOST_AUTO_TEST_CASE(has_a_system_that_makes_huge_pages_unasked) {
  std::string setting;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), setting);
  BOOST_TEST(setting.find("[always]") != std::string::npos, setting);
}

BOOST_AUTO_TEST_CASE(decides_page_by_page) {
  area pages(placement::local());
  void* const p = pages.allocate(16_MiB, 4096);
  expect_first_touch(p, 16_MiB);
  pages.deallocate(p, 16_MiB, 4096);

  pool_resource pool(placement::local());
  void* const q = pool.allocate(16_MiB, 4096);
  expect_first_touch(q, 16_MiB);
  pool.deallocate(q, 16_MiB, 4096);

  std::vector<char, first_touch_allocator<char>> v(16_MiB);
  expect_first_touch(v.data(), v.size());
}

BOOST_AUTO_TEST_CASE(may_be_by_huge_pages_where_those_are_asked_for) {
  area pages(placement::local(), {.page_kind = page_kind::transparent_huge});
  void* const p = pages.allocate(16_MiB, 4096);
  std::memset(p, 1, 16_MiB);
  BOOST_TEST(locate(p, 16_MiB).transparent_huge > 0U);
  pages.deallocate(p, 16_MiB, 4096);
}

BOOST_AUTO_TEST_CASE(of_what_is_dealt_out_by_base_pages_does_not_matter) {
  const node_set all = to_node_set(usable_nodes());
  for (const placement& where :
       {placement::interleave(all), placement::interleave(all, piece), placement::interleave(all).hard(),
        placement::blocked(all), placement::weighted({{all.first(), 3}})}) {
    BOOST_TEST_CONTEXT(where) {
      area pages(where);
      for (const std::size_t bytes : {3_MiB, 16_MiB}) {
        void* const p = pages.allocate(bytes, 4096);
        touch_in_turn(p, bytes, piece);
        BOOST_TEST(pages.check_block(p, bytes).ok(), pages.check_block(p, bytes));
        pages.deallocate(p, bytes, 4096);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
