// The topology of each shape, against what the shape is known to have (ACRE_SHAPE) and what /sys says.
#include <acre/topology.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/kernel.hpp"
#include "support/machine.hpp"
#include "support/predicates.hpp"
#include "support/print.hpp"

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

struct known_machine {
  const topology& t = topology::system();
  const std::map<unsigned, known_node>& known = known_shapes().at(shape());
};

BOOST_FIXTURE_TEST_SUITE(machine, known_machine)

BOOST_AUTO_TEST_CASE(has_the_nodes_of_its_shape) {
  node_set all;
  node_set with_memory;
  for (const auto& [node, facts] : known) {
    all.insert(node);
    if (facts.mib != 0) with_memory.insert(node);
  }
  BOOST_TEST(t.nodes() == all);
  BOOST_TEST(t.memory_nodes() == with_memory);
  BOOST_TEST(t.allowed_nodes() == with_memory);
  BOOST_TEST(t.default_nodes() == with_memory);
  BOOST_TEST(t.is_this_system());
}

BOOST_AUTO_TEST_CASE(has_the_cpus_of_its_shape) {
  std::vector<unsigned> all;
  for (const auto& [node, facts] : known) {
    BOOST_TEST_INFO("node " << node);
    BOOST_TEST(same(t.cpus(node), facts.cpus));
    all.insert(all.end(), facts.cpus.begin(), facts.cpus.end());
    for (unsigned cpu : facts.cpus) {
      BOOST_TEST_INFO("CPU " << cpu);
      BOOST_TEST(t.node_of_cpu(cpu) == node);
    }
  }
  std::ranges::sort(all);
  BOOST_TEST(same(t.cpus(), all));
}

BOOST_AUTO_TEST_CASE(has_the_memory_of_its_shape) {
  for (const auto& [node, facts] : known) {
    if (facts.mib == 0) continue;
    BOOST_TEST_CONTEXT("node " << node) {
      const std::uint64_t total = node_meminfo(node, "MemTotal");
      BOOST_TEST(t.capacity(node) == total);
      BOOST_TEST(t.capacity(node).value() <= (facts.mib + 1) << 20);
      // The kernel itself, its page tables and the boot archive are on node 0.
      BOOST_TEST(t.capacity(node).value() >= (facts.mib - std::min<std::uint64_t>(facts.mib / 2, 200)) << 20);
      const std::uint64_t free = node_meminfo(node, "MemFree");
      const node_memory memory = t.memory(node).value();
      BOOST_TEST(memory.total == total);
      BOOST_TEST(memory.free + (8 << 20) >= free);
      BOOST_TEST(memory.free <= free + (8 << 20));
      BOOST_TEST(memory.reclaimable <= memory.total);
    }
  }
}

BOOST_AUTO_TEST_CASE(has_the_distances_of_the_kernel) {
  for (unsigned from : t.memory_nodes()) {
    for (unsigned to : t.memory_nodes()) {
      BOOST_TEST_CONTEXT("from node " << from << " to node " << to) {
        const auto found = t.distance(from, to);
        if (known.size() > 1) BOOST_TEST_REQUIRE(found);
        if (found) BOOST_TEST(*found == distance(from, to));
      }
    }
    std::vector<unsigned> expected = usable_list();
    std::ranges::stable_sort(expected, {}, [&](unsigned to) { return distance(from, to); });
    BOOST_TEST_INFO("from node " << from);
    BOOST_TEST(same(t.nearest_first(from, t.memory_nodes()), expected));
  }
}

BOOST_AUTO_TEST_CASE(knows_the_nearest_node_of_every_cpu) {
  const nodes usable = usable_nodes();
  for (unsigned cpu : one_cpu_per_node()) {
    const pinned there(cpu);
    BOOST_TEST_INFO("CPU " << cpu);
    BOOST_TEST(t.local_nodes() == to_node_set(nearest(node_of_cpu(cpu), usable)));
  }
}

BOOST_AUTO_TEST_CASE(guesses_no_bandwidth_that_the_firmware_does_not_tell) {
  const unsigned node = t.memory_nodes().first();
  for (memory_attribute what : {memory_attribute::bandwidth, memory_attribute::latency}) {
    BOOST_TEST_CONTEXT(to_string(what)) {
      BOOST_TEST(t.value(what, node, node) == std::nullopt);
      BOOST_TEST(!t.best(what, node));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(firmware, known_machine)

BOOST_AUTO_TEST_CASE(tells_bandwidth_and_latency_of_fast_and_slow_memory) {
  using enum memory_attribute;
  BOOST_TEST(t.value(bandwidth, 0, 0) == (200U << 10));
  BOOST_TEST(t.value(bandwidth, 1, 0) == (800U << 10));
  BOOST_TEST(t.value(bandwidth, 2, 0) == (50U << 10));
  BOOST_TEST(t.value(latency, 0, 0) == 100U);
  BOOST_TEST(t.value(latency, 1, 0) == 120U);
  BOOST_TEST(t.value(latency, 2, 0) == 300U);
  BOOST_TEST(t.best(bandwidth, 0).value().node == 1U);
  BOOST_TEST(t.best(bandwidth, 0).value().value == (800U << 10));
  BOOST_TEST(t.best(latency, 0).value().node == 0U);
  BOOST_TEST(t.best(capacity, 0).value().node == 2U);
  BOOST_TEST(t.kind(0) == memory_kind::dram);
  BOOST_TEST(t.kind(1) != memory_kind::gpu);
  BOOST_TEST(t.kind(2) != memory_kind::gpu);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(memory_only_nodes, known_machine)

BOOST_AUTO_TEST_CASE(have_no_cpus_and_values_from_their_neighbour) {
  using enum memory_attribute;
  BOOST_TEST(t.cpus(2).empty());
  BOOST_TEST(t.value(bandwidth, 0, 0) == (100U << 10));
  BOOST_TEST(t.value(bandwidth, 2, 1) == (200U << 10));
  BOOST_TEST(t.value(latency, 2, 1) == 150U);
  BOOST_TEST(t.best(bandwidth, 1).value().node == 2U);
  BOOST_TEST(t.best(latency, 1).value().node == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
