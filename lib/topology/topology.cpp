#include <acre/error.hpp>
#include <acre/topology.hpp>

#include <algorithm>

#include "base/code_of.hpp"
#include "sys/files.hpp"
#include "topology/machine.hpp"
#include "topology/node_files.hpp"

namespace acre::inline v1 {
namespace {

[[noreturn]] void refuse(errc code, node_id node, const char* mistake, const char* right,
                         const node_set& nodes) {
  throw error(code, "node " + std::to_string(node) + " " + mistake + "; " + right + " " + nodes.to_string());
}

/// Whether a node that the snapshot does not have may have come online since: the kernel tells numbers of such nodes.
/// True also where it does not tell which there are.
bool may_have_come(const machine& m, node_id node) {
  if (!m.is_this_system) return false;
  const auto online = online_nodes();
  return !online || std::ranges::find(*online, node) != online->end();
}

/// Null for a node that came online later.
const machine_node* find(const machine& m, node_id node) {
  const machine_node* const n = m.find(node);
  if (n == nullptr && !may_have_come(m, node))
    refuse(errc::unknown_node, node, "does not exist", "the machine has nodes", m.nodes);
  return n;
}

/// The CPUs of a node in hwloc's form.
class cpu_bitmap {
 public:
  explicit cpu_bitmap(const std::vector<unsigned>& cpus) : x_bits(hwloc_bitmap_alloc()) {
    if (!x_bits) throw std::bad_alloc();
    for (unsigned cpu : cpus) hwloc_bitmap_set(x_bits, cpu);
  }
  cpu_bitmap(const cpu_bitmap&) = delete;
  cpu_bitmap& operator=(const cpu_bitmap&) = delete;
  ~cpu_bitmap() { hwloc_bitmap_free(x_bits); }
  hwloc_bitmap_t bits() const noexcept { return x_bits; }

 private:
  hwloc_bitmap_t x_bits;
};

std::optional<std::uint64_t> attribute_of(const machine& m, hwloc_memattr_id_t id, const machine_node& target,
                                          const machine_node& initiator) {
  if (target.object == nullptr || initiator.cpus.empty()) return std::nullopt;
  const cpu_bitmap cpus(initiator.cpus);
  hwloc_location from{};
  from.type = HWLOC_LOCATION_TYPE_CPUSET;
  from.location.cpuset = cpus.bits();
  hwloc_uint64_t value = 0;
  if (hwloc_memattr_get_value(m.handle.get(), id, target.object, &from, 0, &value) != 0) return std::nullopt;
  return value;
}

bool is_better(memory_attribute attribute, std::uint64_t a, std::uint64_t b) noexcept {
  return attribute == memory_attribute::latency ? a < b : a > b;
}

}  // namespace

topology::topology(std::shared_ptr<const snapshot> s) noexcept : x_snapshot(std::move(s)) {}

bool topology::is_this_system() const noexcept { return x_snapshot->is_this_system; }
const node_set& topology::nodes() const& noexcept { return x_snapshot->nodes; }
const node_set& topology::memory_nodes() const& noexcept { return x_snapshot->with_memory; }
const node_set& topology::allowed_nodes() const& noexcept { return x_snapshot->allowed; }
const node_set& topology::default_nodes() const& noexcept { return x_snapshot->defaults; }
const std::vector<unsigned>& topology::cpus() const& noexcept { return x_snapshot->cpus; }
hwloc_topology* topology::native_handle() const noexcept { return x_snapshot->handle.get(); }

void topology::require_usable(const node_set& nodes) const {
  const machine& m = *x_snapshot;
  if (nodes.empty())
    throw error(
        errc::empty_node_set,
        "at least one node is needed; nodes with memory that this process may use: " + m.allowed.to_string());
  if (m.allowed.contains(nodes)) return;
  // More may be allowed by now, or have come online.
  const std::optional<node_set> now = m.is_this_system ? allowed_now() : std::nullopt;
  for (node_id n : nodes) {
    if (m.allowed.contains(n) || (now && now->contains(n))) continue;
    if (!m.nodes.contains(n) && !may_have_come(m, n))
      refuse(errc::unknown_node, n, "does not exist", "the machine has nodes", m.nodes);
    if (m.nodes.contains(n) && !m.with_memory.contains(n))
      refuse(errc::node_without_memory, n, "has no memory", "nodes with memory are", m.with_memory);
    refuse(errc::node_not_allowed, n, "is not allowed for this process", "allowed nodes are",
           now ? *now : m.allowed);
  }
}

void topology::require_usable(const node_set& nodes, std::error_code& ec) const noexcept {
  ec = code_of([&] { require_usable(nodes); });
}

std::optional<std::uint64_t> topology::capacity(node_id node) const {
  const machine_node* const n = find(*x_snapshot, node);
  if (n != nullptr && n->capacity) return n->capacity;
  const auto now = memory(node);
  return now ? std::optional(now->total) : std::nullopt;
}

std::optional<node_memory> topology::memory(node_id node) const {
  const machine_node* const n = find(*x_snapshot, node);
  if (!is_this_system()) {
    if (!n->capacity) return std::nullopt;
    return node_memory{*n->capacity, *n->capacity, 0};
  }
  const auto now = sys::node_memory(node);
  if (!now) return std::nullopt;
  const std::uint64_t cache = now->file > now->shared ? now->file - now->shared : 0;
  return node_memory{now->total, now->free, cache + now->slab_reclaimable};
}

memory_kind topology::kind(node_id node) const {
  const machine_node* const n = find(*x_snapshot, node);
  return n != nullptr ? n->kind : memory_kind::unknown;
}

const std::vector<unsigned>& topology::cpus(node_id node) const& {
  static const auto& none = *new std::vector<unsigned>;  // as immortal as system()
  const machine_node* const n = find(*x_snapshot, node);
  return n != nullptr ? n->cpus : none;
}

std::optional<node_id> topology::node_of_cpu(unsigned cpu) const noexcept {
  const auto& list = x_snapshot->node_of_cpu;
  const auto at = std::lower_bound(list.begin(), list.end(), std::pair(cpu, node_id{0}));
  if (at != list.end() && at->first == cpu) return at->second;
  return is_this_system() ? node_of_cpu_now(cpu) : std::nullopt;
}

std::optional<unsigned> topology::distance(node_id from, node_id to) const {
  const machine_node* const a = find(*x_snapshot, from);
  const machine_node* const b = find(*x_snapshot, to);
  if (a != nullptr && b != nullptr) return a->distances[x_snapshot->position(*b)];
  return distance_now(from, to);
}

std::optional<std::uint64_t> topology::value(memory_attribute attribute, node_id target,
                                             node_id initiator) const {
  const machine& m = *x_snapshot;
  const machine_node* const to = find(m, target);
  const machine_node* const from = find(m, initiator);
  if (attribute == memory_attribute::capacity) return capacity(target);
  if (to == nullptr || from == nullptr) return std::nullopt;
  switch (attribute) {
    case memory_attribute::capacity:
      break;
    case memory_attribute::bandwidth:
      return attribute_of(m, HWLOC_MEMATTR_ID_BANDWIDTH, *to, *from);
    case memory_attribute::latency:
      return attribute_of(m, HWLOC_MEMATTR_ID_LATENCY, *to, *from);
  }
  return std::nullopt;
}

std::optional<best_node> topology::best(memory_attribute attribute, node_id initiator) const {
  find(*x_snapshot, initiator);
  std::optional<best_node> found;
  for (node_id n : default_nodes())
    if (const auto v = value(attribute, n, initiator))
      if (!found || is_better(attribute, *v, found->value)) found = best_node{n, *v};
  return found;
}

}  // namespace acre::inline v1
