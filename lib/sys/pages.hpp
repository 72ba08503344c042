// pages: the mmap family of kernel calls. One function a kernel call; errors are errno values, nothing throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace acre::inline v1::sys {

/// Bytes of a base page.
std::size_t page_size() noexcept;
/// Bytes of memory that the machine has; the largest number where nobody tells.
std::uint64_t physical_memory() noexcept;

/// What a mapping request is made of; the flags of mmap(2) in words.
struct map_request {
  std::size_t bytes = 0;
  void* address = nullptr;  ///< hint, or exact with fixed
  bool fixed = false;       ///< MAP_FIXED_NOREPLACE
  bool replace = false;     ///< MAP_FIXED: over a range of the caller's own
  bool shared = false;
  bool readable = true;
  bool writable = true;
  unsigned huge_shift = 0;  ///< log2 of the hugetlb page size, 0: none
  int file = -1;
  std::uint64_t offset = 0;
};
struct map_result {
  void* data = nullptr;
  int error = 0;
};
map_result map(const map_request& request) noexcept;

/// 0 or errno.
int unmap(void* p, std::size_t bytes) noexcept;
/// MADV_HUGEPAGE / MADV_NOHUGEPAGE.
int want_huge_pages(void* p, std::size_t bytes) noexcept;
int refuse_huge_pages(void* p, std::size_t bytes) noexcept;
/// MADV_DONTNEED: gives the pages of private memory back, the mapping stays.
int discard(void* p, std::size_t bytes) noexcept;
/// mprotect(2) with PROT_READ.
int forbid_writing(void* p, std::size_t bytes) noexcept;
/// munlock(2).
int unlock(void* p, std::size_t bytes) noexcept;
/// MADV_POPULATE_WRITE (Linux 5.14); EINVAL where the kernel has none.
int populate(void* p, std::size_t bytes) noexcept;
/// mlock(2); with on_fault mlock2(MLOCK_ONFAULT).
int lock(void* p, std::size_t bytes, bool on_fault) noexcept;
/// PR_SET_VMA_ANON_NAME (Linux 5.17).
int name(void* p, std::size_t bytes, const char* text) noexcept;
/// True if every page of the range is mapped. msync(2) with MS_ASYNC does nothing else since Linux 2.6.19.
bool is_mapped(const void* p, std::size_t bytes) noexcept;

/// Bytes of the range whose pages exist, in this process or in the object it maps (mincore(2)).
std::size_t present_bytes(const void* p, std::size_t bytes) noexcept;
/// Which pages exist, from `p` on, for as many as `present` has (mincore(2)): 1 or 0 for each. 0 or errno.
int present_pages(const void* p, std::span<unsigned char> present) noexcept;
/// What the page table has for a page (/proc/self/pagemap).
enum class page_entry : unsigned char {
  none,
  present,     ///< a page that is mapped here alone
  of_object,   ///< a page of a file or of shared memory, or the huge zero page
  maybe_zero,  ///< the zero page, or a private page that others map too since a fork
  elsewhere,   ///< swapped out, or just being moved; the kernel tells the unprivileged no difference
};
/// From `p` on, for as many pages as `entries` has: 0 or errno.
int page_entries(const void* p, std::span<page_entry> entries) noexcept;
/// MADV_POPULATE_READ (Linux 5.14): maps what the object has, and makes what it has not. EINVAL where the kernel has
/// none.
int populate_for_reading(void* p, std::size_t bytes) noexcept;
/// MADV_COLD (Linux 5.4). What it is used for: a huge page that the range has a part of is divided.
int make_cold(void* p, std::size_t bytes) noexcept;
/// mremap(2) of no bytes: another mapping of the object that is mapped at `p`, with `bytes` bytes from there on,
/// which may reach beyond the mapping and the object. EINVAL for private memory.
map_result mirror(const void* p, std::size_t bytes) noexcept;

/// Whether the page at `p` is the zero page (PAGEMAP_SCAN, Linux 6.7); nothing if the kernel does not tell.
std::optional<bool> is_zero_page(const void* p) noexcept;

/// A run of pages that are mapped as huge pages (PMD size), as PAGEMAP_SCAN tells (Linux 6.7).
struct huge_run {
  std::uintptr_t begin;
  std::uintptr_t end;
};
/// Fills `runs` from [begin, end) on.
/// \returns the count, or -errno (ENOTTY: the kernel has no PAGEMAP_SCAN). `next` is where a further call
///   goes on; `end` when all is seen.
long scan_huge(std::uintptr_t begin, std::uintptr_t end, std::span<huge_run> runs,
               std::uintptr_t& next) noexcept;

}  // namespace acre::inline v1::sys
