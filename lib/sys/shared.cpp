#include "sys/shared.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <sstream>

#include "sys/files.hpp"

namespace acre::sys {
namespace {

constexpr const char* directory = "/dev/shm";
// Of linux/magic.h and linux/memfd.h, as numbers so that old headers do.
constexpr unsigned long tmpfs_magic = 0x01021994;
constexpr unsigned long hugetlbfs_magic = 0x958458f6;
constexpr unsigned huge_shift_position = 26;  // MFD_HUGE_SHIFT, SHM_HUGE_SHIFT
constexpr unsigned permission_bits = 0777;

int error_of(int result) noexcept { return result == 0 ? 0 : errno; }

opened result_of(int file) noexcept { return file < 0 ? opened{-1, errno} : opened{file, 0}; }

/// RLIMIT_FSIZE: the kernel would send SIGXFSZ, which ends the process.
bool is_beyond_limit(std::uint64_t end) noexcept {
  rlimit limit;
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

/// pread or pwrite until all is done.
template <class Call>
int transfer(Call call, std::size_t bytes) noexcept {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n = call(done, bytes - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENODATA;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

}  // namespace

opened make_unnamed_shared(unsigned mode) noexcept {
  const opened made = result_of(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (made.error != 0) return made;
  // The umask must not take what the caller asked for.
  if (::fchmod(made.file, mode & permission_bits) != 0) {
    const int e = errno;
    ::close(made.file);
    return {-1, e};
  }
  return made;
}

int name_shared(int file, const char* name) noexcept {
  const int at = ::open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0) return errno;
  // open(2) has this way for O_TMPFILE; AT_EMPTY_PATH needs a capability before Linux 6.10.
  char self[32];
  std::snprintf(self, sizeof self, "/proc/self/fd/%d", file);
  int error = error_of(::linkat(AT_FDCWD, self, at, name, AT_SYMLINK_FOLLOW));
  if (error == ENOENT) error = error_of(::linkat(file, "", at, name, AT_EMPTY_PATH));
  ::close(at);
  return error;
}

opened open_shared(const char* name, bool writable) noexcept {
  const int at = ::open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0) return {-1, errno};
  const int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  const opened found = result_of(::openat(at, name, flags));
  ::close(at);
  return found;
}

int unlink_shared(const char* name) noexcept {
  const int at = ::open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (at < 0) return errno;
  const int error = error_of(::unlinkat(at, name, 0));
  ::close(at);
  return error;
}

std::optional<std::vector<std::string>> shared_names() {
  DIR* const files = ::opendir(directory);
  if (files == nullptr) return std::nullopt;
  std::vector<std::string> names;
  try {
    while (const dirent* const entry = ::readdir(files)) {
      if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) names.emplace_back(entry->d_name);
    }
  } catch (...) {
    ::closedir(files);
    throw;
  }
  ::closedir(files);
  return names;
}

opened make_memfd(const char* label, unsigned huge_shift) noexcept {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  if (huge_shift != 0) flags |= MFD_HUGETLB | (huge_shift << huge_shift_position);
  return result_of(::memfd_create(label, flags));
}

int seal_size(int file) noexcept { return error_of(::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)); }

bool is_shrink_sealed(int file) noexcept {
  const int seals = ::fcntl(file, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
}

opened duplicate(int file) noexcept { return result_of(::fcntl(file, F_DUPFD_CLOEXEC, 0)); }

void close(int file) noexcept { ::close(file); }

int resize(int file, std::uint64_t bytes) noexcept {
  if (is_beyond_limit(bytes)) return EFBIG;
  return error_of(::ftruncate(file, static_cast<off_t>(bytes)));
}

int read_at(int file, std::uint64_t offset, void* data, std::size_t bytes) noexcept {
  return transfer(
      [&](std::size_t done, std::size_t left) {
        return ::pread(file, static_cast<char*>(data) + done, left, static_cast<off_t>(offset + done));
      },
      bytes);
}

int write_at(int file, std::uint64_t offset, const void* data, std::size_t bytes) noexcept {
  if (is_beyond_limit(offset + bytes)) return EFBIG;
  return transfer(
      [&](std::size_t done, std::size_t left) {
        return ::pwrite(file, static_cast<const char*>(data) + done, left, static_cast<off_t>(offset + done));
      },
      bytes);
}

int status_of(int file, file_status& status) noexcept {
  struct stat s;
  struct statfs fs;
  if (::fstat(file, &s) != 0 || ::fstatfs(file, &fs) != 0) return errno;
  const int flags = ::fcntl(file, F_GETFL);
  if (flags < 0) return errno;
  status.bytes = static_cast<std::uint64_t>(s.st_size);
  status.owner = s.st_uid;
  status.mode = s.st_mode & permission_bits;
  status.regular = S_ISREG(s.st_mode);
  status.readable = (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY;
  status.writable = (flags & O_ACCMODE) == O_RDWR;
  const auto magic = static_cast<unsigned long>(fs.f_type) & 0xffffffffUL;
  if (magic == tmpfs_magic) status.system = file_status::tmpfs;
  if (magic == hugetlbfs_magic) status.system = file_status::hugetlbfs;
  status.block = static_cast<std::size_t>(fs.f_bsize);
  // tmpfs without a size limit, as memfd's, says 0 blocks.
  if (fs.f_blocks != 0) {
    const auto unit = static_cast<std::uint64_t>(fs.f_bsize);
    const auto blocks = static_cast<std::uint64_t>(fs.f_bavail);
    status.free_bytes = blocks > ~std::uint64_t{0} / unit ? ~std::uint64_t{0} : blocks * unit;
  }
  return 0;
}

segment_id make_segment(key_t key, std::size_t bytes, unsigned mode, unsigned huge_shift) noexcept {
  int flags = IPC_CREAT | IPC_EXCL | static_cast<int>(mode & permission_bits);
  if (huge_shift != 0) flags |= SHM_HUGETLB | static_cast<int>(huge_shift << huge_shift_position);
  const int id = ::shmget(key, bytes, flags);
  return id < 0 ? segment_id{-1, errno} : segment_id{id, 0};
}

segment_id find_segment(key_t key) noexcept {
  const int id = ::shmget(key, 0, 0);
  return id < 0 ? segment_id{-1, errno} : segment_id{id, 0};
}

int status_of_segment(int id, segment_status& status) noexcept {
  shmid_ds s{};
  if (::shmctl(id, IPC_STAT, &s) != 0) return errno;
  status.id = id;
  status.key = s.shm_perm.__key;
  status.bytes = s.shm_segsz;
  status.owner = s.shm_perm.uid;
  status.mode = s.shm_perm.mode & permission_bits;
  status.creator = s.shm_cpid;
  status.removed = (s.shm_perm.mode & SHM_DEST) != 0;
  return 0;
}

attached attach_segment(int id, void* address, bool writable) noexcept {
  void* const p = ::shmat(id, address, writable ? 0 : SHM_RDONLY);
  // shmat's own way to say MAP_FAILED.
  if (reinterpret_cast<std::intptr_t>(p) == -1) return {nullptr, errno};
  return {p, 0};
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
    words >> skipped >> skipped >> s.owner;        // lpid nattch uid
    for (int i = 0; i < 6; ++i) words >> skipped;  // gid cuid cgid atime dtime ctime
    words >> s.present;                            // rss
    if (!words) continue;
    s.key = static_cast<key_t>(key);
    s.removed = (s.mode & SHM_DEST) != 0;
    s.mode &= permission_bits;
    found.push_back(s);
  }
  return found;
}

std::optional<std::uint64_t> process_start(pid_t process) {
  const auto text = read_file(("/proc/" + std::to_string(process) + "/stat").c_str());
  if (!text) return std::nullopt;
  // The name, in parentheses, may contain anything; after it the state is field 3, the number of threads field 20, and
  // the start field 22.
  const std::size_t close = text->rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream words(text->substr(close + 1));
  std::string word;
  bool ended = false;
  for (int field = 3; field <= 22 && words; ++field) {
    words >> word;
    if (field == 3) ended = word == "Z" || word == "X";
    // A process whose first thread ended goes on with the others.
    if (field == 20 && ended && word != "0" && word != "1") ended = false;
  }
  if (ended) return std::nullopt;
  std::uint64_t start = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), start);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return start;
}

pid_t own_process() noexcept { return ::getpid(); }
uid_t own_user() noexcept { return ::geteuid(); }

std::uint64_t process_namespace() noexcept {
  struct stat s;
  return ::stat("/proc/self/ns/pid", &s) == 0 ? s.st_ino : 0;
}

}  // namespace acre::sys
