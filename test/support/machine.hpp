// machine: the nodes of this machine out of /sys and /proc, read without acre or hwloc.
#pragma once

#include <acre/node_set.hpp>
#include <acre/placement.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/kernel.hpp"

namespace acre::test {

/// Reads "0-2,5".
nodes parse_list(std::string_view text);
node_set to_node_set(const nodes& set);

const nodes& online_nodes();
const nodes& memory_nodes();
/// With memory, and allowed by this process's cpuset.
nodes usable_nodes();
std::vector<unsigned> usable_list();
/// Of the same: 3:1:1...
std::vector<node_weight> weights();

const std::vector<unsigned>& node_cpus(unsigned node);
/// One CPU for each node that has any this thread may run on.
std::vector<unsigned> one_cpu_per_node();
unsigned node_of_cpu(unsigned cpu);
unsigned distance(unsigned from, unsigned to);
/// Those of `candidates` with the least distance from `from`; several where they tie.
nodes nearest(unsigned from, const nodes& candidates);

/// A line of the node's meminfo ("MemFree") in bytes.
std::uint64_t node_meminfo(unsigned node, std::string_view key);
/// A number in /sys/devices/system/node/nodeN/hugepages/hugepages-2048kB/.
std::uint64_t node_huge_pages(unsigned node, std::string_view file);

/// Lets MADV_HUGEPAGE have effect on shared memory ("advise"), or gives it huge pages unasked ("always"), which is the
/// administrator's to say. False where root is needed.
bool allow_shared_huge_pages(std::string_view when = "advise");

/// ACRE_SHAPE: the name of the machine's shape, as the suite says it.
std::string shape();

}  // namespace acre::test
