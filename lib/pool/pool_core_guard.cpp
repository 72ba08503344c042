// What happens to blocks of a pool that is guarded.
#include <optional>

#include "base/report_misuse.hpp"
#include "pool/poison.hpp"
#include "pool/pool_core.hpp"

namespace acre::inline v1 {
namespace {

/// Forbidden bytes that small blocks have at least where somebody watches: to find writes past the end. Larger ones
/// stay what they are, because their placement may depend on their size.
constexpr std::size_t overrun_bytes = 8;

/// What `retire` returns; nothing if it throws. Not `variable = retire()`: g++ 12 lets the call write into the variable and
/// takes what it was before for dead, so that after a throw anything may be in it.
template <class Retire>
std::optional<block_guard::block> retired(Retire retire) noexcept {
  try {
    return retire();
  } catch (const block_misuse& e) {
    report_misuse(e.block(), e.bytes(), e.what());
    return std::nullopt;
  }
}

/// What `wake` returns. It throws once for a block that was written to.
template <class Wake>
std::optional<block_guard::block> woken(Wake wake) noexcept {
  for (;;) {
    try {
      return wake();
    } catch (const block_misuse& e) {
      report_misuse(e.block(), e.bytes(), e.what());
    }
  }
}

}  // namespace

std::size_t pool_core::guarded_bytes(std::size_t bytes, std::size_t alignment) const noexcept {
  if (!poison::watched() || bytes > detail::largest_class - overrun_bytes) return bytes;
  const std::size_t more = bytes + overrun_bytes;
  return detail::is_small(more, alignment) && has_class(detail::class_of(more, alignment)) ? more : bytes;
}

void* pool_core::allocate_guarded(std::size_t bytes, std::size_t alignment) {
  const std::size_t all = guarded_bytes(bytes, alignment);
  const bool small = detail::is_small(all, alignment) && has_class(detail::class_of(all, alignment));
  void* const p =
      small ? allocate_uncached(detail::class_of(all, alignment)) : allocate_large(all, alignment);
  const block_guard::block b{p, bytes, alignment};
  try {
    x_guard->admit(b, block_bytes(all, alignment));
  } catch (...) {
    deallocate_raw(b);
    throw;
  }
  return p;
}

void pool_core::deallocate_guarded(void* p, std::size_t bytes, std::size_t alignment) noexcept {
  const auto retire = [&] { return x_guard->retire({p, bytes, alignment}, good_size(bytes, alignment)); };
  if (const auto rested = retired(retire)) deallocate_raw(*rested);
  const auto wake = [&] { return x_guard->wake_surplus(); };
  while (const auto more = woken(wake)) deallocate_raw(*more);
}

void pool_core::wake_all() noexcept {
  const auto wake = [&] { return x_guard->wake(); };
  while (const auto rested = woken(wake)) deallocate_raw(*rested);
}

void pool_core::deallocate_raw(const block_guard::block& b) noexcept {
  const std::size_t all = guarded_bytes(b.bytes, b.alignment);
  if (detail::is_small(all, b.alignment)) {
    const size_class c = detail::class_of(all, b.alignment);
    if (has_class(c)) return deallocate_uncached(b.p, c);
  }
  x_heap.deallocate(b.p, all, b.alignment);
}

}  // namespace acre::inline v1
