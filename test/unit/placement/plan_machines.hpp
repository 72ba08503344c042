// plan_machines: machines to plan on, out of hwloc's XML.
#pragma once

#include <acre/topology.hpp>

#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

namespace acre::test {

struct machine_node {
  node_id number;
  std::uint64_t memory;
  bool has_cpu = true;
};

inline std::string mask(const std::vector<unsigned>& bits) {
  unsigned largest = 0;
  for (unsigned b : bits) largest = std::max(largest, b);
  std::ostringstream text;
  for (unsigned word = largest / 32 + 1; word-- > 0;) {
    std::uint32_t value = 0;
    for (unsigned b : bits) value |= b / 32 == word ? 1U << b % 32 : 0U;
    text << (text.tellp() > 0 ? "," : "") << "0x" << std::hex << std::setw(8) << std::setfill('0') << value;
  }
  return text.str();
}

/// One CPU on each node that has one, in order. At least one must have one.
inline topology machine_of(std::vector<machine_node> nodes) {
  // hwloc wants objects with CPUs before those without.
  std::stable_partition(nodes.begin(), nodes.end(), [](const machine_node& n) { return n.has_cpu; });
  std::vector<unsigned> cpus;
  std::vector<unsigned> numbers;
  for (const machine_node& n : nodes) {
    numbers.push_back(n.number);
    if (n.has_cpu) cpus.push_back(static_cast<unsigned>(cpus.size()));
  }
  const auto sets = [](const std::string& c, const std::string& n) {
    return " cpuset=\"" + c + "\" complete_cpuset=\"" + c + "\" nodeset=\"" + n + "\" complete_nodeset=\"" +
           n + "\"";
  };
  std::ostringstream xml;
  unsigned id = 1;
  unsigned cpu = 0;
  xml << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<topology version=\"2.0\">\n<object type=\"Machine\""
      << " os_index=\"0\"" << sets(mask(cpus), mask(numbers)) << " allowed_cpuset=\"" << mask(cpus)
      << "\" allowed_nodeset=\"" << mask(numbers) << "\" gp_index=\"" << id++ << "\">\n";
  for (const machine_node& n : nodes) {
    const std::string of_node = sets(n.has_cpu ? mask({cpu}) : "0x0", mask({n.number}));
    xml << "<object type=\"Group\"" << of_node << " gp_index=\"" << id++
        << "\" kind=\"1001\" subkind=\"0\">\n";
    xml << "<object type=\"NUMANode\" os_index=\"" << n.number << '"' << of_node << " gp_index=\"" << id++
        << "\" local_memory=\"" << n.memory << "\"/>\n";
    if (n.has_cpu) {
      xml << "<object type=\"PU\" os_index=\"" << cpu++ << '"' << of_node << " gp_index=\"" << id++
          << "\"/>\n";
    }
    xml << "</object>\n";
  }
  xml << "</object>\n</topology>\n";
  return topology::from_xml(xml.str());
}

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// Nodes 0..count-1, each with a CPU and 1 GiB.
inline topology plain_machine(unsigned count) {
  std::vector<machine_node> nodes;
  for (unsigned n = 0; n < count; ++n) nodes.push_back({n, gib});
  return machine_of(nodes);
}

/// 0 plain, 1 without memory, 2 without CPU, 5 and 250 plain.
inline topology odd_machine() {
  return machine_of({{0, gib}, {1, 0}, {2, 2 * gib, false}, {5, gib}, {250, gib}});
}

}  // namespace acre::test
