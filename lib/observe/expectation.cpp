#include "observe/expectation.hpp"

#include "sys/files.hpp"

namespace acre {

round_robin::round_robin(const page_range& range, bool huge) : x_huge(huge) {
  for (const sys::map_line& m : mappings_of(range)) x_starts.push_back(m.begin);
}

bool round_robin::starts_mapping(std::uintptr_t at) {
  while (x_next_start < x_starts.size() && x_starts[x_next_start] < at) ++x_next_start;
  return x_next_start < x_starts.size() && x_starts[x_next_start] == at;
}

node_set round_robin::expect(std::uintptr_t at, node_id actual, const node_set& nodes) {
  const bool free = starts_mapping(at) || !x_last;
  const node_id last = x_last.value_or(actual);
  x_last = actual;
  if (free) return nodes;
  node_set expected{next_in_round(last, nodes)};
  if (x_huge) {
    // Where huge and base pages meet, the rounds of both sizes meet too.
    if (at % huge_page == 0) return nodes;
    expected.insert(last);
  }
  return expected;
}

node_id next_in_round(node_id node, const node_set& nodes) noexcept {
  for (node_id n : nodes) {
    if (n > node) return n;
  }
  return nodes.first();
}

}  // namespace acre
