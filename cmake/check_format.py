#!/usr/bin/env python3
"""check_format.py [--fix] ROOT: all C++ sources are as clang-format writes them.

Versions of clang-format differ in what they write, so only version 14 counts; without it the exit status is 77.
"""
import difflib
import pathlib
import re
import shutil
import subprocess
import sys

VERSION = "14"
DIRECTORIES = ["include", "lib", "test", "bench", "docs"]


def find_clang_format():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return path
    return None


# Not by --dry-run: that complains of comments behind "namespace a::inline b", which it would write as they are.
def is_formatted(tool, path):
    before = path.read_text()
    after = subprocess.run([tool, str(path)], capture_output=True, text=True, check=True).stdout
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), str(path), "formatted", n=0))
    return before == after


def main(args):
    fix = "--fix" in args
    root = pathlib.Path([a for a in args if a != "--fix"][0])
    tool = find_clang_format()
    if not tool:
        print(f"clang-format {VERSION} is not installed")
        return 77
    files = sorted(f for d in DIRECTORIES for p in ("*.hpp", "*.cpp") for f in (root / d).rglob(p))
    if not files:
        print(f"no sources under {root}")
        return 1
    if fix:
        return subprocess.run([tool, "-i", *map(str, files)]).returncode
    return 0 if all([is_formatted(tool, f) for f in files]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
