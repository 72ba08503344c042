#!/usr/bin/env python3
"""Runs benchmark programs and prints what they cost as ratios.

usage: report.py [--repetitions N] [--min-time SECONDS] [--json FILE] [--smoke] PROGRAM... [-- ARGUMENT...]

Every row is repeated N times; the rows of a program run interleaved in random order, so that what else the
machine does meets all of them alike. Printed are the medians (of one item, where a row counts items), and the
ratios of medians: "ratio" to the row that is the program's baseline, "to best" to the fastest row of the same
work that is neither acre's nor the harness's own. "spread" is where the middle half of a row's repetitions
lies, as ratios to the baseline's median: ratios that differ by less than that say nothing. "least" is the ratio
of the shortest repetitions. What rows count besides time follows in a second table, as medians, and what could
not be measured after that. ARGUMENTs go to every program (--benchmark_filter=REGEX). plot.py draws FILE.
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
MISSING = "missing: "
OURS = "acre::"
FLOOR = "nothing (floor)"
# What Google Benchmark says of each repetition; all other numbers are counters.
NO_COUNTERS = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
               "iterations", "real_time", "cpu_time", "items_per_second", "bytes_per_second"}
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


def nanoseconds(row, clock):
    if "items_per_second" in row:
        return 1e9 / row["items_per_second"]
    return row["real_time" if clock else "cpu_time"] * NANOSECONDS[row["time_unit"]]


def collect(program, result):
    """The program's rows as dictionaries, in the order in which it declares them: group by group."""
    rows = {}
    # Interleaved rows come in any order; the family is the order of declaration.
    for run_of_row in sorted(result["benchmarks"], key=lambda run_of_row: run_of_row.get("family_index", 0)):
        group, who, clock = split(run_of_row.get("run_name", run_of_row["name"]))
        row = rows.setdefault((group, who), {"program": program, "group": group, "who": who, "times": [],
                                             "baseline": result["context"].get("baseline"), "counters": {}})
        if run_of_row.get("error_occurred"):
            message = run_of_row.get("error_message", "")
            row["missing" if message.startswith(MISSING) else "failed"] = message.removeprefix(MISSING)
        elif run_of_row.get("run_type", "iteration") == "iteration":
            row["times"].append(nanoseconds(run_of_row, clock))
            for name, value in run_of_row.items():
                if name not in NO_COUNTERS and isinstance(value, (int, float)):
                    row["counters"].setdefault(name, []).append(value)
    groups = list(dict.fromkeys(group for group, _ in rows))
    return sorted(rows.values(), key=lambda row: groups.index(row["group"]))


def evaluate(rows):
    """Adds medians and ratios to the rows of one program."""
    for row in rows:
        row["counters"] = {name: statistics.median(values) for name, values in row["counters"].items()}
        if row["times"]:
            row["median"] = statistics.median(row["times"])
    for row in rows:
        if not row["times"]:
            continue
        others = [other for other in rows if other["group"] == row["group"] and other["times"]]
        base = next((other for other in others if other["who"] == row["baseline"]), None)
        peers = [other["median"] for other in others if is_peer(other["who"])]
        if base:
            times = row["times"]
            low, _, high = statistics.quantiles(times, n=4) if len(times) > 1 else times * 3
            row["ratio"] = row["median"] / base["median"]
            row["low"], row["high"] = low / base["median"], high / base["median"]
            row["least"] = min(times) / min(base["times"])
        if peers:
            row["to_best"] = row["median"] / min(peers)


def is_peer(who):
    return not who.startswith(OURS) and who != FLOOR


def format_time(nanoseconds):
    for unit in ("s", "ms", "us"):
        if nanoseconds >= NANOSECONDS[unit]:
            return f"{nanoseconds / NANOSECONDS[unit]:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def format_ratio(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def time_table(rows):
    table = [["what", "who", "median", "ratio", "spread", "least", "to best"]]
    for row in rows:
        cells = [row["group"], row["who"], "missing" if "missing" in row else "failed", "", "", "", ""]
        if row["times"]:
            cells[2] = format_time(row["median"])
        if "ratio" in row:
            spread = f"{format_ratio(row['low'])} .. {format_ratio(row['high'])}"
            cells[3:6] = [format_ratio(row["ratio"]), spread if len(row["times"]) > 1 else "(once)",
                          format_ratio(row["least"])]
        if "to_best" in row:
            cells[6] = format_ratio(row["to_best"])
        table.append(cells)
    return table


def counter_tables(rows):
    """One for each set of counters that goes together."""
    tables = {}
    for row in rows:
        if row["counters"]:
            # A peer may lack one of its program's counters.
            names = tuple(dict.fromkeys(name for other in rows if other["group"] == row["group"]
                                        for name in other["counters"]))
            table = tables.setdefault(names, [["what", "who", *names]])
            values = [row["counters"].get(name) for name in names]
            table.append([row["group"], row["who"], *("" if v is None else f"{v:.4g}" for v in values)])
    return tables.values()


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
    parser.add_argument("--json", metavar="FILE", help="write everything there as well")
    parser.add_argument("--smoke", action="store_true", help="run everything, measure nothing well")
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    before, after = sys.argv[1:], []
    if "--" in before:
        at = before.index("--")
        before, after = before[:at], before[at + 1:]
    options = parser.parse_args(before)
    options.arguments = after

    rows = []
    for program in options.programs:
        name = os.path.basename(program)
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows_of_program = collect(name, run(program, options))
        evaluate(rows_of_program)
        rows += rows_of_program
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"repetitions": options.repetitions, "smoke": options.smoke, "rows": rows}, file, indent=1)

    if options.smoke:
        print("smoke: these figures say nothing")
    else:
        print(f"{options.repetitions} interleaved repetitions of each row; medians")
    print()
    print_table(time_table(rows))
    for table in counter_tables(rows):
        print()
        print_table(table)
    for kind in ("missing", "failed"):
        reasons = dict.fromkeys(f"{row['who']}: {row[kind]}" for row in rows if kind in row)
        if reasons:
            print(f"\n{kind}:\n" + "\n".join(f"- {reason}" for reason in reasons))
    return 1 if any("failed" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
