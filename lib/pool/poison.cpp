#include "pool/poison.hpp"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_GET_VBITS(p, bits, bytes) 0
#define VALGRIND_MAKE_MEM_NOACCESS(p, bytes) 0
#define VALGRIND_MAKE_MEM_UNDEFINED(p, bytes) 0
#define VALGRIND_MAKE_MEM_DEFINED(p, bytes) 0
#endif

// Of <sanitizer/asan_interface.h> and <sanitizer/lsan_interface.h>. Weak: null in programs without sanitizers.
extern "C" {
[[gnu::weak]] void __asan_poison_memory_region(const volatile void* p, std::size_t bytes);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* p, std::size_t bytes);
[[gnu::weak]] void __lsan_register_root_region(const void* p, std::size_t bytes);
[[gnu::weak]] void __lsan_unregister_root_region(const void* p, std::size_t bytes);
}

namespace acre::inline v1::poison {
namespace {

bool asan() noexcept {
  return __asan_poison_memory_region != nullptr && __asan_unpoison_memory_region != nullptr;
}

// Valgrind's other tools answer RUNNING_ON_VALGRIND too, but have no use for forbidden memory: callgrind shall see the
// pool as it is without them. Only memcheck has validity bits.
bool memcheck() noexcept {
  static const bool running = [] {
    [[maybe_unused]] const char known = 0;
    [[maybe_unused]] char bits = 0;
    return VALGRIND_GET_VBITS(&known, &bits, 1) == 1;
  }();
  return running;
}

}  // namespace

bool watched() noexcept {
  static const bool found = asan() || memcheck();
  return found;
}

bool seeks_leaks() noexcept {
  return __lsan_register_root_region != nullptr && __lsan_unregister_root_region != nullptr;
}

void forbid(const void* p, std::size_t bytes) noexcept {
  if (asan()) __asan_poison_memory_region(p, bytes);
  if (memcheck()) static_cast<void>(VALGRIND_MAKE_MEM_NOACCESS(p, bytes));
}

void allow(const void* p, std::size_t bytes) noexcept {
  if (asan()) __asan_unpoison_memory_region(p, bytes);
  if (memcheck()) static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(p, bytes));
}

void allow_contents(const void* p, std::size_t bytes) noexcept {
  if (asan()) __asan_unpoison_memory_region(p, bytes);
  if (memcheck()) static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(p, bytes));
}

void add_roots(const void* p, std::size_t bytes) noexcept {
  if (seeks_leaks()) __lsan_register_root_region(p, bytes);
}

void remove_roots(const void* p, std::size_t bytes) noexcept {
  if (seeks_leaks()) __lsan_unregister_root_region(p, bytes);
}

}  // namespace acre::inline v1::poison
