#include "cli/demo/output.hpp"

#include "cli/demo/corpus.hpp"

#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace acre_demo {
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

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

void require_writable(const fs::path& path) { temporary_file probe(real_target(path)); }

void write_file(const fs::path& path, std::string_view text) {
  temporary_file file(real_target(path));
  file.become_target(text);
}

text_style style_of_stdout() {
  if (::isatty(STDOUT_FILENO) == 0) return {};
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  std::setlocale(LC_CTYPE, "");
  return {!dumb && !is_set("NO_COLOR"), std::string_view(::nl_langinfo(CODESET)) == "UTF-8"};
}

}  // namespace acre_demo
