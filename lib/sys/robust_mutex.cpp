#include "sys/robust_mutex.hpp"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <type_traits>

#include "sys/processes.hpp"

namespace acre::inline v1::sys {
namespace {

// It begins its life as zeroes that somebody mapped.
static_assert(std::is_trivial_v<robust_mutex> && sizeof(robust_mutex) == 16);
static_assert(std::atomic_ref<std::uint32_t>::is_always_lock_free);

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// Who waits looks again this often: whoever can write the word can make a waking be forgotten.
constexpr milliseconds look_again{100};

std::atomic_ref<std::uint32_t> atomic(const std::uint32_t& word) noexcept {
  return std::atomic_ref(const_cast<std::uint32_t&>(word));
}
std::atomic_ref<std::uint64_t> atomic(const std::uint64_t& word) noexcept {
  return std::atomic_ref(const_cast<std::uint64_t&>(word));
}

bool is_free(std::uint32_t word) noexcept { return (word & FUTEX_TID_MASK) == 0; }

// Not FUTEX_PRIVATE_FLAG: the others are other processes.
void wait_for_change(std::uint32_t& word, std::uint32_t from, nanoseconds at_most) noexcept {
  const timespec time{static_cast<std::time_t>(at_most.count() / 1'000'000'000),
                      static_cast<long>(at_most.count() % 1'000'000'000)};
  ::syscall(SYS_futex, &word, FUTEX_WAIT, from, &time, nullptr, 0);
}
void wake_one(std::uint32_t& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

/// What a thread that has no list writes to.
constinit thread_local robust_list_head no_list{};

}  // namespace

/// What the calling thread has to know of itself.
class robust_mutex::own_thread {
 public:
  static const own_thread& facts() noexcept {
    if (!its_facts.x_known) [[unlikely]]
      its_facts.look();
    return its_facts;
  }

  std::uint32_t number() const noexcept { return x_number; }
  /// The number and the PID namespace.
  std::uint64_t owner() const noexcept { return x_owner; }
  bool has_namespace() const noexcept { return x_owner >> 32 != 0; }

  // If the thread ends while the word is announced, and its number is in it, the kernel sets FUTEX_OWNER_DIED and
  // wakes one who waits (exit_robust_list() and handle_futex_death() in kernel/futex/core.c, alike in Linux 6.1 and
  // 6.12). A word of 0 is as good: who waits is woken. The thread cannot see a store of its own too late, so only the
  // compiler has to keep the order.
  void announce(std::uint32_t& word) const noexcept {
    x_list->list_op_pending =
        reinterpret_cast<robust_list*>(reinterpret_cast<char*>(&word) - x_list->futex_offset);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  void announce_nothing() const noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    x_list->list_op_pending = nullptr;
  }

 private:
  void look() noexcept {
    x_number = static_cast<std::uint32_t>(thread_number());
    x_owner = std::uint64_t{pid_namespace()} << 32 | x_number;
    x_list = nullptr;
    std::size_t bytes = 0;
    if (::syscall(SYS_get_robust_list, 0, &x_list, &bytes) != 0 || bytes != sizeof *x_list) x_list = nullptr;
    if (x_list == nullptr) x_list = &no_list;
    x_known = forks_are_told;
  }

  static constinit thread_local own_thread its_facts [[gnu::tls_model("initial-exec")]];
  static const bool forks_are_told;

  bool x_known = false;
  std::uint32_t x_number = 0;
  std::uint64_t x_owner = 0;
  robust_list_head* x_list = nullptr;
};

constinit thread_local robust_mutex::own_thread robust_mutex::own_thread::its_facts
    [[gnu::tls_model("initial-exec")]] = {};

// The only thread of a child has another number. Not at the first use: a fork in the middle of that would leave the
// child with an initialization that nobody ends. Whoever comes before this looks each time.
const bool robust_mutex::own_thread::forks_are_told =
    pthread_atfork(nullptr, nullptr, [] { its_facts = {}; }) == 0;

/// Announced around the attempt only, not while it waits: the holder may have this thread's number, in another PID
/// namespace, and the kernel would take the end of the one for the end of the other.
bool robust_mutex::try_take(const own_thread& self, std::uint32_t seen, std::uint32_t waiters) noexcept {
  self.announce(x_word);
  if (atomic(x_word).compare_exchange_strong(seen, self.number() | waiters, std::memory_order_acquire,
                                             std::memory_order_relaxed)) [[likely]] {
    atomic(x_owner).store(self.owner(), std::memory_order_relaxed);
    return true;
  }
  self.announce_nothing();
  return false;
}

lock_outcome robust_mutex::lock(milliseconds at_most) noexcept {
  const own_thread& self = own_thread::facts();
  if (atomic(x_word).load(std::memory_order_relaxed) == 0 && try_take(self, 0, 0)) [[likely]]
    return lock_outcome::locked;
  return wait(self, at_most);
}

lock_outcome robust_mutex::wait(const own_thread& self, milliseconds at_most) noexcept {
  const steady_clock::time_point until = steady_clock::now() + at_most;
  // Of one that has waited nobody knows whether there are more.
  std::uint32_t waiters = 0;
  for (;;) {
    const std::uint32_t seen = atomic(x_word).load(std::memory_order_relaxed);
    if (is_free(seen) && try_take(self, seen, (seen & FUTEX_WAITERS) | waiters))
      return (seen & FUTEX_OWNER_DIED) != 0 ? lock_outcome::owner_died : lock_outcome::locked;
    const nanoseconds left = until - steady_clock::now();
    if (left <= nanoseconds(0)) return lock_outcome::timed_out;
    if (is_free(seen)) continue;
    std::uint32_t marked = seen;
    if (!atomic(x_word).compare_exchange_strong(marked, seen | FUTEX_WAITERS, std::memory_order_relaxed))
      continue;
    waiters = FUTEX_WAITERS;
    wait_for_change(x_word, seen | waiters, std::min<nanoseconds>(left, look_again));
    if (is_abandoned(self, seen) && try_take(self, seen | waiters, waiters)) return lock_outcome::owner_died;
  }
}

/// Whether the holder is of this PID namespace, where no thread has its number.
bool robust_mutex::is_abandoned(const own_thread& self, std::uint32_t seen) const noexcept {
  const std::uint32_t thread = seen & FUTEX_TID_MASK;
  if (!self.has_namespace() ||
      atomic(x_owner).load(std::memory_order_relaxed) != ((self.owner() >> 32 << 32) | thread))
    return false;
  return !has_thread(static_cast<pid_t>(thread));
}

void robust_mutex::release(std::uint32_t left) noexcept {
  const own_thread& self = own_thread::facts();
  if ((atomic(x_word).exchange(left, std::memory_order_release) & FUTEX_WAITERS) != 0) wake_one(x_word);
  self.announce_nothing();
}

void robust_mutex::unlock() noexcept { release(0); }
void robust_mutex::unlock_unrepaired() noexcept { release(FUTEX_OWNER_DIED); }

lock_holder robust_mutex::holder() const {
  const std::uint32_t thread = atomic(x_word).load(std::memory_order_relaxed) & FUTEX_TID_MASK;
  const std::uint64_t owner = atomic(x_owner).load(std::memory_order_relaxed);
  lock_holder found{.thread = static_cast<int>(thread)};
  const own_thread& self = own_thread::facts();
  if (!self.has_namespace() || owner != ((self.owner() >> 32 << 32) | thread)) return found;
  if (const auto whose = owner_of_thread(found.thread)) {
    found.process = whose->process;
    found.is_stopped = whose->is_stopped;
  }
  return found;
}

}  // namespace acre::inline v1::sys
