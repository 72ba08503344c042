// TBB: scalable_malloc, and its memory pools over bound pages. The names and types are those of
// oneapi/tbb/scalable_allocator.h.
#include <cstdint>

#include "peers.hpp"

namespace bench {
namespace {

struct scalable {
  void* (*malloc)(std::size_t bytes);
  void* (*aligned_malloc)(std::size_t bytes, std::size_t alignment);
  void (*free)(void* p);
  std::size_t (*safer_msize)(void* p, std::size_t (*original)(void* p));
  int (*command)(int what, void* param);

  scalable() {
    static const peer_library lib("TBB", {"libtbbmalloc.so.2"});
    lib.get(malloc, "scalable_malloc");
    lib.get(aligned_malloc, "scalable_aligned_malloc");
    lib.get(free, "scalable_free");
    lib.get(safer_msize, "__TBB_malloc_safer_msize");
    lib.get(command, "scalable_allocation_command");
  }
  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return is_natural(bytes, alignment) ? malloc(bytes) : aligned_malloc(bytes, alignment);
  }
  void deallocate(void* p, std::size_t, std::size_t) const { free(p); }
};

subject make_scalable() {
  const scalable tbb;
  const auto owns = [tbb](const void* p) { return tbb.safer_msize(const_cast<void*>(p), nullptr) != 0; };
  return {adapt(tbb), owns, [tbb] { tbb.command(0, nullptr); }};  // TBBMALLOC_CLEAN_ALL_BUFFERS
}

struct pool_policy {
  void* (*allocate)(std::intptr_t pool, std::size_t& bytes);
  int (*free)(std::intptr_t pool, void* p, std::size_t bytes);
  std::size_t granularity;
  int version;
  unsigned fixed_pool : 1, keep_all_memory : 1, reserved : 30;
};

struct tbb_pool {
  using handle = struct tbb_opaque_pool*;
  void* (*malloc)(handle pool, std::size_t bytes);
  void* (*aligned_malloc)(handle pool, std::size_t bytes, std::size_t alignment);
  bool (*free)(handle pool, void* p);
  bool (*destroy)(handle pool);
  handle (*identify)(void* p);
  handle pool = nullptr;

  explicit tbb_pool(bool keep) {
    static const peer_library lib("TBB", {"libtbbmalloc.so.2"});
    lib.get(malloc, "_ZN3rml11pool_mallocEPNS_10MemoryPoolEm");
    lib.get(aligned_malloc, "_ZN3rml19pool_aligned_mallocEPNS_10MemoryPoolEmm");
    lib.get(free, "_ZN3rml9pool_freeEPNS_10MemoryPoolEPv");
    lib.get(destroy, "_ZN3rml12pool_destroyEPNS_10MemoryPoolE");
    lib.get(identify, "_ZN3rml13pool_identifyEPv");
    int (*create)(std::intptr_t id, const pool_policy* policy, handle* pool) = nullptr;
    lib.get(create, "_ZN3rml14pool_create_v1ElPKNS_13MemPoolPolicyEPPNS_10MemoryPoolE");
    const pool_policy policy{
        .allocate = [](std::intptr_t, std::size_t& bytes) { return map_bound(bytes, 4096); },
        .free =
            [](std::intptr_t, void* p, std::size_t bytes) {
              unmap_raw(p, bytes);
              return 0;
            },
        .granularity = std::size_t{2} << 20,
        .version = 1,
        .fixed_pool = 0,
        .keep_all_memory = keep,
        .reserved = 0};
    if (const int error = create(0, &policy, &pool); error != 0) {
      throw std::runtime_error("rml::pool_create_v1: error " + std::to_string(error));
    }
  }
  tbb_pool(tbb_pool&& other) noexcept : tbb_pool(static_cast<const tbb_pool&>(other)) {
    other.pool = nullptr;
  }
  ~tbb_pool() {
    if (pool != nullptr) destroy(pool);
  }

  void* allocate(std::size_t bytes, std::size_t alignment) const {
    return is_natural(bytes, alignment) ? malloc(pool, bytes) : aligned_malloc(pool, bytes, alignment);
  }
  void deallocate(void* p, std::size_t, std::size_t) const { free(pool, p); }

 private:
  tbb_pool(const tbb_pool&) = default;
};

subject make_tbb_pool(bool keep) {
  tbb_pool pool(keep);
  const auto owns = [handle = pool.pool, identify = pool.identify](const void* p) {
    return identify(const_cast<void*>(p)) == handle && is_bound(p);
  };
  return {adapt(std::move(pool)), owns, {}};
}

}  // namespace

std::vector<peer> tbb_peers() {
  return {
      {.who = "TBB scalable_malloc", .make = make_scalable},
      {.who = "TBB memory pool", .make = [] { return make_tbb_pool(false); }, .own = true},
      {.who = "TBB memory pool, keeping all", .make = [] { return make_tbb_pool(true); }, .own = true},
  };
}

}  // namespace bench
