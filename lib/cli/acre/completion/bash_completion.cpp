#include "cli/acre/completion/completion.hpp"
#include "cli/acre/completion/script_text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace acre_cli {
namespace {

/// What needs no knowledge of acre's commands.
constexpr std::string_view bash_helpers = R"(# bash completion for acre, made by `acre completion bash`
# Anyone may make files in /dev/shm, and a name may hold a command substitution: no name may come into what
# bash expands once more, such as the words of `compgen -W`.

# Sets plain to what $1 means without its quotes, quote to the one that is open in the end, and odd if one
# does not begin $1, or is closed.
_acre_plain() {
    local rest=$1 c
    plain= quote=
    while [[ $rest ]]; do
        c=${rest:0:1} rest=${rest:1}
        case $quote$c in
        \\ | \"\\) plain+=${rest:0:1} rest=${rest:1} ;;
        \' | \")
            quote=$c
            [[ $c$rest == "$1" ]] || odd=1
            ;;
        \'\' | \"\") quote= odd=1 ;;
        *) plain+=$c ;;
        esac
    done
}

# Offers the words of acre's own that begin as what is typed.
_acre_offer() {
    local offer
    for offer; do
        [[ $offer == "$typed"* ]] && COMPREPLY+=("$lead${offer#"$cut"}")
    done
}

# Sets quoted to $1 as it is to stand in double quotes.
_acre_in_double_quotes() {
    local rest=$1 c
    quoted=
    while [[ $rest ]]; do
        c=${rest:0:1} rest=${rest:1}
        case $c in
        [\\\$\`\"]) quoted+=\\$c ;;
        !) quoted+="\"'!'\"" ;;
        *) quoted+=$c ;;
        esac
    done
}

# Offers the words of others that begin as what is typed, quoted: `compopt -o filenames` lets $ and ` pass.
_acre_offer_names() {
    local name quoted apostrophe="'\\''"
    for name; do
        [[ $name == "$typed"* ]] || continue
        name=${name#"$cut"}
        case $quote in
        \') quoted=${name//\'/"$apostrophe"} ;;
        \") _acre_in_double_quotes "$name" ;;
        *) printf -v quoted %q "$name" ;;
        esac
        # bash closes the quote unless it sees one at the end
        [[ $quote && $quoted == *"$quote" ]] && quoted+=$quote
        [[ $quoted == \$\'* ]] || COMPREPLY+=("$lead$quoted")
    done
}

# Sets names to how the paths go on that begin with $1 and then match $2.
_acre_names() {
    mapfile -d '' -t names < <(
        shopt -u failglob; shopt -s nullglob; set +f; unset GLOBIGNORE; IFS=
        for name in "$1"$2; do
            [[ $name == *[[:cntrl:]]* ]] || printf '%s\0' "${name#"$1"}"
        done)
}

_acre_nodes() {
    _acre_names /sys/devices/system/node/node '[0-9]*'
    _acre_offer all "${names[@]}"
}

_acre_processes() {
    _acre_names /proc/ '[0-9]*'
    _acre_offer "${names[@]}"
}

_acre_segments() {
    local name
    _acre_names /dev/shm/ '*'
    for name in "${names[@]}"; do
        [[ -f /dev/shm/$name ]] && _acre_offer_names "$name"
    done
}

_acre_file() {
    compopt -o default 2>/dev/null
}

# The word of COMP_WORDS at $1 begins another command.
_acre_command() {
    local offset
    for offset in _comp_command_offset _command_offset; do
        if declare -F "$offset" >/dev/null; then
            "$offset" "$1"
            return
        fi
    done
    if (($1 < COMP_CWORD)); then
        _acre_file
    else
        mapfile -t names < <(compgen -c -- "$typed")
        _acre_offer_names "${names[@]}"
    fi
}
)";

/// {0}: patterns of options with values, {1}: of paths of commands, {2}: of those of them that run another,
/// {3}, {4}, {5}: what is offered for the values of options, at places, and where nothing is offered there.
constexpr std::string_view bash_machine = R"(
_acre() {{
    local path= option= ended= other= breaks= glued= typed= lead= cut= plain= quote= odd=
    local word now piece i last place=0 first=0
    local -a words=() at=() names=()
    COMPREPLY=()
    for ((i = 1; i <= COMP_CWORD; ++i)); do  # bash has parted the words at = and :
        word=${{COMP_WORDS[i]}}
        breaks=
        [[ $word && ! ${{word//[=:]/}} ]] && breaks=1
        if [[ $glued || $breaks ]] && ((${{#words[@]}})); then
            words[-1]+=$word
        else
            words+=("$word") at+=("$i")
        fi
        glued=$breaks
    done
    last=$((${{#words[@]}} - 1))
    for ((i = 0; i < last; ++i)); do
        word=${{words[i]}}
        if [[ $option ]]; then
            option=
        elif [[ ! $ended && $word == -- ]]; then
            ended=1
        elif [[ ! $ended && $word == -?* ]]; then
            case $path:$word in
            {0}) option=$word ;;
            esac
        else
            case $place$path/$word in
            {1}) path+=/$word; continue ;;
            esac
            ((place)) || first=${{at[i]}}
            ((++place))
            case $path in
            {2}) other=1; break ;;
            esac
        fi
    done

    now=${{words[last]}} piece=
    [[ $glued ]] || piece=${{COMP_WORDS[COMP_CWORD]}}
    ((place)) || first=${{at[last]}}
    if [[ ! $option && ! $ended && ! $other && $now == --*=* ]]; then
        option=${{now%%=*}} now=${{now#*=}}
    fi
    if [[ $now == *"$piece" ]]; then
        _acre_plain "${{now%"$piece"}}"
        cut=$plain
    else
        lead=${{piece%"$now"}} piece=$now
    fi
    _acre_plain "$piece"
    typed=$cut$plain
    [[ $odd ]] && return  # bash completes from its last quote on
    if [[ $option ]]; then
        case $path:$option in
{3}        esac
        return
    fi
    if [[ $ended || $other || $now != -* ]]; then
        case $path:$place in
{4}        esac
    fi
    ((${{#COMPREPLY[@]}})) || [[ $ended ]] && return
    case $path in
{5}    esac
}}
complete -F _acre acre
)";

/// Nothing for what nobody can know.
std::string reply_of(const completed_option& o) {
  switch (o.value) {
    case value_kind::nodes:
      return "_acre_nodes";
    case value_kind::process:
      return "_acre_processes";
    case value_kind::segment:
      return "_acre_segments";
    case value_kind::file:
      return "_acre_file";
    case value_kind::choice:
      return "_acre_offer " + joined(o.choices);
    case value_kind::command_line:
      return "_acre_command \"$first\"; return";
    case value_kind::anything:
    case value_kind::none:
      break;
  }
  return {};
}

/// Lines of a `case` for the words in their order.
std::string places_of(const completed_command& c) {
  std::string lines;
  const std::string path = path_of(c);
  if (!c.commands.empty())
    lines += fmt::format("        {}:0) _acre_offer {} ;;\n", path, joined(c.commands));
  for (std::size_t i = 0; i < c.positionals.size(); ++i) {
    const completed_option& o = c.positionals[i];
    const bool all = o.repeated || o.value == value_kind::command_line;
    if (const std::string reply = reply_of(o); !reply.empty())
      lines += fmt::format("        {}:{}) {} ;;\n", path, all ? "*" : std::to_string(i), reply);
    if (all) break;
  }
  return lines;
}

}  // namespace

std::string bash_completion(const std::vector<completed_command>& commands) {
  std::vector<std::string> with_values, paths, running;
  std::string values, places, options;
  for (const completed_command& c : commands) {
    const std::string path = path_of(c);
    if (!path.empty()) paths.push_back("0" + path);
    if (runs_another(c)) running.push_back(path);
    std::string names;
    for (const completed_option& o : c.options) {
      names += " " + joined(o.names);
      if (o.value == value_kind::none) continue;
      for (const std::string& name : o.names) {
        with_values.push_back(path + ":" + name);
        if (const std::string reply = reply_of(o); !reply.empty())
          values += fmt::format("        {}:{}) {} ;;\n", path, name, reply);
      }
    }
    places += places_of(c);
    options += fmt::format("    '{}') _acre_offer{} ;;\n", path, names);
  }
  return std::string(bash_helpers) + fmt::format(bash_machine, joined(with_values, "|"), joined(paths, "|"),
                                                 joined(running, "|"), values, places, options);
}

}  // namespace acre_cli
