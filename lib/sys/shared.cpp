#include "sys/shared.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <sstream>

#include "sys/call.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace acre::inline v1::sys {
namespace {

constexpr const char* directory = "/dev/shm";
// Of linux/magic.h and linux/memfd.h, as numbers so that old headers do.
constexpr unsigned long tmpfs_magic = 0x01021994;
constexpr unsigned long hugetlbfs_magic = 0x958458f6;
constexpr unsigned never_executable = 8;  // MFD_NOEXEC_SEAL

opened result_of(int file) noexcept { return file < 0 ? opened{-1, errno} : opened{file, 0}; }

/// The umask must not take what the caller asked for.
opened with_mode(const opened& made, unsigned mode) noexcept {
  if (made.error != 0 || ::fchmod(made.file, mode & permission_bits) == 0) return made;
  const int e = errno;
  ::close(made.file);
  return {-1, e};
}

bool has_seal(int file, int seal) noexcept {
  const int seals = ::fcntl(file, F_GET_SEALS);
  return seals >= 0 && (seals & seal) != 0;
}

/// RLIMIT_FSIZE: the kernel would send SIGXFSZ, which ends the process.
bool is_beyond_limit(std::uint64_t end) noexcept {
  rlimit limit;
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur;
}

/// /dev/shm as a descriptor for the duration of a call.
class shared_directory {
 public:
  shared_directory() noexcept : x_file(::open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
  ~shared_directory() {
    if (x_file >= 0) ::close(x_file);
  }
  shared_directory(const shared_directory&) = delete;
  shared_directory& operator=(const shared_directory&) = delete;
  int file() const noexcept { return x_file; }

 private:
  int x_file;
};

}  // namespace

opened make_unnamed_shared(unsigned mode) noexcept {
  return with_mode(result_of(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)), mode);
}

int name_shared(int file, const char* name) noexcept {
  const shared_directory at;
  if (at.file() < 0) return errno;
  // open(2) has this way for O_TMPFILE; AT_EMPTY_PATH needs a capability before Linux 6.10. /proc/self would be the
  // main thread, which may have ended.
  char self[40];
  std::snprintf(self, sizeof self, "/proc/thread-self/fd/%d", file);
  const int error = error_of(::linkat(AT_FDCWD, self, at.file(), name, AT_SYMLINK_FOLLOW));
  return error == ENOENT ? error_of(::linkat(file, "", at.file(), name, AT_EMPTY_PATH)) : error;
}

opened open_shared(const char* name, bool writable) noexcept {
  const shared_directory at;
  if (at.file() < 0) return {-1, errno};
  const int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  return result_of(::openat(at.file(), name, flags));
}

int unlink_shared(const char* name) noexcept {
  const shared_directory at;
  return at.file() < 0 ? errno : error_of(::unlinkat(at.file(), name, 0));
}

bool is_shared_name(const char* name) noexcept {
  const shared_directory at;
  struct stat s;
  return at.file() >= 0 && ::fstatat(at.file(), name, &s, AT_SYMLINK_NOFOLLOW) == 0;
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

std::string shared_huge_option() {
  std::istringstream lines(read_file("/proc/self/mountinfo").value_or(""));
  std::string line;
  std::string found = "never";
  // proc(5): the mount point is field 5, the options of the file system come last. The last mount is on top.
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string word;
    for (int field = 1; field <= 5; ++field) words >> word;
    if (word != directory) continue;
    const std::size_t at = line.find("huge=");
    found = at == std::string::npos ? "never" : line.substr(at + 5, line.find_first_of(", ", at) - at - 5);
  }
  return found;
}

opened make_memfd(const char* label, unsigned huge_shift, unsigned mode) noexcept {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  if (huge_shift != 0) flags |= MFD_HUGETLB | (huge_shift << huge_shift_position);
  opened made = result_of(::memfd_create(label, flags | never_executable));
  if (made.error == EINVAL) made = result_of(::memfd_create(label, flags));
  return with_mode(made, mode);
}

int seal_size(int file) noexcept { return error_of(::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)); }

bool is_shrink_sealed(int file) noexcept { return has_seal(file, F_SEAL_SHRINK); }
bool is_write_sealed(int file) noexcept {
  return has_seal(file, F_SEAL_WRITE) || has_seal(file, F_SEAL_FUTURE_WRITE);
}

opened duplicate(int file) noexcept { return result_of(::fcntl(file, F_DUPFD_CLOEXEC, 0)); }

void close(int file) noexcept { ::close(file); }

int resize(int file, std::uint64_t bytes) noexcept {
  if (is_beyond_limit(bytes)) return EFBIG;
  return error_of(::ftruncate(file, static_cast<off_t>(bytes)));
}

int read_at(int file, std::uint64_t offset, void* data, std::size_t bytes) noexcept {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n =
        ::pread(file, static_cast<char*>(data) + done, bytes - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENODATA;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

int write_at(int file, std::uint64_t offset, const void* data, std::size_t bytes) noexcept {
  if (is_beyond_limit(offset + bytes)) return EFBIG;
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t n = ::pwrite(file, static_cast<const char*>(data) + done, bytes - done,
                               static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    done += static_cast<std::size_t>(n);
  }
  return 0;
}

std::uint64_t next_data(int file, std::uint64_t offset, std::uint64_t none) noexcept {
  const off_t position = ::lseek(file, 0, SEEK_CUR);
  const off_t found = ::lseek(file, static_cast<off_t>(offset), SEEK_DATA);
  if (found < 0 && errno != ENXIO) return offset;  // it does not tell: there may be some
  ::lseek(file, position, SEEK_SET);
  return found < 0 ? none : static_cast<std::uint64_t>(found);
}

int status_of(int file, file_status& status) noexcept {
  struct stat s;
  struct statfs fs;
  if (::fstat(file, &s) != 0 || ::fstatfs(file, &fs) != 0) return errno;
  const int flags = ::fcntl(file, F_GETFL);
  if (flags < 0) return errno;
  status.bytes = static_cast<std::uint64_t>(s.st_size);
  status.present =
      static_cast<std::uint64_t>(s.st_blocks) * 512;  // stat(2): of 512 bytes, whatever st_blksize
  status.owner = s.st_uid;
  status.mode = s.st_mode & permission_bits;
  status.regular = S_ISREG(s.st_mode);
  status.readable = (flags & O_ACCMODE) != O_WRONLY && (flags & O_PATH) == 0;
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

std::uint64_t random_bits() noexcept {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof bits)) return bits;
  // Before the kernel's generator is ready, at boot, or under a filter: the time will do.
  return (static_cast<std::uint64_t>(coarse_milliseconds()) + static_cast<std::uint64_t>(::getpid())) *
         0x9e3779b97f4a7c15;
}

}  // namespace acre::inline v1::sys
