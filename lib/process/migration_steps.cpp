#include "process/migration_steps.hpp"

#include <algorithm>
#include <iterator>

namespace acre::inline v1 {

// mm/mempolicy.c, do_migrate_pages and node_remap.
std::vector<migration_step> migration_steps(const node_set& from, const node_set& to) {
  std::vector<migration_step> waiting;
  const std::vector<node_id> targets(to.begin(), to.end());
  std::size_t position = 0;
  for (node_id n : from) {
    const node_id target = targets[position++ % targets.size()];
    if (target == n || (from.size() != to.size() && to.contains(n))) continue;
    waiting.push_back({n, target});
  }
  std::vector<migration_step> steps;
  while (!waiting.empty()) {
    const auto is_source = [&](const migration_step& s) {
      return std::any_of(waiting.begin(), waiting.end(),
                         [&](const migration_step& other) { return other.from == s.to; });
    };
    // Both sets are in order, so steps form chains and no rings: there is always one.
    const auto next = std::find_if_not(waiting.begin(), waiting.end(), is_source);
    const auto taken = next == waiting.end() ? waiting.begin() : next;
    steps.push_back(*taken);
    waiting.erase(taken);
  }
  return steps;
}

}  // namespace acre::inline v1
