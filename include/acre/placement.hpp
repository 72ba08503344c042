/// \file
/// Where memory shall lie, as a value: nodes x strategy x strictness. Makes no system calls.
#pragma once

#include <acre/chunk.hpp>
#include <acre/detail/page_function.hpp>
#include <acre/export.hpp>
#include <acre/node_set.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace acre::inline v1 {

/// How the nodes of a placement are used.
enum class strategy {
  unbound,             ///< the thread's own policy decides
  local,               ///< the node of the touching CPU
  bind,                ///< the nearest of the nodes to the touching CPU (hard: bind, soft: prefer)
  interleave,          ///< round robin over the nodes, by page or by chunk
  weighted,            ///< round robin with so many chunks for each node
  weighted_by_system,  ///< round robin by page with the system's weights
  blocked,             ///< one contiguous run for each node, in order
  most_free,           ///< chunk by chunk the node with most free memory
  by_page,             ///< the caller's function says, page by page
};

/// Whether pages may lie elsewhere when the nodes are full. What the kernel does then: hard memory is never
/// placed elsewhere (pools, and areas with commit::eager, make its pages before they hand them out, and throw;
/// to touch it where that was not done ends in the OOM killer), soft memory spills to other nodes.
enum class strictness {
  soft,  ///< elsewhere rather than not at all
  hard,  ///< on these nodes or not at all
};

/// So many parts for `node`.
struct node_weight {
  node_id node;          ///< its number
  std::uint32_t weight;  ///< 1..placement::max_weight
  /// Compares member by member.
  friend bool operator==(const node_weight&, const node_weight&) = default;
};

/// Where memory shall lie: nodes, a strategy, a strictness. A regular value: cheap copies (noexcept), equality, hash,
/// text. Makes no system call; whether a machine has the nodes is found where a placement is used.
/// \safety a value: const calls from any thread. The function of by_page may be called from any thread that
///   allocates, commits or checks.
class ACRE_API placement {
 public:
  /// The largest weight of a node_weight; the least is 1.
  static constexpr std::uint32_t max_weight = 65535;

  /// The thread's own policy, as if acre were not there. Soft; cannot be hard.
  [[nodiscard]] static placement unbound();
  /// The node of the touching CPU, whatever the thread's policy (first touch). Soft; cannot be hard: bind
  /// does that.
  [[nodiscard]] static placement local();
  /// Only on `nodes`; of several, the nearest to the touching CPU that has room. Hard; its soft form is
  /// prefer.
  /// \throws error errc::empty_node_set
  [[nodiscard]] static placement bind(const node_set& nodes);
  /// On `nodes` while they have room, else elsewhere: for one node the nearest to it, for several the nearest
  /// to the touching CPU. Soft; its hard form is bind.
  /// \throws error errc::empty_node_set
  [[nodiscard]] static placement prefer(const node_set& nodes);
  /// Round robin over `nodes`, in node order. Soft. By page (and so by default) the kernel does it: the position in the
  /// round follows the address. By larger chunks, and hard, the first chunk of an allocation is on the first node.
  /// \throws error errc::empty_node_set
  [[nodiscard]] static placement interleave(const node_set& nodes,
                                            acre::chunk chunk = acre::chunk::automatic);
  /// Round robin: `weight` chunks on each node in the order given, and again. Soft.
  /// \throws error errc::invalid_weights; errc::unknown_node for a node that no node_set can have
  [[nodiscard]] static placement weighted(std::initializer_list<node_weight> weights,
                                          acre::chunk chunk = acre::chunk::automatic);
  /// The same for weights of any source; they are copied.
  [[nodiscard]] static placement weighted(std::span<const node_weight> weights,
                                          acre::chunk chunk = acre::chunk::automatic);
  /// Page by page over `nodes` by the weights the administrator set in
  /// /sys/kernel/mm/mempolicy/weighted_interleave (Linux 6.9). Soft; cannot be hard.
  /// \throws error errc::empty_node_set
  [[nodiscard]] static placement weighted_by_system(const node_set& nodes);
  /// One contiguous run for each node, in the order given, as long as its share of the weights. Hard.
  /// \throws error errc::invalid_weights; errc::unknown_node for a node that no node_set can have
  [[nodiscard]] static placement blocked(std::initializer_list<node_weight> weights);
  /// The same for weights of any source; they are copied.
  [[nodiscard]] static placement blocked(std::span<const node_weight> weights);
  /// The same with equal shares, in node order.
  /// \throws error errc::empty_node_set
  [[nodiscard]] static placement blocked(const node_set& nodes);
  /// For each chunk that node of `nodes` which has most free memory when the memory is mapped, counting what
  /// the chunks before it will use. Soft.
  /// \throws error errc::empty_node_set
  [[nodiscard]] static placement most_free(const node_set& nodes, acre::chunk chunk = acre::chunk::automatic);
  /// The caller's function decides, page by page, among `nodes`. Hard. Has no text form; two by_page
  /// placements are equal if one was copied from the other.
  /// \param function node_id(std::size_t index, std::size_t pages): the node for page `index` of an allocation of
  ///   `pages` pages (base pages, or the huge pages of the area)
  /// \param nodes those that it may name; another is errc::invalid_function where the placement is used
  /// \throws error errc::empty_node_set, errc::invalid_function (a null pointer, an empty std::function)
  template <class F>
  requires detail::node_of_page<F>
  [[nodiscard]] static placement by_page(F function, const node_set& nodes) {
    return by_function(detail::page_function(std::move(function)), nodes);
  }

  /// unbound().
  placement() noexcept = default;
  // No moves: a placement that was moved from would be one without its weights or its function.
  /// Weights and the function are shared: allocates nothing.
  placement(const placement& o) noexcept
      : x_strategy(o.x_strategy),
        x_strictness(o.x_strictness),
        x_chunk(o.x_chunk),
        x_nodes(o.x_nodes),
        x_details(o.x_details) {
    if (x_details != nullptr) keep_details();
  }
  /// Weights and the function are shared: allocates nothing.
  placement& operator=(const placement& o) noexcept {
    placement copy(o);
    x_strategy = o.x_strategy;
    x_strictness = o.x_strictness;
    x_chunk = o.x_chunk;
    x_nodes = o.x_nodes;
    std::swap(x_details, copy.x_details);
    return *this;
  }
  ~placement() {
    if (x_details != nullptr) drop_details();
  }

  /// The same, hard, if it is not already.
  /// \throws error errc::unsupported_placement for unbound, local and weighted_by_system
  [[nodiscard]] placement hard() const;
  /// The same, soft, if it is not already.
  [[nodiscard]] placement soft() const;
  /// The same by other chunks.
  /// \throws error errc::unsupported_placement for strategies other than interleave, weighted and most_free
  [[nodiscard]] placement by(acre::chunk chunk) const;

  template <class T>
  operator std::pmr::polymorphic_allocator<T>() const = delete;  ///< pass a resource: resource_for(where)

  /// How its nodes are used; bind for prefer(), which is its soft form.
  [[nodiscard]] acre::strategy strategy() const noexcept { return x_strategy; }
  /// Whether pages may lie elsewhere.
  [[nodiscard]] acre::strictness strictness() const noexcept { return x_strictness; }
  /// True if strictness() is hard.
  [[nodiscard]] bool is_hard() const noexcept { return x_strictness == acre::strictness::hard; }
  /// Empty for unbound and local.
  [[nodiscard]] const node_set& nodes() const& noexcept { return x_nodes; }
  /// The same by value, of a temporary.
  [[nodiscard]] node_set nodes() && noexcept { return x_nodes; }
  /// As given. Means something for interleave, weighted, most_free; automatic for the others.
  [[nodiscard]] acre::chunk chunk() const noexcept { return x_chunk; }
  /// In the order given; empty but for weighted and blocked. Valid until this placement is assigned to or
  /// destroyed.
  [[nodiscard]] std::span<const node_weight> weights() const& noexcept;
  std::span<const node_weight> weights() && = delete;  ///< it would be gone: give the placement a name
  /// Calls the function of by_page, and does not check what it says.
  /// \param index of the page, 0 for the first of the allocation
  /// \param pages of the allocation
  /// \throws error errc::invalid_function for other strategies; what the function throws
  [[nodiscard]] node_id node_of_page(std::size_t index, std::size_t pages) const;

  /// "unbound", "local", "bind 0-1", "prefer 2", "interleave 0,2", "interleave 0,2 by 2MiB hard",
  /// "weighted 0:3,2:1 by 4KiB", "weighted_by_system 0-1", "blocked 0:1,1:1 soft", "most_free 0-3 by 1GiB",
  /// "by_page 0-1". Strictness is written where it is not the strategy's own, the chunk where it is not automatic: "by
  /// page", "by whole", "by 2MiB".
  [[nodiscard]] std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const placement& p);

  /// Reads what to_string() writes, but for by_page. Nodes as in node_set::parse ("all" is resolved now).
  /// \throws error errc::invalid_text with the position of the mistake and what would be right there;
  ///   what the factories throw
  [[nodiscard]] static placement parse(std::string_view text);
  /// The same, with "all", "!" and "+" relative to `universe`: a pure function.
  [[nodiscard]] static placement parse(std::string_view text, const node_set& universe);

  /// True if strategy, strictness, chunk, nodes and weights are equal; by_page: and one is a copy of the other.
  friend bool operator==(const placement& a, const placement& b) noexcept { return a.equals(b); }
  /// For hash tables: equal placements have equal hashes. std::hash gives the same.
  [[nodiscard]] std::size_t hash() const noexcept;

 private:
  struct details;  // what few placements have: weights, function

  placement(acre::strategy s, const node_set& nodes, acre::chunk chunk = {});
  placement(acre::strategy s, std::span<const node_weight> weights, acre::chunk chunk = {});
  static placement by_function(detail::page_function function, const node_set& nodes);
  bool has_function() const noexcept;
  bool equals(const placement& o) const noexcept;
  void keep_details() const noexcept;
  void drop_details() const noexcept;

  acre::strategy x_strategy = acre::strategy::unbound;
  acre::strictness x_strictness = acre::strictness::soft;
  acre::chunk x_chunk;
  node_set x_nodes;
  const details* x_details = nullptr;  ///< shared with copies, which it counts
};

static_assert(std::regular<placement>);
static_assert(std::is_nothrow_copy_constructible_v<placement> &&
              std::is_nothrow_copy_assignable_v<placement>);

}  // namespace acre::inline v1

/// For std::unordered_map and its kind.
template <>
struct std::hash<acre::placement> {
  /// placement::hash().
  std::size_t operator()(const acre::placement& p) const noexcept { return p.hash(); }
};
