// The functions that bind pages, called for each block.
#include <acre/topology.hpp>

#include <hwloc.h>
#include <numa.h>

#include "peers.hpp"

namespace bench {
namespace {

struct libnuma {
  int on = static_cast<int>(node());
  void* allocate(std::size_t bytes, std::size_t) const { return numa_alloc_onnode(bytes, on); }
  static void deallocate(void* p, std::size_t bytes, std::size_t) { numa_free(p, bytes); }
};

subject make_libnuma() {
  if (numa_available() < 0) throw missing("libnuma says there is no NUMA");
  numa_set_bind_policy(1);  // MPOL_BIND like the others; libnuma's default is MPOL_PREFERRED
  return {adapt(libnuma{}), is_bound, {}};
}

struct hwloc {
  hwloc_topology* machine = acre::topology::system().native_handle();
  std::shared_ptr<hwloc_bitmap_s> nodes{hwloc_bitmap_alloc(), hwloc_bitmap_free};

  hwloc() { hwloc_bitmap_only(nodes.get(), node()); }
  void* allocate(std::size_t bytes, std::size_t) const {
    return hwloc_alloc_membind(machine, bytes, nodes.get(), HWLOC_MEMBIND_BIND,
                               HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_STRICT);
  }
  void deallocate(void* p, std::size_t bytes, std::size_t) const { hwloc_free(machine, p, bytes); }
};

}  // namespace

std::vector<peer> binding_peers() {
  return {
      {.who = "numa_alloc_onnode", .make = make_libnuma, .pages = true},
      {.who = "hwloc_alloc_membind",
       .make =
           [] {
             return subject{adapt(hwloc{}), is_bound, {}};
           },
       .pages = true},
  };
}

}  // namespace bench
