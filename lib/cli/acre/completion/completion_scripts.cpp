// The same knowledge in the languages of three shells.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/acre/completion/completion.hpp"

namespace acre_cli {
namespace {

constexpr std::string_view node_words =
    "all $(cd /sys/devices/system/node 2>/dev/null && ls -d node[0-9]* | sed s/node//)";
constexpr std::string_view process_words = "$(cd /proc && ls -d [0-9]*)";
constexpr std::string_view segment_words = "$(ls /dev/shm 2>/dev/null)";

std::string joined(const std::vector<std::string>& words, std::string_view between = " ") {
  return fmt::format("{}", fmt::join(words, between));
}

std::string path_of(const completed_command& c) {
  return c.path.empty() ? std::string() : "/" + joined(c.path, "/");
}

/// For bash and zsh: shell text that makes the words.
std::string words_of(const completed_option& o) {
  switch (o.value) {
    case value_kind::nodes:
      return std::string(node_words);
    case value_kind::process:
      return std::string(process_words);
    case value_kind::segment:
      return std::string(segment_words);
    case value_kind::choice:
      return joined(o.choices);
    default:
      return {};
  }
}

/// A bash statement that fills COMPREPLY.
std::string bash_reply(const completed_option& o) {
  if (o.value == value_kind::file) return "COMPREPLY=($(compgen -f -- \"$cur\"))";
  if (o.value == value_kind::command_line) return "COMPREPLY=($(compgen -c -- \"$cur\"))";
  if (const std::string words = words_of(o); !words.empty())
    return fmt::format("COMPREPLY=($(compgen -W \"{}\" -- \"$cur\"))", words);
  return ":";
}

/// 'it's' as a word of all three shells.
std::string quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'')
      word += "'\\''";
    else
      word += c;
  }
  return word + "'";
}

/// Of what _arguments gives a meaning to.
std::string escaped_for_zsh(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(const completed_option& o) {
  switch (o.value) {
    case value_kind::file:
      return "_files";
    case value_kind::anything:
      return " ";
    case value_kind::none:
      return {};
    default:
      return fmt::format("{{compadd -- {}}}", words_of(o));
  }
}

std::string zsh_arguments(const completed_command& c) {
  std::string out;
  for (const completed_option& o : c.options) {
    for (const std::string& name : o.names) {
      std::string spec = name + "[" + escaped_for_zsh(o.description) + "]";
      if (o.value != value_kind::none) spec += ":value:" + zsh_action(o);
      out += " \\\n        " + quoted(spec);
    }
  }
  for (std::size_t i = 0; i < c.positionals.size(); ++i) {
    const completed_option& o = c.positionals[i];
    if (o.value == value_kind::command_line) {
      out += " \\\n        '(-)1:command: _command_names -e' \\\n        '*::argument: _normal'";
    } else {
      out += " \\\n        " +
             quoted(fmt::format("{}:{}:{}", i + 1, escaped_for_zsh(o.description), zsh_action(o)));
    }
  }
  return out;
}

std::string fish_condition(const completed_command& c) {
  if (c.path.empty()) return "__fish_use_subcommand";
  std::string condition;
  for (const std::string& word : c.path)
    condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
  return condition;
}

std::string fish_values(const completed_option& o) {
  switch (o.value) {
    case value_kind::nodes:
      return " -x -a '(__acre_nodes)'";
    case value_kind::process:
      return " -x -a '(__fish_complete_pids)'";
    case value_kind::segment:
      return " -x -a '(ls /dev/shm 2>/dev/null)'";
    case value_kind::choice:
      return " -x -a " + quoted(joined(o.choices));
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

}  // namespace

std::string bash_completion(const std::vector<completed_command>& commands) {
  std::string paths, values, words, places;
  for (const completed_command& c : commands) {
    const std::string path = path_of(c);
    if (!path.empty()) paths += (paths.empty() ? "" : "|") + path;
    std::vector<std::string> all = c.commands;
    for (const completed_option& o : c.options) {
      all.insert(all.end(), o.names.begin(), o.names.end());
      if (o.value == value_kind::none) continue;
      for (const std::string& name : o.names)
        values += fmt::format("        {}:{}) {}; return ;;\n", path, name, bash_reply(o));
    }
    words += fmt::format("        '{}') words={} ;;\n", path, quoted(joined(all)));
    if (!c.positionals.empty())
      places += fmt::format("        '{}') {} ;;\n", path, bash_reply(c.positionals.front()));
  }
  return fmt::format(R"(# bash completion for acre, made by `acre completion bash`
_acre() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} path= words= i
    local prev=${{COMP_WORDS[COMP_CWORD-1]}}
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case $path/${{COMP_WORDS[i]}} in
        {}) path+=/${{COMP_WORDS[i]}} ;;
        /run/--)
            if declare -F _command_offset >/dev/null; then _command_offset $((i + 1)); return; fi
            COMPREPLY=($(compgen -c -- "$cur"))
            return ;;
        esac
    done
    case $path:$prev in
{}    esac
    case $path in
{}    esac
    if [[ $cur != -* ]]; then
        case $path in
{}        esac
    fi
    COMPREPLY+=($(compgen -W "$words" -- "$cur"))
}}
complete -F _acre acre
)",
                     paths, values, words, places);
}

std::string zsh_completion(const std::vector<completed_command>& commands) {
  std::string functions;
  for (const completed_command& c : commands) {
    const std::string name = c.path.empty() ? "_acre" : "_acre_" + joined(c.path, "_");
    if (c.commands.empty()) {
      functions += fmt::format("{}() {{\n    _arguments -S -A '-*'{}\n}}\n", name, zsh_arguments(c));
      continue;
    }
    functions += fmt::format(
        "{}() {{\n    local context state state_descr line\n    typeset -A opt_args\n"
        "    _arguments -C{} \\\n        '1:command:({})' \\\n        '*::argument:->below'\n"
        "    [[ $state == below ]] && (( $+functions[{}_$words[1]] )) && {}_$words[1]\n}}\n",
        name, zsh_arguments(c), joined(c.commands), name, name);
  }
  return "#compdef acre\n# zsh completion for acre, made by `acre completion zsh`\n" + functions +
         "if [[ $funcstack[1] == _acre ]]; then _acre \"$@\"; else compdef _acre acre; fi\n";
}

std::string fish_completion(const std::vector<completed_command>& commands) {
  std::string out =
      "# fish completion for acre, made by `acre completion fish`\n"
      "function __acre_nodes\n    echo all\n"
      "    for node in /sys/devices/system/node/node*\n"
      "        string replace -r '.*/node' '' $node\n    end\nend\n"
      "function __acre_command\n"
      "    set -l words (commandline -cop)\n"
      "    if set -l at (contains -i -- -- $words)\n"
      "        set -e words[1..$at]\n"
      "    else\n        set words\n    end\n"
      "    set -l line (string join ' ' -- $words (commandline -ct))\n    test -n \"$line\"; and complete "
      "--do-complete=$line\nend\n"
      "complete -c acre -f\n";
  for (const completed_command& c : commands) {
    const std::string when = fish_condition(c);
    for (const completed_command& below : commands) {
      if (below.path.size() != c.path.size() + 1 ||
          !std::equal(c.path.begin(), c.path.end(), below.path.begin()))
        continue;
      const std::string none_yet =
          c.path.empty() ? when : when + "; and not __fish_seen_subcommand_from " + joined(c.commands);
      out += fmt::format("complete -c acre -n {} -a {} -d {}\n", quoted(none_yet), below.path.back(),
                         quoted(below.description));
    }
    for (const completed_option& o : c.options) {
      out += fmt::format("complete -c acre -n {}", quoted(when));
      for (const std::string& name : o.names)
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      out += fish_values(o) + " -d " + quoted(o.description) + "\n";
    }
    for (const completed_option& o : c.positionals) {
      if (const std::string values = fish_values(o); o.value != value_kind::anything)
        out += fmt::format("complete -c acre -n {}{}\n", quoted(when), values);
    }
  }
  return out;
}

}  // namespace acre_cli
