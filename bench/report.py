#!/usr/bin/env python3
"""Runs benchmark programs and prints what they cost as ratios.

usage: report.py [--repetitions N] [--min-time SECONDS] [--smoke] PROGRAM... [-- ARGUMENT...]

Every row is repeated N times; the rows of a program run interleaved in random order, so that what else the
machine does meets all of them alike. Printed are the medians, and the ratios of medians to the row that is
the program's baseline. "spread" is where the middle half of a row's repetitions lies, as ratios to the
baseline's median: ratios that differ by less than that say nothing. "least" is the ratio of the shortest
repetitions. ARGUMENTs go to every program (--benchmark_filter=REGEX).
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
# What Google Benchmark appends to names; where it says real or manual time, the clock is what counts.
SUFFIX = re.compile(r"/(real_time|manual_time|process_time|iterations:\d+|repeats:\d+|min_time:[\d.]+|threads:\d+)$")


def run(program, options):
    """The program's JSON output."""
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, "out.json")
        command = [program, f"--benchmark_out={out}", "--benchmark_out_format=json"]
        if options.smoke:
            command += ["--smoke"]
        else:
            command += [f"--benchmark_repetitions={options.repetitions}",
                        f"--benchmark_min_time={options.min_time}",
                        "--benchmark_enable_random_interleaving=true"]
        subprocess.run(command + options.arguments, check=True, stdout=subprocess.DEVNULL)
        with open(out, encoding="utf-8") as file:
            return json.load(file)


def split(name):
    """(group, who, whether the clock counts)"""
    clock = False
    while match := SUFFIX.search(name):
        clock = clock or match.group(1) in ("real_time", "manual_time")
        name = name[:match.start()]
    group, _, who = name.rpartition("/")
    return group, who, clock


def collect(result):
    """{group: {who: [nanoseconds of each repetition]}}"""
    groups = {}
    # Interleaved rows come in any order; the family is the order in which the program declares them.
    for row in sorted(result["benchmarks"], key=lambda row: row.get("family_index", 0)):
        group, who, clock = split(row.get("run_name", row["name"]))
        if row.get("error_occurred"):
            groups.setdefault(group, {}).setdefault(who, [])
            print(f"{group}/{who}: {row.get('error_message')}", file=sys.stderr)
        elif row.get("run_type", "iteration") == "iteration":
            time = row["real_time" if clock else "cpu_time"] * NANOSECONDS[row["time_unit"]]
            groups.setdefault(group, {}).setdefault(who, []).append(time)
    return groups


def format_time(nanoseconds):
    for unit in ("s", "ms", "us"):
        if nanoseconds >= NANOSECONDS[unit]:
            return f"{nanoseconds / NANOSECONDS[unit]:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def format_ratio(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def lines(groups, baseline):
    """Rows of the table, as lists of cells."""
    for group, rows in groups.items():
        base = rows.get(baseline) or None
        for who, times in rows.items():
            if not times:
                yield [group, who, "failed", "", "", ""]
                continue
            median = statistics.median(times)
            cells = [group, who, format_time(median), "", "", ""]
            if base:
                against = statistics.median(base)
                low, _, high = statistics.quantiles(times, n=4) if len(times) > 1 else times * 3
                cells[3:] = [format_ratio(median / against),
                             f"{format_ratio(low / against)} .. {format_ratio(high / against)}",
                             format_ratio(min(times) / min(base))]
            yield cells


def print_table(table):
    """As Markdown, aligned."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    table.insert(1, ["-" * width for width in widths])
    for row in table:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=15)
    parser.add_argument("--min-time", type=float, default=0.02, help="seconds of each repetition")
    parser.add_argument("--smoke", action="store_true", help="run everything, measure nothing well")
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    before, after = sys.argv[1:], []
    if "--" in before:
        at = before.index("--")
        before, after = before[:at], before[at + 1:]
    options = parser.parse_args(before)
    options.arguments = after

    table = [["what", "who", "median", "ratio", "spread", "least"]]
    for program in options.programs:
        print(f"{os.path.basename(program)} ...", file=sys.stderr, flush=True)
        result = run(program, options)
        table += lines(collect(result), result["context"].get("baseline"))
    failed = any(row[2] == "failed" for row in table)
    if options.smoke:
        print("smoke: these figures say nothing")
    else:
        print(f"{options.repetitions} interleaved repetitions of each row; medians")
    print()
    print_table(table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
