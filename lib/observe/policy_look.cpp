#include "observe/policy_look.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "observe/numa_maps.hpp"
#include "placement/kernel_policy.hpp"
#include "sys/files.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

bool is_refusal(int e) noexcept { return e == EPERM || e == EACCES || e == ENOSYS; }

}  // namespace

std::optional<policy> policy_looker::at(std::uintptr_t address) {
  sys::raw_policy raw;
  const int e = sys::policy_at(reinterpret_cast<const void*>(address), raw);
  if (e == 0) return from_kernel(raw);
  return is_refusal(e) ? of_mapping(address, e) : std::nullopt;
}

bool policy_looker::is_installed(std::uintptr_t address, const policy& wanted) {
  sys::raw_policy raw;
  const int e = sys::policy_at(reinterpret_cast<const void*>(address), raw);
  if (!is_refusal(e)) return acre::is_installed(e == 0 ? raw : sys::raw_policy{}, wanted);
  const std::optional<policy> found = of_mapping(address, e);
  // Linux < 5.15 prefers the first node only; numa_maps has one word for both.
  return found == wanted || (found && found->mode == policy_mode::prefer && found->mode == wanted.mode &&
                             found->nodes == node_set{wanted.nodes.first()});
}

std::optional<policy> policy_looker::of_mapping(std::uintptr_t address, int refused) {
  if (!x_mappings) {
    const std::optional<std::string> all = sys::numa_maps();
    if (!all) {
      throw error(std::error_code(refused, std::system_category()),
                  "nothing tells the policies of memory: the kernel refuses get_mempolicy(2), and "
                  "the numa_maps of the process cannot be read. In a container, allow get_mempolicy in the "
                  "seccomp profile "
                  "(docker run --cap-add SYS_NICE)");
    }
    x_mappings.emplace();
    std::string_view text = *all;
    while (!text.empty()) {
      if (auto line = parse_numa_maps_line(take_line(text)))
        x_mappings->push_back({line->begin, std::move(line->policy)});
    }
  }
  const auto next = std::upper_bound(x_mappings->begin(), x_mappings->end(), address,
                                     [](std::uintptr_t a, const mapping_policy& m) { return a < m.begin; });
  return next == x_mappings->begin() ? std::nullopt : std::prev(next)->found;
}

}  // namespace acre::inline v1
