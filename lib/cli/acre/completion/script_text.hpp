// script_text: what the scripts of all shells are written with.
#pragma once

#include "cli/acre/completion/completion.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {

std::string joined(const std::vector<std::string>& words, std::string_view between = " ");

/// "" for acre, "/shm/list" for a command.
std::string path_of(const completed_command& command);

/// 'it's' as one word of all three shells.
std::string in_quotes(std::string_view text);

/// Whether its first positional word begins another command.
bool runs_another(const completed_command& command);

}  // namespace acre_cli
