// policy_look: the policies that the kernel has for memory, also where it refuses get_mempolicy(2).
#pragma once

#include <acre/plan.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace acre::inline v1 {

class policy_looker {
 public:
  /// The policy at an address. Where get_mempolicy(2) is refused, that of the mapping in /proc/self/numa_maps.
  /// \returns nothing if the address is not mapped, or for a policy that acre does not know
  /// \throws error with the errno of the refusal, if nothing else works
  std::optional<policy> at(std::uintptr_t address);

  /// True if what the kernel has at an address is what apply() leaves for `wanted` on some kernel.
  bool is_installed(std::uintptr_t address, const policy& wanted);

 private:
  struct mapping_policy {
    std::uintptr_t begin;
    std::optional<policy> found;
  };
  std::optional<policy> of_mapping(std::uintptr_t address, int refused);

  std::optional<std::vector<mapping_policy>> x_mappings;
};

}  // namespace acre::inline v1
