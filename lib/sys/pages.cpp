#include "sys/pages.hpp"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <limits>

#include <fcntl.h>

#include "sys/call.hpp"

// Constants that Debian 12's headers (Linux 6.1, glibc 2.36) lack in part; values from the kernel's uapi
// headers.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

namespace acre::inline v1::sys {
namespace {

int advise_all(void* p, std::size_t bytes, int advice) noexcept {
  int error;
  do {
    error = error_of(::madvise(p, bytes, advice));
  } while (error == EINTR || error == EAGAIN);
  return error;
}

/// For one use: a descriptor kept across fork would show the parent's pages.
int open_pagemap() noexcept { return ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC); }

// include/uapi/linux/fs.h, Linux 6.7.
struct page_region {
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t categories;
};
struct pm_scan_arg {
  std::uint64_t size;
  std::uint64_t flags;
  std::uint64_t start;
  std::uint64_t end;
  std::uint64_t walk_end;
  std::uint64_t vec;
  std::uint64_t vec_len;
  std::uint64_t max_pages;
  std::uint64_t category_inverted;
  std::uint64_t category_mask;
  std::uint64_t category_anyof_mask;
  std::uint64_t return_mask;
};
constexpr std::uint64_t page_is_present = 1U << 3;
constexpr std::uint64_t page_is_zero = 1U << 5;
constexpr std::uint64_t page_is_huge = 1U << 6;
constexpr unsigned long pagemap_scan = _IOWR('f', 16, pm_scan_arg);

}  // namespace

std::size_t page_size() noexcept {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::uint64_t physical_memory() noexcept {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  return pages <= 0 ? std::numeric_limits<std::uint64_t>::max()
                    : static_cast<std::uint64_t>(pages) * page_size();
}

map_result map(const map_request& r) noexcept {
  int protection = PROT_NONE;
  if (r.readable) protection |= PROT_READ;
  if (r.writable) protection |= PROT_WRITE;
  int flags = r.shared ? MAP_SHARED : MAP_PRIVATE;
  if (r.file < 0) flags |= MAP_ANONYMOUS;
  if (r.fixed) flags |= MAP_FIXED_NOREPLACE;
  if (r.replace) flags |= MAP_FIXED;
  if (r.huge_shift != 0) flags |= MAP_HUGETLB | static_cast<int>(r.huge_shift << huge_shift_position);
  void* p = ::mmap(r.address, r.bytes, protection, flags, r.file, static_cast<off_t>(r.offset));
  if (p == MAP_FAILED) return {nullptr, errno};
  // Linux < 4.17 does not know MAP_FIXED_NOREPLACE and takes the address as a hint.
  if (r.fixed && p != r.address) {
    ::munmap(p, r.bytes);
    return {nullptr, EEXIST};
  }
  return {p, 0};
}

int unmap(void* p, std::size_t bytes) noexcept { return error_of(::munmap(p, bytes)); }
int want_huge_pages(void* p, std::size_t bytes) noexcept {
  return error_of(::madvise(p, bytes, MADV_HUGEPAGE));
}
int refuse_huge_pages(void* p, std::size_t bytes) noexcept {
  return error_of(::madvise(p, bytes, MADV_NOHUGEPAGE));
}
int discard(void* p, std::size_t bytes) noexcept { return error_of(::madvise(p, bytes, MADV_DONTNEED)); }

int forbid_writing(void* p, std::size_t bytes) noexcept { return error_of(::mprotect(p, bytes, PROT_READ)); }
int unlock(void* p, std::size_t bytes) noexcept { return error_of(::munlock(p, bytes)); }

int populate(void* p, std::size_t bytes) noexcept { return advise_all(p, bytes, MADV_POPULATE_WRITE); }
int populate_for_reading(void* p, std::size_t bytes) noexcept {
  return advise_all(p, bytes, MADV_POPULATE_READ);
}

int make_cold(void* p, std::size_t bytes) noexcept { return advise_all(p, bytes, MADV_COLD); }

map_result mirror(const void* p, std::size_t bytes) noexcept {
  void* const q = ::mremap(const_cast<void*>(p), 0, bytes, MREMAP_MAYMOVE);
  if (q == MAP_FAILED) return {nullptr, errno};
  return {q, 0};
}

int lock(void* p, std::size_t bytes, bool on_fault) noexcept {
  return error_of(on_fault ? ::mlock2(p, bytes, MLOCK_ONFAULT) : ::mlock(p, bytes));
}

int name(void* p, std::size_t bytes, const char* text) noexcept {
  return error_of(::prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, bytes, text));
}

bool is_mapped(const void* p, std::size_t bytes) noexcept {
  return ::msync(const_cast<void*>(p), bytes, MS_ASYNC) == 0;
}

int present_pages(const void* p, std::span<unsigned char> present) noexcept {
  const int error = error_of(::mincore(const_cast<void*>(p), present.size() * page_size(), present.data()));
  if (error != 0) return error;
  for (unsigned char& page : present) page &= 1;  // the other bits are reserved
  return 0;
}

std::size_t present_bytes(const void* p, std::size_t bytes) noexcept {
  std::array<unsigned char, 4096> present;
  std::size_t pages = 0;
  const std::size_t all = (bytes + page_size() - 1) / page_size();
  for (std::size_t first = 0; first < all; first += present.size()) {
    const auto batch = std::span(present).first(std::min(present.size(), all - first));
    if (present_pages(static_cast<const std::byte*>(p) + first * page_size(), batch) != 0) break;
    pages += static_cast<std::size_t>(std::count(batch.begin(), batch.end(), 1));
  }
  return pages * page_size();
}

int page_entries(const void* p, std::span<page_entry> entries) noexcept {
  constexpr std::uint64_t is_present = std::uint64_t{1} << 63;
  constexpr std::uint64_t is_swap_entry = std::uint64_t{1} << 62;
  constexpr std::uint64_t is_of_object = std::uint64_t{1} << 61;
  constexpr std::uint64_t is_mapped_once = std::uint64_t{1} << 56;
  const int fd = open_pagemap();
  if (fd < 0) return errno;
  const std::size_t first = reinterpret_cast<std::uintptr_t>(p) / page_size();
  std::array<std::uint64_t, 512> words;
  int error = 0;
  for (std::size_t done = 0; done < entries.size() && error == 0;) {
    const std::size_t wanted = std::min(words.size(), entries.size() - done) * sizeof words[0];
    const ssize_t got =
        ::pread(fd, words.data(), wanted, static_cast<off_t>((first + done) * sizeof words[0]));
    if (got <= 0) error = got < 0 ? errno : ENOMEM;
    for (std::size_t i = 0; error == 0 && i < static_cast<std::size_t>(got) / sizeof words[0]; ++i) {
      const std::uint64_t word = words[i];
      if ((word & is_present) != 0) {
        entries[done++] = (word & is_mapped_once) != 0 ? page_entry::present
                          : (word & is_of_object) != 0 ? page_entry::of_object
                                                       : page_entry::maybe_zero;
      } else {
        entries[done++] = (word & is_swap_entry) != 0 ? page_entry::elsewhere : page_entry::none;
      }
    }
  }
  ::close(fd);
  return error;
}

namespace {

/// The runs of present pages of [begin, end) that are of one category: the count, or -errno. `next` as scan_huge()
/// has it.
long scan(std::uintptr_t begin, std::uintptr_t end, std::uint64_t category, std::span<huge_run> runs,
          std::uintptr_t& next) noexcept {
  const int fd = open_pagemap();
  if (fd < 0) return -errno;
  page_region found[64];
  const std::size_t room = runs.size() < 64 ? runs.size() : 64;
  pm_scan_arg arg{};
  arg.size = sizeof arg;
  arg.start = begin;
  arg.end = end;
  arg.vec = reinterpret_cast<std::uintptr_t>(found);
  arg.vec_len = room;
  arg.category_mask = page_is_present | category;
  arg.return_mask = category;
  const long count = ::ioctl(fd, pagemap_scan, &arg);
  const int error = errno;
  ::close(fd);
  if (count < 0) return -error;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) runs[i] = {found[i].start, found[i].end};
  next = static_cast<std::size_t>(count) < room ? end : arg.walk_end;
  return count;
}

}  // namespace

std::optional<bool> is_zero_page(const void* p) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  huge_run found{};
  std::uintptr_t next = 0;
  const long n = scan(at, at + page_size(), page_is_zero, std::span(&found, 1), next);
  return n < 0 ? std::nullopt : std::optional(n != 0);
}

long scan_huge(std::uintptr_t begin, std::uintptr_t end, std::span<huge_run> runs,
               std::uintptr_t& next) noexcept {
  return scan(begin, end, page_is_huge, runs, next);
}

}  // namespace acre::inline v1::sys
