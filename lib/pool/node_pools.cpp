#include <acre/node_pools.hpp>

#include <acre/error.hpp>
#include <acre/placement.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/code_of.hpp"
#include "base/report_misuse.hpp"
#include "pool/cpu_table.hpp"
#include "pool/owned_pages.hpp"
#include "pool/owner_map.hpp"
#include "pool/page_source.hpp"
#include "sys/threads.hpp"

namespace acre::inline v1 {
namespace {

constexpr unsigned no_pool = std::numeric_limits<unsigned>::max();

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

}  // namespace

struct node_pools::state {
  /// What a thread needs to know about the CPU it runs on. A cache line of its own: the count is written by this CPU only,
  /// and only where a block really is foreign, so that it never costs a local free anything, nor CPUs of one node each
  /// other's line as a count per pair of nodes would.
  struct alignas(64) cpu_slot {
    /// Null: the CPU was not online when this was made. relaxed: whoever finds out writes the same, and pools were there
    /// before anybody could ask.
    std::atomic<pool_resource*> pool{nullptr};
    std::atomic<unsigned> index{no_pool};  ///< of it
    /// relaxed: a statistic, orders nothing. Exchanged, for the thread may have moved on to another CPU meanwhile.
    std::atomic<std::uint64_t> remote_frees{0};
  };

  state(const node_set& served, const topology& of)
      : nodes(served),
        machine(of),
        numbers(served.begin(), served.end()),
        index_of(numbers.back() + 1, no_pool) {
    for (unsigned i = 0; i != numbers.size(); ++i) index_of[numbers[i]] = i;
  }

  /// To be called once, when all pools are there.
  void fill_table() {
    const auto table = served_node_of_each_cpu(machine, nodes, sys::possible_cpus());
    const std::size_t slots = std::bit_ceil(table.size());
    cpus = std::make_unique<cpu_slot[]>(slots);
    cpu_mask = slots - 1;
    for (std::size_t cpu = 0; cpu != table.size(); ++cpu) {
      if (table[cpu]) set(cpus[cpu], index_of[*table[cpu]]);
    }
  }

  void set(cpu_slot& s, unsigned index) noexcept {
    s.index.store(index, std::memory_order_relaxed);
    s.pool.store(pools[index].get(), std::memory_order_relaxed);
  }

  /// No CPU has a number beyond the table; the mask is cheaper than a comparison, and as safe.
  cpu_slot& slot() noexcept { return cpus[sys::current_cpu() & cpu_mask]; }

  pool_resource& here() noexcept {
    pool_resource* const pool = slot().pool.load(std::memory_order_relaxed);
    if (pool != nullptr) [[likely]]
      return *pool;
    return *pools[find_out_here()];
  }

  unsigned index_here() noexcept {
    const unsigned index = slot().index.load(std::memory_order_relaxed);
    return index != no_pool ? index : find_out_here();
  }

  /// Of a CPU that came online later: asks the kernel for its node, and remembers it.
  [[gnu::noinline, gnu::cold]] unsigned find_out_here() noexcept {
    const auto place = sys::current_place();
    if (!place) return 0;
    unsigned index = 0;
    // Without memory, or if the kernel names a node that it does not show, for now: it is asked again.
    if (code_of([&] { index = index_of[served_node_near(place->node, machine, nodes)]; })) return 0;
    set(cpus[place->cpu & cpu_mask], index);
    return index;
  }

  /// Out of line, so that the way of a local free stays short.
  [[gnu::noinline]] void count_foreign(cpu_slot& s, unsigned owner) noexcept {
    if (s.index.load(std::memory_order_relaxed) == no_pool && find_out_here() == owner) return;
    s.remote_frees.fetch_add(1, std::memory_order_relaxed);
  }

  pool_resource& at(node_id node) const {
    const unsigned index = node < index_of.size() ? index_of[node] : no_pool;
    if (index == no_pool) {
      throw error(errc::unknown_node,
                  "node " + std::to_string(node) + " has no pool here; these have: " + nodes.to_string());
    }
    return *pools[index];
  }

  node_set nodes;
  topology machine;
  std::vector<node_id> numbers;      ///< of each pool, in order
  std::vector<unsigned> index_of;    ///< by node number
  std::unique_ptr<cpu_slot[]> cpus;  ///< by CPU number
  std::size_t cpu_mask = 0;          ///< their count less one
  owner_map owners;                  ///< pools clear their pages in it until they are gone
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
    auto pages =
        std::make_unique<owned_pages>(make_page_source(where, options.pool, machine), x_state->owners, who);
    // Owned before there is room for it: emplace_back would lose it where the vector cannot grow.
    std::unique_ptr<pool_resource> made(new pool_resource(std::move(pages), options.pool));
    x_state->pools.push_back(std::move(made));
  }
  x_state->fill_table();
}

node_pools::~node_pools() = default;

const node_set& node_pools::nodes() const noexcept { return x_state->nodes; }

node_id node_pools::here() const noexcept { return x_state->numbers[x_state->index_here()]; }

std::optional<node_id> node_pools::owner(const void* p) const noexcept {
  const auto index = x_state->owners.find(p);
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
  for (std::size_t i = 0; i <= x_state->cpu_mask; ++i) {
    sum.remote_frees += x_state->cpus[i].remote_frees.load(std::memory_order_relaxed);
  }
  return sum;
}

residency node_pools::resident() const {
  residency sum;
  for (const auto& pool : x_state->pools) sum += pool->resident();
  return sum;
}

void* node_pools::do_allocate(std::size_t bytes, std::size_t alignment) {
  return x_state->here().allocate(bytes, alignment);
}

void node_pools::do_deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  const auto owner = x_state->owners.find(p);
  if (!owner) [[unlikely]] {
    if (p != nullptr) report_no_block("node_pools", p, bytes);
    return;
  }
  x_state->pools[*owner]->deallocate(p, bytes, alignment);
  state::cpu_slot& cpu = x_state->slot();
  if (cpu.index.load(std::memory_order_relaxed) != *owner) x_state->count_foreign(cpu, *owner);
}

}  // namespace acre::inline v1
