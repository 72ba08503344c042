// jemalloc: as it comes, and an arena over bound pages with a cache for each thread.
#include <sys/mman.h>

#include <vector>

#include "peers.hpp"

namespace bench {
namespace {

struct jemalloc {
  void* (*mallocx)(std::size_t bytes, int flags);
  void (*sdallocx)(void* p, std::size_t bytes, int flags);
  int (*mallctl)(const char* name, void* old, std::size_t* old_size, void* value, std::size_t size);

  jemalloc() {
    static const peer_library lib("JEMALLOC", {"libjemalloc.so.2"});
    lib.get(mallocx, "mallocx");
    lib.get(sdallocx, "sdallocx");
    lib.get(mallctl, "mallctl");
  }
  template <class T>
  void read(const char* name, T& value, void* in = nullptr, std::size_t in_size = 0) const {
    std::size_t size = sizeof value;
    if (mallctl(name, &value, &size, in, in_size) != 0) throw std::runtime_error(name);
  }
  static int flags(std::size_t bytes, std::size_t alignment) {
    return is_natural(bytes, alignment) ? 0 : __builtin_ctzl(alignment);  // MALLOCX_ALIGN
  }
  std::string version() const {
    const char* text = "";
    read("version", text);
    const std::string whole = text;  // "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"
    return whole.substr(0, whole.find('-'));
  }
  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return mallocx(bytes, flags(bytes, alignment));
  }
  void deallocate(void* p, std::size_t bytes, std::size_t alignment) const {
    sdallocx(p, bytes, flags(bytes, alignment));
  }
};

subject make_jemalloc() {
  const jemalloc je;
  const auto owns = [je](const void* p) {
    unsigned arena = 0;
    std::size_t size = sizeof arena;
    return je.mallctl("arenas.lookup", &arena, &size, &p, sizeof p) == 0;
  };
  const auto trim = [je] {
    je.mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
    je.mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // MALLCTL_ARENAS_ALL
  };
  return {adapt(je), owns, trim, je.version()};
}

struct extent_hooks {
  using flag_hook = bool(extent_hooks*, void* p, std::size_t size, std::size_t offset, std::size_t length,
                         unsigned arena);
  void* (*alloc)(extent_hooks*, void* at, std::size_t bytes, std::size_t alignment, bool* zero, bool* commit,
                 unsigned arena);
  bool (*dalloc)(extent_hooks*, void* p, std::size_t bytes, bool committed, unsigned arena);
  void (*destroy)(extent_hooks*, void* p, std::size_t bytes, bool committed, unsigned arena);
  flag_hook* commit;
  flag_hook* decommit;
  flag_hook* purge_lazy;
  flag_hook* purge_forced;
  bool (*split)(extent_hooks*, void* p, std::size_t size, std::size_t a, std::size_t b, bool committed,
                unsigned arena);
  bool (*merge)(extent_hooks*, void* a, std::size_t a_size, void* b, std::size_t b_size, bool committed,
                unsigned arena);
};

bool advise(void* p, std::size_t offset, std::size_t length, int advice) {
  return ::madvise(static_cast<std::byte*>(p) + offset, length, advice) != 0;
}

// As jemalloc's own, but bound.
extent_hooks bound_extents{
    .alloc = [](extent_hooks*, void* at, std::size_t bytes, std::size_t alignment, bool* zero, bool* commit,
                unsigned) -> void* {
      if (at != nullptr) return nullptr;
      *zero = *commit = true;
      return map_bound(bytes, alignment);
    },
    .dalloc =
        [](extent_hooks*, void* p, std::size_t bytes, bool, unsigned) {
          unmap_raw(p, bytes);
          return false;
        },
    .destroy = [](extent_hooks*, void* p, std::size_t bytes, bool, unsigned) { unmap_raw(p, bytes); },
    .commit = nullptr,
    .decommit = nullptr,
    .purge_lazy = [](extent_hooks*, void* p, std::size_t, std::size_t offset, std::size_t length,
                     unsigned) { return advise(p, offset, length, MADV_FREE); },
    .purge_forced = [](extent_hooks*, void* p, std::size_t, std::size_t offset, std::size_t length,
                       unsigned) { return advise(p, offset, length, MADV_DONTNEED); },
    .split = [](extent_hooks*, void*, std::size_t, std::size_t, std::size_t, bool,
                unsigned) { return false; },
    .merge = [](extent_hooks*, void*, std::size_t, void*, std::size_t, bool, unsigned) { return false; },
};

/// The caches of one thread, by the arena they are for.
class thread_caches {
 public:
  ~thread_caches() {
    for (const cache& c : x_caches) {
      if (c.api != nullptr) drop(c);
    }
  }
  unsigned at(unsigned arena, const jemalloc& api) {
    if (arena >= x_caches.size()) x_caches.resize(arena + 1);
    cache& c = x_caches[arena];
    if (c.api == nullptr) {
      api.read("tcache.create", c.index);
      c.api = &api;
    }
    return c.index;
  }
  void forget(unsigned arena) {
    if (arena >= x_caches.size() || x_caches[arena].api == nullptr) return;
    drop(x_caches[arena]);
    x_caches[arena] = {};
  }

 private:
  struct cache {
    const jemalloc* api = nullptr;
    unsigned index = 0;
  };
  static void drop(const cache& c) {
    unsigned index = c.index;
    c.api->mallctl("tcache.destroy", nullptr, nullptr, &index, sizeof index);
  }

  std::vector<cache> x_caches;
};

thread_local thread_caches my_caches;

/// \safety other threads that used it must have ended before its destructor
class jemalloc_arena final : public std::pmr::memory_resource {
 public:
  jemalloc_arena() {
    extent_hooks* hooks = &bound_extents;
    api().read("arenas.create", x_arena, &hooks, sizeof hooks);
  }
  ~jemalloc_arena() override {
    my_caches.forget(x_arena);
    command("destroy");
  }
  bool owns(const void* p) const {
    unsigned arena = 0;
    api().read("arenas.lookup", arena, &p, sizeof p);
    return arena == x_arena;
  }
  void trim() const {
    my_caches.forget(x_arena);
    command("purge");
  }
  std::string version() const { return x_api.version(); }

 private:
  static const jemalloc& api() {
    static const jemalloc loaded;
    return loaded;
  }
  void command(const char* what) const {
    const std::string name = "arena." + std::to_string(x_arena) + "." + what;
    api().mallctl(name.c_str(), nullptr, nullptr, nullptr, 0);
  }
  int flags(std::size_t bytes, std::size_t alignment) const {
    const unsigned cache = my_caches.at(x_arena, x_api);
    return jemalloc::flags(bytes, alignment) |
           static_cast<int>((cache + 2) << 8 | (x_arena + 1) << 20);  // MALLOCX_TCACHE, MALLOCX_ARENA
  }
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const p = x_api.mallocx(bytes, flags(bytes, alignment));
    if (p == nullptr) throw std::bad_alloc();
    return p;
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    x_api.sdallocx(p, bytes, flags(bytes, alignment));
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  const jemalloc& x_api = api();
  unsigned x_arena = 0;
};

subject make_jemalloc_arena() {
  auto memory = std::make_unique<jemalloc_arena>();
  const jemalloc_arena* const arena = memory.get();
  return {std::move(memory), [=](const void* p) { return arena->owns(p) && is_bound(p); },
          [=] { arena->trim(); }, arena->version()};
}

}  // namespace

std::vector<peer> jemalloc_peers() {
  return {
      {.who = "jemalloc", .make = make_jemalloc},
      {.who = "jemalloc, own arena", .make = make_jemalloc_arena, .own = true},
  };
}

}  // namespace bench
