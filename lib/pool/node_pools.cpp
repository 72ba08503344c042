#include <acre/node_pools.hpp>

#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/code_of.hpp"
#include "base/report_misuse.hpp"
#include "pool/node_pools_parts.hpp"
#include "sys/threads.hpp"

namespace acre::inline v1 {
namespace {

void add(pool_statistics& sum, const pool_statistics& s) {
  sum.allocations += s.allocations;
  sum.deallocations += s.deallocations;
  sum.cache_hits += s.cache_hits;
  sum.refills += s.refills;
  sum.flushes += s.flushes;
  sum.remote_frees += s.remote_frees;
  sum.trims += s.trims;
  sum.live_blocks += s.live_blocks;
  sum.live_bytes += s.live_bytes;
  sum.used_bytes += s.used_bytes;
  sum.used_peak += s.used_peak;
  sum.mapped_bytes += s.mapped_bytes;
  sum.retained_bytes += s.retained_bytes;
  sum.thread_caches += s.thread_caches;
}

constexpr std::size_t aligned_to_granules(std::size_t alignment) noexcept {
  return std::max(alignment, detail::owner_map::granule_bytes);
}

}  // namespace

// ---- parts

void* owned_pages::map(std::size_t bytes, std::size_t alignment) {
  void* const p = source().map(bytes, aligned_to_granules(alignment));
  try {
    x_owners.set(p, bytes, x_who);
  } catch (...) {
    source().unmap(p, bytes, aligned_to_granules(alignment));
    throw;
  }
  return p;
}

// Cleared first: once unmapped, another thread may get the addresses and register them.
void owned_pages::unmap(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  x_owners.clear(p, bytes);
  source().unmap(p, bytes, aligned_to_granules(alignment));
}

node_id served_node_near(node_id node, const topology& machine, const node_set& served) {
  return served.contains(node) ? node : machine.nearest_first(node, served).front();
}

std::vector<std::optional<node_id>> served_node_of_each_cpu(const topology& machine, const node_set& served,
                                                            std::size_t possible) {
  std::vector<std::optional<node_id>> table(possible);
  for (const node_id node : machine.nodes()) {
    const std::vector<unsigned>& cpus = machine.cpus(node);
    if (cpus.empty()) continue;
    const node_id near = served_node_near(node, machine, served);
    for (const unsigned cpu : cpus) {
      if (cpu >= table.size()) table.resize(cpu + std::size_t{1});
      table[cpu] = near;
    }
  }
  return table;
}

// ---- node_pools

struct node_pools::state {
  state(const node_set& served, const topology& of)
      : nodes(served),
        machine(of),
        numbers(served.begin(), served.end()),
        index_of(numbers.back() + 1, detail::owner_map::nobody) {
    for (std::size_t i = 0; i != numbers.size(); ++i) {
      index_of[numbers[i]] = static_cast<detail::owner_map::owner>(i);
    }
  }

  pool_resource& at(node_id node) const {
    const auto index = node < index_of.size() ? index_of[node] : detail::owner_map::nobody;
    if (index == detail::owner_map::nobody) {
      throw error(errc::unknown_node,
                  "node " + std::to_string(node) + " has no pool here; these have: " + nodes.to_string());
    }
    return *pools[index];
  }

  node_set nodes;
  topology machine;
  std::vector<node_id> numbers;                    ///< of each pool, in order
  std::vector<detail::owner_map::owner> index_of;  ///< by node number
  std::vector<std::unique_ptr<pool_resource>> pools;
};

node_pools::node_pools(const node_pools_options& options, const topology& machine)
    : node_pools(machine.default_nodes(), options, machine) {}

node_pools::node_pools(const node_set& nodes, const node_pools_options& options, const topology& machine) {
  if (nodes.empty()) throw error(errc::empty_node_set, "node_pools of no nodes: at least one is needed");
  machine.require_usable(nodes);
  x_state = std::make_unique<state>(nodes, machine);
  for (const node_id node : nodes) {
    const placement where =
        options.strictness == strictness::hard ? placement::bind({node}) : placement::prefer({node});
    const auto who = static_cast<detail::owner_map::owner>(x_state->pools.size());
    auto pages = std::make_unique<owned_pages>(make_page_source(where, options.pool, machine), x_owners, who);
    // Owned before there is room for it: emplace_back would lose it where the vector cannot grow.
    std::unique_ptr<pool_resource> made(new pool_resource(std::move(pages), options.pool));
    x_state->pools.push_back(std::move(made));
  }
  const auto table = served_node_of_each_cpu(machine, nodes, sys::possible_cpus());
  x_cpus = std::make_unique<cpu_slot[]>(table.size());
  x_cpu_count = table.size();
  for (std::size_t cpu = 0; cpu != table.size(); ++cpu) {
    if (table[cpu]) remember(x_cpus[cpu], x_state->index_of[*table[cpu]]);
  }
}

node_pools::~node_pools() = default;

const node_set& node_pools::nodes() const noexcept { return x_state->nodes; }

node_id node_pools::here() const noexcept { return x_state->numbers[owner_here()]; }

std::optional<node_id> node_pools::owner(const void* p) const noexcept {
  const auto index = x_owners.find(p);
  return index ? std::optional(x_state->numbers[*index]) : std::nullopt;
}

void* node_pools::allocate_on(node_id node, std::size_t bytes, std::size_t alignment) {
  return x_state->at(node).allocate(bytes, alignment);
}

pool_resource& node_pools::pool(node_id node) { return x_state->at(node); }
const pool_resource& node_pools::pool(node_id node) const { return x_state->at(node); }

std::size_t node_pools::good_size(std::size_t bytes, std::size_t alignment) const noexcept {
  return x_state->pools.front()->good_size(bytes, alignment);
}

void node_pools::release() {
  for (const auto& pool : x_state->pools) pool->release();
}

std::size_t node_pools::trim() {
  std::size_t bytes = 0;
  for (const auto& pool : x_state->pools) bytes += pool->trim();
  return bytes;
}

pool_statistics node_pools::statistics() const {
  pool_statistics sum;
  for (const auto& pool : x_state->pools) add(sum, pool->statistics());
  for (std::size_t i = 0; i != x_cpu_count; ++i) {
    sum.remote_frees += x_cpus[i].remote_frees.load(std::memory_order_relaxed);
  }
  return sum;
}

residency node_pools::resident() const {
  residency sum;
  for (const auto& pool : x_state->pools) sum += pool->resident();
  return sum;
}

void* node_pools::do_allocate(std::size_t bytes, std::size_t alignment) { return allocate(bytes, alignment); }

void node_pools::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  deallocate(p, bytes, alignment);
}

namespace detail {

node_pools_front_end::~node_pools_front_end() = default;

void node_pools_front_end::remember(cpu_slot& cpu, owner_map::owner who) const noexcept {
  cpu.pool.store(static_cast<const node_pools*>(this)->x_state->pools[who].get(), std::memory_order_relaxed);
  // release, with the acquire of deallocate().
  cpu.owner.store(owner_map::key(who), std::memory_order_release);
}

node_pools_front_end::cpu_slot* node_pools_front_end::slot_here() const noexcept {
  const unsigned cpu = sys::current_cpu();
  return cpu < x_cpu_count ? &x_cpus[cpu] : nullptr;
}

owner_map::owner node_pools_front_end::owner_here() const noexcept {
  const cpu_slot* const known = slot_here();
  if (known != nullptr) {
    const owner_map::owner who = known->owner.load(std::memory_order_relaxed).who();
    if (who != owner_map::nobody) return who;
  }
  const auto place = sys::current_place();
  if (!place) return 0;
  const node_pools::state& all = *static_cast<const node_pools*>(this)->x_state;
  owner_map::owner who = 0;
  // Without memory, or if the kernel names a node that it does not show, for now: it is asked again.
  if (code_of([&] { who = all.index_of[served_node_near(place->node, all.machine, all.nodes)]; })) return 0;
  if (place->cpu < x_cpu_count) remember(x_cpus[place->cpu], who);
  return who;
}

void* node_pools_front_end::allocate_slowly(std::size_t bytes, std::size_t alignment) {
  const auto& pools = static_cast<node_pools*>(this)->x_state->pools;
  return pools[owner_here()]->allocate(bytes, alignment);
}

void node_pools_front_end::deallocate_slowly(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  const auto owner = x_owners.find(p);
  if (!owner) {
    if (p != nullptr) report_no_block("node_pools", p, bytes);
    return;
  }
  static_cast<node_pools*>(this)->x_state->pools[*owner]->deallocate(p, bytes, alignment);
  if (owner_here() == *owner) return;
  if (cpu_slot* const here = slot_here()) here->remote_frees.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace detail
}  // namespace acre::inline v1
