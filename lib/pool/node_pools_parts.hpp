// node_pools_parts: what node_pools is made of beside pools: whose pages are whose, and which node serves which CPU.
#pragma once

#include <acre/detail/owner_map.hpp>
#include <acre/node_set.hpp>
#include <acre/topology.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "pool/page_source.hpp"

namespace acre::inline v1 {

/// Registers the pages of another source in an owner_map, as long as they are mapped. Mappings begin at granules of
/// the map, so that no two share one.
class owned_pages final : public forwarding_source {
 public:
  /// \param owners must outlive this
  owned_pages(std::unique_ptr<page_source> pages, detail::owner_map& owners, detail::owner_map::owner who)
      : forwarding_source(std::move(pages)), x_owners(owners), x_who(who) {}

  /// \throws also what detail::owner_map::set() throws; nothing is mapped then
  void* map(std::size_t bytes, std::size_t alignment) override;
  void unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept override;

 private:
  detail::owner_map& x_owners;
  detail::owner_map::owner x_who;
};

/// The node itself if `served` has it, else the one of `served` that is nearest to it.
/// \param served not empty
/// \throws error errc::unknown_node
node_id served_node_near(node_id node, const topology& machine, const node_set& served);

/// For each CPU number below `possible`, and up to the machine's largest online one, served_node_near() the CPU's own
/// node. Nothing for CPUs of which the machine does not know the node, as those that are not online: they may come
/// later.
/// \param served not empty
std::vector<std::optional<node_id>> served_node_of_each_cpu(const topology& machine, const node_set& served,
                                                            std::size_t possible);

}  // namespace acre::inline v1
