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
#include <climits>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "sys/call.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace acre::inline v1::sys {
namespace {

constexpr char directory[] = "/dev/shm";
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

/// The path of a file in /dev/shm.
class shared_path {
 public:
  explicit shared_path(const char* name) noexcept {
    const std::size_t length = ::strnlen(name, NAME_MAX + 1);
    if (length > NAME_MAX) return;  // ENOENT
    std::memcpy(x_text, directory, sizeof directory);
    x_text[sizeof directory - 1] = '/';
    std::memcpy(x_text + sizeof directory, name, length);
    x_text[sizeof directory + length] = '\0';
  }
  const char* text() const noexcept { return x_text; }

 private:
  char x_text[sizeof directory + NAME_MAX + 1] = "";
};

}  // namespace

opened make_unnamed_shared(unsigned mode) noexcept {
  return with_mode(result_of(::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)), mode);
}

int name_shared(int file, const char* name) noexcept {
  const shared_path path(name);
  // Before Linux 6.10 for those with CAP_DAC_READ_SEARCH.
  const int error = error_of(::linkat(file, "", AT_FDCWD, path.text(), AT_EMPTY_PATH));
  if (error != ENOENT) return error;
  // open(2) has this way for O_TMPFILE. /proc/self would be the main thread, which may have ended.
  char self[40];
  std::snprintf(self, sizeof self, "/proc/thread-self/fd/%d", file);
  return error_of(::linkat(AT_FDCWD, self, AT_FDCWD, path.text(), AT_SYMLINK_FOLLOW));
}

opened open_shared(const char* name, bool writable) noexcept {
  const int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  return result_of(::open(shared_path(name).text(), flags));
}

int unlink_shared(const char* name) noexcept { return error_of(::unlink(shared_path(name).text())); }

bool is_shared_name(const char* name) noexcept {
  struct stat s;
  return ::lstat(shared_path(name).text(), &s) == 0;
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

bool seal_size(int file) noexcept {
  constexpr int size_seals = F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = ::fcntl(file, F_GET_SEALS);
  if (seals < 0) return false;
  // Files of /dev/shm are made with F_SEAL_SEAL.
  const bool is_final = (seals & F_SEAL_SEAL) != 0 || (seals & size_seals) == size_seals;
  if (!is_final && ::fcntl(file, F_ADD_SEALS, size_seals) == 0) return true;
  return (seals & F_SEAL_SHRINK) != 0;
}

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
  if (::fstat(file, &s) != 0) return errno;
  status.bytes = static_cast<std::uint64_t>(s.st_size);
  status.present =
      static_cast<std::uint64_t>(s.st_blocks) * 512;  // stat(2): of 512 bytes, whatever st_blksize
  status.owner = s.st_uid;
  status.mode = s.st_mode & permission_bits;
  status.regular = S_ISREG(s.st_mode);
  return 0;
}

int access_of(int file, file_access& access) noexcept {
  const int flags = ::fcntl(file, F_GETFL);
  if (flags < 0) return errno;
  access.readable = (flags & O_ACCMODE) != O_WRONLY && (flags & O_PATH) == 0;
  access.writable = (flags & O_ACCMODE) == O_RDWR;
  return 0;
}

int file_system_of(int file, file_system& system) noexcept {
  struct statfs s;
  if (::fstatfs(file, &s) != 0) return errno;
  const auto magic = static_cast<unsigned long>(s.f_type) & 0xffffffffUL;
  if (magic == tmpfs_magic) system.kind = file_system::tmpfs;
  if (magic == hugetlbfs_magic) system.kind = file_system::hugetlbfs;
  system.block = static_cast<std::size_t>(s.f_bsize);
  // tmpfs without a size limit, as memfd's, says 0 blocks.
  if (s.f_blocks != 0) {
    const auto unit = static_cast<std::uint64_t>(s.f_bsize);
    const auto blocks = static_cast<std::uint64_t>(s.f_bavail);
    system.free_bytes = blocks > ~std::uint64_t{0} / unit ? ~std::uint64_t{0} : blocks * unit;
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
