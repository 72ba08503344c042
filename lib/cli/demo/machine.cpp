#include "cli/demo/machine.hpp"

#include <fmt/format.h>
#include <sched.h>

namespace acre_demo {
namespace {

template <class Value>
node_matrix matrix_of(const acre::topology& machine, Value&& value) {
  node_matrix m;
  for (const auto from : machine.nodes()) {
    auto& row = m.rows.emplace_back();
    for (const auto to : machine.nodes()) row.push_back(value(from, to));
  }
  return m;
}

}  // namespace

bool node_matrix::known() const noexcept {
  for (const auto& row : rows)
    for (const auto& value : row)
      if (value) return true;
  return false;
}

machine_summary describe(const acre::topology& machine, std::optional<acre::node_id> here) {
  machine_summary summary;
  summary.here = here;
  for (const auto node : machine.nodes()) {
    const auto memory = machine.memory(node);
    summary.nodes.push_back({node, machine.capacity(node),
                             memory ? std::optional(memory->free) : std::nullopt,
                             format_cpus(machine.cpus(node)), std::string(to_string(machine.kind(node))),
                             machine.allowed_nodes().contains(node)});
  }
  summary.distance = matrix_of(machine, [&](auto from, auto to) -> std::optional<std::uint64_t> {
    const auto d = machine.distance(from, to);
    return d ? std::optional<std::uint64_t>(*d) : std::nullopt;
  });
  summary.bandwidth = matrix_of(machine, [&](auto from, auto to) {
    return machine.value(acre::memory_attribute::bandwidth, to, from);
  });
  summary.latency = matrix_of(
      machine, [&](auto from, auto to) { return machine.value(acre::memory_attribute::latency, to, from); });
  return summary;
}

std::optional<acre::node_id> stay_on_this_node(const acre::topology& machine) {
  const int cpu = ::sched_getcpu();
  if (cpu < 0) return std::nullopt;
  const auto node = machine.node_of_cpu(static_cast<unsigned>(cpu));
  if (!node) return std::nullopt;
  cpu_set_t allowed, wanted;
  CPU_ZERO(&wanted);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return std::nullopt;
  for (const unsigned c : machine.cpus(*node))
    if (c < CPU_SETSIZE && CPU_ISSET(c, &allowed)) CPU_SET(c, &wanted);
  if (::sched_setaffinity(0, sizeof wanted, &wanted) != 0) return std::nullopt;
  return node;
}

}  // namespace acre_demo
