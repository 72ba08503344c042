// run_arguments: which arguments of `acre run` are its command's.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace acre_cli {

/// The command begins at the first argument that is neither an option of `acre run` nor an option's value, or after
/// "--". All that follows is the command's: each such argument gets a mark in front, so that CLI11 takes it for what
/// it is, "--help", "--" and "[a,b]" too. Arguments of other commands stay as they are.
/// \param arguments without the program's name
/// \throws CLI::ArgumentMismatch for an option of `acre run` that ends in '=', without a value
std::vector<std::string> marked_command(const CLI::App& acre, std::vector<std::string> arguments);

/// The arguments as they were typed.
/// \throws input_error for one without a mark, which is none of the command's
std::vector<std::string> unmarked_command(const std::vector<std::string>& marked);

}  // namespace acre_cli
