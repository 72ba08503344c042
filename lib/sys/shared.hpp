// Memory that has a name: files of tmpfs, memfd, System V. One function a kernel call; errors are errno values, nothing
// throws.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace acre::sys {

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
/// Names of all files there; nothing if /dev/shm cannot be read.
std::optional<std::vector<std::string>> shared_names();

/// memfd_create(2), sealable; huge_shift: log2 of the hugetlb page size, 0: none.
opened make_memfd(const char* label, unsigned huge_shift) noexcept;
/// F_SEAL_SHRINK, F_SEAL_GROW: 0 or errno.
int seal_size(int file) noexcept;
bool is_shrink_sealed(int file) noexcept;

opened duplicate(int file) noexcept;
void close(int file) noexcept;
int resize(int file, std::uint64_t bytes) noexcept;
/// pread(2), pwrite(2) of all bytes: 0, errno, or ENODATA where the file ends before.
int read_at(int file, std::uint64_t offset, void* data, std::size_t bytes) noexcept;
int write_at(int file, std::uint64_t offset, const void* data, std::size_t bytes) noexcept;

struct file_status {
  std::uint64_t bytes = 0;
  uid_t owner = 0;
  unsigned mode = 0;  ///< permission bits
  bool regular = false;
  bool writable = false;  ///< by this descriptor
  enum { tmpfs, hugetlbfs, other } system = other;
  std::size_t block = 0;                         ///< hugetlbfs: the size of its pages
  std::uint64_t free_bytes = ~std::uint64_t{0};  ///< of the file system; no limit: all ones
};
int status_of(int file, file_status& status) noexcept;

struct segment_status {
  int id = -1;
  key_t key = 0;
  std::uint64_t bytes = 0;
  uid_t owner = 0;
  unsigned mode = 0;
  pid_t creator = 0;
  bool removed = false;       ///< goes with its last mapping
  std::uint64_t present = 0;  ///< bytes of pages that exist; only of segments()
};
struct segment_id {
  int id = -1;
  int error = 0;
};
/// shmget(2) with IPC_CREAT | IPC_EXCL. The segment is of this process's user. huge_shift: SHM_HUGETLB.
segment_id make_segment(key_t key, std::size_t bytes, unsigned mode, unsigned huge_shift) noexcept;
segment_id find_segment(key_t key) noexcept;
int status_of_segment(int id, segment_status& status) noexcept;
/// shmat(2); an address that is taken is EINVAL.
struct attached {
  void* data = nullptr;
  int error = 0;
};
attached attach_segment(int id, void* address, bool writable) noexcept;
int remove_segment(int id) noexcept;
/// Lines of /proc/sysvipc/shm; nothing if it cannot be read.
std::optional<std::vector<segment_status>> segments();

/// When a process began, in clock ticks since boot: with its number it names a process for good. Nothing if there is
/// none (any more) or /proc does not tell.
std::optional<std::uint64_t> process_start(pid_t process);
pid_t own_process() noexcept;
uid_t own_user() noexcept;
/// The inode number of the PID namespace; 0 if unknown.
std::uint64_t process_namespace() noexcept;

}  // namespace acre::sys
