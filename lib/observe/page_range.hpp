// page_range: an address range rounded outward to whole base pages, validated.
#pragma once

#include <cstddef>
#include <cstdint>

namespace acre {

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

/// True if the mapping at `p` consists of hugetlb pages. Cheap on Linux >= 6.11, else a walk through
/// /proc/self/smaps.
bool is_hugetlb(const void* p);

}  // namespace acre
