#include "support/machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>

namespace acre::test {
namespace {

const std::string node_directory = "/sys/devices/system/node/";

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string node_path(unsigned node) { return node_directory + "node" + std::to_string(node) + "/"; }

struct node_facts {
  std::vector<unsigned> cpus;
  std::map<unsigned, unsigned> distances;
};

struct machine_facts {
  nodes online = parse_list(read_text(node_directory + "online"));
  nodes with_memory = parse_list(read_text(node_directory + "has_memory"));
  std::map<unsigned, node_facts> of;

  machine_facts() {
    for (unsigned node : online) {
      node_facts& facts = of[node];
      const nodes cpus = parse_list(read_text(node_path(node) + "cpulist"));
      facts.cpus.assign(cpus.begin(), cpus.end());
      std::istringstream row(read_text(node_path(node) + "distance"));
      for (unsigned to : online) row >> facts.distances[to];
    }
  }
};

// Read once: no test adds or removes nodes, and under emulation a file of /sys costs as much as a hundred page faults.
const machine_facts& facts() {
  static const machine_facts once;
  return once;
}

}  // namespace

nodes parse_list(std::string_view text) {
  nodes result;
  std::istringstream in{std::string(text)};
  for (std::string part; std::getline(in, part, ',');) {
    if (part.find_first_of("0123456789") == std::string::npos) continue;
    const std::size_t dash = part.find('-');
    const unsigned long first = std::stoul(part);
    const unsigned long last = dash == std::string::npos ? first : std::stoul(part.substr(dash + 1));
    for (unsigned long n = first; n <= last; ++n) result.insert(static_cast<unsigned>(n));
  }
  return result;
}

node_set to_node_set(const nodes& set) {
  node_set result;
  for (unsigned n : set) result.insert(n);
  return result;
}

const nodes& online_nodes() { return facts().online; }
const nodes& memory_nodes() { return facts().with_memory; }

nodes usable_nodes() {
  const std::string status = read_text("/proc/self/status");
  const std::string key = "Mems_allowed_list:";
  const std::size_t at = status.find(key);
  if (at == std::string::npos) throw std::runtime_error("/proc/self/status has no Mems_allowed_list");
  const std::size_t end = status.find('\n', at);
  const nodes allowed = parse_list(status.substr(at + key.size(), end - at - key.size()));
  nodes result;
  std::ranges::set_intersection(memory_nodes(), allowed, std::inserter(result, result.end()));
  return result;
}

std::vector<unsigned> usable_list() {
  const nodes set = usable_nodes();
  return {set.begin(), set.end()};
}

std::vector<node_weight> weights() {
  std::vector<node_weight> all;
  for (const unsigned n : usable_list()) all.push_back({n, all.empty() ? 3U : 1U});
  return all;
}

const std::vector<unsigned>& node_cpus(unsigned node) { return facts().of.at(node).cpus; }

std::vector<unsigned> one_cpu_per_node() {
  const std::vector<unsigned> runnable = runnable_cpus();
  std::vector<unsigned> result;
  for (unsigned node : online_nodes()) {
    for (unsigned cpu : node_cpus(node)) {
      if (std::ranges::find(runnable, cpu) == runnable.end()) continue;
      result.push_back(cpu);
      break;
    }
  }
  return result;
}

unsigned node_of_cpu(unsigned cpu) {
  for (unsigned node : online_nodes()) {
    const std::vector<unsigned>& cpus = node_cpus(node);
    if (std::ranges::find(cpus, cpu) != cpus.end()) return node;
  }
  throw std::runtime_error("no node has CPU " + std::to_string(cpu));
}

unsigned distance(unsigned from, unsigned to) { return facts().of.at(from).distances.at(to); }

nodes nearest(unsigned from, const nodes& candidates) {
  unsigned least = std::numeric_limits<unsigned>::max();
  nodes result;
  for (unsigned node : candidates) {
    const unsigned d = distance(from, node);
    if (d < least) result.clear();
    least = std::min(least, d);
    if (d == least) result.insert(node);
  }
  return result;
}

std::uint64_t node_meminfo(unsigned node, std::string_view key) {
  std::istringstream in(read_text(node_path(node) + "meminfo"));
  const std::string wanted = std::string(key) + ":";
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string skip;
    std::string name;
    std::uint64_t kib = 0;
    if (words >> skip >> skip >> name >> kib && name == wanted) return kib * 1024;
  }
  throw std::runtime_error("node " + std::to_string(node) + " tells no " + wanted);
}

std::uint64_t node_huge_pages(unsigned node, std::string_view file) {
  std::istringstream in(read_text(node_path(node) + "hugepages/hugepages-2048kB/" + std::string(file)));
  std::uint64_t value = 0;
  in >> value;
  return value;
}

bool allow_shared_huge_pages(std::string_view when) {
  const std::string path = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
  std::ofstream(path) << when << std::flush;
  return read_text(path).find("[" + std::string(when) + "]") != std::string::npos;
}

std::string shape() {
  const char* name = std::getenv("ACRE_SHAPE");
  return name != nullptr ? name : "";
}

}  // namespace acre::test
