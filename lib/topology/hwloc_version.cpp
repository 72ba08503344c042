#include <acre/hwloc_version.hpp>

#include <hwloc.h>

namespace acre {

std::string hwloc_version() {
  // X.Y.Z is (X << 16) + (Y << 8) + Z, says hwloc.h.
  const unsigned version = hwloc_get_api_version();
  return std::to_string(version >> 16) + "." + std::to_string(version >> 8 & 0xff) + "." +
         std::to_string(version & 0xff);
}

}  // namespace acre
