// candidates: what can stand where a user types. The scripts of all shells ask for it by `acre candidates`.
#pragma once

#include "cli/arguments.hpp"

#include <string>
#include <vector>

namespace acre_cli {

/// \param words that stand behind "acre"; the last is being typed, and may be empty
/// \returns lines of what can stand there, whatever of it is typed: the word and, behind a tab, what it is. Or one line
///   for what shells know better: "\tfiles", or "\tcommand N" where words[N] begins another program's command line
std::vector<std::string> candidates(const command& acre, const std::vector<std::string>& words);

}  // namespace acre_cli
