// page_range: an address range rounded outward to whole base pages, validated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sys/mappings.hpp"

namespace acre::inline v1 {

/// Bytes of the huge pages that khugepaged makes, and the smallest that hugetlb pools have on x86-64.
constexpr std::size_t huge_page = std::size_t{2} << 20;

struct page_range {
  std::uintptr_t begin;
  std::uintptr_t end;
  std::size_t page_size;

  std::size_t bytes() const noexcept { return end - begin; }
  std::size_t pages() const noexcept { return bytes() / page_size; }
  void* data() const noexcept { return reinterpret_cast<void*>(begin); }
};

/// \param caller the public function, for messages
/// \throws error errc::invalid_size for 0 bytes or a range that wraps, errc::not_mapped
page_range require_mapped(const void* p, std::size_t bytes, const char* caller);

/// The mappings that the range consists of, cut to it, in order, none twice. Where /proc/self/maps cannot be read:
/// one, and as a shared one, since policies may differ within it.
std::vector<sys::map_line> mappings_of(const page_range& range);
/// The mappings that the range has parts of, whole.
std::vector<sys::map_line> whole_mappings_of(const page_range& range);

/// Whether a part of the range was told to have transparent huge pages (MADV_HUGEPAGE).
bool wants_huge_pages(const page_range& range);

/// The size of the pages that the mapping at `p` is made of: the base page size, or that of its hugetlb pages. What it
/// costs is said of sys::page_size_at().
/// \throws error with the errno if that cannot be read
std::size_t kernel_page_size(const void* p);

}  // namespace acre::inline v1
