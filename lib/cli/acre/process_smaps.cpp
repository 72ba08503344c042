#include "cli/acre/process_smaps.hpp"

#include "cli/acre/process_stat.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace acre_cli {
namespace {

/// "7f0000000000-7f0000200000 rw-p ..."; properties begin with a capital letter.
std::optional<std::uintptr_t> mapping_of(std::string_view line) {
  std::uintptr_t begin = 0;
  const char* const last = line.data() + line.size();
  const auto read = std::from_chars(line.data(), last, begin, 16);
  if (read.ec != std::errc{} || read.ptr == last || *read.ptr != '-') return std::nullopt;
  return begin;
}

/// Where "AnonHugePages:      2048 kB" belongs; null for what nobody here asks for.
std::size_t* member_of(mapping_memory& mapping, std::string_view key) {
  if (key == "Rss") return &mapping.resident;
  if (key == "Pss") return &mapping.proportional;
  if (key == "AnonHugePages" || key == "ShmemPmdMapped" || key == "FilePmdMapped")
    return &mapping.transparent_huge;
  return nullptr;
}

std::size_t bytes_in(std::string_view value) {
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  std::size_t kib = 0;
  std::from_chars(value.data(), value.data() + value.size(), kib);
  return kib << 10;
}

}  // namespace

process_smaps parse_smaps(std::istream& smaps) {
  process_smaps found;
  mapping_memory* mapping = nullptr;
  for (std::string text; std::getline(smaps, text);) {
    const std::string_view line = text;
    if (const auto next = mapping_of(line)) {
      mapping = &found[*next];
    } else if (const std::size_t colon = line.find(':'); mapping != nullptr && colon != line.npos) {
      if (std::size_t* const member = member_of(*mapping, line.substr(0, colon)))
        *member += bytes_in(line.substr(colon + 1));
    }
  }
  return found;
}

process_smaps smaps_of(int pid) {
  for (const std::filesystem::path& thread : thread_directories(pid)) {
    std::ifstream in(thread / "smaps");
    if (process_smaps found = parse_smaps(in); !found.empty()) return found;
  }
  return {};
}

}  // namespace acre_cli
