"""A machine for cmake/bootstrap.sh: its PATH has stubs and what the script itself needs, its packages are made up."""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "cmake"
TOOLS = ["sh", "bash", "cat", "chmod", "cp", "date", "dirname", "env", "grep", "head", "mkdir", "mktemp", "rm", "sed", "sort",
         "tail", "tee", "tr", "true", "uniq"]

# Every call of a stub is a line of $FAKE/calls.
STUBS = {
    "apt-cache": '[ ! -e "$FAKE/no-lists" ] && [ -d "$FAKE/packages/$2" ] && echo "Package: $2"',
    "apt-get": r"""
echo "apt-get $*" >>"$FAKE/calls"
[ "$(cat "$FAKE/uid")" = 0 ] || [ "${AS_ROOT:-}" = 1 ] || { echo "E: are you root?"; exit 100; }
case " $* " in *" update "*)
    if [ -e "$FAKE/update-fails" ]; then cat "$FAKE/update-fails"; exit 100; fi
    rm -f "$FAKE/no-lists"
    exit 0 ;;
esac
while [ "$1" != --no-install-recommends ]; do shift; done
shift
for name; do
    if [ -e "$FAKE/no-lists" ] || [ ! -d "$FAKE/packages/$name" ]; then
        echo "E: Unable to locate package $name"
        exit 100
    fi
done
if [ -p "$FAKE/unpacking" ]; then
    trap '' INT
    read -r now <"$FAKE/unpacking"
    echo "unpacked $now"
fi
for name in all "$@"; do
    if [ -e "$FAKE/fails.$name" ]; then cat "$FAKE/fails.$name"; exit 100; fi
done
for name; do cp -R "$FAKE/packages/$name/." "$FAKE/root"; done""",
    "apt-mark": 'cat "$FAKE/held"',
    "dpkg-query": "exit 1",
    "id": 'cat "$FAKE/uid"',
    "ldconfig": 'cat "$FAKE/ldconfig" 2>/dev/null',
    "nproc": "echo 3",
    "python3": f'exec "{sys.executable}" "$@"',
    "sleep": 'echo "sleep $*" >>"$FAKE/calls"',
}
SUDO = 'echo "sudo $*" >>"$FAKE/calls"; [ ! -e "$FAKE/sudo-refuses" ] && AS_ROOT=1 exec "$@"'

COMPILER = '[ "$*" != "-std=c++20 -x c++ -M -" ] || echo "-: $FAKE/root/include/vector"; [ "${1#-E}" = "$1" ]'
CMAKE = r"""
if [ "$1" = --version ]; then cat "$FAKE/cmake-version"; exit; fi
echo "cmake $*" >>"$FAKE/calls"
if [ -e "$FAKE/cmake-fails" ] && [ "$1" = --build ]; then exit 7; fi
case "$*" in "--build --preset demo "*)
    mkdir -p build/demo/bin
    printf '#!/bin/sh\necho "acre-demo $*" >>"$FAKE/calls"; exit 5\n' >build/demo/bin/acre-demo
    chmod +x build/demo/bin/acre-demo ;;
esac"""
CTEST = '[ "$1" != --help ] || { echo "  -R <regex>, --tests-regex <regex>"; exit; }; echo "ctest $*" >>"$FAKE/calls"; cat "$FAKE/ctest-says" 2>/dev/null; exit "$(cat "$FAKE/ctest-status")"'


def boost(version):
    return {"include/boost/version.hpp": f'#define BOOST_LIB_VERSION "{version.replace(".", "_")}"\n'}


def boost_test(version):
    name = "boost_unit_test_framework"
    return {f"lib/x86_64-linux-gnu/cmake/{name}-{version}.0/{name}-config.cmake": ""}


def program(name, text="exit 0"):
    return {f"bin/{name}": f"#!/bin/sh\n{text}\n"}


# What Debian 12's packages bring, as far as it is looked for.
PACKAGES = {
    "g++": program("c++", COMPILER),
    "cmake": program("cmake", CMAKE) | program("ctest", CTEST),
    "ninja-build": program("ninja"),
    "python3": {},
    "libhwloc-dev": {"include/hwloc.h": ""},
    "libfmt-dev": {"lib/x86_64-linux-gnu/cmake/fmt/fmt-config.cmake": ""},
    "nlohmann-json3-dev": {"share/cmake/nlohmann_json/nlohmann_jsonConfig.cmake": ""},
    "libboost-dev": boost("1.74"),
    "libboost-test-dev": boost_test("1.74"),
    "libboost-test1.74-dev": boost_test("1.74"),
    "libboost1.81-dev": boost("1.81"),
    "libboost-test1.81-dev": boost_test("1.81"),
    "valgrind": program("valgrind"),
    "pkgconf": program("pkg-config"),
    "doxygen": program("doxygen"),
    "python3-sphinx": program("sphinx-build"),
    **{package: {f"lib/python3/dist-packages/{module}/__init__.py": ""} for package, module in (
        ("furo", "furo"), ("python3-breathe", "breathe"), ("python3-myst-parser", "myst_parser"),
        ("python3-sphinx-copybutton", "sphinx_copybutton"), ("python3-sphinx-inline-tabs", "sphinx_inline_tabs"))},
    "zsh": program("zsh"),
    "fish": program("fish"),
    "mandoc": program("mandoc"),
    "numactl": program("numactl"),
    "abigail-tools": program("abidiff"),
    "debhelper": program("dh_auto_build"),
    "build-essential": {"share/build-essential/list": ""},
    "lintian": program("lintian"),
    "debootstrap": program("debootstrap"),
    "fonts-dejavu-core": {"share/fonts/truetype/dejavu/DejaVuSans.ttf": ""},
    "chromium": program("chromium"),
    "clang": program("clang++", "echo Debian clang version 14.0.6"),
    "clang-tidy": program("clang-tidy"),
    "clang-19": program("clang++-19", "echo Debian clang version 19.1.7"),
    "libc++-19-dev": {"lib/llvm-19/include/c++/v1/memory_resource": ""},
    "clang-format-14": program("clang-format-14", "echo Debian clang-format version 14.0.6"),
    "libbenchmark-dev": {"lib/x86_64-linux-gnu/cmake/benchmark/benchmarkConfig.cmake": ""},
    "libnuma-dev": {"include/numa.h": ""},
    "libjemalloc2": {"lib/x86_64-linux-gnu/libjemalloc.so.2": ""},
    "libmimalloc2.0": {"lib/x86_64-linux-gnu/libmimalloc.so.2": ""},
    "libtcmalloc-minimal4": {"lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4": ""},
    "libtbbmalloc2": {"lib/x86_64-linux-gnu/libtbbmalloc.so.2": ""},
    "libmemkind0": {"lib/x86_64-linux-gnu/libmemkind.so.0": ""},
    "gnuplot-nox": program("gnuplot"),
    "qemu-system-x86": program("qemu-system-x86_64"),
    "busybox-static": program("busybox"),
    "zstd": program("zstd"),
    "lz4": program("lz4"),
    "xz-utils": program("xz"),
    "debian-archive-keyring": {"share/keyrings/debian-archive-keyring.gpg": ""},
}
# Of these none is installed.
OTHERS = {"gnuplot-nox", "libboost-test1.74-dev", "libboost1.81-dev", "libboost-test1.81-dev", "clang-19", "libc++-19-dev"}


class Machine:
    """Debian 12 with root, where all is installed that most commands need. Files of self.fake decide what stubs do."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.fake = pathlib.Path(self.directory.name)
        self.root = self.fake / "root"
        # Links to this machine's own programs, apart from what is written to: writing to a link would change those.
        self.tools = self.fake / "tools"
        self.tools.mkdir()
        for tool in TOOLS:
            (self.tools / tool).symlink_to(shutil.which(tool))
        for name, text in STUBS.items():
            self.write(self.root, program(name, text))
        tree = self.fake / "tree/cmake"
        tree.mkdir(parents=True)
        for file in [*SOURCE.glob("bootstrap*.sh"), SOURCE / "test_progress.py"]:
            shutil.copy(file, tree)
        shutil.copy(SOURCE.parent / "CMakePresets.json", tree.parent)
        self.set("uid", "0\n")
        self.set("held", "")
        self.set("cmake-version", "cmake version 3.25.1\n")
        self.set("ctest-status", "0\n")
        for name, files in PACKAGES.items():
            self.offer(name, files)
            if name not in OTHERS:
                self.write(self.root, files)

    @staticmethod
    def write(root, files):
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            if name.startswith("bin/"):
                path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    def set(self, name, text):
        (self.fake / name).write_text(text)

    def offer(self, package, files):
        """apt knows this package."""
        (self.fake / "packages" / package).mkdir(parents=True)
        self.write(self.fake / "packages" / package, files)

    def withdraw(self, *packages):
        """apt does not know these."""
        for package in packages:
            shutil.rmtree(self.fake / "packages" / package)

    def remove(self, *packages):
        """These are not installed."""
        for package in packages:
            for name in PACKAGES[package]:
                (self.root / name).unlink()

    def start(self, *arguments, output=subprocess.PIPE, **environment):
        """In a process group of its own."""
        given = {"PATH": f"{self.root}/bin:{self.tools}", "ACRE_PREFIXES": str(self.root), "FAKE": str(self.fake),
                 "TMPDIR": str(self.fake), **environment}
        return subprocess.Popen([shutil.which("sh"), "cmake/bootstrap.sh", *arguments], cwd=self.fake / "tree", env=given,
                                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, text=True,
                                start_new_session=True)

    def end(self, process):
        """Its exit status."""
        self.said = process.communicate(timeout=60)[0]
        return process.returncode

    def bootstrap(self, *arguments, **options):
        return self.end(self.start(*arguments, **options))

    def calls(self, program):
        """The arguments of each call of a stub."""
        path = self.fake / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.removeprefix(program + " ") for line in lines if line.startswith(program + " ")]

    def installed(self):
        """What each call of apt-get install was asked for."""
        mark = " --no-install-recommends "
        return [call.partition(mark)[2].split() for call in self.calls("apt-get") if mark in call]


class MachineTest(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.directory.cleanup)

    def run_it(self, *arguments, status=0, **environment):
        got = self.machine.bootstrap(*arguments, **environment)
        self.assertEqual(got, status, self.machine.said)
        return self.machine.said

    def assert_in_order(self, text, *parts):
        at = 0
        for part in parts:
            found = text.find(part, at)
            self.assertNotEqual(found, -1, f"{part!r} is not (or not there) in:\n{text}")
            at = found + len(part)
