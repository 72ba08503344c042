#include "area/huge_page_fallback.hpp"

#include <acre/bytes.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>

#include "observe/room.hpp"
#include "placement/planned_ranges.hpp"
#include "placement/range_budget.hpp"
#include "sys/files.hpp"
#include "sys/memory_limits.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

unsigned shift_of(page_kind kind) noexcept {
  return static_cast<unsigned>(std::countr_zero(page_size(kind)));
}

}  // namespace

bool is_hugetlb(page_kind kind) noexcept {
  return kind == page_kind::huge_2mb || kind == page_kind::huge_1gb;
}

page_kind smaller(page_kind kind) noexcept {
  switch (kind) {
    case page_kind::huge_1gb:
      return page_kind::huge_2mb;
    case page_kind::huge_2mb:
      return page_kind::transparent_huge;
    case page_kind::transparent_huge:
    case page_kind::system:
      break;
  }
  return page_kind::system;
}

std::size_t planned_page(page_kind kind, std::size_t mapped) {
  if (kind == page_kind::transparent_huge && mapped < page_size(kind)) return sys::page_size();
  return page_size(kind);
}

plan plan_mapping(const placement& where, std::size_t bytes, std::size_t mapped, page_kind kind,
                  const topology& machine) {
  plan p = plan_within_budget(where, bytes, planned_page(kind, mapped), machine);
  // Planned in transparent huge pages it may reach beyond.
  return p.bytes == mapped ? p : part_of(std::move(p), 0, mapped);
}

std::string why_of_another_size(std::optional<std::uint64_t> bytes) {
  if (!bytes || *bytes == page_size(page_kind::transparent_huge)) return {};
  return "transparent huge pages of this kernel have " + format_bytes(*bytes);
}

std::string why_unavailable(page_kind kind, sharing s) {
  if (kind == page_kind::transparent_huge) {
    const char* const file = s == sharing::shared ? "shmem_enabled" : "enabled";
    const std::string setting = sys::thp_setting(file);
    if (setting.empty())
      return sys::tells_of_memory() ? "this kernel has no transparent huge pages" : std::string();
    if (setting == "never" || setting == "deny")
      return std::string("transparent_hugepage/") + file + " says " + setting;
    return why_of_another_size(sys::transparent_huge_bytes());
  }
  if (is_hugetlb(kind)) {
    const auto pool = sys::huge_pages(shift_of(kind));
    if (!pool) return sys::tells_of_memory() ? "this kernel has no huge pages of that size" : std::string();
    if (pool->pages + pool->surplus_allowed == 0)
      return "no huge pages of that size are reserved (vm.nr_hugepages)";
  }
  return {};
}

std::string why_group_is_short(std::uint64_t bytes, page_kind kind) {
  const auto limit = sys::huge_page_group_limits(shift_of(kind)).tightest;
  if (!limit || bytes <= limit->bytes) return {};
  return "the control group (" + limit->file + ") leaves " + format_bytes_rounded(limit->bytes) +
         " of huge pages";
}

std::string why_short(const plan& p, page_kind kind) {
  const unsigned shift = shift_of(kind);
  if (std::string why = why_group_is_short(p.bytes, kind); !why.empty()) return why;
  const auto whole = sys::huge_pages(shift);
  // What the kernel may add to the pools it adds on any node.
  if (whole && whole->surplus_allowed != 0) return {};
  for (const hard_need& need : hard_needs(p)) {
    std::uint64_t free = 0;
    bool known = true;
    for (node_id n : need.nodes) {
      const auto pool = sys::huge_pages(shift, n);
      known = known && pool;
      if (pool) free += pool->free;
    }
    if (known && (need.bytes >> shift) > free) return "the nodes have not enough free huge pages";
  }
  return {};
}

bool are_pools_hidden(const plan& p, page_kind kind) {
  for (const hard_need& need : hard_needs(p)) {
    for (node_id n : need.nodes) {
      if (!sys::huge_pages(shift_of(kind), n)) return true;
    }
  }
  return false;
}

}  // namespace acre::inline v1
