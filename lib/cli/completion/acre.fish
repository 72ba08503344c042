# fish completion for acre: `acre candidates` knows what fits.
function __acre_candidates
    set -l words (commandline -cop)
    set -l typed (commandline -ct)
    set -l lines (command acre candidates -- $words[2..-1] "$typed" 2>/dev/null)
    switch "$lines[1]"
        case \tfiles
            set -l option (string match -r -- '^--[^=]*=' "$typed")
            printf "$option%s\n" (__fish_complete_path (string replace -- "$option" '' "$typed"))
        case \t'command *'
            set -l first (math (string replace \t'command ' '' -- $lines[1]) + 2)
            set -l line (string join ' ' -- (string escape -- $words[$first..-1]) "$typed")
            test -n "$line"; and complete --do-complete=$line
        case '*'
            printf '%s\n' $lines
    end
end
complete -c acre -f -a '(__acre_candidates)'
