#include "observe/room.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sys/files.hpp"

namespace acre {
namespace {

struct need {
  node_set nodes;
  std::uint64_t bytes;
};

/// Bytes of hard ranges by the nodes they are bound to.
std::vector<need> needs_of(const plan& p) {
  std::vector<need> needs;
  for (const plan_range& r : p.ranges) {
    if (r.policy.mode != policy_mode::bind) continue;
    bool found = false;
    for (need& n : needs) {
      if (n.nodes != r.policy.nodes) continue;
      n.bytes += r.length;
      found = true;
    }
    if (!found) needs.push_back({r.policy.nodes, r.length});
  }
  return needs;
}

}  // namespace

void require_room(const plan& p, std::size_t present, const topology& machine) {
  for (const need& n : needs_of(p)) {
    std::uint64_t has = 0;
    for (node_id node : n.nodes) {
      const node_memory m = machine.memory(node);
      has += m.free + m.reclaimable;
    }
    if (n.bytes > has + present) {
      throw error(errc::node_full, "node " + n.nodes.to_string() + " would need " +
                                       format_bytes_rounded(n.bytes) + " and has " +
                                       format_bytes_rounded(has));
    }
  }
  const auto available = sys::available_memory();
  if (available && p.bytes > *available + present) {
    throw error(errc::out_of_memory, "the machine would need " + format_bytes_rounded(p.bytes - present) +
                                         " and has " + format_bytes_rounded(*available) + " available");
  }
}

}  // namespace acre
