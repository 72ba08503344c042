#include <acre/hwloc_version.hpp>

#include <hwloc.h>

#include <memory>
#include <type_traits>

namespace acre::inline v1 {
namespace {

/// Where the release is told: no function does, but every topology that hwloc makes itself.
const char* release_in(hwloc_topology_t t) {
#if HWLOC_API_VERSION >= 0x00030000
  return hwloc_get_info_by_name(hwloc_topology_get_infos(t), "hwlocVersion");
#else
  return hwloc_obj_get_info_by_name(hwloc_get_root_obj(t), "hwlocVersion");
#endif
}

std::string interface_version() {
  // X.Y.Z is (X << 16) + (Y << 8) + Z, says hwloc.h. hwloc 2.9 still has 2.8's.
  const unsigned version = hwloc_get_api_version();
  return std::to_string(version >> 16) + "." + std::to_string(version >> 8 & 0xff) + "." +
         std::to_string(version & 0xff);
}

}  // namespace

std::string hwloc_version() {
  hwloc_topology_t made = nullptr;
  if (hwloc_topology_init(&made) != 0) return interface_version();
  const std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, void (*)(hwloc_topology_t)> owner(
      made, hwloc_topology_destroy);
  if (hwloc_topology_set_synthetic(made, "pu:1") != 0 || hwloc_topology_load(made) != 0)
    return interface_version();
  const char* const release = release_in(made);
  return release != nullptr ? release : interface_version();
}

}  // namespace acre::inline v1
