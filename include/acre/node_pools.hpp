/// \file
/// One pool for each node; threads allocate on their own node, blocks go back to theirs.
#pragma once

#include <acre/detail/node_pools_front_end.hpp>
#include <acre/export.hpp>
#include <acre/node_set.hpp>
#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>

namespace acre::inline v1 {

/// What is asked of node_pools beside its nodes.
struct node_pools_options {
  pool_options pool = {};  ///< of each pool
  /// hard: placement::bind, soft: placement::prefer.
  acre::strictness strictness = acre::strictness::hard;
};

/// A resource of one pool for each node. allocate() takes from the pool of the node the calling thread runs on (of
/// nodes without a pool: the nearest that has one); a migration meanwhile is harmless. deallocate() finds the owning
/// pool from the address, in constant time and without locks, and hands blocks over in lists, whichever thread frees
/// them.
///
/// Errors, equality and thread-safety as pool_resource.
class ACRE_API node_pools final : public detail::node_pools_front_end {
 public:
  /// One pool for each of `machine.default_nodes()`, bound to its node unless the options say soft. Where the node is
  /// full allocate() throws errc::node_full then, unless the options say commit::lazy.
  /// \throws failure what pool_resource's constructor throws
  explicit node_pools(const node_pools_options& options = {}, const topology& machine = topology::system());
  /// For each of `nodes`.
  /// \throws failure what pool_resource's constructor throws; error errc::empty_node_set
  explicit node_pools(const node_set& nodes, const node_pools_options& options = {},
                      const topology& machine = topology::system());
  explicit node_pools(const placement& where, pool_options = {}) = delete;  ///< pass its nodes: where.nodes()
  node_pools(const node_pools&) = delete;
  node_pools& operator=(const node_pools&) = delete;
  /// Gives everything back to the system, live blocks too.
  ~node_pools() override;

  /// As std::pmr::memory_resource's, with the same parameters, without a virtual call where the static type is
  /// node_pools.
  /// \throws allocation_error as pool_resource::allocate()
  using detail::node_pools_front_end::allocate;
  /// As std::pmr::memory_resource's, with the same parameters, noexcept, and without a virtual call where the static
  /// type is node_pools. Of a null pointer: nothing, whatever the bytes.
  using detail::node_pools_front_end::deallocate;

  /// The nodes that have a pool; valid as long as this.
  [[nodiscard]] const node_set& nodes() const noexcept;
  /// The node that allocate() would take from now.
  [[nodiscard]] node_id here() const noexcept;
  /// The node whose pool has the page at `p`, whether a live block lies there or not; nothing for addresses that are
  /// no pool's.
  [[nodiscard]] std::optional<node_id> owner(const void* p) const noexcept;
  /// A block of that node's pool, wherever the caller runs; deallocate() takes it back.
  /// \throws failure as allocate(); error errc::unknown_node if there is no such pool
  [[nodiscard]] void* allocate_on(node_id node, std::size_t bytes,
                                  std::size_t alignment = alignof(std::max_align_t));
  /// The pool of a node; valid as long as this. Blocks of it may be given back to it or to deallocate() here, whichever
  /// they came from.
  /// \throws error errc::unknown_node if there is no such pool
  [[nodiscard]] pool_resource& pool(node_id node);
  /// The same of pools that are const.
  [[nodiscard]] const pool_resource& pool(node_id node) const;

  /// As pool_resource::good_size(), the same for every node.
  [[nodiscard]] std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept override;
  /// pool_resource::release() of all pools.
  /// \safety nobody may be in another function
  void release();
  /// pool_resource::trim() of all pools.
  /// \returns the bytes that went back to the system
  std::size_t trim();
  /// Of all pools, summed, used_peak too, though each may have had its peak at another time; pool(node).statistics()
  /// tells of one.
  pool_statistics statistics() const;
  /// Where all mapped pages of all pools lie (see locate() for its cost).
  residency resident() const;

 private:
  friend class detail::node_pools_front_end;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  struct state;
  std::unique_ptr<state> x_state;
};

static_assert(std::is_base_of_v<resource, node_pools>);
static_assert(!std::is_copy_constructible_v<node_pools> && !std::is_copy_assignable_v<node_pools>);

}  // namespace acre::inline v1
