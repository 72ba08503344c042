#include "process/shared_pages.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>

#include "support/print.hpp"

namespace acre::test {
namespace {

BOOST_AUTO_TEST_SUITE(shared_pages)

process_mapping mapping_at(std::uintptr_t begin, std::size_t mappers, std::size_t pages) {
  process_mapping m;
  m.begin = begin;
  m.mappers = mappers;
  m.per_node = {{0, pages}, {1, 2 * pages}};
  return m;
}

BOOST_AUTO_TEST_CASE(are_weighed) {
  process_binding process;
  process.mappings = {mapping_at(0x1000, 1, 100), mapping_at(0x2000, 10, 100), mapping_at(0x3000, 5, 100)};
  process_smaps smaps;
  smaps[0x1000] = {.resident = 800, .proportional = 400};
  smaps[0x2000] = {.resident = 800, .proportional = 200};
  const process_pages pages = pages_of(process, smaps);
  BOOST_TEST(pages.mapped == 900U);
  BOOST_TEST_REQUIRE(pages.per_node.size() == 2U);
  BOOST_TEST(pages.per_node[0].pages == 100U + 25U + 20U);
  BOOST_TEST(pages.per_node[1].pages == 200U + 50U + 40U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
