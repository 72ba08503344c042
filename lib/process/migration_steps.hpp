// migration_steps: from which node to which, and in what order, as migrate_pages(2) would do it in one call.
#pragma once

#include <acre/node_set.hpp>

#include <vector>

namespace acre::inline v1 {

struct migration_step {
  node_id from;
  node_id to;
  friend bool operator==(const migration_step&, const migration_step&) = default;
};

/// The nth node of `from` to the nth of `to`, counted round. A node that is to be cleared is not filled
/// before. Pure.
/// \param to not empty unless `from` is
std::vector<migration_step> migration_steps(const node_set& from, const node_set& to);

}  // namespace acre::inline v1
