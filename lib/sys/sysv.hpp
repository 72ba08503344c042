// sysv: System V shared memory. One function a kernel call; errors are errno values, nothing throws but what returns
// a list.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace acre::inline v1::sys {

struct segment_status {
  int id = -1;
  key_t key = 0;
  std::uint64_t bytes = 0;
  uid_t owner = 0;
  uid_t maker = 0;    ///< who made it keeps his rights whomever he gives it to
  unsigned mode = 0;  ///< permission bits
  pid_t creator = 0;
  bool removed = false;  ///< goes with its last mapping
};
struct segment_id {
  int id = -1;
  int error = 0;
};
/// shmget(2) with IPC_CREAT | IPC_EXCL; huge_shift: SHM_HUGETLB with pages of 2^shift bytes, 0: none.
segment_id make_segment(key_t key, std::size_t bytes, unsigned mode, unsigned huge_shift) noexcept;
segment_id find_segment(key_t key) noexcept;
int status_of_segment(int id, segment_status& status) noexcept;
int set_segment_mode(int id, unsigned mode) noexcept;
int remove_segment(int id) noexcept;
/// Lines of /proc/sysvipc/shm; nothing if it cannot be read.
std::optional<std::vector<segment_status>> segments();

/// shmat(2). An address that is taken is EINVAL, one that cannot be ENOMEM.
struct attached {
  void* data = nullptr;
  int error = 0;
};
attached attach_segment(int id, void* address, bool writable) noexcept;
int detach_segment(void* p) noexcept;

}  // namespace acre::inline v1::sys
