#include "process/shared_pages.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace acre::inline v1 {
namespace {

std::size_t pages_in_shared_mappings(const process_binding& binding) {
  std::size_t pages = 0;
  for (const auto& m : binding.mappings) {
    if (m.mappers > 1) pages += m.pages();
  }
  return pages;
}

double share_of(const process_mapping& m, const process_smaps& smaps) {
  if (m.mappers <= 1) return 1;
  const auto found = smaps.find(m.begin);
  if (found == smaps.end() || found->second.resident == 0) return 1.0 / static_cast<double>(m.mappers);
  const auto of = [](std::uint64_t bytes) { return static_cast<double>(bytes); };
  return std::min(of(found->second.proportional) / of(found->second.resident), 1.0);
}

}  // namespace

process_pages pages_of(const process_binding& binding, const process_smaps& smaps) {
  process_pages found;
  std::map<node_id, double> weighed;
  for (const auto& m : binding.mappings) {
    const double share = share_of(m, smaps);
    for (const auto& n : m.per_node) {
      weighed[n.node] += share * static_cast<double>(n.pages);
      found.mapped += n.pages;
    }
  }
  for (const auto& [node, pages] : weighed)
    found.per_node.push_back({node, static_cast<std::size_t>(std::llround(pages))});
  return found;
}

process_pages pages_of(const process_binding& binding) {
  if (pages_in_shared_mappings(binding) < binding.pages() / 10) return pages_of(binding, {});
  return pages_of(binding, smaps_of(binding.pid));
}

}  // namespace acre::inline v1
