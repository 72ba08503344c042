#include "pool/retained_limit.hpp"

#include <acre/pool_resource.hpp>

#include <cstdint>
#include <new>

#include "sys/memory_limits.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

/// A quarter of what this process may have.
std::size_t first_retained_limit() noexcept {
  std::uint64_t bytes = sys::physical_memory();
  try {
    if (const auto group = sys::memory_group_limits(bytes).tightest) bytes = std::min(bytes, group->bytes);
  } catch (const std::bad_alloc&) {
    // Without a word from the group, the machine's memory counts.
  }
  return static_cast<std::size_t>(bytes / 4);
}

}  // namespace

constinit retained_share::process retained_share::x_all;

retained_share::retained_share() noexcept { static_cast<void>(retained_limit()); }

// Without a lock, which a fork might leave locked: who comes second takes what the first has decided.
std::size_t retained_limit() noexcept {
  std::size_t limit = retained_share::x_all.limit.load(std::memory_order_relaxed);
  if (limit != retained_share::undecided) return limit;
  const std::size_t first = first_retained_limit();
  return retained_share::x_all.limit.compare_exchange_strong(limit, first, std::memory_order_relaxed) ? first
                                                                                                      : limit;
}

std::size_t set_retained_limit(std::size_t bytes) noexcept {
  const std::size_t old = retained_limit();
  retained_share::x_all.limit.store(std::min(bytes, retained_share::undecided - 1),
                                    std::memory_order_relaxed);
  return old;
}

}  // namespace acre::inline v1
