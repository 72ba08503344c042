#include "pool/mapping_store.hpp"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace acre::inline v1 {

// Of equals the one kept last comes first.
bool mapping_store::by_size::before(const mapping& a, const mapping& b) noexcept {
  return std::tie(a.bytes, a.alignment, b.kept_as) < std::tie(b.bytes, b.alignment, a.kept_as);
}

bool mapping_store::by_size::sum_up(mapping& m, const mapping* left, const mapping* right) noexcept {
  std::uint8_t most = m.zeroes;
  if (left != nullptr) most = std::max(most, left->most_zeroes);
  if (right != nullptr) most = std::max(most, right->most_zeroes);
  return std::exchange(m.most_zeroes, most) != most;
}

void mapping_store::add(std::unique_ptr<mapping> m) noexcept {
  x_live_bytes += m->bytes;
  x_live.insert(*m.release());
}

mapping_store::mapping* mapping_store::find(const void* p) const noexcept {
  mapping* const m = x_live.edge(1, [=](const mapping& at) { return at.p <= p; });
  return m != nullptr && m->p == p ? m : nullptr;
}

std::unique_ptr<mapping_store::mapping> mapping_store::remove(mapping& m) noexcept {
  x_live.erase(m);
  x_live_bytes -= m.bytes;
  return std::unique_ptr<mapping>(&m);
}

void mapping_store::keep(mapping& m) noexcept {
  x_live.erase(m);
  x_live_bytes -= m.bytes;
  m.kept_as = x_kept_so_far++;
  m.zeroes = static_cast<std::uint8_t>(std::countr_zero(reinterpret_cast<std::uintptr_t>(m.p)));
  m.older = x_newest;
  m.newer = nullptr;
  (x_newest != nullptr ? x_newest->newer : x_oldest) = &m;
  x_newest = &m;
  x_kept.insert(m);
  x_kept_bytes += m.bytes;
}

/// No longer kept.
void mapping_store::let_go(mapping& m) noexcept {
  x_kept.erase(m);
  (m.older != nullptr ? m.older->newer : x_oldest) = m.newer;
  (m.newer != nullptr ? m.newer->older : x_newest) = m.older;
  x_kept_bytes -= m.bytes;
}

mapping_store::mapping* mapping_store::find_kept(std::size_t bytes, std::size_t alignment) const noexcept {
  if (x_reuse == page_reuse::same_size) {
    mapping* const m = x_kept.edge(
        0, [=](const mapping& at) { return std::tie(at.bytes, at.alignment) >= std::tie(bytes, alignment); });
    return m != nullptr && m->bytes == bytes && m->alignment == alignment ? m : nullptr;
  }
  const int zeroes = std::countr_zero(alignment);
  mapping* const m = x_kept.find_from(
      x_kept.edge(0, [=](const mapping& at) { return at.bytes >= bytes; }), 0,
      [=](const mapping& part) { return part.most_zeroes >= zeroes; },
      [=](const mapping& at) { return at.zeroes >= zeroes; });
  return m != nullptr && m->bytes - bytes <= bytes / 8 ? m : nullptr;
}

mapping_store::mapping* mapping_store::reuse(std::size_t bytes, std::size_t alignment) noexcept {
  mapping* const m = find_kept(bytes, alignment);
  if (m == nullptr) return nullptr;
  let_go(*m);
  x_live_bytes += m->bytes;
  x_live.insert(*m);
  return m;
}

std::unique_ptr<mapping_store::mapping> mapping_store::drop(bool only_old) noexcept {
  mapping* const m = x_oldest;
  if (m == nullptr || (only_old && m->kept_as >= x_young)) return nullptr;
  let_go(*m);
  return std::unique_ptr<mapping>(m);
}

std::unique_ptr<mapping_store::mapping> mapping_store::remove_any() noexcept {
  return x_live.empty() ? nullptr : remove(*x_live.root());
}

}  // namespace acre::inline v1
