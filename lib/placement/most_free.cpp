#include <placement/runs.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "placement/strategies.hpp"

namespace acre::inline v1::detail {

namespace {

// Wide and signed: a plan may put more on a node than it has free.
__extension__ using wide = __int128;

struct candidate {
  node_id node;
  wide free;
};

std::optional<std::uint64_t> free_of(node_id node, const topology& machine, const plan_options& options) {
  const auto named = std::ranges::find(options.free, node, &node_bytes::node);
  if (named != options.free.end()) return named->bytes;
  const auto memory = machine.memory(node);
  return memory ? std::optional(memory->free) : std::nullopt;
}

/// How many chunks in a row `best` gets before another node has more left (or as much and a lower number).
std::size_t chunks_in_a_row(const candidate& best, const std::vector<candidate>& all, std::size_t chunk,
                            std::size_t most) {
  wide chunks = most;
  for (const candidate& other : all) {
    if (other.node == best.node) continue;
    const wide ahead = best.free - other.free - (other.node < best.node ? 1 : 0);
    chunks = std::min(chunks, ahead / static_cast<wide>(chunk) + 1);
  }
  return static_cast<std::size_t>(chunks);
}

}  // namespace

void plan_most_free(plan& p, const placement& where, const topology& machine, const plan_options& options) {
  set_chunk(p, where.chunk() == chunk::automatic ? row_of(where.strategy()).finest : where.chunk());
  run_list runs(p, where, options);
  const std::size_t page_size = options.page_size;
  const std::size_t chunk = runs.chunk_pages();
  std::size_t left = runs.pages();
  const node_set& nodes = where.nodes();
  if (nodes.size() == 1) return runs.add(nodes.first(), left);
  std::vector<candidate> all;
  // Where the kernel does not tell of each, all count as equally free, and get as much.
  bool known = true;
  for (node_id n : nodes) {
    const auto free = free_of(n, machine, options);
    known = known && free;
    all.push_back({n, static_cast<wide>(free.value_or(0))});
  }
  if (!known) {
    for (candidate& c : all) c.free = 0;
  }
  while (left != 0) {
    candidate& best = *std::ranges::max_element(all, {}, &candidate::free);
    const std::size_t chunks =
        chunks_in_a_row(best, all, chunk * page_size, left / chunk + (left % chunk != 0 ? 1 : 0));
    const std::size_t run = chunks > left / chunk ? left : chunks * chunk;
    runs.add(best.node, run);
    best.free -= static_cast<wide>(run) * static_cast<wide>(page_size);
    left -= run;
  }
}

}  // namespace acre::inline v1::detail
