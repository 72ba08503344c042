# What the commands of bootstrap.sh need, and how it is found. bootstrap.sh reads this file.

clang_programs="clang++ clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14"

# row NAME: sets how it is found; packages of Debian and Ubuntu, one of which is enough, the first choice first; what it
# is; and, where it is not indispensable, what is left out without it. An @ stands for the version of the Boost found.
row() {
    case $1 in
        compiler)     need "compiler" "g++" "a C++ compiler" ;;
        cmake)        need "newer 3.25 cmake" "cmake" "CMake" ;;
        ninja)        need "program ninja ninja-build" "ninja-build" "Ninja" ;;
        python)       need "program python3" "python3" "Python" ;;
        hwloc)        need "header hwloc.h" "libhwloc-dev" "hwloc" ;;
        fmt)          need "config fmt" "libfmt-dev" "{fmt}, for the command" ;;
        json)         need "config nlohmann_json" "nlohmann-json3-dev" "nlohmann/json, for the command" ;;
        boost)        need "boost 1.74" "libboost-dev libboost1.81-dev" "Boost" ;;
        boost-test)   need "boost-test" "libboost-test@-dev libboost-test-dev libboost-test1.81-dev" "Boost.Test" ;;
        valgrind)     need "program valgrind" "valgrind" "Valgrind, for tests" ;;
        pkg-config)   need "program pkg-config pkgconf" "pkgconf pkg-config" "pkg-config, for tests" ;;
        doxygen)      need "program doxygen" "doxygen" "Doxygen, for the reference" ;;
        sphinx)       need "program sphinx-build" "python3-sphinx" "Sphinx, for the site" ;;
        furo)         need "python furo" "furo" "Furo, the site's theme" ;;
        breathe)      need "python breathe" "python3-breathe" "Breathe, for the reference" ;;
        myst)         need "python myst_parser" "python3-myst-parser" "MyST, for the site's pages" ;;
        copybutton)   need "python sphinx_copybutton" "python3-sphinx-copybutton" "sphinx-copybutton, for the site's pages" ;;
        inline-tabs)  need "python sphinx_inline_tabs" \
                "python3-sphinx-inline-tabs" "sphinx-inline-tabs, for the site's pages" ;;
        zsh)          need "program zsh" "zsh" "zsh, for tests of completion" ;;
        fish)         need "program fish" "fish" "fish, for tests of completion" ;;
        mandoc)       need "program mandoc" "mandoc" "mandoc, for the test of the manual page" ;;
        numactl)      need "program numactl" "numactl" "numactl, for the test that runs acre beside it" ;;
        font)         need "file share/fonts/*/*.?tf share/fonts/*/*/*.?tf" \
                "fonts-dejavu-core" "a font, for tests of pages" ;;
        chromium)     need "program chromium chromium-browser google-chrome" \
                "chromium chromium-browser" "Chromium" "tests of pages are skipped" ;;
        abigail)      need "program abidiff" "abigail-tools" "libabigail, for tests of the binary interface" ;;
        debhelper)    need "program dh_auto_build" "debhelper" "debhelper, for packages" ;;
        essential)    need "file share/build-essential/list" "build-essential" "build-essential, for packages" ;;
        lintian)      need "program lintian" "lintian" "lintian, for the check of packages" ;;
        debootstrap)  need "program debootstrap" "debootstrap" "debootstrap, for the check of packages" ;;
        clang)        need "newer 14.0 $clang_programs" "clang clang-18" "clang++" "its presets cannot be built" ;;
        clang-19)     need "program clang++-19" "clang-19" "clang++ 19" ;;
        libcxx)       need "file lib/llvm-19/include/c++/v1/memory_resource" "libc++-19-dev" "libc++ 19" ;;
        clang-tidy)   need "program clang-tidy" "clang-tidy" "clang-tidy" ;;
        clang-format) need "exactly 14 clang-format-14 clang-format" \
                "clang-format-14" "clang-format 14" "tree/format-check is skipped" ;;
        benchmark)    need "config benchmark" "libbenchmark-dev" "Google Benchmark" ;;
        numa)         need "header numa.h" "libnuma-dev" "libnuma, for benchmarks" ;;
        jemalloc)     need "library libjemalloc.so.2" "libjemalloc2" "jemalloc, for benchmarks" ;;
        mimalloc)     need "library libmimalloc.so.2 libmimalloc.so.3" \
                "libmimalloc2.0 libmimalloc3" "mimalloc, for benchmarks" ;;
        tcmalloc)     need "library libtcmalloc_minimal.so.4" \
                "libtcmalloc-minimal4 libtcmalloc-minimal4t64" "tcmalloc, for benchmarks" ;;
        tbb)          need "library libtbbmalloc.so.2" "libtbbmalloc2" "TBB's allocator, for benchmarks" ;;
        memkind)      need "library libmemkind.so.0" "libmemkind0" "memkind, for benchmarks" ;;
        gnuplot)      need "program gnuplot" "gnuplot-nox gnuplot-qt" "gnuplot, for charts" ;;
        qemu)         need "program qemu-system-x86_64" "qemu-system-x86" "QEMU, for virtual machines" ;;
        busybox)      need "program busybox" "busybox-static" "BusyBox, for virtual machines" ;;
        zstd)         need "program zstd" "zstd" "zstd, to unpack kernels" ;;
        lz4)          need "program lz4" "lz4" "lz4, to unpack kernels" ;;
        xz)           need "program xz" "xz-utils" "xz, to unpack kernels" ;;
        debian-keys)  need "file share/keyrings/debian-archive-keyring.gpg" \
                "debian-archive-keyring" "Debian's keys, to fetch kernels" ;;
        *) die "no need is called $1" ;;
    esac
}

need() {
    how=$1
    packages=$2
    what=$3
    without=${4:-}
}

needs_library="compiler cmake ninja hwloc"
needs_demo="$needs_library"
needs_command="$needs_library fmt json"
needs_quick="$needs_library python boost boost-test valgrind"
needs_vm="python qemu busybox zstd lz4 xz debian-keys"
needs_bench="$needs_library json python boost benchmark numa jemalloc mimalloc tcmalloc tbb memkind"
needs_docs="python doxygen sphinx furo breathe myst copybutton inline-tabs"
needs_docs_check="font chromium"
needs_package="$needs_command debhelper essential $needs_docs"
needs_package_check="lintian debootstrap"
needs_test="$needs_command $needs_quick $needs_vm $needs_bench
    $needs_docs $needs_docs_check pkg-config zsh fish mandoc numactl abigail clang clang-format"

prefixes=$(printf '%s' "${ACRE_PREFIXES-${CMAKE_PREFIX_PATH:-}:/usr/local:/usr}" | tr ':;' '  ')

any_file() {
    for file; do
        if [ -e "$file" ]; then return 0; fi
    done
    return 1
}

any_program() {
    for program; do
        if command -v "$program" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

# preprocessed HEADER [OPTION]: what the compiler makes of it.
preprocessed() {
    # shellcheck disable=SC2086
    echo "#include <$1>" | ${CXX:-c++} -E ${2:-} -x c++ - 2>/dev/null
}

have_header() {
    for prefix in $prefixes; do
        if any_file "$prefix/include/$1"; then return 0; fi
    done
    preprocessed "$1" >/dev/null
}

have_library() {
    for name; do
        for prefix in $prefixes; do
            if any_file "$prefix"/lib/*-linux-gnu*/"$name" "$prefix/lib64/$name" "$prefix/lib/$name"; then return 0; fi
        done
        if (PATH=$PATH:/usr/sbin:/sbin; ldconfig -p) 2>/dev/null | grep -qF "$name "; then return 0; fi
    done
    return 1
}

# have_config NAME [DIRECTORY]: find_package(NAME CONFIG) of CMake, in a directory whose name begins with DIRECTORY.
have_config() {
    for prefix in $prefixes; do
        for place in "$prefix"/lib/*-linux-gnu*/cmake "$prefix"/lib64/cmake "$prefix"/lib/cmake "$prefix"/share/cmake; do
            if any_file "$place/${2:-$1}"*/"$1"Config.cmake "$place/${2:-$1}"*/"$1"-config.cmake; then return 0; fi
        done
    done
    return 1
}

# Where the Boost is that the compiler takes, if it is in one of the prefixes.
boost_header() {
    for prefix in $prefixes; do
        if [ -e "$prefix/include/boost/version.hpp" ]; then
            echo "$prefix/include/boost/version.hpp"
            return 0
        fi
    done
}

# Its version, as 1.74, or nothing.
boost_version() {
    header=$(boost_header)
    if [ -n "$header" ]; then cat "$header"; else preprocessed boost/version.hpp -dM || :; fi |
        sed -n 's/^#define BOOST_LIB_VERSION "\([0-9]*\)_\([0-9]*\).*/\1.\2/p'
}

# The first number with a point that a program says of its version.
program_version() {
    "$1" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]*\.[0-9]*\).*/\1/p' | head -n 1
}

# at_least VERSION FOUND: both major.minor
at_least() {
    [ -n "$2" ] && { [ "${2%.*}" -gt "${1%.*}" ] || { [ "${2%.*}" -eq "${1%.*}" ] && [ "${2#*.}" -ge "${1#*.}" ]; }; }
}

# newer_program VERSION PROGRAM...: names the first that is of VERSION or newer.
newer_program() {
    wanted=$1
    shift
    for program; do
        if at_least "$wanted" "$(program_version "$program")"; then
            echo "$program"
            return 0
        fi
    done
    return 1
}

have_exactly() {
    wanted=$1
    shift
    for program; do
        case $(program_version "$program") in "$wanted".*) return 0 ;; esac
    done
    return 1
}

have_in_prefix() {
    for prefix in $prefixes; do
        for pattern; do
            # shellcheck disable=SC2086
            if any_file "$prefix"/$pattern; then return 0; fi
        done
    done
    return 1
}

# found KIND ARGUMENT...: as in the table.
found() {
    kind=$1
    shift
    case $kind in
        compiler)
            # shellcheck disable=SC2086
            any_program ${CXX:-c++ g++ clang++} ;;
        program) any_program "$@" ;;
        newer) newer_program "$@" >/dev/null ;;
        exactly) have_exactly "$@" ;;
        header) have_header "$1" ;;
        library) have_library "$@" ;;
        config) have_config "$1" ;;
        boost) at_least "$1" "$(boost_version)" ;;
        boost-test) have_config boost_unit_test_framework "boost_unit_test_framework-$(boost_version)" ;;
        file) have_in_prefix "$@" ;;
        python) have_in_prefix "lib/python3*/*-packages/$1/__init__.py" ;;
        *) die "the table of needs has a kind $kind" ;;
    esac
}

# is_there NEED
is_there() (
    row "$1"
    set -f
    # shellcheck disable=SC2086
    set -- $how
    set +f
    found "$@"
)

# not_found NEED...: those that are not found.
not_found() {
    for need in $(printf '%s\n' "$@" | sort -u); do
        is_there "$need" || echo "$need"
    done
}

# In words, what a need is looked for as.
described() (
    row "$1"
    set -f
    # shellcheck disable=SC2086
    set -- $how
    set +f
    kind=$1
    shift
    case $kind in
        compiler) echo "${CXX:-c++} on the PATH" ;;
        program) echo "$(one_of "$@") on the PATH" ;;
        newer) echo "$2 $1 or newer on the PATH" ;;
        exactly) shift; echo "$(one_of "$@") on the PATH" ;;
        header) echo "the header $1" ;;
        library) echo "the library $(one_of "$@")" ;;
        config) echo "the CMake package $1" ;;
        boost) echo "the header boost/version.hpp of Boost $1 or newer" ;;
        boost-test) echo "the CMake package boost_unit_test_framework, of the version of Boost's headers" ;;
        file) echo "a file $1 in ${prefixes# }" ;;
        python) echo "the Python module $1 in ${prefixes# }" ;;
    esac
)

# one_of A B...: A or B or ...
one_of() {
    echo "$*" | sed 's/ / or /g'
}
