#include "sys/sysv.hpp"

#include <sys/shm.h>

#include <cerrno>
#include <sstream>
#include <string>

#include "sys/call.hpp"
#include "sys/files.hpp"

namespace acre::inline v1::sys {
namespace {

segment_id id_of(int result) noexcept { return result < 0 ? segment_id{-1, errno} : segment_id{result, 0}; }

}  // namespace

segment_id make_segment(key_t key, std::size_t bytes, unsigned mode, unsigned huge_shift) noexcept {
  int flags = IPC_CREAT | IPC_EXCL | static_cast<int>(mode & permission_bits);
  if (huge_shift != 0) flags |= SHM_HUGETLB | static_cast<int>(huge_shift << huge_shift_position);
  return id_of(::shmget(key, bytes, flags));
}

segment_id find_segment(key_t key) noexcept { return id_of(::shmget(key, 0, 0)); }

int status_of_segment(int id, segment_status& status) noexcept {
  shmid_ds s{};
  if (::shmctl(id, IPC_STAT, &s) != 0) return errno;
  status.id = id;
  status.key = s.shm_perm.__key;
  status.bytes = s.shm_segsz;
  status.owner = s.shm_perm.uid;
  status.maker = s.shm_perm.cuid;
  status.mode = s.shm_perm.mode & permission_bits;
  status.creator = s.shm_cpid;
  status.removed = (s.shm_perm.mode & SHM_DEST) != 0;
  return 0;
}

int set_segment_mode(int id, unsigned mode) noexcept {
  shmid_ds s{};
  if (::shmctl(id, IPC_STAT, &s) != 0) return errno;
  s.shm_perm.mode = static_cast<decltype(s.shm_perm.mode)>(mode & permission_bits);
  return error_of(::shmctl(id, IPC_SET, &s));
}

int remove_segment(int id) noexcept { return error_of(::shmctl(id, IPC_RMID, nullptr)); }

std::optional<std::vector<segment_status>> segments() {
  const auto text = read_file("/proc/sysvipc/shm");
  if (!text) return std::nullopt;
  std::vector<segment_status> found;
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);  // the titles
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    segment_status s;
    std::int64_t key = 0;
    std::uint64_t skipped = 0;
    words >> key >> s.id >> std::oct >> s.mode >> std::dec >> s.bytes >> s.creator;
    words >> skipped >> skipped >> s.owner >> skipped >> s.maker;  // lpid nattch uid gid cuid
    if (!words) continue;
    s.key = static_cast<key_t>(key);
    s.removed = (s.mode & SHM_DEST) != 0;
    s.mode &= permission_bits;
    found.push_back(s);
  }
  return found;
}

attached attach_segment(int id, void* address, bool writable) noexcept {
  void* const p = ::shmat(id, address, writable ? 0 : SHM_RDONLY);
  // shmat's own way to say MAP_FAILED.
  if (reinterpret_cast<std::intptr_t>(p) == -1) return {nullptr, errno};
  return {p, 0};
}

int detach_segment(void* p) noexcept { return error_of(::shmdt(p)); }

}  // namespace acre::inline v1::sys
