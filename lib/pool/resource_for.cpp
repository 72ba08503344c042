#include <acre/resource_for.hpp>

#include <acre/placement.hpp>
#include <acre/pool_resource.hpp>

#include "pool/thread_registry.hpp"

#include <pthread.h>

#include <atomic>
#include <mutex>
#include <system_error>
#include <unordered_map>

namespace acre {
namespace {

struct registry {
  std::mutex mutex;
  std::unordered_map<placement, pool_resource> pools;
};

// Never destroyed: static destructors may free blocks after ours would have run.
registry& the_registry() {
  static registry& r = [&]() -> registry& {
    thread_registry::install_fork_handlers();
    static registry* made = new registry;
    const int failed = pthread_atfork([] { made->mutex.lock(); }, [] { made->mutex.unlock(); },
                                      [] { made->mutex.unlock(); });
    if (failed != 0) throw std::system_error(failed, std::system_category(), "pthread_atfork");
    return *made;
  }();
  return r;
}

constinit std::atomic<std::pmr::memory_resource*> chosen_default = nullptr;

std::pmr::memory_resource* first_default() {
  static std::pmr::memory_resource* const first = resource_for(placement::unbound());
  return first;
}

}  // namespace

pool_resource* resource_for(const placement& where) {
  registry& r = the_registry();
  const std::lock_guard lock(r.mutex);
  return &r.pools.try_emplace(where, where).first->second;
}

// acquire and release: who reads the pointer sees the resource that was made before it was set.
std::pmr::memory_resource* default_resource() {
  std::pmr::memory_resource* const chosen = chosen_default.load(std::memory_order_acquire);
  return chosen != nullptr ? chosen : first_default();
}

std::pmr::memory_resource* default_first_touch_resource() {
  std::pmr::memory_resource* const chosen = chosen_default.load(std::memory_order_acquire);
  if (chosen != nullptr) return chosen;
  static std::pmr::memory_resource* const first = resource_for(placement::local());
  return first;
}

std::pmr::memory_resource* set_default_resource(std::pmr::memory_resource* r) {
  std::pmr::memory_resource* const first = first_default();
  // What set_default_resource() returned when nothing was chosen: to set that again is to choose nothing again.
  std::pmr::memory_resource* const chosen = r == first ? nullptr : r;
  std::pmr::memory_resource* const old = chosen_default.exchange(chosen, std::memory_order_acq_rel);
  return old != nullptr ? old : first;
}

}  // namespace acre
