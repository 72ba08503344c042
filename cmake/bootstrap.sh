#!/bin/sh
# One command from a fresh clone to a result; see usage below.
set -eu

usage() {
    cat <<'END'
usage: sh cmake/bootstrap.sh COMMAND [ARGUMENT...]

  demo [--vm] [ARGUMENT...]   build acre-demo and run it with ARGUMENTs;
                              --vm: inside a virtual machine with four nodes
  test [--quick] [ARGUMENT...]
                              build everything and run all tests; ARGUMENTs go to ctest;
                              --quick: the unit and system tests alone, which need less
  bench [ARGUMENT...]         build all benchmarks, run them for 20 minutes, print what things cost as ratios;
                              ARGUMENTs go to bench/report.py (--help):
                              --budget MINUTES, --rows REGEX, --peers NAME,..., --charts DIRECTORY, and more
  docs [--check]              make the site of the documentation, in build/docs/html;
                              --check: and look at it in Chromium
  package [--check]           build Debian's packages, in build/package;
                              --check: and try them in a fresh Debian, as root
  build [PRESET]              configure and build a preset of CMakePresets.json (default: default)

What is missing is installed with apt-get on Debian and Ubuntu, through sudo if need be. What is found is left
alone, wherever it came from. On other systems what is missing is named and nothing is done.

Environment:
  ACRE_JOBS          how many jobs to run at once (default: the number of processors); of tests twice as many, for
                     many of them wait
  ACRE_NO_INSTALL=1  install nothing and look for nothing
  ACRE_PREFIXES      where headers, libraries and CMake packages are looked for, separated by colons
                     (default: $CMAKE_PREFIX_PATH:/usr/local:/usr)
END
}

say() { printf '%s\n' "bootstrap: $*" >&2; }
die() { say "$*"; exit 1; }

# plan PART...: what will be done, in that order.
plan() {
    parts=$*
    part_count=$#
    part_number=0
}

# part NAME WHAT: it begins now.
part() {
    end_part
    part_name=$1
    part_begin=$(date +%s)
    part_number=$((part_number + 1))
    next=$(echo "${parts#*"$1"}" | sed 's/^ //; s/ /, /g')
    say "[$part_number/$part_count] $1: $2${next:+; next: $next}"
}

end_part() {
    if [ -n "$part_name" ]; then
        times="$times$(printf '%6d s  %s' $(($(date +%s) - part_begin)) "$part_name${1:-}")
"
        part_name=
    fi
}

# At any end: how long each part took. The exit status stays as it is, even if nobody reads any more.
finish() {
    status=$?
    trap '' PIPE
    rm -rf "$work"
    if [ "$status" = 0 ]; then end_part; else end_part " (failed)"; fi
    printf '%s' "$times" | while IFS= read -r line; do say "$line" || :; done
    exit "$status"
}

# build PRESET WHAT: WHAT says in words what is built.
build() {
    newer_program 3.25 cmake >/dev/null || die "CMake 3.25 or newer is needed; Debian 12 and Ubuntu 24.04 have it"
    part configure "preset $1, in build/$1"
    # The presets say clang++; where only a clang++-NN is new enough, it is taken.
    clang=
    case $1 in
        clang | ci-clang | fuzz | tidy)
            row clang
            # shellcheck disable=SC2086
            clang=$(newer_program ${how#newer }) || : ;;
    esac
    case $clang in
        '' | clang++) cmake --preset "$1" ;;
        *) cmake --preset "$1" -DCMAKE_CXX_COMPILER="$clang" ;;
    esac
    part build "$2, $jobs at once"
    cmake --build --preset "$1" --parallel "$jobs"
}

run_demo() {
    in_vm=
    if [ "${1:-}" = --vm ]; then
        in_vm=1
        shift
    fi
    plan packages configure build ${in_vm:+kernel} demo
    part packages "looking for what acre-demo${in_vm:+ and virtual machines} needs"
    # shellcheck disable=SC2086
    ensure $needs_demo ${in_vm:+$needs_vm}
    build demo "acre-demo"
    if [ -n "$in_vm" ]; then
        run_demo_in_vm "$@"
    else
        part demo "build/demo/bin/acre-demo $*"
        build/demo/bin/acre-demo "$@"
    fi
}

# The guest has no files but those it is given: by default the compiler's headers, as on this machine.
run_demo_in_vm() {
    text=$(echo '#include <vector>' | ${CXX:-c++} -std=c++20 -x c++ -M - | tr ' ' '\n' | sed -n 's|/vector$||p' | head -n 1)
    [ -d "$text" ] || die "the C++ compiler does not tell where its headers are"
    part kernel "fetching a kernel and QEMU, if they are not in build/vm"
    python3 test/vm/fetch.py build/vm
    part demo "in a virtual machine"
    python3 test/vm/run.py --assets build/vm --shape ring4b --kernel 6.12 --timeout 600 \
        --add build/demo/bin/acre-demo --add "$text:/text" -- acre-demo "$@" /text
}

run_tests() {
    plan packages configure build tests
    if [ "${1:-}" = --quick ]; then
        shift
        part packages "looking for what the unit and system tests need"
        # shellcheck disable=SC2086
        ensure $needs_quick
        refuse_unknown_options "$@"
        build quick "the unit and system tests"
        run_ctest quick "unit and system" "$@"
    else
        part packages "looking for what the tests need"
        # shellcheck disable=SC2086
        ensure $needs_test
        refuse_unknown_options "$@"
        build ci "everything"
        run_ctest ci "all of them" "$@"
    fi
}

# refuse_unknown_options ARGUMENT...: ctest leaves out what it does not know, and would run all tests.
refuse_unknown_options() {
    options=$(ctest --help | grep -oE '(^|[ ,])--[a-z-]+' | tr -d ' ,')
    for argument; do
        case $argument in
            --*) echo "$options" | grep -qxFe "${argument%%=*}" || die "neither test nor ctest has an option $argument" ;;
        esac
    done
}

# run_ctest PRESET WHICH ARGUMENT...
run_ctest() {
    preset=$1
    at_once=$((2 * jobs))
    part tests "$2, $at_once at once"
    shift 2
    python3 cmake/test_progress.py \
        ctest --preset "$preset" --output-on-failure --parallel "$at_once" --output-junit test-results.xml "$@"
}

run_benches() {
    charts=
    for argument; do
        case $argument in --charts | --charts=*) charts=1 ;; esac
    done
    plan packages configure build benchmarks
    part packages "looking for what the benchmarks need"
    # shellcheck disable=SC2086
    ensure $needs_bench ${charts:+gnuplot}
    build bench "the benchmarks"
    part benchmarks "bench/report.py $*"
    python3 -B bench/report.py build/bench/bin/bench-* "$@"
}

run_docs() {
    check=
    case ${1:-} in
        '') ;;
        --check) check=1 ;;
        *) die "docs has no option $1" ;;
    esac
    plan packages site ${check:+check}
    part packages "looking for what the site needs"
    # shellcheck disable=SC2086
    ensure $needs_docs ${check:+$needs_docs_check}
    part site "the site, in build/docs/html"
    python3 -B docs/site/build_site.py . build/docs
    if [ -n "$check" ]; then
        part check "links, and each page in Chromium"
        python3 -B docs/site/check_site.py build/docs/html
    fi
    echo "$PWD/build/docs/html/index.html"
}

run_package() {
    check=
    case ${1:-} in
        '') ;;
        --check)
            [ "$(id -u)" = 0 ] || die "package --check makes a fresh Debian with debootstrap, as root: run it as root"
            check=1 ;;
        *) die "package has no option $1" ;;
    esac
    plan packages build ${check:+check}
    part packages "looking for what building${check:+ and trying} Debian's packages needs"
    # shellcheck disable=SC2086
    ensure $needs_package ${check:+$needs_package_check}
    part build "Debian's packages, in build/package"
    DEB_BUILD_OPTIONS="parallel=$jobs ${DEB_BUILD_OPTIONS:-}" sh cmake/packaging/build_debian.sh build/package
    if [ -n "$check" ]; then
        part check "lintian, hardening, a fresh Debian, another build"
        bash cmake/packaging/check_debian.sh build/package
    fi
    printf '%s\n' build/package/*.deb
}

# The names of the build presets of this project.
build_presets() {
    sed -n '/"buildPresets"/,/^  \]/ s/^ *{"name": "\([^"]*\)".*/\1/p' CMakePresets.json
}

run_build() {
    preset=${1:-default}
    if [ ! -e CMakeUserPresets.json ] && ! build_presets | grep -qxFe "$preset"; then
        die "there is no preset $preset, but: $(build_presets | tr '\n' ' ')"
    fi
    plan packages configure build
    part packages "looking for what preset $preset needs"
    # shellcheck disable=SC2086
    case $preset in
        demo) ensure $needs_demo ;;
        release) ensure $needs_command ;;
        quick) ensure $needs_quick ;;
        bench) ensure $needs_bench ;;
        tidy) ensure $needs_command clang clang-tidy ;;
        libcxx) ensure $needs_library clang-19 libcxx ;;
        *) ensure $needs_test ;;
    esac
    build "$preset" "all of preset $preset"
}

cd "$(dirname "$0")/.."
. ./cmake/bootstrap_needs.sh
. ./cmake/bootstrap_packages.sh
jobs=${ACRE_JOBS:-$(nproc)}
case $jobs in 0* | *[!0-9]*) die "ACRE_JOBS is $jobs, but must be a number from 1 on" ;; esac
command=${1:---help}
[ $# -eq 0 ] || shift
case $command in
    demo) action=run_demo ;;
    test) action=run_tests ;;
    bench) action=run_benches ;;
    docs) action=run_docs ;;
    package) action=run_package ;;
    build) action=run_build ;;
    -h | --help | help) usage; exit 0 ;;
    *) say "there is no command $command"; usage >&2; exit 2 ;;
esac
work=$(mktemp -d)
part_name=
times=
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
"$action" "$@"
