#!/usr/bin/env python3
"""check_numactl_table.py [--fix] ROOT: docs/command.md says where `acre run` differs from numactl as the test that runs both.

The differences stand in test/cli/beside_numactl.list, each with command lines that show it, and the test fails where
one is missing or has vanished. The table between the marks in docs/command.md is made of them; --fix makes it anew.
"""
import pathlib
import re
import sys

LIST = "test/cli/beside_numactl.list"
PAGE = "docs/command.md"
BEGIN = f"<!-- made by cmake/check_numactl_table.py --fix from {LIST} -->\n"
END = "<!-- end of what was made -->\n"
LINE = re.compile(r"(?P<machine>[^:]+): (?P<options>.+?) => .+ \| .+")
MACHINES = {
    "any": "",
    "one": "",
    "four": "",
    "gap": "nodes 0 and 2",
    "memoryless": "node 1 of 0-2 has no memory",
    "cpuless": "node 2 of 0-2 has no CPUs",
    "mems": "cpuset: memory of nodes",
    "cpus": "cpuset: CPUs",
    "taskset": "below taskset -c",
}


def in_words(machine):
    """`four mems=0-2` is "cpuset: memory of nodes 0-2"."""
    words = []
    for part in machine.split(" "):
        name, _, value = part.partition("=")
        if name not in MACHINES:
            raise ValueError(f"{LIST}: there is no machine {machine}")
        words.append(f"{MACHINES[name]} {value}".strip())
    return "; ".join(word for word in words if word)


def differences(text):
    """(what differs, numactl's way, acre's way, {machine in words: [options that show it]}) of each section [differs]."""
    found = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("["):
            inside = line.startswith("[differs]")
            if inside:
                texts = [part.strip() for part in line.removeprefix("[differs]").split(" | ")]
                if len(texts) != 3:
                    raise ValueError(f"{LIST}:{number}: [differs] WHAT | NUMACTL | ACRE is needed")
                found.append((*texts, {}))
        elif inside and line and not line.startswith("#"):
            shown = LINE.fullmatch(line)
            if not shown:
                raise ValueError(f"{LIST}:{number}: MACHINE: OPTIONS => NUMACTL | ACRE is needed")
            options = shown["options"].removesuffix(" -- true").replace(" -- ", " ")
            examples_there = found[-1][3].setdefault(in_words(shown["machine"]), [])
            if options not in examples_there:
                examples_there.append(options)
    for what, _, _, shown in found:
        if not shown:
            raise ValueError(f"{LIST}: no command line shows: {what}")
    return found


def examples(shown):
    groups = []
    for machine, lines in shown.items():
        groups.append(", ".join(f"`{options}`" for options in lines) + (f" ({machine})" if machine else ""))
    return "; ".join(groups)


def table(text):
    rows = ["| | for example | numactl | acre |", "|---|---|---|---|"]
    for what, numactl, acre, shown in differences(text):
        rows.append(f"| {what} | {examples(shown)} | {numactl} | {acre} |")
    return "\n".join(rows) + "\n"


def main(arguments):
    fix = arguments[0] == "--fix"
    root = pathlib.Path(arguments[-1])
    page = (root / PAGE).read_text()
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        print(f"{PAGE}: the marks of the table are not there once each:\n{BEGIN}{END}")
        return 1
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    try:
        right = before + BEGIN + "\n" + table((root / LIST).read_text()) + "\n" + END + after
    except ValueError as mistake:
        print(mistake)
        return 1
    if page == right:
        return 0
    if fix:
        (root / PAGE).write_text(right)
        return 0
    print(f"{PAGE}: the table of differences is not what {LIST} says; python3 cmake/check_numactl_table.py --fix .")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
