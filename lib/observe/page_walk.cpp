#include "observe/page_walk.hpp"

#include <acre/error.hpp>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "sys/files.hpp"
#include "sys/pages.hpp"
#include "sys/policy.hpp"

namespace acre::inline v1 {
namespace {

/// A base page is moved within microseconds, a huge page within a millisecond, unless the mover has to wait for a CPU.
void wait_a_little(int looks_left) noexcept {
  if (looks_left > 290) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(looks_left > 200 ? 200 : 1000));
  }
}

/// Fewer than are looked at in the first place: this comes on top of their stack.
constexpr std::size_t pages_per_further_look = 512;

bool is_absent(int node) noexcept { return node < 0 && node != node_not_told; }

/// A mapping of a shared object's pages that ends here, and cannot be written to.
class object_mirror {
 public:
  object_mirror(const void* p, std::size_t bytes) noexcept : x_bytes(bytes) {
    x_data = sys::mirror(p, bytes).data;
  }
  ~object_mirror() {
    if (x_data != nullptr) sys::unmap(x_data, x_bytes);
  }
  object_mirror(const object_mirror&) = delete;
  object_mirror& operator=(const object_mirror&) = delete;

  std::byte* data() const noexcept { return static_cast<std::byte*>(x_data); }

 private:
  void* x_data;
  std::size_t x_bytes;
};

/// Calls run(first, count) for each run of ones.
template <class Run>
void each_run(std::span<const unsigned char> flags, Run run) {
  for (auto at = flags.begin(); at != flags.end();) {
    const auto begin = std::find(at, flags.end(), 1);
    at = std::find(begin, flags.end(), 0);
    if (begin != at)
      run(static_cast<std::size_t>(begin - flags.begin()), static_cast<std::size_t>(at - begin));
  }
}

}  // namespace

void page_looker::look(std::span<void* const> pages, std::span<int> nodes) {
  look_once(pages, nodes);
  look_again(pages, nodes);
  look_into_objects(pages, nodes);
}

void page_looker::look_once(std::span<void* const> pages, std::span<int> nodes) {
  if (!x_refused) {
    const int e = sys::nodes_of(pages, nodes);
    if (e == 0) return;
    if (e != EPERM && e != ENOSYS && e != EACCES)
      throw error(std::error_code(e, std::system_category()), "looking at pages with move_pages(2)");
    x_refused.emplace(e);
  }
  x_refused->look(pages, nodes);
}

/// Looks for the pages of a batch that only seem absent: the kernel tells of none while it moves a page, as
/// compaction does at any time. Once at least, and as long as looks are left.
void page_looker::look_again(std::span<void* const> pages, std::span<int> nodes) {
  for (;;) {
    const auto first = std::find_if(nodes.begin(), nodes.end(), is_absent);
    if (first == nodes.end()) return;
    const auto skipped = static_cast<std::size_t>(first - nodes.begin());
    pages = pages.subspan(skipped);
    nodes = nodes.subspan(skipped);
    bool on_the_way = false;
    for (std::size_t at = 0; at < pages.size(); at += pages_per_further_look) {
      const std::size_t n = std::min(pages_per_further_look, pages.size() - at);
      on_the_way =
          look_once_more(pages.subspan(at, n), nodes.subspan(at, n), x_looks_left == 0) || on_the_way;
    }
    if (!on_the_way || x_looks_left == 0) return;
    wait_a_little(--x_looks_left);
  }
}

/// Looks at the absent pages that have an entry in the page table.
/// \param last what is still being moved counts as not told
/// \returns whether some are being moved
bool page_looker::look_once_more(std::span<void* const> pages, std::span<int> nodes, bool last) {
  std::array<sys::page_entry, pages_per_further_look> entries;
  const auto known = std::span(entries).first(pages.size());
  if (sys::page_entries(pages.front(), known) != 0) return false;
  std::array<void*, pages_per_further_look> again;
  std::array<std::size_t, pages_per_further_look> index;
  std::array<int, pages_per_further_look> found;
  std::size_t n = 0;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    // Present: back by now, or the zero page.
    if (!is_absent(nodes[i]) || known[i] == sys::page_entry::none) continue;
    again[n] = pages[i];
    index[n++] = i;
  }
  if (n == 0) return false;
  if (x_refused) {
    // Runs of neighbours, because each look reads the mappings anew.
    for (std::size_t i = 0; i < n;) {
      std::size_t end = i + 1;
      while (end < n && index[end] == index[end - 1] + 1) ++end;
      x_refused->look(std::span(again).subspan(i, end - i), std::span(found).subspan(i, end - i));
      i = end;
    }
  } else if (sys::nodes_of(std::span(again).first(n), std::span(found).first(n)) != 0) {
    return false;
  }
  bool on_the_way = false;
  for (std::size_t i = 0; i < n; ++i) {
    int& node = nodes[index[i]];
    node = found[i];
    if (!is_absent(node) || known[index[i]] != sys::page_entry::elsewhere) continue;
    // Swapped out looks the same in the page table. mincore(2) tells most of them apart (mm/mincore.c: "migration
    // entries are always uptodate"), but not those in the swap cache, and poisoned pages are waited for in vain.
    unsigned char there = 0;
    if (sys::present_pages(again[i], std::span(&there, 1)) != 0 || there == 0) continue;
    on_the_way = true;
    if (last) node = node_not_told;
  }
  return on_the_way;
}

const sys::map_line* page_looker::mapping_at(const void* p) {
  if (!x_mappings) x_mappings = mappings_of(x_range);
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const auto next = std::upper_bound(x_mappings->begin(), x_mappings->end(), at,
                                     [](std::uintptr_t a, const sys::map_line& m) { return a < m.begin; });
  if (next == x_mappings->begin() || std::prev(next)->end <= at) return nullptr;
  return &*std::prev(next);
}

/// Pages of shared memory exist whoever touched them; move_pages(2) goes by this process's page table.
void page_looker::look_into_objects(std::span<void* const> pages, std::span<int> nodes) {
  for (std::size_t at = 0; at < pages.size();) {
    if (!is_absent(nodes[at])) {
      ++at;
      continue;
    }
    const sys::map_line* const m = mapping_at(pages[at]);
    const std::uintptr_t end = m != nullptr ? m->end : reinterpret_cast<std::uintptr_t>(pages[at]) + 1;
    std::size_t n = 1;
    while (at + n < pages.size() && reinterpret_cast<std::uintptr_t>(pages[at + n]) < end) ++n;
    if (m != nullptr && m->shared) look_into_object(*m, pages.subspan(at, n), nodes.subspan(at, n));
    at += n;
  }
}

namespace {

/// \param entries in order of address
const sys::smaps_entry* entry_at(const std::vector<sys::smaps_entry>& entries, std::uintptr_t at) {
  const auto next = std::upper_bound(entries.begin(), entries.end(), at,
                                     [](std::uintptr_t a, const sys::smaps_entry& e) { return a < e.begin; });
  if (next == entries.begin() || std::prev(next)->end <= at) return nullptr;
  return &*std::prev(next);
}

}  // namespace

void page_looker::look_into_object(const sys::map_line& m, std::span<void* const> pages,
                                   std::span<int> nodes) {
  const auto leave_open = [](std::span<int> some) {
    std::replace_if(some.begin(), some.end(), is_absent, node_not_told);
  };
  const auto [at, is_new] = x_objects.try_emplace(m.begin, object_facts{});
  object_facts& facts = at->second;
  if (is_new) {
    // The kernel walks the whole process for its smaps: once is enough.
    sys::vma v{};
    const bool is_told = sys::query_vma(m.begin, v) == 0;
    if (!x_locks) x_locks = sys::has_locked_memory();
    if (!x_entries && (!is_told || *x_locks)) x_entries = sys::smaps(x_range.begin, x_range.end);
    const sys::smaps_entry* const entry = x_entries ? entry_at(*x_entries, m.begin) : nullptr;
    facts.huge = (is_told ? v.page_size : entry != nullptr ? entry->page_size : 0) > x_range.page_size;
    facts.locked = *x_locks && (entry == nullptr || entry->locked);
  }
  // mincore(2) tells of no hugetlb pages but those of one's own page table (Linux 6.12).
  if (facts.huge) return leave_open(nodes);
  std::array<unsigned char, pages_per_look> flags;
  const auto present = std::span(flags).first(pages.size());
  if (sys::present_pages(pages.front(), present) != 0) return leave_open(nodes);
  // Since Linux 5.2 mincore(2) says "all" to those who are neither the owner nor may write.
  if (!facts.tells && std::find(present.begin(), present.end(), 0) != present.end()) facts.tells = true;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (!is_absent(nodes[i])) present[i] = 0;
  }
  if (std::find(present.begin(), present.end(), 1) == present.end()) return;
  // A mirror of locked memory is filled at once.
  if (facts.locked || !tells_presence(m)) {
    each_run(present, [&](std::size_t first, std::size_t n) { leave_open(nodes.subspan(first, n)); });
    return;
  }
  look_through_mirror(pages, present, nodes);
}

/// Whether mincore(2) tells the truth: a page far beyond the end of the object it calls absent.
bool page_looker::tells_presence(const sys::map_line& m) {
  std::optional<bool>& tells = x_objects.at(m.begin).tells;
  if (!tells) {
    constexpr std::size_t far = std::size_t{1} << 40;
    const object_mirror beyond(reinterpret_cast<const void*>(m.end - x_range.page_size), far);
    unsigned char there = 1;
    tells = beyond.data() != nullptr &&
            sys::present_pages(beyond.data() + far - x_range.page_size, std::span(&there, 1)) == 0 &&
            there == 0;
  }
  return *tells;
}

/// Reads pages that exist in a mapping of its own: the caller's stays as it is.
void page_looker::look_through_mirror(std::span<void* const> pages, std::span<const unsigned char> present,
                                      std::span<int> nodes) {
  const std::size_t page = x_range.page_size;
  const object_mirror mirror(pages.front(), pages.size() * page);
  const bool readable =
      mirror.data() != nullptr && sys::forbid_writing(mirror.data(), pages.size() * page) == 0;
  std::array<void*, pages_per_look> seen;
  std::array<int, pages_per_look> found;
  each_run(present, [&](std::size_t first, std::size_t n) {
    std::byte* const begin = readable ? mirror.data() + first * page : nullptr;
    if (begin == nullptr || sys::populate_for_reading(begin, n * page) != 0) {
      std::fill_n(nodes.begin() + static_cast<std::ptrdiff_t>(first), n, node_not_told);
      return;
    }
    for (std::size_t i = 0; i < n; ++i) seen[i] = begin + i * page;
    look_once(std::span(seen).first(n), std::span(found).first(n));
    std::copy_n(found.begin(), n, nodes.begin() + static_cast<std::ptrdiff_t>(first));
  });
}

}  // namespace acre::inline v1
