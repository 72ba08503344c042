// node_pools: one pool for each node; threads allocate on their own node, blocks go back to theirs.
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

struct node_pools_options {
  pool_options pool = {};  ///< of each pool
  /// hard: placement::bind, soft: placement::prefer.
  acre::strictness strictness = acre::strictness::hard;
};

/// allocate() takes from the pool of the node the calling thread runs on (of nodes without a pool: the nearest
/// that has one); a migration meanwhile is harmless. deallocate() finds the owning pool from the address, in
/// constant time and without locks, and hands blocks over in lists, whichever thread frees them.
///
/// Errors, equality and thread-safety as pool_resource.
class ACRE_API node_pools final : public detail::node_pools_front_end {
 public:
  /// One pool for each of `machine.default_nodes()`, bound to its node unless the options say soft. Where the node is
  /// full allocate() throws errc::node_full then, unless the options say commit::lazy.
  /// \throws what pool_resource's constructor throws
  explicit node_pools(const node_pools_options& options = {}, const topology& machine = topology::system());
  /// For each of `nodes`.
  /// \throws what pool_resource's constructor throws; error errc::empty_node_set
  explicit node_pools(const node_set& nodes, const node_pools_options& options = {},
                      const topology& machine = topology::system());
  explicit node_pools(const placement& where, pool_options = {}) = delete;  // pass its nodes: where.nodes()
  node_pools(const node_pools&) = delete;
  node_pools& operator=(const node_pools&) = delete;
  /// Gives everything back to the system, live blocks too.
  ~node_pools() override;

  /// void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)): as
  /// std::pmr::memory_resource's, without a virtual call where the static type is node_pools.
  using detail::node_pools_front_end::allocate;
  /// void deallocate(void* p, std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) noexcept. Of a null
  /// pointer: nothing, whatever the bytes.
  using detail::node_pools_front_end::deallocate;

  [[nodiscard]] const node_set& nodes() const noexcept;
  /// The node that allocate() would take from now.
  [[nodiscard]] node_id here() const noexcept;
  /// The node whose pool a block (or any address within one) belongs to; nothing for other addresses.
  [[nodiscard]] std::optional<node_id> owner(const void* p) const noexcept;
  /// A block of that node's pool, wherever the caller runs; deallocate() takes it back.
  /// \throws as allocate(); error errc::unknown_node if there is no such pool
  [[nodiscard]] void* allocate_on(node_id node, std::size_t bytes,
                                  std::size_t alignment = alignof(std::max_align_t));
  /// \throws error errc::unknown_node if there is no such pool
  [[nodiscard]] pool_resource& pool(node_id node);
  [[nodiscard]] const pool_resource& pool(node_id node) const;

  [[nodiscard]] std::size_t good_size(std::size_t bytes, std::size_t alignment) const noexcept override;
  /// All pools': see pool_resource.
  void release();
  std::size_t trim();
  /// Summed; pool(node).statistics() tells of one.
  pool_statistics statistics() const;
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
