#include "cli/run/system_weights.hpp"

#include "cli/input_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace acre_cli {
namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t max_system_weight = 255;  // a u8 in the kernel

fs::path file_of(acre::node_id node, const fs::path& directory) {
  return directory / fmt::format("node{}", node);
}

std::uint32_t weight_of(acre::node_id node, const fs::path& directory) {
  std::ifstream in(file_of(node, directory));
  std::uint32_t weight = 0;
  if (!(in >> weight) || weight == 0) {
    throw input_error(
        fmt::format("cannot read {}: weights need Linux 6.9", file_of(node, directory).string()));
  }
  return weight;
}

bool same_ratio(std::span<const acre::node_weight> wanted, const std::vector<std::uint32_t>& system) {
  for (std::size_t i = 1; i < wanted.size(); ++i) {
    if (std::uint64_t{wanted[i].weight} * system[0] != std::uint64_t{wanted[0].weight} * system[i])
      return false;
  }
  return true;
}

/// In smallest numbers, because there is a largest.
std::string how_to_set(std::span<const acre::node_weight> wanted, const fs::path& directory) {
  const std::uint32_t divisor =
      std::accumulate(wanted.begin(), wanted.end(), std::uint32_t{0},
                      [](std::uint32_t sum, const acre::node_weight& w) { return std::gcd(sum, w.weight); });
  std::string commands;
  for (const auto& w : wanted) {
    if (w.weight / divisor > max_system_weight) return "; the kernel cannot have those: 255 is its largest";
    commands += fmt::format("\n  echo {} > {}", w.weight / divisor, file_of(w.node, directory).string());
  }
  return "; set them as root, for all programs:" + commands;
}

}  // namespace

void require_system_weights(std::span<const acre::node_weight> wanted, const fs::path& directory) {
  std::vector<std::uint32_t> system;
  std::string told;
  for (const auto& w : wanted) {
    system.push_back(weight_of(w.node, directory));
    told += fmt::format("{}{}:{}", told.empty() ? "" : ",", w.node, system.back());
  }
  if (same_ratio(wanted, system)) return;
  throw input_error(fmt::format("programs have no weights of their own, only the system's, which are {}{}",
                                told, how_to_set(wanted, directory)));
}

}  // namespace acre_cli
