// block_guard: knows every live block of a pool, and lets freed ones rest.
#pragma once

#include <acre/error.hpp>

#include <cstddef>
#include <memory_resource>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/small_mutex.hpp"

namespace acre::inline v1 {

/// What a guard finds, for the misuse handler.
class block_misuse : public error {
 public:
  block_misuse(const void* block, std::size_t bytes, const std::string& what)
      : error(errc::invalid_argument, what), x_block(block), x_bytes(bytes) {}
  const void* block() const noexcept { return x_block; }
  std::size_t bytes() const noexcept { return x_bytes; }

 private:
  const void* x_block;
  std::size_t x_bytes;
};

/// What guarding::on adds to a pool. The pool calls admit() with each block that it hands out, and retire() with each
/// that comes back; what retire() returns is to be given to the pool's free memory. Then it calls wake_surplus() until
/// nothing more comes.
///
/// Where AddressSanitizer or Valgrind watch (poison), the bytes of a live block beyond those asked for, and all bytes
/// of resting ones are forbidden. allocate_at_least() invites its caller to use the bytes beyond: a pool that is
/// guarded has to answer good_size() with the bytes asked for.
/// \safety any thread
class block_guard {
 public:
  struct block {
    void* p;
    std::size_t bytes;      ///< as asked
    std::size_t alignment;  ///< as asked
  };

  /// Blocks that rest at most: those that were freed last.
  static constexpr std::size_t most_resting = 1024;
  /// Bytes that these have at most, together. A larger block does not rest at all: retire() returns it.
  static constexpr std::size_t most_resting_bytes = std::size_t{4} << 20;
  /// Bytes at the beginning of a resting block that are filled, and compared when it wakes. Writes to those behind
  /// are found only where somebody watches.
  static constexpr std::size_t filled_bytes = 4096;
  static constexpr unsigned char fill = 0xDE;

  /// \param tables where the guard keeps what it knows; no pool that it guards
  explicit block_guard(std::pmr::memory_resource* tables = std::pmr::new_delete_resource())
      : x_blocks(tables) {}
  block_guard(const block_guard&) = delete;
  block_guard& operator=(const block_guard&) = delete;

  /// \param b is neither live nor resting
  /// \param good the bytes that the block really has, a multiple of 8; those beyond `bytes` are forbidden
  /// \throws std::bad_alloc; the block is not known then
  void admit(const block& b, std::size_t good);
  /// Checks that the block is live and was asked for so, fills and forbids it, and puts it to rest.
  /// \param b its bytes may be any from those asked for up to `good` and to the good of admit()
  /// \param good the largest size it may be freed with
  /// \returns a block that rested long enough, with the bytes it was asked with, allowed again
  /// \throws block_misuse: the block is not live (freed twice, or never of this pool), has another size
  ///   or alignment: it stays what it was; or another one that had to wake was written to: what wake() says
  std::optional<block> retire(const block& b, std::size_t good);
  /// Ends the rest of the block that was freed first; nothing when none rests.
  /// \throws block_misuse: the block was written to. The next call that wakes a block returns it.
  std::optional<block> wake();
  /// Does so only while more blocks rest than may; else nothing.
  std::optional<block> wake_surplus();
  struct counts {
    std::size_t live = 0;
    std::size_t live_bytes = 0;  ///< as asked
    std::size_t resting = 0;
  };
  counts count() const;
  /// Forgets all blocks, live and resting, and allows them. For before the pool's pages go.
  void clear() noexcept;

  // For the fork handlers.
  void lock_for_fork() noexcept { x_mutex.lock_for_fork(); }
  void unlock_after_fork() noexcept { x_mutex.unlock_after_fork(); }

 private:
  enum class state { live, resting, reported };
  struct entry {
    std::size_t bytes;
    std::size_t alignment;
    std::size_t good;
    state now = state::live;
    std::pair<void* const, entry>* freed_next = nullptr;
  };
  using known_block = std::pair<void* const, entry>;

  known_block& find_live(const block& b, std::size_t good);
  void lay_down(known_block& b) noexcept;
  block wake_oldest();
  bool has_surplus() const noexcept {
    return x_count.resting > most_resting || x_resting_bytes > most_resting_bytes;
  }

  mutable small_mutex x_mutex;
  // Resting blocks stay in the table: freeing needs no memory, and a second free is known as such.
  std::pmr::unordered_map<void*, entry> x_blocks;
  known_block* x_oldest = nullptr;
  known_block* x_newest = nullptr;
  counts x_count;
  std::size_t x_resting_bytes = 0;  ///< what the resting blocks have together
};

}  // namespace acre::inline v1
