# bash completion for acre: `acre candidates` knows what fits, this how it is to be quoted.
# Anyone may make files in /dev/shm, and a name may hold a command substitution: no name may come into what bash
# expands once more, such as the words of `compgen -W`. `compopt -o filenames` lets $ and ` pass.

# Offers the names that begin as what is typed: $cut, then $piece, of which bash knows only the latter.
_acre_offer() {
    local name quoted quote=${piece:0:1}
    [[ $quote == [\'\"] ]] || quote=
    for name; do
        [[ $name == "$cut"* ]] || continue
        name=${name#"$cut"}
        case $quote in
        \') quoted=${name//\'/"'\\''"} ;;
        \")
            quoted=${name//\\/\\\\} quoted=${quoted//\"/\\\"} quoted=${quoted//\$/\\\$}
            quoted=${quoted//\`/\\\`} quoted=${quoted//!/"\"'!'\""}
            ;;
        *) printf -v quoted %q "$name" ;;
        esac
        [[ $quote$quoted == "$piece"* && $quoted != \$\'* ]] || continue
        # bash closes the quote unless it sees one at the end
        [[ $quote && $quoted == *"$quote" ]] && quoted+=$quote
        COMPREPLY+=("$quoted")
    done
}

# The word of COMP_WORDS at $1 begins another command.
_acre_command() {
    local offset
    local -a names
    for offset in _comp_command_offset _command_offset; do
        declare -F "$offset" >/dev/null && { "$offset" "$1"; return; }
    done
    (($1 < COMP_CWORD)) && { compopt -o default 2>/dev/null; return; }
    mapfile -t names < <(compgen -c -- "$piece")
    _acre_offer "${names[@]}"
}

_acre() {
    local glued= word i piece cut
    local -a words=() at=() lines=()
    COMPREPLY=()
    for ((i = 1; i <= COMP_CWORD; ++i)); do # bash has parted the words at = and :
        word=${COMP_WORDS[i]} piece=$word
        [[ $word && ! ${word//[=:]/} ]] && piece= glued=1
        if [[ $glued ]] && ((${#words[@]})); then words[-1]+=$word; else words+=("$word") at+=("$i"); fi
        [[ $piece ]] && glued=
    done
    cut=${words[-1]%"$piece"}
    mapfile -t lines < <(command acre candidates -- "${words[@]}" 2>/dev/null)
    ((${#lines[@]})) || return
    case ${lines[0]} in
    $'\tfiles') compopt -o default 2>/dev/null ;;
    $'\tcommand '*) _acre_command "${at[${lines[0]#* }]}" ;;
    *) _acre_offer "${lines[@]%%$'\t'*}" ;;
    esac
}
complete -F _acre acre
