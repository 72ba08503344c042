#include <array>
#include <utility>

#include "topology/machine.hpp"

namespace acre::inline v1 {
namespace {

// hwloc 2.9 to 2.12: NUMANode subtypes, and the infos its guesses are made of.
constexpr std::array<std::pair<std::string_view, memory_kind>, 8> subtypes = {{
    {"DRAM", memory_kind::dram},
    {"HBM", memory_kind::hbm},
    {"MCDRAM", memory_kind::hbm},
    {"CXL-DRAM", memory_kind::cxl},
    {"CXLMem", memory_kind::cxl},
    {"CXL-NVM", memory_kind::nvm},
    {"NVM", memory_kind::nvm},
    {"GPUMemory", memory_kind::gpu},
}};

std::string_view text_or_empty(const char* s) noexcept {
  return s ? std::string_view(s) : std::string_view();
}

}  // namespace

memory_kind kind_of(hwloc_obj_t node) noexcept {
  const std::string_view subtype = text_or_empty(node->subtype);
  for (const auto& [name, kind] : subtypes)
    if (subtype == name) return kind;
  if (text_or_empty(hwloc_obj_get_info_by_name(node, "DAXType")) == "NVM") return memory_kind::nvm;
  if (hwloc_obj_get_info_by_name(node, "CXLDevice")) return memory_kind::cxl;
  return memory_kind::unknown;
}

std::string_view to_string(memory_kind kind) noexcept {
  switch (kind) {
    case memory_kind::unknown:
      return "unknown";
    case memory_kind::dram:
      return "dram";
    case memory_kind::hbm:
      return "hbm";
    case memory_kind::cxl:
      return "cxl";
    case memory_kind::nvm:
      return "nvm";
    case memory_kind::gpu:
      return "gpu";
  }
  return "unknown";
}

std::string_view to_string(memory_attribute attribute) noexcept {
  switch (attribute) {
    case memory_attribute::capacity:
      return "capacity";
    case memory_attribute::bandwidth:
      return "bandwidth";
    case memory_attribute::latency:
      return "latency";
  }
  return "unknown";
}

}  // namespace acre::inline v1
