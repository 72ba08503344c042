#include "cli/acre/completion/completion.hpp"
#include "cli/acre/completion/script_text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {
namespace {

/// What a command substitution prints fish takes as it is, a line for an offer.
constexpr std::string_view fish_helpers = R"(# fish completion for acre, made by `acre completion fish`
function __acre_nodes
    echo all
    for node in /sys/devices/system/node/node*
        string replace -r '.*/node' '' -- $node
    end
end

function __acre_segments
    for file in /dev/shm/*
        test -f $file; or continue
        string match -qr '[[:cntrl:]]' -- $file; and continue
        string replace /dev/shm/ '' -- $file
    end
end
)";

/// {0}: options with values, {1}: paths of commands, {2}: paths of commands that run another.
constexpr std::string_view fish_machine = R"(
# Prints the path of the command, how many words came after it, whether there was a --, and the first's place.
function __acre_state
    set -l path ''
    set -l place 0
    set -l ended no
    set -l first 0
    set -l at 0
    set -l option no
    for word in (commandline -cop)
        set at (math $at + 1)
        test $at = 1; and continue
        if test $option = yes
            set option no
        else if test $ended = no -a "x$word" = x--
            set ended yes
        else if test $ended = no; and string match -qr '^-.' -- $word
            contains -- $path:$word {0}; and set option yes
        else if test $place = 0; and contains -- $path/$word {1}
            set path $path/$word
        else
            test $place = 0; and set first $at
            set place (math $place + 1)
            contains -- $path {2}; and break
        end
    end
    printf '%s\n' "$path" $place $ended $first
end

# Whether an option of the command at the path may stand here.
function __acre_option
    set -l state (__acre_state)
    test "$state[1]" = "$argv[1]" -a $state[3] = no; or return
    test $state[2] = 0; or not contains -- $state[1] {2}
end

# Whether the command at the path has a word here, of this number; of this or a later one with "on".
function __acre_word
    set -l state (__acre_state)
    test "$state[1]" = "$argv[1]"; or return
    test $state[2] = $argv[2]; or test "$argv[3]" = on -a $state[2] -ge $argv[2]
end

# What the command that is to be run would offer.
function __acre_command
    set -l state (__acre_state)
    set -l words
    if test $state[4] -gt 0
        set words (commandline -cop)
        set words (string escape -- $words[$state[4]..-1])
    end
    set -l line (string join ' ' -- $words (commandline -ct | string collect -a))
    test -n "$line"; and complete --do-complete=$line
end

complete -c acre -f
)";

std::string values_of(const completed_option& o) {
  switch (o.value) {
    case value_kind::nodes:
      return " -x -a '(__acre_nodes)'";
    case value_kind::process:
      return " -x -a '(__fish_complete_pids)'";
    case value_kind::segment:
      return " -x -a '(__acre_segments)'";
    case value_kind::choice:
      return " -x -a " + in_quotes(joined(o.choices));
    case value_kind::file:
      return " -r -F";
    case value_kind::command_line:
      return " -x -a '(__acre_command)'";
    case value_kind::anything:
      return " -x";
    case value_kind::none:
      break;
  }
  return {};
}

std::string description_of(const std::vector<completed_command>& commands, const completed_command& above,
                           const std::string& name) {
  for (const completed_command& c : commands) {
    if (path_of(c) == path_of(above) + "/" + name) return c.description;
  }
  return {};
}

std::string lines_of(const completed_command& c, const std::vector<completed_command>& commands) {
  std::string lines;
  const auto when = [](const std::string& condition) {
    return fmt::format("complete -c acre -n {}", in_quotes(condition));
  };
  const std::string path = in_quotes(path_of(c));
  for (const std::string& name : c.commands)
    lines += fmt::format("{} -a {} -d {}\n", when("__acre_word " + path + " 0"), name,
                         in_quotes(description_of(commands, c, name)));
  for (const completed_option& o : c.options) {
    lines += when("__acre_option " + path);
    for (const std::string& name : o.names)
      lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    lines += values_of(o) + " -d " + in_quotes(o.description) + "\n";
  }
  for (std::size_t i = 0; i < c.positionals.size(); ++i) {
    const completed_option& o = c.positionals[i];
    const bool all = o.repeated || o.value == value_kind::command_line;
    if (o.value != value_kind::anything)
      lines += when(fmt::format("__acre_word {} {}{}", path, i, all ? " on" : "")) + values_of(o) + "\n";
  }
  return lines;
}

}  // namespace

std::string fish_completion(const std::vector<completed_command>& commands) {
  std::vector<std::string> with_values, paths, running;
  std::string lines;
  for (const completed_command& c : commands) {
    const std::string path = path_of(c);
    if (!path.empty()) paths.push_back(path);
    if (runs_another(c)) running.push_back(path);
    for (const completed_option& o : c.options) {
      if (o.value == value_kind::none) continue;
      for (const std::string& name : o.names) with_values.push_back(path + ":" + name);
    }
    lines += lines_of(c, commands);
  }
  return std::string(fish_helpers) +
         fmt::format(fish_machine, joined(with_values), joined(paths), joined(running)) + lines;
}

}  // namespace acre_cli
