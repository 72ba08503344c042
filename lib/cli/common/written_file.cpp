#include "cli/common/written_file.hpp"

#include "cli/common/input_error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace acre_cli {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw input_error(fmt::format("cannot write {}: {}", path.string(), why));
}

class temporary_file {
 public:
  // Beside the target: rename() does not cross file systems.
  explicit temporary_file(const fs::path& target)
      : x_path(target.string() + fmt::format(".{}.tmp", ::getpid())), x_target(target) {
    errno = 0;
    x_out.open(x_path, std::ios::binary | std::ios::trunc);
    if (!x_out) fail(x_target, std::generic_category().message(errno));
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    std::error_code ignored;
    if (!x_path.empty()) fs::remove(x_path, ignored);
  }

  void become_target(std::string_view text) {
    errno = 0;
    x_out.write(text.data(), static_cast<std::streamsize>(text.size()));
    x_out.close();
    if (!x_out) fail(x_target, std::generic_category().message(errno));
    std::error_code ec;
    fs::rename(x_path, x_target, ec);
    if (ec) fail(x_target, ec.message());
    x_path.clear();
  }

 private:
  fs::path x_path;
  fs::path x_target;
  std::ofstream x_out;
};

// Renaming over a device or a link would replace it.
fs::path real_target(const fs::path& path) {
  if (path.empty()) fail("the page", "the name is empty");
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (fs::is_directory(status)) fail(path, "it is a directory");
  if (!fs::exists(status)) return path;
  if (!fs::is_regular_file(status)) fail(path, "it exists and is no file");
  const auto target = fs::canonical(path, ec);
  return ec ? path : target;
}

}  // namespace

void require_writable(const fs::path& path) { temporary_file probe(real_target(path)); }

void write_file(const fs::path& path, std::string_view text) {
  temporary_file file(real_target(path));
  file.become_target(text);
}

}  // namespace acre_cli
