#include "observe/count_pages.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "observe/page_walk.hpp"
#include "sys/mappings.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

/// Counts pages by node while walking.
class counter {
 public:
  explicit counter(residency& r) : x_result(r) {}

  void add(int node, std::size_t pages) {
    if (node == node_not_told) {
      x_result.unknown += pages;
      return;
    }
    if (node < 0) {
      x_result.untouched += pages;
      return;
    }
    const auto n = static_cast<node_id>(node);
    // Neighbours mostly lie on one node.
    if (x_last >= x_result.per_node.size() || x_result.per_node[x_last].node != n) x_last = slot(n);
    x_result.per_node[x_last].pages += pages;
  }

 private:
  std::size_t slot(node_id n) {
    auto at = std::find_if(x_result.per_node.begin(), x_result.per_node.end(),
                           [n](const node_pages& x) { return x.node >= n; });
    if (at == x_result.per_node.end() || at->node != n) at = x_result.per_node.insert(at, {n, 0});
    return static_cast<std::size_t>(at - x_result.per_node.begin());
  }

  residency& x_result;
  std::size_t x_last = 0;
};

/// The parts of a range that are mapped as huge pages; exact, Linux 6.7.
/// \returns false if the kernel cannot tell
bool find_huge(const page_range& range, std::vector<sys::huge_run>& runs) {
  std::array<sys::huge_run, 64> found{};
  for (std::uintptr_t at = range.begin; at < range.end;) {
    const long n = sys::scan_huge(at, range.end, found, at);
    if (n < 0) return false;
    runs.insert(runs.end(), found.begin(), found.begin() + n);
  }
  return true;
}

/// Walks a run of huge pages with one look for each: all base pages of a huge page lie on its node.
/// \param add called as add(node, base pages)
/// \returns base pages that are there: the huge page of zeros is one of the kernel's huge pages, and lies nowhere
template <class Add>
std::size_t walk_huge_run(page_looker& looker, const sys::huge_run& run, std::size_t page_size, Add add) {
  std::size_t there = 0;
  for (std::uintptr_t at = run.begin; at < run.end;) {
    const std::uintptr_t next = std::min(run.end, (at / huge_page + 1) * huge_page);
    const std::size_t pages = (next - at) / page_size;
    walk_pages(looker, at, at + 1, page_size, [&](std::size_t, int node) {
      add(node, pages);
      if (node >= 0 || node == node_not_told) there += pages;
    });
    at = next;
  }
  return there;
}

/// Tells whether runs of huge pages belong to hugetlb mappings, of which PAGEMAP_SCAN does not speak: by one cheap call
/// (Linux 6.11), by whether the mapping has a file, or by /proc/self/smaps, for which the kernel walks the whole
/// process.
class hugetlb_teller {
 public:
  explicit hugetlb_teller(const page_range& range) : x_range(range) {}

  bool is_hugetlb(const sys::huge_run& run) {
    sys::vma v{};
    if (sys::query_vma(run.begin, v) == 0) return v.page_size > x_range.page_size;
    if (!x_mappings)
      x_mappings = sys::maps(x_range.begin, x_range.end).value_or(std::vector<sys::map_line>{});
    const auto has_run = [&](const auto& m) { return m.begin <= run.begin && run.begin < m.end; };
    const auto m = std::find_if(x_mappings->begin(), x_mappings->end(), has_run);
    if (m != x_mappings->end() && !sys::may_be_hugetlb(*m)) return false;
    if (x_entries.empty()) x_entries = sys::smaps(x_range.begin, x_range.end);
    return std::any_of(x_entries.begin(), x_entries.end(), [&](const sys::smaps_entry& e) {
      return has_run(e) && e.page_size > x_range.page_size;
    });
  }

 private:
  const page_range& x_range;
  std::optional<std::vector<sys::map_line>> x_mappings;
  std::vector<sys::smaps_entry> x_entries;
};

/// Linux < 6.7: by /proc/self/smaps, a whole mapping at a time.
void count_by_smaps(const page_range& range, residency& r) {
  for (const sys::smaps_entry& e : sys::smaps(range.begin, range.end)) {
    const std::size_t overlap = std::min(e.end, range.end) - std::max(e.begin, range.begin);
    if (e.page_size > range.page_size) {
      r.hugetlb += overlap / range.page_size;
    } else if (e.transparent_huge != 0) {
      if (e.begin < range.begin || e.end > range.end) r.huge_exact = false;
      r.transparent_huge += std::min<std::size_t>(overlap, e.transparent_huge) / range.page_size;
    }
  }
  // Hugetlb mappings count with all their pages, touched or not.
  if (r.hugetlb > r.resident()) r.huge_exact = false;
  r.hugetlb = std::min(r.hugetlb, r.resident());
}

/// Of a mapping that lies in the range whole, numa_maps knows the counts, though not which page lies where.
void count_by_mapping(const page_range& range, residency& r) {
  const std::optional<std::vector<mapping_pages>> all = pages_by_mapping();
  if (!all) return;
  counter count(r);
  for (const sys::map_line& m :
       mappings_of({0, std::numeric_limits<std::uintptr_t>::max(), range.page_size})) {
    if (m.begin < range.begin || m.end > range.end) continue;
    const auto known =
        std::find_if(all->begin(), all->end(), [&](const mapping_pages& p) { return p.begin == m.begin; });
    if (known == all->end() || known->nodes.size() < 2) continue;
    for (const node_pages& n : known->nodes) {
      const std::size_t pages = std::min(n.pages, r.unknown);
      r.unknown -= pages;
      count.add(static_cast<int>(n.node), pages);
    }
  }
}

}  // namespace

residency count_pages(const page_range& range, std::span<int> nodes) {
  residency r;
  r.page_size = range.page_size;
  r.pages = range.pages();
  counter count(r);
  std::vector<sys::huge_run> runs;
  const bool known = find_huge(range, runs);
  if (!known) runs.clear();
  hugetlb_teller teller(range);
  page_looker looker(range);
  std::size_t noted = 0;
  const auto add = [&](int node, std::size_t n) {
    count.add(node, n);
    if (nodes.empty()) return;
    std::fill_n(nodes.begin() + static_cast<std::ptrdiff_t>(noted), n, node);
    noted += n;
  };
  std::uintptr_t at = range.begin;
  const auto walk_to = [&](std::uintptr_t to) {
    walk_pages(looker, at, to, range.page_size, [&](std::size_t, int node) { add(node, 1); });
  };
  for (const sys::huge_run& run : runs) {
    walk_to(run.begin);
    (teller.is_hugetlb(run) ? r.hugetlb : r.transparent_huge) +=
        walk_huge_run(looker, run, range.page_size, add);
    at = run.end;
  }
  walk_to(range.end);
  r.per_mapping = looker.per_mapping();
  if (r.per_mapping && r.unknown != 0) count_by_mapping(range, r);
  if (!known) count_by_smaps(range, r);
  return r;
}

}  // namespace acre::inline v1
