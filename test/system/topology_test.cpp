#include <acre/topology.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "sys/files.hpp"
#include "sys/threads.hpp"

namespace {

using acre::node_id;
using acre::node_set;
using acre::topology;

std::string node_file(const std::string& name) {
  std::string text = acre::sys::read_file(("/sys/devices/system/node/" + name).c_str()).value_or("");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

node_set nodes_in(const std::string& name) {
  const std::string text = node_file(name);
  return text.empty() ? node_set{} : node_set::parse(text, {});
}

/// CPU numbers as a set, of the small machines that tests run on.
node_set cpu_set(const std::vector<unsigned>& cpus) {
  node_set s;
  for (unsigned cpu : cpus) s.insert(cpu);
  return s;
}

// First in the file and in a process of its own under CTest: system() is not loaded yet.
TEST(system_topology, is_loaded_once_by_threads_that_ask_together) {
  constexpr std::size_t count = 8;
  std::array<const topology*, count> seen{};
  std::latch start(count);
  std::vector<std::jthread> threads;
  for (auto& t : seen)
    threads.emplace_back([&start, &t] {
      start.arrive_and_wait();
      t = &topology::system();
    });
  threads.clear();
  for (const topology* t : seen) EXPECT_EQ(t, &topology::system());
}

TEST(system_topology, does_not_move_the_thread_that_loads_it) {
  const auto before = acre::sys::allowed_cpus();
  const topology t = topology::load();
  EXPECT_EQ(acre::sys::allowed_cpus(), before);
  EXPECT_TRUE(t.is_this_system());
}

TEST(system_topology, has_the_nodes_of_sysfs) {
  const topology& t = topology::system();
  EXPECT_EQ(t.nodes(), nodes_in("online"));
  EXPECT_EQ(t.memory_nodes(), nodes_in("has_memory"));
  EXPECT_TRUE(t.memory_nodes().contains(t.allowed_nodes()));
  EXPECT_TRUE(t.allowed_nodes().contains(t.default_nodes()));
  EXPECT_FALSE(t.default_nodes().empty());
  EXPECT_NO_THROW(t.require_usable(t.default_nodes()));
}

TEST(system_topology, has_the_cpus_of_sysfs) {
  const topology& t = topology::system();
  for (node_id n : t.nodes()) {
    EXPECT_EQ(cpu_set(t.cpus(n)), nodes_in("node" + std::to_string(n) + "/cpulist"));
    for (unsigned cpu : t.cpus(n)) EXPECT_EQ(t.node_of_cpu(cpu), n);
  }
  EXPECT_FALSE(t.cpus().empty());
  for (unsigned cpu : t.cpus()) EXPECT_TRUE(t.node_of_cpu(cpu).has_value()) << cpu;
}

TEST(system_topology, has_the_distances_of_sysfs) {
  const topology& t = topology::system();
  for (node_id from : t.nodes()) {
    std::string row;
    for (node_id to : t.nodes()) {
      if (!row.empty()) row += ' ';
      row += std::to_string(t.distance(from, to).value_or(0));
    }
    EXPECT_EQ(row, node_file("node" + std::to_string(from) + "/distance"));
  }
}

TEST(system_topology, knows_the_memory_of_its_nodes) {
  const topology& t = topology::system();
  for (node_id n : t.memory_nodes()) {
    const acre::node_memory memory = t.memory(n);
    EXPECT_GT(t.capacity(n), 0U);
    EXPECT_GT(memory.total, 0U);
    EXPECT_LE(memory.free, memory.total);
    EXPECT_LE(memory.reclaimable, memory.total);
  }
}

TEST(system_topology, finds_nodes_local_to_every_cpu) {
  const topology& t = topology::system();
  EXPECT_TRUE(t.default_nodes().contains(t.local_nodes()));
  EXPECT_FALSE(t.local_nodes().empty());
  for (unsigned cpu : t.cpus()) {
    const node_set near = t.local_nodes(std::span(&cpu, 1));
    EXPECT_EQ(near.size(), 1U) << cpu;
    if (!t.default_nodes().contains(*t.node_of_cpu(cpu))) continue;
    EXPECT_TRUE(near.contains(*t.node_of_cpu(cpu)));
  }
}

TEST(system_topology, is_what_all_means) {
  EXPECT_EQ(node_set::parse("all"), topology::system().default_nodes());
  EXPECT_EQ(node_set::parse("+0"), node_set{topology::system().default_nodes().first()});
}

TEST(system_topology, can_be_asked_by_many_threads) {
  const topology& t = topology::system();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&t] {
      for (int k = 0; k < 200; ++k)
        for (node_id n : t.nodes()) {
          (void)t.best(acre::memory_attribute::bandwidth, n);
          (void)t.nearest_first(n, t.nodes());
          (void)t.local_nodes();
        }
    });
}

}  // namespace
