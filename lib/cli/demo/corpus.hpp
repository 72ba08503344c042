// corpus: the text of the files to index, in memory.
#pragma once

#include "cli/common/input_error.hpp"
#include "cli/demo/report.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace acre_demo {

using acre_cli::input_error;

struct text_file {
  std::filesystem::path path;
  std::string text;
};

struct corpus {
  corpus_summary summary;
  std::vector<text_file> files;
};

/// Reads files, and directories with all below them (in order of name; binary files there are left out, links
/// to directories are not followed). No paths: the C++ headers known at build time. \throws input_error for
/// what is missing, unreadable, no file, or without any text
corpus read_corpus(const std::vector<std::string>& paths);

}  // namespace acre_demo
