// file_text: a whole file at once.
#pragma once

#include <filesystem>
#include <string>

namespace acre_cli {

/// As much of it as could be read: nothing of a directory, or of a file in /proc whose process has ended meanwhile.
std::string text_of(const std::filesystem::path& file);

}  // namespace acre_cli
