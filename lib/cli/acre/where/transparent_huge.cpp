#include "cli/acre/where/transparent_huge.hpp"

#include "cli/acre/process_stat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <istream>
#include <string>
#include <string_view>
#include <utility>

namespace acre_cli {
namespace {

/// "7f0000000000-7f0000200000 rw-p ..."
std::optional<std::uintptr_t> mapping_of(std::string_view line) {
  std::uintptr_t begin = 0;
  const char* const last = line.data() + line.size();
  const auto read = std::from_chars(line.data(), last, begin, 16);
  if (read.ec != std::errc{} || read.ptr == last || *read.ptr != '-') return std::nullopt;
  return begin;
}

/// "AnonHugePages:      2048 kB"; 0 for other lines.
std::size_t huge_bytes_in(std::string_view line) {
  for (const std::string_view key : {"AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:"}) {
    if (!line.starts_with(key)) continue;
    line.remove_prefix(std::min(line.find_first_not_of(' ', key.size()), line.size()));
    std::size_t kib = 0;
    std::from_chars(line.data(), line.data() + line.size(), kib);
    return kib << 10;
  }
  return 0;
}

}  // namespace

std::optional<huge_bytes> parse_smaps(std::istream& smaps) {
  huge_bytes found;
  std::optional<std::uintptr_t> mapping;
  for (std::string line; std::getline(smaps, line);) {
    if (const auto next = mapping_of(line)) {
      mapping = next;
    } else if (const std::size_t bytes = huge_bytes_in(line); bytes != 0 && mapping) {
      found[*mapping] += bytes;
    }
  }
  return mapping ? std::optional(std::move(found)) : std::nullopt;
}

std::optional<huge_bytes> read_transparent_huge(int pid) {
  std::ifstream of_first(fmt::format("/proc/{}/smaps", pid));
  if (auto found = parse_smaps(of_first)) return found;
  for (const std::filesystem::path& thread : thread_directories(pid)) {
    std::ifstream in(thread / "smaps");
    if (auto found = parse_smaps(in)) return found;
  }
  return std::nullopt;
}

}  // namespace acre_cli
