// glibc's malloc, and libraries for whole processes. Each is given the size and alignment of what is freed,
// where it has a function that takes them.
#include <gnu/libc-version.h>
#include <malloc.h>

#include <cstdlib>

#include "peers.hpp"

namespace bench {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
}

/// For the aligned_alloc() of C, where the size must be a multiple of the alignment.
constexpr std::size_t round_up(std::size_t bytes, std::size_t alignment) {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

struct plain_malloc {
  static void* allocate(std::size_t bytes, std::size_t alignment) {
    if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
    return std::aligned_alloc(alignment, round_up(bytes, alignment));
  }
  static void deallocate(void* p, std::size_t, std::size_t) { std::free(p); }
};

subject make_glibc() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  for (const char* const name : {"malloc", "free", "aligned_alloc"}) {
    if (file_of(name).find("libc.so") == std::string::npos) {
      throw missing(std::string(name) + " of this process is in " + file_of(name));
    }
  }
#endif
  return {adapt(plain_malloc{}),
          [](const void* p) { return ::malloc_usable_size(const_cast<void*>(p)) != 0; },
          [] { ::malloc_trim(0); }, ::gnu_get_libc_version()};
}

struct mimalloc {
  void* (*malloc)(std::size_t bytes);
  void* (*malloc_aligned)(std::size_t bytes, std::size_t alignment);
  void (*free_size)(void* p, std::size_t bytes);
  void (*free_size_aligned)(void* p, std::size_t bytes, std::size_t alignment);
  bool (*is_in_heap)(const void* p);
  void (*collect)(bool force);
  int (*version)();

  mimalloc() {
    static const peer_library lib("MIMALLOC", {"libmimalloc.so.3", "libmimalloc.so.2"});
    lib.get(malloc, "mi_malloc");
    lib.get(malloc_aligned, "mi_malloc_aligned");
    lib.get(free_size, "mi_free_size");
    lib.get(free_size_aligned, "mi_free_size_aligned");
    lib.get(is_in_heap, "mi_is_in_heap_region");
    lib.get(collect, "mi_collect");
    lib.get(version, "mi_version");
  }
  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return is_natural(bytes, alignment) ? malloc(bytes) : malloc_aligned(bytes, alignment);
  }
  void deallocate(void* p, std::size_t bytes, std::size_t alignment) const {
    is_natural(bytes, alignment) ? free_size(p, bytes) : free_size_aligned(p, bytes, alignment);
  }
};

subject make_mimalloc() {
  const mimalloc mi;
  // 209 is 2.0.9, 30403 is 3.4.3.
  const int v = mi.version();
  return {adapt(mi), mi.is_in_heap, [mi] { mi.collect(true); },
          v < 1000 ? dotted(v / 100, v / 10 % 10, v % 10) : dotted(v / 10000, v / 100 % 100, v % 100)};
}

struct snmalloc {
  void* (*malloc)(std::size_t bytes);
  void* (*aligned_alloc)(std::size_t alignment, std::size_t bytes);
  void (*free)(void* p);  // free_sized() is the same function, and older ones have none
  std::size_t (*usable_size)(const void* p);

  snmalloc() {
    static const peer_library lib("SNMALLOC", {"libsnmallocshim.so"});
    lib.get(malloc, "malloc");
    lib.get(aligned_alloc, "aligned_alloc");
    lib.get(free, "free");
    lib.get(usable_size, "malloc_usable_size");
  }
  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return is_natural(bytes, alignment) ? malloc(bytes)
                                        : aligned_alloc(alignment, round_up(bytes, alignment));
  }
  void deallocate(void* p, std::size_t, std::size_t) const { free(p); }
};

subject make_snmalloc() {
  const snmalloc sn;
  return {adapt(sn), [sn](const void* p) { return sn.usable_size(p) != 0; }, {}};
}

struct tcmalloc {
  void* (*malloc)(std::size_t bytes);
  void* (*memalign)(std::size_t alignment, std::size_t bytes);
  void (*free)(void* p);
  void (*free_sized)(void* p, std::size_t bytes);
  int (*ownership)(const void* p);
  void (*release)();
  void (*thread_idle)();
  const char* (*version)(int* major, int* minor, const char** patch);

  tcmalloc() {
    static const peer_library lib("TCMALLOC", {"libtcmalloc_minimal.so.4"});
    lib.get(malloc, "tc_malloc");
    lib.get(memalign, "tc_memalign");
    lib.get(free, "tc_free");
    lib.get(free_sized, "tc_free_sized");
    lib.get(ownership, "MallocExtension_GetOwnership");
    lib.get(release, "MallocExtension_ReleaseFreeMemory");
    lib.get(thread_idle, "MallocExtension_MarkThreadIdle");
    lib.get(version, "tc_version");
  }
  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return is_natural(bytes, alignment) ? malloc(bytes) : memalign(alignment, bytes);
  }
  void deallocate(void* p, std::size_t bytes, std::size_t alignment) const {
    is_natural(bytes, alignment) ? free_sized(p, bytes) : free(p);
  }
};

subject make_tcmalloc() {
  const tcmalloc tc;
  const auto owns = [tc](const void* p) { return tc.ownership(p) == 1; };  // MallocExtension_kOwned
  const auto trim = [tc] {
    tc.thread_idle();
    tc.release();
  };
  int major = 0;
  int minor = 0;
  const char* patch = "";
  tc.version(&major, &minor, &patch);
  return {adapt(tc), owns, trim, std::to_string(major) + '.' + std::to_string(minor) + patch};
}

struct memkind {
  using kind_t = struct memkind_opaque*;
  void* (*malloc)(kind_t kind, std::size_t bytes);
  int (*posix_memalign)(kind_t kind, void** p, std::size_t alignment, std::size_t bytes);
  void (*free)(kind_t kind, void* p);
  kind_t (*detect_kind)(void* p);
  int (*version)();
  kind_t kind;

  explicit memkind(const char* name) {
    static const peer_library lib("MEMKIND", {"libmemkind.so.0"});
    lib.get(malloc, "memkind_malloc");
    lib.get(posix_memalign, "memkind_posix_memalign");
    lib.get(free, "memkind_free");
    lib.get(detect_kind, "memkind_detect_kind");
    lib.get(version, "memkind_get_version");
    int (*check_available)(kind_t) = nullptr;
    lib.get(check_available, "memkind_check_available");
    kind_t* known = nullptr;
    lib.get(known, name);
    kind = *known;
    if (check_available(kind) != 0) throw missing(std::string(name) + " is not available on this machine");
  }
  void* allocate(std::size_t bytes, std::size_t alignment) const {
    if (is_natural(bytes, alignment)) return malloc(kind, bytes);
    void* p = nullptr;
    return posix_memalign(kind, &p, alignment, bytes) == 0 ? p : nullptr;
  }
  void deallocate(void* p, std::size_t, std::size_t) const { free(kind, p); }
};

subject make_memkind(const char* name) {
  const memkind kind(name);
  const int v = kind.version();
  return {adapt(kind),
          [=](const void* p) { return kind.detect_kind(const_cast<void*>(p)) == kind.kind; },
          {},
          dotted(v / 1'000'000, v / 1'000 % 1'000, v % 1'000)};
}

}  // namespace

std::vector<peer> malloc_peers() {
  return {
      {.who = glibc, .make = make_glibc},
      {.who = "mimalloc", .make = make_mimalloc},
      {.who = "snmalloc", .make = make_snmalloc},
      {.who = "tcmalloc", .make = make_tcmalloc},
      {.who = "memkind DEFAULT", .make = [] { return make_memkind("MEMKIND_DEFAULT"); }},
      {.who = "memkind REGULAR", .make = [] { return make_memkind("MEMKIND_REGULAR"); }},
  };
}

}  // namespace bench
