#include "cli/acre/completion/completion.hpp"
#include "cli/acre/completion/script_text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {
namespace {

/// Names of files stay in arrays: one match each, quoted by compadd, expanded by nobody. Two underscores:
/// _acre_nodes is for `acre nodes`.
constexpr std::string_view zsh_helpers = R"(#compdef acre
# zsh completion for acre, made by `acre completion zsh`
__acre_nodes() {
    local -a nodes=(/sys/devices/system/node/node<->(N:t))
    compadd "$@" -- all ${nodes#node}
}
__acre_processes() {
    local -a processes=(/proc/<->(N:t))
    compadd "$@" -a processes
}
__acre_segments() {
    local -a segments=(/dev/shm/*(N.:t))
    segments=(${segments:#*[[:cntrl:]]*})
    compadd "$@" -a segments
}
)";

/// Of what _arguments gives a meaning to.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string action_of(const completed_option& o) {
  switch (o.value) {
    case value_kind::nodes:
      return "__acre_nodes";
    case value_kind::process:
      return "__acre_processes";
    case value_kind::segment:
      return "__acre_segments";
    case value_kind::file:
      return "_files";
    case value_kind::choice:
      return "(" + joined(o.choices) + ")";
    case value_kind::anything:
    case value_kind::command_line:
    case value_kind::none:
      break;
  }
  return " ";
}

std::string arguments_of(const completed_command& c) {
  constexpr std::string_view next_line = " \\\n        ";
  std::string out;
  for (const completed_option& o : c.options) {
    for (const std::string& name : o.names) {
      std::string spec = name;
      const std::string told = "[" + escaped(o.description) + "]";
      if (o.value == value_kind::none)
        spec += told;
      else
        spec += (name.starts_with("--") ? "=" : "+") + told + ":value:" + action_of(o);
      out += std::string(next_line) + in_quotes(spec);
    }
  }
  for (std::size_t i = 0; i < c.positionals.size(); ++i) {
    const completed_option& o = c.positionals[i];
    if (o.value == value_kind::command_line)
      return out + fmt::format("{0}'(-)1:command: _command_names -e'{0}'*::argument: _normal'", next_line);
    const std::string place = o.repeated ? "*" : std::to_string(i + 1);
    out += next_line;
    out += in_quotes(fmt::format("{}:{}:{}", place, escaped(o.description), action_of(o)));
  }
  return out;
}

std::string function_of(const completed_command& c) {
  const std::string name = c.path.empty() ? "_acre" : "_acre_" + joined(c.path, "_");
  if (c.commands.empty())
    return fmt::format("{}() {{\n    _arguments -S{}{}\n}}\n", name, runs_another(c) ? " -A '-*'" : "",
                       arguments_of(c));
  return fmt::format(
      "{}() {{\n    local context state state_descr line\n    typeset -A opt_args\n"
      "    _arguments -C{} \\\n        '1:command:({})' \\\n        '*::argument:->below'\n"
      "    [[ $state == below ]] && (( $+functions[{}_$words[1]] )) && {}_$words[1]\n}}\n",
      name, arguments_of(c), joined(c.commands), name, name);
}

}  // namespace

std::string zsh_completion(const std::vector<completed_command>& commands) {
  std::string functions;
  for (const completed_command& c : commands) functions += function_of(c);
  return std::string(zsh_helpers) + functions +
         "if [[ $funcstack[1] == _acre ]]; then _acre \"$@\"; else compdef _acre acre; fi\n";
}

}  // namespace acre_cli
