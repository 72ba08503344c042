#include "sys/robust_mutex.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <type_traits>

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace acre::sys {
namespace {

constexpr std::size_t word_count = sizeof(pthread_mutex_t) / sizeof(std::uint32_t);
using words = std::array<std::uint32_t, word_count>;
static_assert(sizeof(words) == sizeof(pthread_mutex_t));
// It begins its life as zeroes that somebody mapped.
static_assert(std::is_trivial_v<robust_mutex>);

/// The bytes of a new mutex. In glibc and musl only the word that tells its type is not zero.
words make_new_mutex() noexcept {
  pthread_mutex_t made;
  std::memset(&made, 0, sizeof made);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  // No error-checking one: it compares thread ids, which in another pid namespace may be another thread's.
  pthread_mutex_init(&made, &attributes);
  pthread_mutexattr_destroy(&attributes);
  words result{};
  std::memcpy(result.data(), &made, sizeof made);
  pthread_mutex_destroy(&made);
  return result;
}

const words& new_mutex() noexcept {
  static const words made = make_new_mutex();
  return made;
}

std::atomic_ref<std::uint32_t> word(pthread_mutex_t& m, std::size_t i) noexcept {
  return std::atomic_ref(reinterpret_cast<std::uint32_t*>(&m)[i]);
}

lock_outcome outcome_of(int error) noexcept {
  switch (error) {
    case 0:
      return lock_outcome::locked;
    case EOWNERDEAD:
      return lock_outcome::owner_died;
    case ETIMEDOUT:
      return lock_outcome::timed_out;
    case ENOTRECOVERABLE:
      return lock_outcome::unrecoverable;
    default:
      return lock_outcome::unusable;
  }
}

}  // namespace

bool robust_mutex::prepare() noexcept {
  const words& made = new_mutex();
  for (std::size_t i = 0; i != word_count; ++i) {
    std::uint32_t is = 0;
    if (made[i] != 0 && !word(x_mutex, i).compare_exchange_strong(is, made[i]) && is != made[i]) return false;
  }
  return true;
}

bool robust_mutex::is_prepared() const noexcept {
  const words& made = new_mutex();
  for (std::size_t i = 0; i != word_count; ++i) {
    if (made[i] != 0 && word(const_cast<pthread_mutex_t&>(x_mutex), i).load() != made[i]) return false;
  }
  return true;
}

lock_outcome robust_mutex::lock() noexcept { return outcome_of(pthread_mutex_lock(&x_mutex)); }

// No pthread_mutex_trylock: glibc 2.36's leaves a mutex locked that it says is not recoverable.
lock_outcome robust_mutex::lock(std::chrono::milliseconds at_most) noexcept {
  timespec until{};
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += static_cast<std::time_t>(at_most.count() / 1000);
  until.tv_nsec += static_cast<long>(at_most.count() % 1000) * 1'000'000;
  if (until.tv_nsec >= 1'000'000'000) {
    until.tv_nsec -= 1'000'000'000;
    ++until.tv_sec;
  }
  const int e = pthread_mutex_clocklock(&x_mutex, CLOCK_MONOTONIC, &until);
#if defined(__SANITIZE_THREAD__)
  // ThreadSanitizer of GCC 12 does not see that function.
  if (e == 0 || e == EOWNERDEAD) {
    __tsan_mutex_pre_lock(&x_mutex, __tsan_mutex_try_lock);
    __tsan_mutex_post_lock(&x_mutex, __tsan_mutex_try_lock, 0);
  }
#endif
  return outcome_of(e);
}

void robust_mutex::repaired() noexcept { pthread_mutex_consistent(&x_mutex); }
void robust_mutex::unlock() noexcept { pthread_mutex_unlock(&x_mutex); }

}  // namespace acre::sys
