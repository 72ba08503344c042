#include "cli/acre/run/shared_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace acre_cli {
namespace fs = std::filesystem;
namespace {

/// Mappings begin with an address, their properties with a capital letter.
bool begins_mapping(const std::string& line) {
  return !line.empty() && line.find('-') != std::string::npos && (line[0] < 'A' || line[0] > 'Z');
}

std::size_t pages_in_shared_mappings(const acre::process_binding& binding) {
  std::size_t pages = 0;
  for (const auto& m : binding.mappings) {
    if (m.mappers > 1) pages += m.pages();
  }
  return pages;
}

/// As the first thread that has memory shows it: files of threads that have ended are empty.
page_shares shares_in(int pid) {
  std::error_code ec;
  for (fs::directory_iterator task(fmt::format("/proc/{}/task", pid), ec), end; !ec && task != end;
       task.increment(ec)) {
    std::ifstream smaps(task->path() / "smaps");
    page_shares shares = read_shares(smaps);
    if (!shares.empty()) return shares;
  }
  return {};
}

double share_of(const acre::process_mapping& m, const page_shares& shares) {
  if (m.mappers <= 1) return 1;
  const auto found = shares.find(m.begin);
  return found != shares.end() ? found->second : 1.0 / static_cast<double>(m.mappers);
}

}  // namespace

page_shares read_shares(std::istream& smaps) {
  page_shares shares;
  std::uintptr_t begin = 0;
  double resident = 0;
  for (std::string line; std::getline(smaps, line);) {
    if (begins_mapping(line)) {
      std::from_chars(line.data(), line.data() + line.size(), begin, 16);
      resident = 0;
      continue;
    }
    std::istringstream words(line.substr(line.find(':') + 1));
    double kib = 0;
    if (line.starts_with("Rss:") && words >> kib) resident = kib;
    if (line.starts_with("Pss:") && words >> kib && resident > 0)
      shares[begin] = std::min(kib / resident, 1.0);
  }
  return shares;
}

process_pages pages_of(const acre::process_binding& binding, const page_shares& shares) {
  process_pages found;
  std::map<acre::node_id, double> weighed;
  for (const auto& m : binding.mappings) {
    for (const auto& n : m.per_node) {
      weighed[n.node] += share_of(m, shares) * static_cast<double>(n.pages);
      found.mapped += n.pages;
    }
  }
  for (const auto& [node, pages] : weighed)
    found.per_node.push_back({node, static_cast<std::size_t>(std::llround(pages))});
  return found;
}

process_pages pages_of(const acre::process_binding& binding) {
  if (pages_in_shared_mappings(binding) < binding.pages() / 10) return pages_of(binding, {});
  return pages_of(binding, shares_in(binding.pid));
}

}  // namespace acre_cli
