#include "pool/cpu_table.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "support/print.hpp"

namespace acre::test {
namespace {

using boost::test_tools::per_element;
using nodes = std::vector<std::optional<node_id>>;

topology from_file(const std::string& name) {
  std::ifstream file(ACRE_TEST_MACHINES "/" + name + ".xml");
  return topology::from_xml(std::string(std::istreambuf_iterator<char>(file), {}));
}

BOOST_AUTO_TEST_SUITE(cpu_table)

BOOST_AUTO_TEST_CASE(gives_each_cpu_its_own_node) {
  const topology t = topology::from_synthetic("numa:3 core:2 pu:1");
  BOOST_TEST(served_node_of_each_cpu(t, {0, 1, 2}) == (nodes{0, 0, 1, 1, 2, 2}), per_element());
}

BOOST_AUTO_TEST_CASE(gives_cpus_of_nodes_without_a_pool_one_that_has_one) {
  const topology t = topology::from_synthetic("numa:3 core:2 pu:1");
  BOOST_TEST(served_node_of_each_cpu(t, {1}) == (nodes{1, 1, 1, 1, 1, 1}), per_element());
  BOOST_TEST(served_node_of_each_cpu(t, {0, 2}).at(4) == 2U);
}

BOOST_AUTO_TEST_CASE(knows_no_node_of_cpus_that_are_not_there_yet) {
  const topology t = topology::from_synthetic("numa:2 core:1 pu:1");
  BOOST_TEST(served_node_of_each_cpu(t, {0, 1}, 4) == (nodes{0, 1, std::nullopt, std::nullopt}),
             per_element());
}

BOOST_AUTO_TEST_CASE(prefers_the_nearest_by_the_machines_distances) {
  for (const char* machine : {"memoryless", "cxl_hmat", "hbm_hmat", "sparse"}) {
    BOOST_TEST_CONTEXT("machine " << machine) {
      const topology t = from_file(machine);
      const node_set served = t.memory_nodes();
      const nodes table = served_node_of_each_cpu(t, served);
      for (const unsigned cpu : t.cpus()) {
        BOOST_TEST_REQUIRE(cpu < table.size());
        const node_id own = t.node_of_cpu(cpu).value();
        BOOST_TEST_INFO("CPU " << cpu);
        BOOST_TEST(table[cpu] == (served.contains(own) ? own : t.nearest_first(own, served).front()));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
