#include "observe/cut_ends.hpp"

#include <acre/prefault.hpp>

#include <algorithm>

#include "base/code_of.hpp"
#include "observe/exact_pages.hpp"
#include "placement/planned_ranges.hpp"
#include "sys/pages.hpp"

namespace acre::inline v1 {
namespace {

/// What the page table has for pages in a row; nothing where /proc is hidden.
std::vector<sys::page_entry> entries_of(std::uintptr_t begin, std::size_t pages) {
  std::vector<sys::page_entry> all(pages);
  if (sys::page_entries(reinterpret_cast<const void*>(begin), all) != 0) all.clear();
  return all;
}

/// Calls f(first, count) for the runs of pages of which is(i).
template <class Is, class F>
void for_runs(std::size_t pages, Is is, F f) {
  for (std::size_t i = 0; i < pages; ++i) {
    const std::size_t first = i;
    while (i < pages && is(i)) ++i;
    if (i != first) f(first, i - first);
  }
}

/// Not by populating alone: under a hard policy that calls the OOM killer where a node has become full.
void make_again(std::uintptr_t begin, std::size_t bytes, const topology& machine) {
  auto* const p = reinterpret_cast<std::byte*>(begin);
  const auto exact = planned_ranges::exact_around(p, bytes);
  if (!exact) return prefault(p, bytes, machine);
  complete_exact_pages(*exact, exact->offset_of(p), bytes, machine);
}

}  // namespace

cut_ends::cut_ends(const page_range& range, const topology& machine)
    : x_page(range.page_size), x_machine(machine) {
  look(range.begin / huge_page * huge_page, range.begin);
  look(range.end, (range.end + huge_page - 1) / huge_page * huge_page);
}

// Who has them would be no better off with an error about a neighbour's range.
cut_ends::~cut_ends() {
  code_of([&] { mend(); });
}

void cut_ends::look(std::uintptr_t begin, std::uintptr_t end) {
  const auto entries = entries_of(begin, (end - begin) / x_page);
  for_runs(
      entries.size(), [&](std::size_t i) { return entries[i] == sys::page_entry::present; },
      [&](std::size_t first, std::size_t count) {
        x_there.push_back({begin + first * x_page, count});
      });
}

void cut_ends::mend() const {
  for (const run& r : x_there) {
    const auto entries = entries_of(r.begin, r.pages);
    const auto is_gone = [&](std::size_t i) {
      return entries[i] == sys::page_entry::none || entries[i] == sys::page_entry::maybe_zero;
    };
    for_runs(entries.size(), is_gone, [&](std::size_t first, std::size_t count) {
      // What others have unmapped meanwhile is theirs.
      code_of([&] { make_again(r.begin + first * x_page, count * x_page, x_machine); });
    });
  }
}

}  // namespace acre::inline v1
