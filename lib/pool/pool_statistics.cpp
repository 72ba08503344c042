#include <acre/bytes.hpp>
#include <acre/pool_resource.hpp>

#include <ostream>
#include <sstream>

#include "base/counted.hpp"
#include "pool/pool_core.hpp"

namespace acre::inline v1 {

pool_statistics pool_core::statistics() const {
  pool_statistics s;
  x_small.add_to(s);
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
