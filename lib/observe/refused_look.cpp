#include "observe/refused_look.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "observe/numa_maps.hpp"
#include "sys/files.hpp"
#include "sys/mappings.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {

std::optional<std::vector<mapping_pages>> pages_by_mapping() {
  const std::optional<std::string> all = sys::numa_maps();
  if (!all) return std::nullopt;
  std::vector<mapping_pages> mappings;
  std::string_view text = *all;
  while (!text.empty()) {
    std::optional<numa_maps_line> line = parse_numa_maps_line(take_line(text));
    if (!line) continue;
    for (node_pages& n : line->nodes) n.pages = n.pages * line->page_size / sys::page_size();
    mappings.push_back({line->begin, std::move(line->nodes)});
  }
  return mappings;
}

void refused_look::look(std::span<void* const> pages, std::span<int> nodes) {
  std::array<sys::page_entry, 512> entries;
  x_mappings.reset();  // pages may have moved since
  x_lines.reset();
  for (std::size_t at = 0; at < pages.size(); at += entries.size()) {
    const auto known = std::span(entries).first(std::min(entries.size(), pages.size() - at));
    if (sys::page_entries(pages[at], known) != 0) give_up();
    for (std::size_t i = 0; i < known.size(); ++i) {
      int& node = nodes[at + i];
      switch (known[i]) {
        case sys::page_entry::none:
          node = -ENOENT;
          break;
        case sys::page_entry::elsewhere:
          node = -EBUSY;
          break;
        case sys::page_entry::present:
          node = node_of(pages[at + i], false);
          break;
        case sys::page_entry::of_object:
          node = node_of(pages[at + i], !is_of_file(pages[at + i]));
          break;
        case sys::page_entry::maybe_zero:
          node = node_of(pages[at + i], true);
          break;
      }
    }
  }
}

int refused_look::node_of(const void* page, bool may_be_zero) {
  if (x_per_mapping) return node_of_mapping(page, may_be_zero);
  if (may_be_zero) {
    const std::optional<bool> zero = sys::is_zero_page(page);
    if (zero == true) return -ENOENT;
    // Linux < 6.7: numa_maps counts the zero page nowhere.
    if (!zero) {
      const int node = node_of_mapping(page, true);
      if (node < 0) return node;
    }
  }
  int node = -1;
  switch (sys::node_at(page, node)) {
    case 0:
      return node;
    case EPERM:
    case EACCES:
    case ENOSYS:
      x_per_mapping = true;
      return node_of_mapping(page, may_be_zero);
    default:
      return node_not_told;
  }
}

int refused_look::node_of_mapping(const void* page, bool may_be_zero) {
  if (!x_mappings) x_mappings = pages_by_mapping();
  if (!x_mappings) give_up();
  const auto next =
      std::upper_bound(x_mappings->begin(), x_mappings->end(), reinterpret_cast<std::uintptr_t>(page),
                       [](std::uintptr_t at, const mapping_pages& m) { return at < m.begin; });
  if (next == x_mappings->begin()) return node_not_told;
  const mapping_pages& m = *std::prev(next);
  if (m.nodes.empty()) return -ENOENT;
  return m.nodes.size() == 1 && !may_be_zero ? static_cast<int>(m.nodes.front().node) : node_not_told;
}

/// Whether a page that the page table calls one of a file is one; else it is the huge zero page.
bool refused_look::is_of_file(const void* page) {
  if (!x_lines) x_lines = sys::maps(0, std::numeric_limits<std::uintptr_t>::max());
  if (!x_lines) return false;
  const auto at = reinterpret_cast<std::uintptr_t>(page);
  const auto next = std::upper_bound(x_lines->begin(), x_lines->end(), at,
                                     [](std::uintptr_t a, const sys::map_line& m) { return a < m.begin; });
  return next != x_lines->begin() && std::prev(next)->inode != 0;
}

void refused_look::give_up() const {
  throw error(
      std::error_code(x_refused, std::system_category()),
      "nothing tells where pages lie: the kernel refuses move_pages(2), and neither get_mempolicy(2) nor "
      "the numa_maps of the process make up for it. In a container, allow move_pages in the seccomp profile "
      "(docker run --security-opt seccomp=FILE), or get_mempolicy (docker run --cap-add SYS_NICE)");
}

}  // namespace acre::inline v1
