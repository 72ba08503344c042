// block_guard: knows every live block of a pool, and lets freed ones rest.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace acre {

/// What guarding::on adds to a pool. The pool calls admit() with each block that it hands out, and retire() with each
/// that comes back; what retire() returns is to be given to the pool's free memory.
/// \safety any thread
class block_guard {
 public:
  struct block {
    void* p;
    std::size_t bytes;      ///< as asked
    std::size_t alignment;  ///< as asked
  };

  block_guard() = default;
  block_guard(const block_guard&) = delete;
  block_guard& operator=(const block_guard&) = delete;

  /// \param good the bytes that the block really has; those beyond `bytes` are forbidden (poison)
  /// \throws std::bad_alloc; the block is not known then
  void admit(const block& b, std::size_t good);
  /// Checks that the block is live and was asked for so, fills and forbids it, and puts it to rest.
  /// \param good the largest size it may be freed with
  /// \returns a block that rested long enough, whose contents are as they were left, allowed again
  /// \throws error errc::invalid_argument: not live (twice freed, or never of this pool), another size or alignment;
  ///   a block that rests was written to
  std::optional<block> retire(const block& b, std::size_t good);
  /// Ends the rest of one block; nothing when none rests.
  std::optional<block> wake();
  /// Forgets all blocks, live and resting.
  void clear() noexcept;

  // For the fork handlers.
  void lock();
  void unlock();
};

}  // namespace acre
