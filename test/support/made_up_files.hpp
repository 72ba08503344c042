// made_up_files: a directory that stands for "/".
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace acre::test {

class made_up_files {
 public:
  made_up_files() {
    std::string name = (std::filesystem::temp_directory_path() / "acre-files-XXXXXX").string();
    x_root = ::mkdtemp(name.data());
  }
  made_up_files(const made_up_files&) = delete;
  made_up_files& operator=(const made_up_files&) = delete;
  ~made_up_files() {
    std::error_code ignored;
    std::filesystem::remove_all(x_root, ignored);
  }

  const std::filesystem::path& root() const { return x_root; }

  void write(std::string_view file, std::string_view text) const {
    const std::filesystem::path path = x_root / file.substr(1);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

 private:
  std::filesystem::path x_root;
};

}  // namespace acre::test
