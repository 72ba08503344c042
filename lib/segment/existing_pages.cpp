#include "segment/existing_pages.hpp"

#include <acre/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "area/huge_page_fallback.hpp"
#include "sys/pages.hpp"
#include "sys/shared.hpp"

namespace acre::inline v1 {
namespace {

/// Linux < 5.14 has no MADV_POPULATE_READ.
void read_each(const std::byte* p, std::size_t bytes) noexcept {
  for (std::size_t at = 0; at < bytes; at += sys::page_size())
    static_cast<void>(*const_cast<const volatile std::byte*>(p + at));
}

void map_for_reading(std::byte* p, std::size_t bytes) {
  const int e = sys::populate_for_reading(p, bytes);
  if (e == EINVAL) return read_each(p, bytes);
  // EFAULT: shrunk by somebody meanwhile. What cannot be mapped does not lie anywhere.
  if (e != 0 && e != EFAULT)
    throw error(std::error_code(e, std::system_category()), "segment: mapping its pages");
}

/// Calls run(first page, pages) for each run of pages that exist. Goes over holes of files in one step: a sparse file
/// of some TiB would take minutes.
template <class Run>
void each_run(const std::byte* base, std::size_t bytes, int file, Run run) {
  std::array<unsigned char, 4096> present;
  const std::size_t pages = bytes / sys::page_size();
  for (std::size_t first = 0; first < pages; first += present.size()) {
    if (file >= 0) first = sys::next_data(file, first * sys::page_size(), bytes) / sys::page_size();
    if (first >= pages) return;
    const auto batch = std::span(present).first(std::min(present.size(), pages - first));
    if (sys::present_pages(base + first * sys::page_size(), batch) != 0) return;
    for (auto at = batch.begin(); at != batch.end();) {
      const auto begin = std::find(at, batch.end(), 1);
      at = std::find(begin, batch.end(), 0);
      if (begin != at)
        run(first + static_cast<std::size_t>(begin - batch.begin()), static_cast<std::size_t>(at - begin));
    }
  }
}

}  // namespace

void map_existing_pages(const mapping& memory, std::size_t bytes, const segment_object& object,
                        std::optional<std::uint64_t> present) {
  auto* const base = static_cast<std::byte*>(memory.data());
  if (is_hugetlb(memory.page_kind())) {
    if (present && *present >= bytes) map_for_reading(base, bytes);
    return;
  }
  std::uint64_t told = 0;
  each_run(base, bytes, object.file(),
           [&](std::size_t, std::size_t pages) { told += pages * sys::page_size(); });
  // Since Linux 5.2 mincore(2) says "all" to those who are neither the owner nor may write.
  if (present && told > *present) {
    throw error(errc::permission_denied,
                "segment: the kernel tells which pages exist only to the owner and to those who may write");
  }
  each_run(base, bytes, object.file(), [&](std::size_t first, std::size_t pages) {
    map_for_reading(base + first * sys::page_size(), pages * sys::page_size());
  });
}

bool has_pages(const void* p, std::size_t bytes, page_kind kind) {
  return is_hugetlb(kind) || sys::present_bytes(p, bytes) != 0;
}

}  // namespace acre::inline v1
