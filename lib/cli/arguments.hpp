// arguments: what a program can be told, as one table of its commands, their words and options. Reading goes by it,
// --help, and completion.
#pragma once

#include "cli/input_error.hpp"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace acre_cli {

/// Takes what stands in the arguments; an option without a value is taken with an empty text.
/// \throws input_error or acre::error; the reader says of which argument
using taker = std::function<void(const std::string&)>;

/// An argument by its place.
struct argument_word {
  std::string
      name;  ///< "NAME"; "[NAME]" may be missing; "NAME..." is all that follow; "one|other" is one of these
  std::string help;
  taker take;
};

struct argument_option {
  std::vector<std::string> names;  ///< "-m", "--bind"
  std::string value;  ///< "NODES", "one|other"; empty: none; "[SECONDS]" is a number that may be missing
  std::string help;
  taker take = {};  ///< empty: the program does nothing but print its --version or, else, --help
  std::string group = "Options";  ///< a heading of --help; empty: told to nobody
};

struct command {
  std::string name;   ///< with those above it: "acre shm list"
  std::string about;  ///< empty: told to nobody
  std::vector<argument_word> words =
      {};  ///< if the first is "COMMAND...", all from it on are another program's
  std::vector<argument_option> options = {};
  std::vector<std::string> notes = {};  ///< paragraphs below the options
  std::function<int()> act = {};        ///< \returns the exit status
  std::vector<command> commands = {};   ///< one of these is to be chosen
  int failure = 0;  ///< exit status for whatever goes wrong, if it is not the program's usual one
};

/// "list" of "acre shm list".
std::string_view last_name(const command& c);

/// "NAME" of "[NAME]...".
std::string_view bare_name(std::string_view name);
inline bool is_repeated(std::string_view name) { return name.find("...") != name.npos; }

/// "one", "other" of "one|other"; none of "PID|NAME", which are two ways to name a thing.
std::vector<std::string> choices_of(std::string_view name);

/// Whether its words are another program's, options and all.
bool runs_another(const command& c);

/// Reads arguments as getopt_long(3) does, numactl's reader: long options may be abbreviated; options may follow words;
/// all behind "--" are words.
/// \param argv is changed
/// \param reached the command that was found so far, which counts where this throws
/// \returns what is to be done
/// \throws input_error
std::function<int()> read_arguments(const command& program, int argc, char** argv, const command*& reached);

/// What --help prints.
std::string help_text(const command& c, std::size_t width);

/// Sets a flag, a text (also in std::optional), or adds to a list.
template <class T>
taker into(T& value) {
  return [&value](const std::string& text) {
    if constexpr (std::is_same_v<T, bool>)
      value = true;
    else if constexpr (std::is_same_v<T, std::vector<std::string>>)
      value.push_back(text);
    else
      value = text;
  };
}

template <class Number>
taker into_number(Number& value, Number least, Number most) {
  return [=, &value](const std::string& text) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    // Not the other way round: NaN is no number here.
    if (read.ec == std::errc{} && read.ptr == end && value >= least && value <= most) return;
    throw input_error(fmt::format("'{}' is no number from {} to {}", text, least, most));
  };
}

}  // namespace acre_cli
