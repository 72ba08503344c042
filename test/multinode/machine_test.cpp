// The topology of each shape, against what the shape is known to have (ACRE_SHAPE) and what /sys says.
#include <gtest/gtest.h>
#include <acre/topology.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/kernel.hpp"
#include "support/machine.hpp"

namespace acre::test {
namespace {

struct known_node {
  std::uint64_t mib;
  std::vector<unsigned> cpus;
};

/// As test/vm/runner/machines.py describes them to QEMU.
const std::map<std::string, std::map<unsigned, known_node>>& known_shapes() {
  static const std::map<std::string, std::map<unsigned, known_node>> shapes{
      {"n1", {{0, {768, {0, 1}}}}},
      {"n2", {{0, {512, {0}}}, {1, {512, {1}}}}},
      {"ring4", {{0, {320, {0}}}, {1, {320, {1}}}, {2, {320, {2}}}, {3, {320, {3}}}}},
      {"n8",
       {{0, {256, {0}}},
        {1, {256, {1}}},
        {2, {256, {2}}},
        {3, {256, {3}}},
        {4, {256, {4}}},
        {5, {256, {5}}},
        {6, {256, {6}}},
        {7, {256, {7}}}}},
      {"hbm", {{0, {768, {0, 1}}}, {1, {256, {}}}, {2, {768, {}}}}},
      {"cpuless", {{0, {512, {0}}}, {1, {512, {1}}}, {2, {256, {}}}}},
      {"memless", {{0, {512, {0}}}, {1, {0, {1}}}, {2, {512, {2}}}}},
      {"sparse", {{0, {512, {0}}}, {2, {512, {1}}}}},
      {"sparsem", {{0, {512, {0, 1}}}, {2, {512, {}}}}},
      {"tiny", {{0, {640, {0}}}, {1, {64, {1}}}, {2, {64, {}}}}},
  };
  return shapes;
}

class machine : public testing::Test {
 protected:
  const topology& t = topology::system();
  const std::map<unsigned, known_node>& known = known_shapes().at(shape());
};

TEST_F(machine, has_the_nodes_of_its_shape) {
  node_set all;
  node_set with_memory;
  for (const auto& [node, facts] : known) {
    all.insert(node);
    if (facts.mib != 0) with_memory.insert(node);
  }
  EXPECT_EQ(t.nodes(), all);
  EXPECT_EQ(t.memory_nodes(), with_memory);
  EXPECT_EQ(t.allowed_nodes(), with_memory);
  EXPECT_EQ(t.default_nodes(), with_memory);
  EXPECT_TRUE(t.is_this_system());
}

TEST_F(machine, has_the_cpus_of_its_shape) {
  std::vector<unsigned> all;
  for (const auto& [node, facts] : known) {
    EXPECT_EQ(t.cpus(node), facts.cpus) << "node " << node;
    all.insert(all.end(), facts.cpus.begin(), facts.cpus.end());
    for (unsigned cpu : facts.cpus) EXPECT_EQ(t.node_of_cpu(cpu), node) << "CPU " << cpu;
  }
  std::ranges::sort(all);
  EXPECT_EQ(t.cpus(), all);
}

TEST_F(machine, has_the_memory_of_its_shape) {
  for (const auto& [node, facts] : known) {
    if (facts.mib == 0) continue;
    SCOPED_TRACE(node);
    EXPECT_EQ(t.capacity(node), node_meminfo(node, "MemTotal"));
    EXPECT_LE(t.capacity(node), (facts.mib + 1) << 20);
    // The kernel itself, its page tables and the boot archive are on node 0.
    EXPECT_GE(t.capacity(node), (facts.mib - std::min<std::uint64_t>(facts.mib / 2, 200)) << 20);
    EXPECT_EQ(t.memory(node).total, node_meminfo(node, "MemTotal"));
    const double free = static_cast<double>(node_meminfo(node, "MemFree"));
    EXPECT_NEAR(static_cast<double>(t.memory(node).free), free, 8 << 20);
    EXPECT_LE(t.memory(node).reclaimable, t.memory(node).total);
  }
}

TEST_F(machine, has_the_distances_of_the_kernel) {
  for (unsigned from : t.memory_nodes()) {
    for (unsigned to : t.memory_nodes()) {
      const auto found = t.distance(from, to);
      if (known.size() > 1) {
        ASSERT_TRUE(found.has_value()) << from << " to " << to;
      }
      if (found.has_value()) {
        EXPECT_EQ(*found, distance(from, to)) << from << " to " << to;
      }
    }
    std::vector<unsigned> expected = usable_list();
    std::ranges::stable_sort(expected, {}, [&](unsigned to) { return distance(from, to); });
    EXPECT_EQ(t.nearest_first(from, t.memory_nodes()), expected) << "from " << from;
  }
}

TEST_F(machine, knows_the_nearest_node_of_every_cpu) {
  for (unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    const nodes expected = nearest(node_of_cpu(cpu), usable_nodes());
    EXPECT_TRUE(t.local_nodes().contains(to_node_set(expected))) << "CPU " << cpu << ": " << t.local_nodes();
    for (unsigned n : t.local_nodes()) EXPECT_TRUE(expected.contains(n)) << "CPU " << cpu << ", node " << n;
  }
}

TEST_F(machine, guesses_no_bandwidth_that_the_firmware_does_not_tell) {
  const unsigned node = t.memory_nodes().first();
  for (memory_attribute what : {memory_attribute::bandwidth, memory_attribute::latency}) {
    EXPECT_EQ(t.value(what, node, node), std::nullopt);
    EXPECT_FALSE(t.best(what, node).has_value());
  }
}

using firmware = machine;

TEST_F(firmware, tells_bandwidth_and_latency_of_fast_and_slow_memory) {
  using enum memory_attribute;
  EXPECT_EQ(t.value(bandwidth, 0, 0), 200U << 10);
  EXPECT_EQ(t.value(bandwidth, 1, 0), 800U << 10);
  EXPECT_EQ(t.value(bandwidth, 2, 0), 50U << 10);
  EXPECT_EQ(t.value(latency, 0, 0), 100U);
  EXPECT_EQ(t.value(latency, 1, 0), 120U);
  EXPECT_EQ(t.value(latency, 2, 0), 300U);
  EXPECT_EQ(t.best(bandwidth, 0).value().node, 1U);
  EXPECT_EQ(t.best(bandwidth, 0).value().value, 800U << 10);
  EXPECT_EQ(t.best(latency, 0).value().node, 0U);
  EXPECT_EQ(t.best(capacity, 0).value().node, 2U);
  EXPECT_EQ(t.kind(0), memory_kind::dram);
  EXPECT_NE(t.kind(1), memory_kind::gpu);
  EXPECT_NE(t.kind(2), memory_kind::gpu);
}

using memory_only_nodes = machine;

TEST_F(memory_only_nodes, have_no_cpus_and_values_from_their_neighbour) {
  using enum memory_attribute;
  EXPECT_TRUE(t.cpus(2).empty());
  EXPECT_EQ(t.value(bandwidth, 0, 0), 100U << 10);
  EXPECT_EQ(t.value(bandwidth, 2, 1), 200U << 10);
  EXPECT_EQ(t.value(latency, 2, 1), 150U);
  EXPECT_EQ(t.best(bandwidth, 1).value().node, 2U);
  EXPECT_EQ(t.best(latency, 1).value().node, 1U);
}

}  // namespace
}  // namespace acre::test
