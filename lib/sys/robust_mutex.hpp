// robust_mutex: a mutex in memory that processes share, which outlives the death of its holder.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace acre::inline v1::sys {

/// What came of asking for a robust mutex.
enum class lock_outcome {
  locked,
  owner_died,  ///< locked; the last holder ended inside, what the mutex guards may be half changed
  timed_out,
};

/// Who holds a robust mutex.
struct lock_holder {
  int thread = 0;   ///< its number in its own PID namespace; 0: nobody
  int process = 0;  ///< in this PID namespace; 0: not known, or of another one
  bool is_stopped = false;
};

/// A futex word (futex(2)) and no address: whatever others write into it, nothing is followed. All zeroes is a free
/// one.
///
/// The kernel lets go of it when the thread that holds it ends, however it ends: killed, by exec, in whatever PID
/// namespace. For that it wants to know of the mutex while it is held, and is told where it looks for such anyway:
/// glibc registers for each thread the head of a list of robust mutexes (set_robust_list(2)), with a place for the
/// one that is being locked or unlocked right now. That place, in the thread's own memory, is free whenever glibc
/// itself is not at work. Where the kernel does not tell where it is (a filter), a holder is known to be dead if
/// there is no thread of its number in the PID namespace that both are in; any other holder is waited for.
///
/// \safety any thread of any process that maps it; while a thread holds one it locks no other. fork: the child does not
///   hold what threads of the parent hold; it waits for them like anybody else.
class robust_mutex {
 public:
  /// \param at_most 0: takes it or does not
  lock_outcome lock(std::chrono::milliseconds at_most) noexcept;
  void unlock() noexcept;
  /// After owner_died, if it is beyond repair: who comes next is told the same.
  void unlock_unrepaired() noexcept;
  lock_holder holder() const;

 private:
  class own_thread;

  bool try_take(const own_thread& self, std::uint32_t seen, std::uint32_t waiters) noexcept;
  lock_outcome wait(const own_thread& self, std::chrono::milliseconds at_most) noexcept;
  bool is_abandoned(const own_thread& self, std::uint32_t seen) const noexcept;
  void release(std::uint32_t left) noexcept;

  std::uint32_t x_word;  ///< the holder's thread number and the flags of linux/futex.h
  std::uint64_t
      x_owner;  ///< thread number and PID namespace of who locked it last: nobody is believed to be dead without
};

}  // namespace acre::inline v1::sys
