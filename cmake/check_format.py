#!/usr/bin/env python3
"""check_format.py [--fix] ROOT: all C++ sources are as clang-format writes them, with comments of at most 120 columns.

Versions of clang-format differ in what they write, so only version 14 counts; without it the exit status is 77.
"""
import difflib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

VERSION = "14"
DIRECTORIES = ["include", "lib", "test", "bench", "docs"]
LONGEST = 120  # of comments, whose lines clang-format leaves as they are


def find_clang_format():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(rf"version {VERSION}\.", said):
                return path
    return None


# Copies are formatted and compared. --dry-run complains of comments behind "namespace a::inline b", which it would write as
# they are.
def differing_files(tool, root, files):
    with tempfile.TemporaryDirectory() as directory:
        copies = [pathlib.Path(directory, f.relative_to(root)) for f in files]
        for original, copy in zip([root / ".clang-format", *files], [pathlib.Path(directory, ".clang-format"), *copies]):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, copy)
        subprocess.run([tool, "-i", *map(str, copies)], check=True)
        for original, copy in zip(files, copies):
            before, after = (f.read_text().splitlines(True) for f in (original, copy))
            if before != after:
                yield "".join(difflib.unified_diff(before, after, str(original), "formatted", n=0))


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
    differences = list(differing_files(tool, root, files))
    differences += [f"{f}:{n}: {len(line)} columns\n" for f in files
                    for n, line in enumerate(f.read_text().splitlines(), 1) if len(line) > LONGEST]
    print("".join(differences), end="")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
