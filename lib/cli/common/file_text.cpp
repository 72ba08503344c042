#include "cli/common/file_text.hpp"

#include <fstream>
#include <sstream>
#include <utility>

namespace acre_cli {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  // Not by istreambuf_iterator: that throws where a read fails, and these do between open(2) and read(2) when a process
  // ends (ESRCH).
  text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace acre_cli
