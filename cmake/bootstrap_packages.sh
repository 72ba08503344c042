# How bootstrap.sh brings what is not found, by apt-get, and what it says where that fails. bootstrap.sh reads this
# file; $work is a directory for it.

# candidates NEED: its packages, the first choice first.
candidates() (
    row "$1"
    for package in $packages; do
        case $package in
            *@*)
                version=$(boost_version)
                if [ -n "$version" ]; then echo "${package%@*}$version${package#*@}"; fi ;;
            *) echo "$package" ;;
        esac
    done
)

# choose NEED...: sets chosen, a package for each, and unknown, the needs of which apt knows no package.
choose() {
    chosen=
    unknown=
    for need; do
        choice=
        for package in $(candidates "$need"); do
            # Of a name with a +, apt-cache says nothing and that all is well, where there are no lists.
            if [ -z "$choice" ] && [ -n "$(apt-cache show "$package" 2>/dev/null)" ]; then choice=$package; fi
        done
        if [ -n "$choice" ]; then chosen="$chosen $choice"; else unknown="$unknown $need"; fi
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_get ARGUMENT...: shows what it says, which apt_reason is taken from.
apt_get() {
    if apt_get_once 0 "$@"; then return 0; fi
    case $(apt_reason) in
        *"dpkg frontend lock"*)
            say "another program installs packages now; waiting for its end, two minutes at most"
            apt_get_once 120 "$@" ;;
        *) return 1 ;;
    esac
}

# apt_get_once SECONDS ARGUMENT...: waits so long for another program that installs packages.
# An interrupt ends apt-get, or is left for later while packages are unpacked: until then it is waited for, and shown.
apt_get_once() {
    wait_for_lock=$1
    shift
    {
        trap : INT
        status=0
        as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
            apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout="$wait_for_lock" "$@" 2>&1 || status=$?
        echo "$status" >"$work/status"
    } | (trap '' INT; exec tee "$work/said") >&2
    [ "$(cat "$work/status")" = 0 ]
}

# Nothing that is installed is removed: packages that exclude each other are somebody's choice.
apt_install() {
    apt_get -y --no-remove install --no-install-recommends "$@"
}

# Without the error mode, apt-get update does not fail where there is no network.
apt_update() {
    for pause in 5 20 0; do
        if apt_get -o APT::Update::Error-Mode=any update; then return 0; fi
        if [ "$pause" != 0 ]; then
            say "apt-get update failed; once more in $pause s"
            sleep "$pause"
        fi
    done
    return 1
}

# Why the last call of apt-get failed, in its own words.
apt_reason() {
    grep -E '^E: | : (Pre-?)?(Depends|Conflicts|Breaks): ' "$work/said" | uniq | head -n 4 | grep . ||
        tail -n 3 "$work/said"
}

network_failed() {
    case $(apt_reason) in
        *"Could not resolve"* | *"Temporary failure"* | *"Could not connect"* | *"Unable to connect"* | \
            *"Cannot initiate the connection"* | *"onnection timed out"* | *"onnection failed"* | *"unreachable"*) ;;
        *) return 1 ;;
    esac
}

# notes_what_concerns_all: whether the last failure is not a matter of one package; then it is noted.
notes_what_concerns_all() {
    todo="check the network, the proxy (http_proxy), and /etc/apt/sources.list; then run this again."
    network_failed || case $(apt_reason) in
        *"Could not get lock"* | *"dpkg frontend lock"*)
            todo="another program installs packages now: wait for its end, then run this again." ;;
        *"dpkg was interrupted"*)
            todo="as root, run 'dpkg --configure -a', then run this again." ;;
        *"--fix-broken install"*)
            todo="as root, run 'apt-get --fix-broken install', then run this again." ;;
        *"No space left"* | *"enough free space"*)
            todo="make room on the disk, then run this again." ;;
        *) return 1 ;;
    esac
    apt_reason >"$work/reason"
    echo "$todo" >"$work/todo"
}

# install_alone NEED: tries its packages one after the other.
install_alone() {
    if is_there "$1"; then return 0; fi
    for package in $(candidates "$1"); do
        say "installing $package"
        if apt_install "$package"; then
            rm -f "$work/reason.$1"
            return 0
        fi
        apt_reason | sed "s/^/$package: /" >>"$work/reason.$1"
        if notes_what_concerns_all; then return 0; fi
    done
}

# install_packages NEED...: for as many of them as can be had. Reasons for the others are left in $work.
install_packages() {
    choose "$@"
    if [ -z "$unknown" ]; then
        say "installing$chosen"
        # shellcheck disable=SC2086
        if apt_install $chosen || { ! network_failed && notes_what_concerns_all; }; then return 0; fi
    fi
    say "updating the lists of packages"
    apt_update || notes_what_concerns_all || :
    choose "$@"
    if [ -n "$chosen" ]; then say "installing$chosen"; fi
    alone=$unknown
    # shellcheck disable=SC2086
    if [ -n "$chosen" ] && ! apt_install $chosen && ! notes_what_concerns_all; then
        say "that failed; now one by one"
        alone="$*"
    fi
    for need in $alone; do
        if [ ! -e "$work/todo" ]; then install_alone "$need"; fi
    done
}

# what_to_do NEED: after apt's reasons in $work/reason.NEED.
what_to_do() {
    names=$(one_of "$(candidates "$1" | tr '\n' ' ' | sed 's/ $//')")
    held=$(apt-mark showhold 2>/dev/null | tr '\n' ' ')
    case $(cat "$work/reason.$1") in
        *held*)
            if [ -n "$held" ]; then
                echo "held are: ${held% }. As root, run 'apt-mark unhold ${held% }', or install $names yourself."
            else
                echo "it does not go together with what is installed. As root, install $names yourself."
            fi ;;
        *"need to be removed"*)
            echo "it excludes something that is installed. As root, install $names yourself." ;;
        *"Unable to locate"* | *"no installation candidate"*)
            echo "apt knows no $names. On Ubuntu, run 'add-apt-repository universe' as root. Or get it elsewhere;" \
                "looked for is $(described "$1")." ;;
        *)
            echo "as root, install $names yourself, or get it elsewhere; looked for is $(described "$1")." ;;
    esac
}

# report NEED...: those that are still missing. Fails if one of them is indispensable.
report() {
    if [ $# = 0 ]; then return 0; fi
    fatal=
    for need; do
        row "$need"
        if [ -n "$without" ]; then say "missing: $what; $without"; else say "missing: $what"; fatal=1; fi
        if [ -e "$work/reason.$need" ]; then
            while read -r line; do say "  $line"; done <"$work/reason.$need"
            if [ ! -e "$work/todo" ]; then say "  What to do: $(what_to_do "$need")"; fi
        elif [ ! -e "$work/todo" ]; then
            say "  Its package was installed, but it is not found: $(described "$need")."
        fi
    done
    if [ -e "$work/todo" ]; then
        say "apt-get says:"
        while read -r line; do say "  $line"; done <"$work/reason"
        say "What to do: $(cat "$work/todo")"
    fi
    [ -z "$fatal" ]
}

# unless_dispensable NEED...: ends, if there is no command without them.
unless_dispensable() {
    for need; do
        row "$need"
        if [ -z "$without" ]; then exit 1; fi
    done
    say "Going on without: $*"
}

# ensure NEED...: finds them, or installs what brings them, or says what is missing and ends.
ensure() {
    if [ "${ACRE_NO_INSTALL:-}" = 1 ]; then
        say "nothing is looked for and nothing installed: ACRE_NO_INSTALL=1"
        return 0
    fi
    refuse_unknown_compiler
    case " $* " in *" boost "*) refuse_old_boost ;; esac
    # shellcheck disable=SC2046
    set -- $(not_found "$@")
    if [ $# = 0 ]; then
        say "all of it is there"
        return 0
    fi
    say "missing: $*"
    if ! any_program apt-get || ! any_program dpkg-query; then
        say "This system has no apt-get. Install:"
        for need; do
            row "$need"
            say "  $what ($(described "$need")); Debian's package: $(one_of "$packages")"
        done
        say "then run this again; with ACRE_NO_INSTALL=1, if it is where this script does not look."
        unless_dispensable "$@"
        return 0
    fi
    if [ "$(id -u)" != 0 ] && ! { any_program sudo && sudo true; }; then
        choose "$@"
        for need in $unknown; do chosen="$chosen $(candidates "$need" | head -n 1)"; done
        say "This is not root, and there is no sudo that works. As root, run"
        say "  apt-get update && apt-get install --no-install-recommends$chosen"
        say "then run this again."
        unless_dispensable "$@"
        return 0
    fi
    install_packages "$@"
    # shellcheck disable=SC2046
    report $(not_found "$@") || exit 1
}

refuse_unknown_compiler() {
    # shellcheck disable=SC2086
    if [ -z "${CXX:-}" ] || any_program $CXX; then return 0; fi
    say "CXX is $CXX, which is not on the PATH."
    die "What to do: install it, or unset CXX; then g++ is taken."
}

refuse_old_boost() {
    version=$(boost_version)
    if [ -z "$version" ] || at_least 1.74 "$version"; then return 0; fi
    say "Boost $version is too old, 1.74 or newer is needed: $(boost_header)"
    say "What to do: remove it, or set CMAKE_PREFIX_PATH to where a newer one is;"
    die "Debian 12 has libboost-dev (1.74) and libboost1.81-dev."
}
