// retained_limit: what all pools of the process keep for reuse together has one limit.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace acre::inline v1 {

/// What one pool keeps of it.
/// \safety of one pool's, under that pool's lock; of different pools, from any threads
class retained_share {
 public:
  /// A pool tells the process when what it keeps has changed by so much, and may keep so much whatever others do: its
  /// next block shall not cost a system call, nor each of its frees a write to a line that all pools share.
  static constexpr std::size_t step = std::size_t{1} << 20;

  retained_share() noexcept;
  retained_share(const retained_share&) = delete;
  retained_share& operator=(const retained_share&) = delete;
  ~retained_share() { all().bytes.fetch_sub(x_told, std::memory_order_relaxed); }

  /// \param bytes what the pool keeps now
  void tell(std::size_t bytes) noexcept {
    const std::size_t change = bytes > x_told ? bytes - x_told : x_told - bytes;
    if (change < step) return;
    all().bytes.fetch_add(bytes - x_told, std::memory_order_relaxed);
    x_told = bytes;
  }
  /// How much of it the pool may keep as far as the others are concerned.
  std::size_t allowed(std::size_t bytes) const noexcept {
    const std::size_t sum = all().bytes.load(std::memory_order_relaxed);
    const std::size_t limit = all().limit.load(std::memory_order_relaxed);
    if (sum <= limit) [[likely]]
      return static_cast<std::size_t>(-1);
    return std::max(step, bytes - std::min(bytes, sum - limit));
  }

 private:
  friend std::size_t retained_limit() noexcept;
  friend std::size_t set_retained_limit(std::size_t bytes) noexcept;

  /// Relaxed: sums that order nothing. The pools' own locks keep a fork from seeing half of a change.
  struct alignas(64) process {
    std::atomic<std::size_t> bytes{0};
    std::atomic<std::size_t> limit{undecided};
  };
  static constexpr std::size_t undecided = static_cast<std::size_t>(-1);
  static process& all() noexcept { return x_all; }

  static process x_all;

  std::size_t x_told = 0;
};

}  // namespace acre::inline v1
