#include <acre/locate.hpp>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "base/code_of.hpp"
#include "base/counted.hpp"
#include "observe/count_pages.hpp"
#include "observe/page_range.hpp"
#include "observe/page_walk.hpp"

namespace acre::inline v1 {

residency locate(const void* p, std::size_t bytes) { return count_pages(require_mapped(p, bytes, "locate")); }

residency locate(const void* p, std::size_t bytes, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return locate(p, bytes); });
}

std::vector<int> locate_pages(const void* p, std::size_t bytes) {
  const page_range range = require_mapped(p, bytes, "locate_pages");
  std::vector<int> nodes(range.pages());
  page_looker looker(range);
  walk_pages(looker, range.begin, range.end, range.page_size,
             [&](std::size_t i, int node) { nodes[i] = node < 0 ? -1 : node; });
  return nodes;
}

std::vector<int> locate_pages(const void* p, std::size_t bytes, std::error_code& ec) noexcept {
  return value_or_code(ec, [&] { return locate_pages(p, bytes); });
}

std::size_t residency::on(node_id node) const noexcept {
  for (const node_pages& n : per_node) {
    if (n.node == node) return n.pages;
  }
  return 0;
}

residency& residency::operator+=(const residency& other) {
  for (const node_pages& more : other.per_node) {
    const auto at = std::lower_bound(per_node.begin(), per_node.end(), more.node,
                                     [](const node_pages& n, node_id node) { return n.node < node; });
    if (at != per_node.end() && at->node == more.node) {
      at->pages += more.pages;
    } else {
      per_node.insert(at, more);
    }
  }
  if (page_size == 0) page_size = other.page_size;
  pages += other.pages;
  untouched += other.untouched;
  unknown += other.unknown;
  transparent_huge += other.transparent_huge;
  hugetlb += other.hugetlb;
  huge_exact = huge_exact && other.huge_exact;
  per_mapping = per_mapping || other.per_mapping;
  return *this;
}

std::size_t residency::resident() const noexcept { return pages - untouched - unknown; }

node_set residency::nodes() const {
  node_set s;
  for (const node_pages& n : per_node) s.insert(n.node);
  return s;
}

std::string residency::to_string() const {
  std::string text;
  const auto add = [&](const std::string& part) {
    if (!text.empty()) text += ", ";
    text += part;
  };
  for (const node_pages& n : per_node) {
    add("node " + std::to_string(n.node) + ": " + counted(n.pages, "page"));
  }
  if (untouched != 0) add(counted(untouched, "page") + " untouched");
  if (unknown != 0) add(counted(unknown, "page") + " unknown");
  if (per_mapping)
    text += " (told by mapping, not by page: the kernel refuses move_pages(2) and get_mempolicy(2))";
  return text;
}

std::ostream& operator<<(std::ostream& out, const residency& r) { return out << r.to_string(); }

}  // namespace acre::inline v1
