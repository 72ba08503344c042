/// \file
/// An immutable snapshot of the machine's memory nodes, through hwloc.
#pragma once

#include <acre/export.hpp>
#include <acre/node_set.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

struct hwloc_topology;

namespace acre::inline v1 {

/// What a node's memory is made of, where hwloc or sysfs tells it; `unknown` where nothing tells.
/// A plain machine whose firmware says nothing has nodes with CPUs counted as dram.
enum class memory_kind {
  unknown,  ///< nothing tells
  dram,     ///< main memory
  hbm,      ///< high-bandwidth memory: HBM, MCDRAM
  cxl,      ///< of a CXL device
  nvm,      ///< non-volatile memory
  gpu,      ///< of a GPU, not in topology::default_nodes()
};
/// The name of the enumerator: "dram".
[[nodiscard]] ACRE_API std::string_view to_string(memory_kind kind) noexcept;

/// hwloc's memory attributes (HMAT, CDAT or measured values).
enum class memory_attribute {
  capacity,   ///< bytes
  bandwidth,  ///< MiB/s
  latency,    ///< ns
};
/// The name of the enumerator: "bandwidth".
[[nodiscard]] ACRE_API std::string_view to_string(memory_attribute attribute) noexcept;

/// Bytes of memory of one node, now.
struct [[nodiscard]] node_memory {
  std::uint64_t total = 0;        ///< what the kernel manages on the node
  std::uint64_t free = 0;         ///< unused
  std::uint64_t reclaimable = 0;  ///< clean or easily written back page cache and slab, an estimate
};

/// A node and the value that made it the best.
struct [[nodiscard]] best_node {
  node_id node;         ///< its number
  std::uint64_t value;  ///< in the unit of the memory_attribute
};

/// An immutable snapshot of a machine's nodes, CPUs, distances and memory attributes. Node numbers are OS numbers.
/// \safety all const calls from any thread; copies share the snapshot.
class ACRE_API topology {
 public:
  /// The machine acre runs on: loaded at the first call, once, and kept for ever (safe in static
  /// destruction). Costs what load() costs at the first call, nothing afterwards.
  /// \throws error errc::topology_failed
  static const topology& system();

  /// A fresh snapshot of this machine, after nodes were hot-plugged or the cpuset changed. Keeps only nodes,
  /// packages, groups, CPUs, distances and memory attributes: about 1 ms on a small machine (`bench` prints
  /// it).
  /// \throws error errc::topology_failed
  [[nodiscard]] static topology load();

  /// A machine out of hwloc's XML, for tests and planning. Nothing can be bound on it.
  /// \throws error errc::topology_failed; where a later hwloc wrote it, that says so
  [[nodiscard]] static topology from_xml(std::string_view xml);

  /// A machine out of hwloc's synthetic description, for example "numa:4 core:2 pu:1".
  /// \throws error errc::topology_failed with the description
  [[nodiscard]] static topology from_synthetic(std::string_view description);

  // No moves: a snapshot that was moved from would be none.
  topology(const topology&) noexcept = default;             ///< shares the snapshot
  topology& operator=(const topology&) noexcept = default;  ///< shares the snapshot
  ~topology() = default;

  /// True for load() and system(): placements can be applied, free memory can be read.
  [[nodiscard]] bool is_this_system() const noexcept;

  /// Every node of the machine that exists, those without memory and those forbidden included.
  [[nodiscard]] const node_set& nodes() const& noexcept;
  /// The same by value, of a temporary.
  [[nodiscard]] node_set nodes() && noexcept { return nodes(); }
  /// The nodes that have memory. One whose capacity nobody tells (a sandbox without /sys) counts as having some.
  [[nodiscard]] const node_set& memory_nodes() const& noexcept;
  /// The same by value, of a temporary.
  [[nodiscard]] node_set memory_nodes() && noexcept { return memory_nodes(); }
  /// The nodes that have memory and that this process's cpuset allowed when the snapshot was taken. Of this machine the
  /// kernel's word counts, not hwloc's.
  [[nodiscard]] const node_set& allowed_nodes() const& noexcept;
  /// The same by value, of a temporary.
  [[nodiscard]] node_set allowed_nodes() && noexcept { return allowed_nodes(); }
  /// allowed_nodes() without device memory (GPUs): what "all" means.
  [[nodiscard]] const node_set& default_nodes() const& noexcept;
  /// The same by value, of a temporary.
  [[nodiscard]] node_set default_nodes() && noexcept { return default_nodes(); }

  /// Finds out whether memory of all `nodes` may be used; throws if not.
  /// What the snapshot allows is taken as it is; before a node is refused the kernel is asked whether it is allowed
  /// by now. Nodes that are allowed no more are found where they are used: by what makes an area, binds or moves.
  /// \errors errc::empty_node_set, errc::unknown_node, errc::node_without_memory, errc::node_not_allowed:
  ///   the first that holds for `nodes`, checked node by node in that order.
  /// \throws error with the node, and the nodes that would be right
  void require_usable(const node_set& nodes) const;
  /// The same, with the error in `ec`.
  void require_usable(const node_set& nodes, std::error_code& ec) const noexcept;

  /// The capacity of `node` in bytes when the snapshot was taken; nothing where nobody tells.
  /// \throws error errc::unknown_node. Not for a node of this machine that came online after the snapshot was taken: of
  ///   that, all functions that take a node tell what the kernel tells now, and no CPUs.
  [[nodiscard]] std::optional<std::uint64_t> capacity(node_id node) const;

  /// What is used and free on `node` now (/sys/devices/system/node/nodeN/meminfo; two pages of text, some
  /// 20 us); nothing where the kernel does not tell. Of a machine that is not this one: capacity as total and as free.
  /// \throws error errc::unknown_node
  [[nodiscard]] std::optional<node_memory> memory(node_id node) const;

  /// What the node's memory is made of; unknown also for a node that came online after the snapshot was taken.
  /// \throws error errc::unknown_node
  [[nodiscard]] memory_kind kind(node_id node) const;

  /// The OS numbers of the online CPUs that are local to `node`, those forbidden for this process included;
  /// empty for memory-only nodes, also where hwloc says they are local to somebody's CPUs, and for all nodes of a
  /// machine of several whose /sys is hidden. This machine's
  /// sysfs decides; for others a CPU belongs to the node with the fewest CPUs, then to main memory, then to
  /// the lowest number. In increasing order.
  /// \throws error errc::unknown_node
  [[nodiscard]] const std::vector<unsigned>& cpus(node_id node) const&;
  /// The same by value, of a temporary.
  [[nodiscard]] std::vector<unsigned> cpus(node_id node) && { return cpus(node); }

  /// All CPUs of the machine that are online and allowed, in increasing order.
  [[nodiscard]] const std::vector<unsigned>& cpus() const& noexcept;
  /// The same by value, of a temporary.
  [[nodiscard]] std::vector<unsigned> cpus() && { return cpus(); }

  /// The node whose CPUs contain `cpu`, whether it has memory or not; nothing for an unknown CPU. Of one of this
  /// machine that came online after the snapshot was taken the kernel is asked, at each call (some 50 us for each
  /// node).
  [[nodiscard]] std::optional<node_id> node_of_cpu(unsigned cpu) const noexcept;

  /// The nodes with memory that are nearest to the given CPUs (the nearest of each, united). Never empty:
  /// for a CPU on a node without usable memory, the nearest allowed node by distance.
  /// \throws error errc::invalid_argument for a CPU the machine does not have, or none
  [[nodiscard]] node_set local_nodes(std::span<const unsigned> cpus) const;

  /// The same for the CPU the calling thread runs on now (it may move at any time).
  /// \throws error errc::foreign_topology
  [[nodiscard]] node_set local_nodes() const;

  /// The firmware's relative distance (SLIT: 10 is local), nothing where the machine tells none.
  /// \throws error errc::unknown_node
  [[nodiscard]] std::optional<unsigned> distance(node_id from, node_id to) const;

  /// The nodes of `candidates` ordered by distance from `from`, ties by number; those without a known distance last,
  /// but `from` itself first.
  /// \throws error errc::unknown_node
  [[nodiscard]] std::vector<node_id> nearest_first(node_id from, const node_set& candidates) const;

  /// The value of an attribute of memory `target` as seen from the CPUs of `initiator`; nothing where the
  /// firmware tells none: acre never guesses. Firmware usually tells it for local initiators only. In the unit of the
  /// memory_attribute; capacity is that of `target` from anywhere.
  /// \throws error errc::unknown_node
  [[nodiscard]] std::optional<std::uint64_t> value(memory_attribute attribute, node_id target,
                                                   node_id initiator) const;

  /// The best of default_nodes() as seen from the CPUs of `initiator` (highest capacity or bandwidth, lowest
  /// latency); nothing where no value is known. Of several that are equally good the lowest number.
  /// \throws error errc::unknown_node
  [[nodiscard]] std::optional<best_node> best(memory_attribute attribute, node_id initiator) const;

  /// hwloc's own handle, for what acre does not wrap; valid as long as a copy of this snapshot lives.
  [[nodiscard]] hwloc_topology* native_handle() const noexcept;

 private:
  struct snapshot;
  explicit topology(std::shared_ptr<const snapshot> s) noexcept;

  std::shared_ptr<const snapshot> x_snapshot;
};

static_assert(std::copyable<topology> && std::is_nothrow_copy_constructible_v<topology> &&
              std::is_nothrow_copy_assignable_v<topology>);

}  // namespace acre::inline v1
