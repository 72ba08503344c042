#include <acre/bytes.hpp>
#include <acre/pool_resource.hpp>

#include <ostream>
#include <sstream>

namespace acre {

std::string pool_statistics::to_string() const {
  std::ostringstream out;
  out << live_blocks << " blocks of " << format_bytes(live_bytes) << " live (" << format_bytes(used_bytes)
      << " used, " << format_bytes(used_peak) << " at most; " << format_bytes(mapped_bytes) << " mapped, "
      << format_bytes(retained_bytes) << " of it retained); " << allocations << " allocations, " << cache_hits
      << " from " << thread_caches << " caches, " << refills << " refills, " << spills << " spills, "
      << foreign_frees << " foreign frees, " << trims << " trims";
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const pool_statistics& s) { return out << s.to_string(); }

}  // namespace acre
