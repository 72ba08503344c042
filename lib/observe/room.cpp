#include "observe/room.hpp"

#include <acre/bytes.hpp>
#include <acre/error.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "observe/page_range.hpp"
#include "placement/refusal.hpp"
#include "sys/files.hpp"
#include "sys/mappings.hpp"
#include "sys/memory_limits.hpp"
#include "sys/pages.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

/// What is left free of hard nodes. A page that the kernel is just moving (compaction) seems to be missing for a
/// moment, and who touches it then is given a new one first, which is thrown away if the page is back (mm/memory.c,
/// do_anonymous_page; seen on Linux 6.1): under a hard policy on a node with nothing free that is the end of the
/// process, although all its pages are there. The kernel takes from the free pages down to the low watermark, and
/// raises all watermarks for a while by up to one and a half times the high one (vm.watermark_boost_factor).
std::uint64_t reserve_of(const node_set& nodes) {
  const auto zones = sys::zoneinfo();
  if (!zones) return 0;
  std::uint64_t pages = 0;
  for (node_id n : nodes) pages += sys::high_watermarks(*zones, n);
  return pages * sys::page_size() / 2 * 5;
}

/// What there is for new pages at one moment: each file is read once.
class room_look {
 public:
  /// \param wanted bytes: what is far from being tight need not be known exactly
  room_look(std::uint64_t wanted, const topology& machine)
      : of_machine(sys::available_memory()),
        of_groups(sys::memory_group_limits(wanted).tightest),
        x_machine(machine) {}

  /// Free and reclaimable bytes; less the reserve where the wanted ones might need it, for to read of that takes longer
  /// than many a block. Nothing if they are not told of all the nodes.
  std::optional<std::uint64_t> on(const node_set& nodes, std::uint64_t wanted) {
    std::uint64_t has = 0;
    std::uint64_t total = 0;
    for (node_id node : nodes) {
      const auto known = x_nodes.find(node);
      const auto& m = known != x_nodes.end() ? known->second : x_nodes[node] = x_machine.memory(node);
      if (!m) return std::nullopt;
      has += m->free + m->reclaimable;
      total += m->total;
    }
    if (has > wanted && has - wanted > total / 4) return has;
    return has - std::min(has, reserve_of(nodes));
  }

  const std::optional<std::uint64_t> of_machine;
  const std::optional<sys::limit_room> of_groups;

 private:
  const topology& x_machine;
  std::map<node_id, std::optional<node_memory>> x_nodes;
};

/// Bytes of pages that exist in private memory; not of zero pages, for writing replaces those by new ones.
std::size_t existing_private_bytes(const void* p, std::size_t bytes) {
  const std::size_t page = sys::page_size();
  std::array<sys::page_entry, 512> entries;
  std::size_t pages = 0;
  for (std::size_t at = 0; at < bytes; at += entries.size() * page) {
    const auto batch = std::span(entries).first(std::min(entries.size(), (bytes - at) / page));
    if (sys::page_entries(static_cast<const std::byte*>(p) + at, batch) != 0)
      return sys::present_bytes(p, bytes);
    pages += static_cast<std::size_t>(std::ranges::count(batch, sys::page_entry::present));
  }
  return pages * page;
}

std::size_t existing_bytes(const void* p, std::size_t bytes) {
  const std::size_t page = sys::page_size();
  const auto first = reinterpret_cast<std::uintptr_t>(p);
  const page_range range{first / page * page, (first + bytes + page - 1) / page * page, page};
  // Fresh memory, mostly: its mapping need not be looked for.
  if (sys::present_bytes(range.data(), range.bytes()) == 0) return 0;
  std::size_t sum = 0;
  for (const sys::map_line& m : mappings_of(range)) {
    const void* const begin = reinterpret_cast<const void*>(m.begin);
    const std::size_t length = m.end - m.begin;
    sum += m.shared ? sys::present_bytes(begin, length) : existing_private_bytes(begin, length);
  }
  return sum;
}

/// \param present bytes that exist already
void require_room_beside(std::size_t present, const plan& p, room_look& look) {
  const std::vector<hard_need> needs = hard_needs(p);
  // What populates does so under soft policies, and would learn too late that the nodes are not allowed any more.
  if (!needs.empty()) {
    const auto allowed = allowed_now();
    for (const hard_need& n : needs) what_is_left({policy_mode::bind, n.nodes}, allowed);
  }
  for (const hard_need& n : needs) {
    // Where nobody tells what the nodes have, whether the pages came there is looked at afterwards.
    const auto has = look.on(n.nodes, n.bytes);
    if (has && n.bytes > *has + present) {
      throw error(errc::node_full, "node " + n.nodes.to_string() + " would need " +
                                       format_bytes_rounded(n.bytes) + " and has " +
                                       format_bytes_rounded(*has));
    }
  }
  const auto require = [&](std::uint64_t available, const std::string& who) {
    if (p.bytes <= available + present) return;
    throw error(errc::out_of_memory, who + " would need " + format_bytes_rounded(p.bytes - present) +
                                         " and has " + format_bytes_rounded(available) + " available");
  };
  if (look.of_machine) require(*look.of_machine, "the machine");
  // A limit that cannot be read cannot be kept: `acre doctor` tells of such systems.
  if (const auto& limit = look.of_groups) require(limit->bytes, "the memory cgroup (" + limit->file + ")");
}

}  // namespace

std::vector<hard_need> hard_needs(const plan& p) {
  std::vector<hard_need> needs;
  for (const plan_range& r : p.ranges) {
    if (r.policy.mode != policy_mode::bind) continue;
    const auto same = std::find_if(needs.begin(), needs.end(),
                                   [&](const hard_need& n) { return n.nodes == r.policy.nodes; });
    if (same == needs.end()) {
      needs.push_back({r.policy.nodes, r.length});
    } else {
      same->bytes += r.length;
    }
  }
  return needs;
}

std::uint64_t require_room(const plan& p, const void* at, const topology& machine,
                           std::span<const node_set> targets) {
  room_look look(p.bytes, machine);
  try {
    require_room_beside(0, p, look);
  } catch (const error& e) {
    if (at == nullptr || (e.code() != errc::node_full && e.code() != errc::out_of_memory)) throw;
    const std::size_t present = existing_bytes(at, p.bytes);
    if (present == 0) throw;
    require_room_beside(present, p, look);
  }
  std::uint64_t room = look.of_machine.value_or(UINT64_MAX);
  if (look.of_groups) room = std::min(room, look.of_groups->bytes);
  for (const node_set& nodes : targets) room = std::min(room, look.on(nodes, p.bytes).value_or(UINT64_MAX));
  return room;
}

}  // namespace acre::inline v1
