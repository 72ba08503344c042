#include "pool/cpu_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace acre::test {
namespace {

using testing::ElementsAre;

topology from_file(const std::string& name) {
  std::ifstream file(ACRE_TEST_MACHINES "/" + name + ".xml");
  return topology::from_xml(std::string(std::istreambuf_iterator<char>(file), {}));
}

TEST(cpu_table, gives_each_cpu_its_own_node) {
  const topology t = topology::from_synthetic("numa:3 core:2 pu:1");
  EXPECT_THAT(served_node_of_each_cpu(t, {0, 1, 2}), ElementsAre(0, 0, 1, 1, 2, 2));
}

TEST(cpu_table, gives_cpus_of_nodes_without_a_pool_one_that_has_one) {
  const topology t = topology::from_synthetic("numa:3 core:2 pu:1");
  EXPECT_THAT(served_node_of_each_cpu(t, {1}), ElementsAre(1, 1, 1, 1, 1, 1));
  EXPECT_THAT(served_node_of_each_cpu(t, {0, 2})[4], 2U);
}

TEST(cpu_table, prefers_the_nearest_by_the_machines_distances) {
  for (const char* machine : {"memoryless", "cxl_hmat", "hbm_hmat", "sparse"}) {
    SCOPED_TRACE(machine);
    const topology t = from_file(machine);
    const node_set served = t.memory_nodes();
    const std::vector<node_id> table = served_node_of_each_cpu(t, served);
    for (const unsigned cpu : t.cpus()) {
      ASSERT_LT(cpu, table.size());
      const node_id own = t.node_of_cpu(cpu).value();
      EXPECT_EQ(table[cpu], served.contains(own) ? own : t.nearest_first(own, served).front())
          << "CPU " << cpu;
    }
  }
}

}  // namespace
}  // namespace acre::test
