// corpus: the text of files, one after the other, in ordinary memory.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace demo {

/// What whoever started the program can mend: exit status 2.
struct input_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class corpus {
 public:
  /// A file, or a directory with all below it: its files in order of name, without those that hold no text.
  /// \throws input_error for what cannot be read
  void add(const std::filesystem::path& path) {
    std::error_code ec;
    const std::filesystem::file_status status = std::filesystem::status(path, ec);
    if (!std::filesystem::status_known(status)) fail(path, ec.message());
    if (!std::filesystem::exists(status)) fail(path, "there is no such file or directory");
    if (std::filesystem::is_directory(status)) {
      for (const std::filesystem::path& file : files_below(path)) append(file, true);
    } else if (std::filesystem::is_regular_file(status)) {
      append(path, false);
    } else {
      fail(path, "it is neither a file nor a directory");
    }
  }

  const std::string& text() const noexcept { return x_text; }
  std::size_t files() const noexcept { return x_files; }

 private:
  [[noreturn]] static void fail(const std::filesystem::path& path, const std::string& why) {
    throw input_error("cannot read " + path.string() + ": " + why);
  }

  static std::vector<std::filesystem::path> files_below(const std::filesystem::path& directory) try {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      std::error_code dangling_link;
      if (entry.is_regular_file(dangling_link)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  } catch (const std::filesystem::filesystem_error& e) {
    fail(e.path1(), e.code().message());
  }

  void append(const std::filesystem::path& file, bool skip_binary) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) fail(file, std::generic_category().message(errno));
    if (skip_binary && text.find('\0') != std::string::npos) return;
    x_text += text;
    x_text += '\n';
    ++x_files;
  }

  std::string x_text;
  std::size_t x_files = 0;
};

}  // namespace demo
