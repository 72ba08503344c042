#include <acre/node_pools.hpp>

#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/code_of.hpp"
#include "base/report_misuse.hpp"
#include "pool/cached_pool.hpp"
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

using detail::owner_map;

struct node_pools::state {
  /// What is known of a CPU. A cache line of its own: the count is written by this CPU only, and only where a block
  /// really is foreign, so that it never costs a local free anything, nor CPUs of one node each other's line as a count
  /// per pair of nodes would.
  struct alignas(64) cpu_slot {
    /// Of the pool that its threads take from. Nobody: the CPU was not online when this was made. Whoever finds out
    /// writes the same. relaxed: all pools were there before anybody could ask.
    std::atomic<owner_map::owner> owner{owner_map::nobody};
    /// relaxed: a statistic, orders nothing. Exchanged, for the thread may have moved on to another CPU meanwhile.
    std::atomic<std::uint64_t> remote_frees{0};
  };

  state(const node_set& served, const topology& of)
      : nodes(served),
        machine(of),
        numbers(served.begin(), served.end()),
        index_of(numbers.back() + 1, owner_map::nobody) {
    for (std::size_t i = 0; i != numbers.size(); ++i) {
      index_of[numbers[i]] = static_cast<owner_map::owner>(i);
    }
    const auto table = served_node_of_each_cpu(machine, nodes, sys::possible_cpus());
    cpus = std::vector<cpu_slot>(table.size());
    for (std::size_t cpu = 0; cpu != table.size(); ++cpu) {
      if (table[cpu]) cpus[cpu].owner = index_of[*table[cpu]];
    }
  }

  /// Of the pool that a CPU's threads take from; nobody where that is not known yet.
  owner_map::owner known_owner_at(unsigned cpu) const noexcept {
    return cpu < cpus.size() ? cpus[cpu].owner.load(std::memory_order_relaxed) : owner_map::nobody;
  }
  /// Of the pool that the calling thread takes from. Where that is not known yet the kernel is asked, and it is
  /// remembered.
  owner_map::owner owner_here() noexcept {
    const owner_map::owner known = known_owner_at(sys::current_cpu());
    if (known != owner_map::nobody) return known;
    const auto place = sys::current_place();
    if (!place) return 0;
    owner_map::owner who = 0;
    // Without memory, or if the kernel names a node that it does not show, for now: it is asked again.
    if (code_of([&] { who = index_of[served_node_near(place->node, machine, nodes)]; })) return 0;
    if (place->cpu < cpus.size()) cpus[place->cpu].owner.store(who, std::memory_order_relaxed);
    return who;
  }

  pool_resource& at(node_id node) const {
    const auto index = node < index_of.size() ? index_of[node] : owner_map::nobody;
    if (index == owner_map::nobody) {
      throw error(errc::unknown_node,
                  "node " + std::to_string(node) + " has no pool here; these have: " + nodes.to_string());
    }
    return *pools[index];
  }

  node_set nodes;
  topology machine;
  std::vector<node_id> numbers;            ///< of each pool, in order
  std::vector<owner_map::owner> index_of;  ///< by node number
  std::vector<cpu_slot> cpus;              ///< by number
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
    const auto who = static_cast<owner_map::owner>(x_state->pools.size());
    auto pages = std::make_unique<owned_pages>(make_page_source(where, options.pool, machine), x_owners, who);
    // Owned before there is room for it: emplace_back would lose it where the vector cannot grow.
    std::unique_ptr<pool_resource> made(new pool_resource(std::move(pages), options.pool));
    x_state->pools.push_back(std::move(made));
  }
}

node_pools::~node_pools() = default;

const node_set& node_pools::nodes() const noexcept { return x_state->nodes; }

node_id node_pools::here() const noexcept { return x_state->numbers[x_state->owner_here()]; }

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
  for (const state::cpu_slot& cpu : x_state->cpus)
    sum.remote_frees += cpu.remote_frees.load(std::memory_order_relaxed);
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

node_pools_front_end::node_pools_front_end() : x_id(next_pool_id()) {}
node_pools_front_end::~node_pools_front_end() = default;

void* node_pools_front_end::allocate_large(std::size_t bytes, std::size_t alignment) {
  node_pools::state& all = *static_cast<node_pools*>(this)->x_state;
  return all.pools[all.owner_here()]->allocate(bytes, alignment);
}

void* node_pools_front_end::allocate_slowly(std::size_t bytes, std::size_t alignment) {
  node_pools::state& all = *static_cast<node_pools*>(this)->x_state;
  const unsigned cpu = sys::current_cpu();
  const owner_map::owner who = all.known_owner_at(cpu);
  if (who == owner_map::nobody) {
    leave();  // memory may be asked for
    return allocate_large(bytes, alignment);
  }
  pool_front_end& pool = *all.pools[who];
  const bool at_hand = this_thread.pools_id.load(owner_order) == x_id && this_thread.cpu == cpu;
  if (!at_hand && take_up_pools(x_id, pool.x_id, cpu, owner_map::whole(who))) {
    cache_bin& bin = this_thread.pools_bins[class_of(bytes, alignment)];
    if (bin.head != nullptr) {
      void* const p = bin.pop();
      leave();
      return p;
    }
  }
  return pool.allocate_slowly(bytes, alignment);
}

void node_pools_front_end::deallocate_large(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  enter(0);
  deallocate_slowly(p, bytes, alignment);
}

void node_pools_front_end::deallocate_slowly(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  const auto owner = x_owners.find(p);
  if (!owner) {
    leave();
    if (p != nullptr) report_no_block("node_pools", p, bytes);
    return;
  }
  node_pools::state& all = *static_cast<node_pools*>(this)->x_state;
  const unsigned cpu = sys::current_cpu();
  pool_front_end& pool = *all.pools[*owner];
  if (all.known_owner_at(cpu) == *owner) {
    const owner_map::entry whole = owner_map::whole(*owner);
    const bool at_hand = this_thread.pools_id.load(owner_order) == x_id && this_thread.own_granule == whole;
    if (!at_hand) take_up_pools(x_id, pool.x_id, cpu, whole);
    leave();
  } else {
    leave();
    if (all.owner_here() != *owner && cpu < all.cpus.size())
      all.cpus[cpu].remote_frees.fetch_add(1, std::memory_order_relaxed);
  }
  pool.deallocate(p, bytes, alignment);
}

}  // namespace detail
}  // namespace acre::inline v1
