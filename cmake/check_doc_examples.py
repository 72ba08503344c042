#!/usr/bin/env python3
"""check_doc_examples.py ROOT: every ```cpp block of README.md and docs/*.md stands in a docs/examples/*.cpp.

The lines of a block must follow each other in the example as they do in the text; indentation that all of them
share does not matter. The examples are compiled and run, so the text cannot go stale.
"""
import pathlib
import re
import sys
import textwrap

FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```", re.M | re.S)


def normal(lines):
    lines = [line.rstrip() for line in lines]
    return textwrap.dedent("\n".join(lines)).strip("\n")


def stands_in(block, example):
    """Whether the lines of block, a normalised text, are consecutive lines of example."""
    wanted = block.split("\n")
    lines = example.split("\n")
    windows = (lines[i : i + len(wanted)] for i in range(len(lines) - len(wanted) + 1))
    return any(normal(window) == block for window in windows)


def main(root):
    root = pathlib.Path(root)
    examples = {p.name: p.read_text() for p in sorted((root / "docs/examples").glob("*.cpp"))}
    missing = 0
    for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
        text = page.read_text()
        for fence in FENCE.finditer(text):
            if fence.group(2) not in ("cpp", "c++"):
                continue
            block = normal(fence.group(3).split("\n"))
            if not any(stands_in(block, example) for example in examples.values()):
                missing += 1
                line = text.count("\n", 0, fence.start()) + 1
                print(f"{page.relative_to(root)}:{line}: this block is in no docs/examples/*.cpp:\n{block}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
