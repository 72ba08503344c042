// TBB's memory pools, one for each node, over pages bound to it. The names and types are those of
// oneapi/tbb/memory_pool.h and its runtime library, which needs no headers this way.
#include <acre/area.hpp>
#include <acre/placement.hpp>

#include <cstdint>
#include <deque>
#include <stdexcept>

#include "fidelity.hpp"
#include "peer_library.hpp"

namespace fidelity {
namespace {

constexpr std::size_t page_alignment = 4096;

struct pool_policy {
  void* (*allocate)(std::intptr_t pool, std::size_t& bytes);
  int (*free)(std::intptr_t pool, void* p, std::size_t bytes);
  std::size_t granularity;
  int version;
  unsigned fixed_pool : 1, keep_all_memory : 1, reserved : 30;
};

class tbb final : public contestant {
 public:
  tbb() {
    static const bench::peer_library library("TBB", {"libtbbmalloc.so.2"});
    library.get(x_malloc, "_ZN3rml11pool_mallocEPNS_10MemoryPoolEm");
    library.get(x_free, "_ZN3rml9pool_freeEPNS_10MemoryPoolEPv");
    int (*create)(std::intptr_t id, const pool_policy* policy, handle* pool) = nullptr;
    library.get(create, "_ZN3rml14pool_create_v1ElPKNS_13MemPoolPolicyEPPNS_10MemoryPoolE");
    for (const home& h : homes()) {
      x_areas.emplace_back(acre::placement::bind({h.node}));
      const pool_policy policy{.allocate = map,
                               .free = unmap,
                               .granularity = std::size_t{2} << 20,
                               .version = 1,
                               .fixed_pool = 0,
                               .keep_all_memory = 0,
                               .reserved = 0};
      x_pools.push_back(nullptr);
      if (create(reinterpret_cast<std::intptr_t>(&x_areas.back()), &policy, &x_pools.back()) != 0) {
        throw std::runtime_error("rml::pool_create_v1 failed");
      }
    }
  }

  void* allocate(std::size_t home, std::size_t bytes) override { return x_malloc(x_pools[home], bytes); }
  void deallocate(const block& b) override { x_free(x_pools[b.home], b.p); }

 private:
  using handle = struct opaque_pool*;

  static void* map(std::intptr_t area, std::size_t& bytes) {
    return reinterpret_cast<acre::area*>(area)->allocate(bytes, page_alignment);
  }
  static int unmap(std::intptr_t area, void* p, std::size_t bytes) {
    reinterpret_cast<acre::area*>(area)->deallocate(p, bytes, page_alignment);
    return 0;
  }

  void* (*x_malloc)(handle pool, std::size_t bytes) = nullptr;
  bool (*x_free)(handle pool, void* p) = nullptr;
  std::deque<acre::area> x_areas;
  std::vector<handle> x_pools;
};

}  // namespace

std::unique_ptr<contestant> make_tbb() { return std::make_unique<tbb>(); }

}  // namespace fidelity
