#include <acre/topology.hpp>

#include "sys/files.hpp"
#include "sys/threads.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <latch>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "support/predicates.hpp"
#include "support/print.hpp"

namespace acre::test {
namespace {

std::string node_file(const std::string& name) {
  std::string text = sys::read_file(("/sys/devices/system/node/" + name).c_str()).value_or("");
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

BOOST_AUTO_TEST_SUITE(system_topology)

// First in the file and in a process of its own under CTest: system() is not loaded yet.
BOOST_AUTO_TEST_CASE(is_loaded_once_by_threads_that_ask_together) {
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
  for (const topology* t : seen) BOOST_TEST(t == &topology::system());
}

BOOST_AUTO_TEST_CASE(does_not_move_the_thread_that_loads_it) {
  const auto before = sys::allowed_cpus();
  const topology t = topology::load();
  BOOST_TEST(same(sys::allowed_cpus(), before));
  BOOST_TEST(t.is_this_system());
}

BOOST_AUTO_TEST_CASE(has_the_nodes_of_sysfs) {
  const topology& t = topology::system();
  BOOST_TEST(t.nodes() == nodes_in("online"));
  BOOST_TEST(t.memory_nodes() == nodes_in("has_memory"));
  BOOST_TEST(t.memory_nodes().contains(t.allowed_nodes()));
  BOOST_TEST(t.allowed_nodes().contains(t.default_nodes()));
  BOOST_TEST(!t.default_nodes().empty());
  BOOST_CHECK_NO_THROW(t.require_usable(t.default_nodes()));
}

BOOST_AUTO_TEST_CASE(has_the_cpus_of_sysfs) {
  const topology& t = topology::system();
  for (node_id n : t.nodes()) {
    BOOST_TEST_INFO("node " << n);
    BOOST_TEST(cpu_set(t.cpus(n)) == nodes_in("node" + std::to_string(n) + "/cpulist"));
    for (unsigned cpu : t.cpus(n)) BOOST_TEST(t.node_of_cpu(cpu) == n);
  }
  BOOST_TEST(!t.cpus().empty());
  for (unsigned cpu : t.cpus()) {
    BOOST_TEST_INFO("CPU " << cpu);
    BOOST_TEST(t.node_of_cpu(cpu));
  }
}

BOOST_AUTO_TEST_CASE(has_the_distances_of_sysfs) {
  const topology& t = topology::system();
  for (node_id from : t.nodes()) {
    std::string row;
    for (node_id to : t.nodes()) {
      if (!row.empty()) row += ' ';
      row += std::to_string(t.distance(from, to).value_or(0));
    }
    BOOST_TEST(row == node_file("node" + std::to_string(from) + "/distance"));
  }
}

BOOST_AUTO_TEST_CASE(knows_the_memory_of_its_nodes) {
  const topology& t = topology::system();
  for (node_id n : t.memory_nodes()) {
    const node_memory memory = t.memory(n).value();
    BOOST_TEST(t.capacity(n).value() > 0U);
    BOOST_TEST(memory.total > 0U);
    BOOST_TEST(memory.free <= memory.total);
    BOOST_TEST(memory.reclaimable <= memory.total);
  }
}

BOOST_AUTO_TEST_CASE(finds_nodes_local_to_every_cpu) {
  const topology& t = topology::system();
  BOOST_TEST(t.default_nodes().contains(t.local_nodes()));
  BOOST_TEST(!t.local_nodes().empty());
  for (unsigned cpu : t.cpus()) {
    const node_set near = t.local_nodes(std::span(&cpu, 1));
    BOOST_TEST_INFO("CPU " << cpu);
    BOOST_TEST(near.size() == 1U);
    if (!t.default_nodes().contains(*t.node_of_cpu(cpu))) continue;
    BOOST_TEST(near.contains(*t.node_of_cpu(cpu)));
  }
}

BOOST_AUTO_TEST_CASE(is_what_all_means) {
  BOOST_TEST(node_set::parse("all") == topology::system().default_nodes());
  BOOST_TEST(node_set::parse("+0") == node_set{topology::system().default_nodes().first()});
}

BOOST_AUTO_TEST_CASE(can_be_asked_by_many_threads) {
  const topology& t = topology::system();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&t] {
      for (int k = 0; k < 200; ++k)
        for (node_id n : t.nodes()) {
          (void)t.best(memory_attribute::bandwidth, n);
          (void)t.nearest_first(n, t.nodes());
          (void)t.local_nodes();
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace acre::test
