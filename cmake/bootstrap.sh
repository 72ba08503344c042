#!/bin/sh
# One command from a fresh clone to a result; see usage below.
set -eu

usage() {
    cat <<'END'
usage: sh cmake/bootstrap.sh COMMAND [ARGUMENT...]

  demo [--vm] [ARGUMENT...]   build acre-demo and run it with ARGUMENTs;
                              --vm: inside a virtual machine with four nodes
  test [ARGUMENT...]          build everything and run all tests; ARGUMENTs go to ctest
  bench [ARGUMENT...]         build and run all benchmarks, print what things cost as ratios;
                              ARGUMENTs go to bench/report.py (--help)
  build [PRESET]              configure and build a preset of CMakePresets.json (default: default)

Debian and Ubuntu packages that are missing are installed with apt-get, through sudo if need be.
On other systems their names are printed and nothing is done.

Environment:
  ACRE_JOBS          how many jobs to run at once (default: the number of processors)
  ACRE_NO_INSTALL=1  install nothing and do not look for packages
END
}

# What each command needs, as Debian names it; a|b: the first of these that exists.
packages_build="g++ cmake ninja-build pkg-config libhwloc-dev"
packages_demo="$packages_build libcli11-dev libfmt-dev nlohmann-json3-dev"
packages_vm="qemu-system-x86 busybox-static zstd lz4 xz-utils cpio python3"
packages_peers="libjemalloc2 libmimalloc2.0|libmimalloc3 libtcmalloc-minimal4|libtcmalloc-minimal4t64 libtbbmalloc2
    libmemkind0"
packages_bench="$packages_build $packages_peers libbenchmark-dev libboost-dev libnuma-dev gnuplot-nox python3"
packages_test="$packages_demo $packages_bench $packages_vm
    libgtest-dev libgmock-dev clang clang-format-14 doxygen valgrind zsh fish mandoc
    chromium|chromium-browser fonts-dejavu-core"

say() { printf '%s\n' "bootstrap: $*" >&2; }
die() { say "$*"; exit 1; }

is_installed() {
    dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

any_installed() {
    for name in $(echo "$1" | tr '|' ' '); do
        if is_installed "$name"; then return 0; fi
    done
    return 1
}

# The first of a|b that apt knows, or nothing.
first_known() {
    for name in $(echo "$1" | tr '|' ' '); do
        if apt-cache show "$name" >/dev/null 2>&1; then
            echo "$name"
            return 0
        fi
    done
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        die "neither root nor sudo; as root, run: apt-get install $missing"
    fi
}

apt_update() {
    for pause in 5 20 0; do
        if as_root apt-get -qq -o Acquire::Retries=3 update; then return 0; fi
        sleep "$pause"
    done
    die "apt-get update failed"
}

apt_install() {
    names=
    for package in $missing; do
        name=$(first_known "$package") || return 1
        names="$names $name"
    done
    # shellcheck disable=SC2086
    as_root apt-get -qq -y -o Acquire::Retries=3 install --no-install-recommends $names >&2
}

# ensure PACKAGE...: installs those that are missing.
ensure() {
    if [ "${ACRE_NO_INSTALL:-}" = 1 ]; then return 0; fi
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        say "this system has no apt-get. Install what Debian calls"
        say "  $(echo "$@" | tr ' ' '\n' | sort -u | tr '\n' ' ')"
        die "and run this again with ACRE_NO_INSTALL=1."
    fi
    missing=
    for package in $(echo "$@" | tr ' ' '\n' | sort -u); do
        any_installed "$package" || missing="$missing $package"
    done
    if [ -z "$missing" ]; then return 0; fi
    say "installing:$missing"
    if ! apt_install; then
        apt_update
        apt_install || die "could not install:$missing"
    fi
}

cmake_is_new_enough() {
    version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9]*\.[0-9]*\).*/\1/p')
    major=${version%.*} minor=${version#*.}
    [ -n "$version" ] && { [ "$major" -gt 3 ] || { [ "$major" -eq 3 ] && [ "$minor" -ge 25 ]; }; }
}

# build PRESET
build() {
    cmake_is_new_enough || die "CMake 3.25 or newer is needed; Debian 12 and Ubuntu 24.04 have it"
    cmake --preset "$1"
    cmake --build --preset "$1" --parallel "$jobs"
}

run_demo() {
    if [ "${1:-}" = --vm ]; then
        shift
        # shellcheck disable=SC2086
        ensure $packages_demo $packages_vm
        build release
        run_demo_in_vm "$@"
    else
        # shellcheck disable=SC2086
        ensure $packages_demo
        build release
        exec build/release/bin/acre-demo "$@"
    fi
}

# The guest has no files but those it is given: by default the compiler's headers, as on this machine.
run_demo_in_vm() {
    text=$(echo '#include <vector>' | ${CXX:-c++} -std=c++20 -x c++ -M - | tr ' ' '\n' | sed -n 's|/vector$||p' | head -n 1)
    [ -d "$text" ] || die "the C++ compiler does not tell where its headers are"
    python3 test/vm/fetch.py build/vm
    exec python3 test/vm/run.py --assets build/vm --shape ring4b --kernel 6.12 --timeout 600 \
        --add build/release/bin/acre-demo --add "$text:/text" --out build/release/vm \
        -- acre-demo --html /out/acre-demo.html "$@" /text
}

run_tests() {
    # shellcheck disable=SC2086
    ensure $packages_test
    build ci
    exec ctest --preset ci --output-on-failure --parallel "$jobs" --output-junit test-results.xml "$@"
}

run_benches() {
    # shellcheck disable=SC2086
    ensure $packages_bench
    build bench
    exec python3 bench/report.py "$@" build/bench/bin/bench-*
}

run_build() {
    preset=${1:-default}
    # shellcheck disable=SC2086
    case $preset in
        release) ensure $packages_demo ;;
        bench) ensure $packages_bench ;;
        tidy) ensure $packages_demo clang clang-tidy ;;
        *) ensure $packages_test ;;
    esac
    build "$preset"
}

cd "$(dirname "$0")/.."
jobs=${ACRE_JOBS:-$(nproc)}
command=${1:---help}
[ $# -eq 0 ] || shift
case $command in
    demo) run_demo "$@" ;;
    test) run_tests "$@" ;;
    bench) run_benches "$@" ;;
    build) run_build "$@" ;;
    -h | --help | help) usage ;;
    *) usage >&2; exit 2 ;;
esac
