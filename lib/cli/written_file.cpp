#include "cli/written_file.hpp"

#include "cli/input_error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace acre_cli {
namespace fs = std::filesystem;
namespace {

std::string text_on(const fs::path& path, const std::string& why = std::generic_category().message(errno)) {
  return fmt::format("cannot write {}: {}", path.string(), why);
}

/// What the user named is no place for a file.
[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw input_error(text_on(path, why));
}

class temporary_file {
 public:
  // Beside the target: rename() does not cross file systems. The name is not to be guessed, nor is a file of
  // that name, or a link, ever followed: others may write in the directory.
  explicit temporary_file(const fs::path& target)
      : x_target(target), x_path(target.string() + ".XXXXXX"), x_file(::mkostemp(x_path.data(), O_CLOEXEC)) {
    if (x_file < 0) throw input_error(text_on(x_target));
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (x_file >= 0) ::close(x_file);
    if (!x_path.empty()) ::unlink(x_path.c_str());
  }

  void become_target(std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(x_file, text.data(), text.size());
      if (written < 0 && errno != EINTR) fail();
      text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    take_rights();
    if (::close(std::exchange(x_file, -1)) != 0) fail();
    if (::rename(x_path.c_str(), x_target.c_str()) != 0) fail();
    x_path.clear();
  }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error(text_on(x_target)); }

  /// Those of the file that is replaced; of a new one, what the umask leaves.
  void take_rights() const {
    struct stat old = {};
    if (::stat(x_target.c_str(), &old) == 0) {
      // Others' files stay theirs as far as this user may give them away; no more people may read them.
      const bool given = ::fchown(x_file, old.st_uid, old.st_gid) == 0;
      ::fchmod(x_file, old.st_mode & (given ? 0777U : 0700U));
    } else {
      const mode_t mask = ::umask(0);
      ::umask(mask);
      ::fchmod(x_file, 0666 & ~mask);
    }
  }

  fs::path x_target;
  std::string x_path;  // empty: it has become the target
  int x_file;
};

// Renaming over a device or a link would replace it.
fs::path real_target(const fs::path& path) {
  std::error_code ec;
  if (path.empty()) refuse(path, "it has no name");
  const auto status = fs::status(path, ec);
  if (fs::is_directory(status)) refuse(path, "it is a directory");
  if (!fs::exists(status)) {
    if (fs::is_symlink(fs::symlink_status(path, ec))) refuse(path, "it is a link that leads nowhere");
    return path;
  }
  if (!fs::is_regular_file(status)) refuse(path, "it exists and is no file");
  const auto target = fs::canonical(path, ec);
  return ec ? path : target;
}

}  // namespace

void require_writable(const fs::path& path) { temporary_file probe(real_target(path)); }

void write_file(const fs::path& path, std::string_view text) {
  ::signal(SIGXFSZ, SIG_IGN);  // beyond `ulimit -f` writing fails then, and nothing is left behind
  temporary_file file(real_target(path));
  file.become_target(text);
}

}  // namespace acre_cli
