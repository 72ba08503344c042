#include <acre/bytes.hpp>
#include <acre/pool_resource.hpp>

#include <algorithm>
#include <array>
#include <ostream>
#include <sstream>

#include "base/counted.hpp"
#include "pool/pool_core.hpp"
#include "pool/thread_registry.hpp"

namespace acre::inline v1 {

pool_statistics pool_core::statistics() const {
  pool_statistics s;
  std::array<std::uint64_t, detail::class_count> live{};
  const auto add = [&](size_class c, std::uint64_t taken, std::uint64_t given) {
    s.allocations += taken;
    s.deallocations += given;
    live[c] += taken - given;
  };
  auto caches_stay = thread_registry::hold();
  for (const thread_cache* at = x_links.caches; at != nullptr; at = at->next) {
    const thread_cache& cache = *at;
    std::uint64_t taken = 0;
    for (size_class c = 0; c != detail::class_count; ++c) {
      const std::uint64_t t = cache.bins[c].taken.load(std::memory_order_relaxed);
      add(c, t, cache.bins[c].given.load(std::memory_order_relaxed));
      taken += t;
    }
    const std::uint64_t refills = cache.refills.load(std::memory_order_relaxed);
    s.refills += refills;
    s.flushes += cache.flushes.load(std::memory_order_relaxed);
    s.cache_hits += taken - std::min(taken, refills);
    ++s.thread_caches;
  }
  for (size_class c = 0; c != detail::class_count; ++c) {
    add(c, x_counters.taken[c].load(std::memory_order_relaxed),
        x_counters.given[c].load(std::memory_order_relaxed));
    // Counted while blocks move from thread to thread, a class may seem to have fewer than none.
    const auto blocks =
        static_cast<std::uint64_t>(std::max<std::int64_t>(static_cast<std::int64_t>(live[c]), 0));
    s.live_blocks += blocks;
    s.live_bytes += blocks * detail::class_bytes(c);
  }
  s.cache_hits += x_counters.hits.load(std::memory_order_relaxed);
  s.refills += x_counters.refills.load(std::memory_order_relaxed);
  s.flushes += x_counters.flushes.load(std::memory_order_relaxed);
  s.trims = x_trims.load(std::memory_order_relaxed);
  x_heap.add_to(s);
  if (x_guard) {
    const block_guard::counts known = x_guard->count();
    s.deallocations += known.resting;
    s.live_blocks = known.live;
    s.live_bytes = known.live_bytes;
  }
  return s;
}

std::string pool_statistics::to_string() const {
  std::ostringstream out;
  out << counted(live_blocks, "live block") << ", together " << format_bytes_rounded(live_bytes) << " ("
      << format_bytes_rounded(used_bytes) << " used, " << format_bytes_rounded(used_peak) << " at most; "
      << format_bytes_rounded(mapped_bytes) << " mapped, " << format_bytes_rounded(retained_bytes)
      << " of it retained); " << counted(allocations, "allocation") << ", " << cache_hits << " from "
      << counted(thread_caches, "cache") << ", " << counted(refills, "refill") << ", "
      << counted(flushes, "list") << " flushed, " << counted(remote_frees, "remote free") << ", "
      << counted(trims, "trim");
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const pool_statistics& s) { return out << s.to_string(); }

}  // namespace acre::inline v1
