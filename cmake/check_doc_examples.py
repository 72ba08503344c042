#!/usr/bin/env python3
"""check_doc_examples.py ROOT [COMPILER OPTION...]: the ```cpp blocks of README.md and of all pages below docs.

Every block stands in a .cpp of docs/examples. Its lines must follow each other there as they do in the text;
indentation that all of them share does not matter. The examples are compiled and run, so the text cannot go stale.

With a compiler, every block also compiles as it stands, but for whole examples, which are built anyway: a block that
begins with #include as a file, any other as the body of a function below PREAMBLE.
"""
import pathlib
import re
import subprocess
import sys
import textwrap
from typing import NamedTuple

FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```", re.M | re.S)
HEADERS = """
acre/acre.hpp unistd.h
algorithm array chrono cstddef cstdint cstring exception fstream functional iostream iterator list map memory
memory_resource mutex new numeric optional scoped_allocator set span string string_view system_error thread
unordered_map utility vector
"""
PREAMBLE = "".join(f"#include <{name}>\n" for name in HEADERS.split())


class Block(NamedTuple):
    page: pathlib.Path
    line: int  # of its first line of code
    text: str


def blocks_of(root):
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        text = page.read_text()
        for fence in FENCE.finditer(text):
            if fence.group(2) in ("cpp", "c++"):
                yield Block(page.relative_to(root), text.count("\n", 0, fence.start(3)) + 1, fence.group(3))


def normal(lines):
    lines = [line.rstrip() for line in lines]
    return textwrap.dedent("\n".join(lines)).strip("\n")


def stands_in(block, example):
    """Whether the lines of block, a normalised text, are consecutive lines of example."""
    wanted = block.split("\n")
    lines = example.split("\n")
    windows = (lines[i : i + len(wanted)] for i in range(len(lines) - len(wanted) + 1))
    return any(normal(window) == block for window in windows)


def files_of(blocks):
    """What there is to compile: errors are told with the lines of the pages."""
    functions = PREAMBLE
    for number, block in enumerate(blocks):
        code = f'#line {block.line} "{block.page}"\n{block.text}'
        if block.text.lstrip().startswith("#include"):
            yield code
        else:
            functions += f"void block_{number}() {{\n{code}}}\n"
    yield functions


def main(root, *compiler):
    root = pathlib.Path(root)
    examples = [p.read_text().strip("\n") for p in sorted((root / "docs/examples").rglob("*.cpp"))]
    parts = []
    mistakes = 0
    for block in blocks_of(root):
        text = normal(block.text.split("\n"))
        if text not in examples:
            parts.append(block)
        if not any(stands_in(text, example) for example in examples):
            mistakes += 1
            print(f"{block.page}:{block.line}: this block is in no .cpp of docs/examples:\n{text}\n")
    # Names are there to be read, so they need not be used.
    command = [*compiler, "-std=c++20", "-fsyntax-only", "-Iinclude", "-Wno-unused", "-x", "c++", "-"]
    for code in files_of(parts) if compiler else ():
        done = subprocess.run(command, cwd=root, input=code, capture_output=True, text=True)
        if done.returncode != 0:
            mistakes += 1
            print(f"does not compile as it stands:\n{done.stderr}")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
