// shared: files that are memory: of /dev/shm, and memfds. One function a kernel call; errors are errno values,
// nothing throws but what returns text.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace acre::inline v1::sys {

/// A descriptor, or -1 and why.
struct opened {
  int file = -1;
  int error = 0;
};

/// A new file in /dev/shm without a name (O_TMPFILE), which ends with its descriptor if it gets none.
opened make_unnamed_shared(unsigned mode) noexcept;
/// Gives it its name: 0 or errno, EEXIST if that is taken.
int name_shared(int file, const char* name) noexcept;
/// Follows no symbolic link, waits for no FIFO.
opened open_shared(const char* name, bool writable) noexcept;
int unlink_shared(const char* name) noexcept;
/// Whether the name is taken, by whatever.
bool is_shared_name(const char* name) noexcept;
/// Names of all files there; nothing if /dev/shm cannot be read.
std::optional<std::vector<std::string>> shared_names();
/// The option huge= of the file system at /dev/shm: "never" if it has none.
std::string shared_huge_option();

/// memfd_create(2), sealable, never executable where the kernel knows that (Linux 6.3); huge_shift: log2 of the hugetlb
/// page size, 0: none.
opened make_memfd(const char* label, unsigned huge_shift, unsigned mode) noexcept;
/// F_SEAL_SHRINK, F_SEAL_GROW. \returns whether it is sealed against shrinking, now or before
bool seal_size(int file) noexcept;
bool is_shrink_sealed(int file) noexcept;
bool is_write_sealed(int file) noexcept;

opened duplicate(int file) noexcept;
void close(int file) noexcept;
int resize(int file, std::uint64_t bytes) noexcept;
/// pread(2) of all bytes: 0, errno, or ENODATA where the file ends before.
int read_at(int file, std::uint64_t offset, void* data, std::size_t bytes) noexcept;

/// pwrite(2) of all bytes: 0 or errno.
int write_at(int file, std::uint64_t offset, const void* data, std::size_t bytes) noexcept;
/// The first byte at or behind `offset` that a page is behind, in memory or in swap (SEEK_DATA); `none` if there is
/// none. Leaves the descriptor's position where it was.
std::uint64_t next_data(int file, std::uint64_t offset, std::uint64_t none) noexcept;

struct file_status {
  std::uint64_t bytes = 0;
  std::uint64_t present = 0;  ///< bytes of pages that exist
  uid_t owner = 0;
  unsigned mode = 0;  ///< permission bits
  bool regular = false;
};
int status_of(int file, file_status& status) noexcept;

/// What a descriptor may do.
struct file_access {
  bool readable = false;
  bool writable = false;
};
int access_of(int file, file_access& access) noexcept;

struct file_system {
  enum { tmpfs, hugetlbfs, other } kind = other;
  std::size_t block = 0;                         ///< hugetlbfs: the size of its pages
  std::uint64_t free_bytes = ~std::uint64_t{0};  ///< no limit: all ones
};
int file_system_of(int file, file_system& system) noexcept;

std::uint64_t random_bits() noexcept;

}  // namespace acre::inline v1::sys
