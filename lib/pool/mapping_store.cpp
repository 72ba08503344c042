#include "pool/mapping_store.hpp"

#include <algorithm>
#include <utility>

namespace acre {

void mapping_store::reserve() {
  // Each live mapping may be kept one day. Growing by hand, because reserve() would grow to exactly what is asked.
  const std::size_t all = x_live.size() + x_spare.size() + x_kept.size() + 1;
  if (all > x_kept.capacity()) x_kept.reserve(2 * all);
  x_live.reserve(x_live.size() + x_spare.size() + 1);
  x_spare.reserve(x_spare.size() + 1);
  std::unordered_map<const void*, mapping> made;
  made.emplace(nullptr, mapping{});
  x_spare.push_back(made.extract(made.begin()));
}

void mapping_store::add(const mapping& m) noexcept {
  auto node = std::move(x_spare.back());
  x_spare.pop_back();
  node.key() = m.p;
  node.mapped() = m;
  x_live.insert(std::move(node));
  x_live_bytes += m.bytes;
}

mapping_store::mapping mapping_store::remove(const void* p) noexcept {
  const auto at = x_live.find(p);
  const mapping m = at->second;
  x_live.erase(at);
  x_live_bytes -= m.bytes;
  return m;
}

void mapping_store::keep(const mapping& m) noexcept {
  x_kept.push_back(m);
  x_kept_bytes += m.bytes;
}

void* mapping_store::reuse(std::size_t bytes, std::size_t alignment, page_reuse reuse) noexcept {
  auto best = x_kept.end();
  for (auto at = x_kept.begin(); at != x_kept.end(); ++at) {
    const bool fits = reuse == page_reuse::any ? at->bytes >= bytes && at->bytes - bytes <= bytes / 8 &&
                                                     reinterpret_cast<std::uintptr_t>(at->p) % alignment == 0
                                               : at->bytes == bytes && at->alignment == alignment;
    // Of equals the last: it was used last.
    if (fits && (best == x_kept.end() || at->bytes <= best->bytes)) best = at;
  }
  if (best == x_kept.end()) return nullptr;
  const mapping m = *best;
  if (static_cast<std::size_t>(best - x_kept.begin()) < x_old) --x_old;
  x_kept.erase(best);
  x_kept_bytes -= m.bytes;
  add(m);
  return m.p;
}

std::optional<mapping_store::mapping> mapping_store::drop(bool only_old) noexcept {
  if (x_kept.empty() || (only_old && x_old == 0)) return std::nullopt;
  const mapping m = x_kept.front();
  x_kept.erase(x_kept.begin());
  if (x_old != 0) --x_old;
  x_kept_bytes -= m.bytes;
  return m;
}

std::optional<mapping_store::mapping> mapping_store::remove_any() noexcept {
  if (x_live.empty()) return std::nullopt;
  return remove(x_live.begin()->first);
}

}  // namespace acre
