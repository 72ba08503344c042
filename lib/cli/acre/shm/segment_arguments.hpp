// segment_arguments: names and placements of `acre shm` as they were typed.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace acre_cli {

/// Gives each argument of `acre shm`'s commands that is neither an option nor an option's value a mark in
/// front, so that CLI11 takes it for one word: it would part "[a,b]", and "++" would end the command. Words
/// that the command has no place for stay as they are, for the message on them; so do arguments of other
/// commands.
/// \param arguments without the program's name
std::vector<std::string> marked_segments(const CLI::App& acre, std::vector<std::string> arguments);

/// The word as it was typed.
std::string unmarked_segment(const std::string& marked);

}  // namespace acre_cli
