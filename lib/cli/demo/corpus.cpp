#include "cli/demo/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <limits>
#include <system_error>

namespace acre_demo {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw input_error(fmt::format("cannot read {}: {}", path.string(), why));
}

std::string read_file(const fs::path& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, std::generic_category().message(errno));
  std::string text;
  std::error_code ec;
  if (const auto size = fs::file_size(path, ec); !ec) text.reserve(size);
  char buffer[1 << 16];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0)
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
  if (in.bad()) fail(path, std::generic_category().message(errno));
  if (text.size() > std::numeric_limits<std::uint32_t>::max())
    fail(path, "files of 4 GiB and more are too large");
  return text;
}

bool is_binary(const std::string& text) { return text.find('\0') < 8192; }

void add_directory(corpus& all, const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code ec;
  fs::recursive_directory_iterator at(directory, ec);
  if (ec) fail(directory, ec.message());
  while (at != fs::recursive_directory_iterator()) {
    std::error_code ignored;
    if (at->is_regular_file(ignored)) found.push_back(at->path());
    const fs::path last = at->path();
    at.increment(ec);
    if (ec) fail(last, ec.message());
  }
  std::sort(found.begin(), found.end());
  for (const auto& path : found) {
    std::string text = read_file(path);
    if (is_binary(text))
      ++all.summary.skipped;
    else
      all.files.push_back({path, std::move(text)});
  }
}

void add(corpus& all, const fs::path& path) {
  std::error_code ec;
  const auto status = fs::status(path, ec);
  if (status.type() == fs::file_type::not_found) fail(path, "no such file or directory");
  if (ec) fail(path, ec.message());
  if (fs::is_directory(status)) return add_directory(all, path);
  if (!fs::is_regular_file(status)) fail(path, "neither a file nor a directory");
  all.files.push_back({path, read_file(path)});
}

fs::path default_directory() {
  const fs::path directory = ACRE_DEMO_DEFAULT_TEXT;
  if (directory.empty())
    throw input_error("this acre-demo was built without default text; name files or directories to index");
  std::error_code ec;
  if (!fs::is_directory(directory, ec))
    throw input_error(fmt::format(
        "the default text, the C++ headers in {}, is not on this machine; name files or directories "
        "to index",
        directory.string()));
  return directory;
}

std::string describe(const std::vector<std::string>& paths) {
  std::string text = paths.front();
  for (std::size_t i = 1; i < std::min<std::size_t>(paths.size(), 3); ++i) text += ", " + paths[i];
  return paths.size() > 3 ? fmt::format("{} and {} more", text, paths.size() - 3) : text;
}

}  // namespace

corpus read_corpus(const std::vector<std::string>& paths) {
  corpus all;
  if (paths.empty()) {
    const fs::path directory = default_directory();
    all.summary.source = "the C++ standard library headers in " + directory.string();
    add(all, directory);
  } else {
    all.summary.source = describe(paths);
    for (const auto& path : paths) add(all, path);
  }
  all.summary.files = all.files.size();
  for (const auto& file : all.files) all.summary.bytes += file.text.size();
  if (all.summary.bytes == 0) throw input_error(fmt::format("no text in {}", all.summary.source));
  return all;
}

}  // namespace acre_demo
