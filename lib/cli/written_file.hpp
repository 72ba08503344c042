// written_file: a file that appears whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace acre_cli {

/// Finds out, before the work is done, that write_file() would fail; leaves nothing behind.
/// \throws input_error
void require_writable(const std::filesystem::path& path);

/// Writes beside `path` and renames. Who may read and write the file that was there before may do so
/// afterwards.
/// \throws input_error where no file can be made; std::runtime_error where it cannot be written, because of a full
///   disk or a limit. Nothing is left behind then.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace acre_cli
