// The kernel's reserves of free pages, out of /proc/zoneinfo.
#include <boost/test/unit_test.hpp>

#include <string_view>

#include "support/print.hpp"
#include "sys/files.hpp"

namespace acre::test {
namespace {

/// As of Linux 6.1, shortened.
constexpr std::string_view two_nodes = R"(Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 160713
  pages free     3840
        boost    0
        min      22
        low      27
        high     32
        spanned  4095
        protection: (0, 2991, 7908, 7908, 7908)
  pagesets
    cpu: 0
              count: 0
              high:  4
              batch: 1
  node_unreclaimable:  0
Node 0, zone    DMA32
  pages free     772808
        boost    512
        min      5055
        low      6190
        high     7325
  pagesets
    cpu: 0
              count: 12
              high:  378
              batch: 63
Node 10, zone   Normal
  pages free     100
        min      10
        low      12
        high     15
)";

BOOST_AUTO_TEST_SUITE(zoneinfo)

BOOST_AUTO_TEST_CASE(has_the_watermarks_of_each_node) {
  BOOST_TEST(sys::high_watermarks(two_nodes, 0) == 32U + 7325U - 512U);
  // Before Linux 5.0 nothing is raised.
  BOOST_TEST(sys::high_watermarks(two_nodes, 10) == 15U);
}

BOOST_AUTO_TEST_CASE(has_none_of_nodes_that_are_not_there) {
  BOOST_TEST(sys::high_watermarks(two_nodes, 1) == 0U);
  BOOST_TEST(sys::high_watermarks("", 0) == 0U);
  BOOST_TEST(sys::high_watermarks("Node 0, zone\n high \n high x\n boost 7\n high 3\n", 0) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
