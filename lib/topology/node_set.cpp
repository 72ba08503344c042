#include <acre/error.hpp>
#include <acre/node_set.hpp>

#include <ostream>

namespace acre::inline v1 {

void node_set::reject(node_id node) {
  throw error(errc::unknown_node,
              "node " + std::to_string(node) + ": node numbers go up to " + std::to_string(max_nodes - 1));
}

std::string node_set::to_string() const {
  if (empty()) return "none";
  std::string text;
  for (node_id first = next(0); first < max_nodes;) {
    node_id last = first;
    while (contains(last + 1)) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last != first) text.append("-").append(std::to_string(last));
    first = next(last + 1);
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const node_set& nodes) { return out << nodes.to_string(); }

std::size_t node_set::hash() const noexcept {
  // splitmix64's finalizer over each word: sets of small numbers differ in few bits only.
  std::uint64_t h = 0;
  for (std::uint64_t w : x_words) {
    h += w + 0x9e3779b97f4a7c15U;
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
    h ^= h >> 31;
  }
  return static_cast<std::size_t>(h);
}

}  // namespace acre::inline v1
