#!/usr/bin/env python3
"""Runs benchmark programs and prints what they cost as ratios.

Each row is measured up to N times, each time in a process of its own; rows that are compared with each other take
turns, in random order, so that what else the machine does meets all of them alike. After MINUTES, or at an interrupt
(Ctrl-C), it is over, and what was measured until then is printed: "n" says how often. All groups of rows get as much of
that time as they need, or the same. Rows that take twenty times as long as others of their group are not repeated, and
those that would take much of all the time are given up.

Printed are the medians (of one item, where a row counts items), and the ratios of medians: "ratio" to the row that is
the program's baseline, "to best" to the fastest row of the same work that is neither acre's nor the harness's own.
"spread" is where the middle half of a row's repetitions lies, as ratios to the baseline's median: ratios that differ by
less than that say nothing. "least" is the ratio of the shortest repetitions. What rows count besides time follows in a
second table, as medians; then the versions of libraries that tell them, and what could not be counted or measured.

A library is looked for by the name that packages give it, or is the one whose path is in ACRE_BENCH_JEMALLOC,
ACRE_BENCH_MEMKIND, ACRE_BENCH_MIMALLOC, ACRE_BENCH_SNMALLOC, ACRE_BENCH_TBB or ACRE_BENCH_TCMALLOC.
"""
import argparse
import json
import re
import shutil
import statistics
import sys

import measure
import plot

OURS = "acre::"
FLOOR = "nothing (floor)"


def evaluate(rows):
    """Adds medians and ratios to rows."""
    groups = {}
    for row in rows:
        row["counters"] = {name: statistics.median(values) for name, values in row["counters"].items()}
        if row["times"]:
            row["median"] = statistics.median(row["times"])
            groups.setdefault((row["program"], row["group"]), []).append(row)
    for others in groups.values():
        base = next((other for other in others if other["who"] == other["baseline"]), None)
        peers = [other["median"] for other in others if is_peer(other["who"])]
        for row in others:
            times = row["times"]
            if base:
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
        if nanoseconds >= measure.NANOSECONDS[unit]:
            return f"{nanoseconds / measure.NANOSECONDS[unit]:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def format_ratio(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def time_table(rows):
    table = [["what", "who", "n", "median", "ratio", "spread", "least", "to best"]]
    for row in rows:
        cells = [row["group"], row["who"], "", "", "", "", "", ""]
        if row["times"]:
            cells[2:4] = [str(len(row["times"])), format_time(row["median"])]
        else:
            cells[3] = next(kind for kind in NAMES if kind in row)
        if "ratio" in row:
            spread = f"{format_ratio(row['low'])} .. {format_ratio(row['high'])}"
            cells[4:7] = [format_ratio(row["ratio"]), spread if len(row["times"]) > 1 else "(once)",
                          format_ratio(row["least"])]
        if "to_best" in row:
            cells[7] = format_ratio(row["to_best"])
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


# For each reason why a row has no figures: what that reason is told of, once.
NAMES = {"missing": lambda row: row["who"],
         "failed": lambda row: f"{row['group']}/{row['who']}",
         "unmeasured": lambda row: row["group"] + ("" if row["unmeasured"] == measure.NO_TIME else f"/{row['who']}")}


def print_lists(rows):
    versions = dict.fromkeys(f"{row['who']}: {row['version']}" for row in rows if "version" in row)
    if versions:
        print("\nversions:\n" + "\n".join(f"- {version}" for version in versions))
    uncounted = dict.fromkeys(row["uncounted"] for row in rows if "uncounted" in row)
    if uncounted:
        print("\nuncounted:\n" + "\n".join(f"- {what}" for what in uncounted))
    for kind, name in NAMES.items():
        reasons = dict.fromkeys(f"{name(row)}: {row[kind]}" for row in rows if kind in row)
        if reasons:
            print(f"\n{kind}:\n" + "\n".join(f"- {reason}" for reason in reasons))


def print_report(rows, smoke):
    if smoke:
        print("smoke: these figures say nothing\n")
    print_table(time_table(rows))
    for table in counter_tables(rows):
        print()
        print_table(table)
    print_lists(rows)


def peers(text):
    names = [] if text == "none" else text.split(",")
    for name in names:
        if name not in measure.PEERS:
            raise argparse.ArgumentTypeError(f"'{name}' is none of them, which are {', '.join(measure.PEERS)}; or none")
    return names


def pattern(text):
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no regular expression: {error}") from None
    return text


def positive(of):
    def parse(text):
        number = of(text)
        if not 0 < number < float("inf"):
            raise ValueError
        return number
    parse.__name__ = "number above 0"  # argparse: invalid ... value
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    parser.add_argument("--peers", type=peers, default=list(measure.PEERS), metavar="NAME[,NAME...]",
                        help=f"load these alone, of {', '.join(measure.PEERS)}, or none; acre and baselines are always "
                        "measured (default: all)")
    parser.add_argument("--rows", type=pattern, default="", metavar="REGEX",
                        help="rows with that in their name GROUP/WHO, and their baselines (default: all)")
    parser.add_argument("--budget", type=positive(float), default=20, metavar="MINUTES",
                        help="when to end (default: %(default)s)")
    parser.add_argument("--repetitions", type=positive(int), default=15, metavar="N",
                        help="of each row, at most (default: %(default)s)")
    parser.add_argument("--min-time", type=positive(float), default=0.02, metavar="SECONDS",
                        help="of each repetition (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write everything there as well")
    parser.add_argument("--charts", metavar="DIRECTORY", help="draw the charts of docs/performance.md there, with gnuplot")
    parser.add_argument("--smoke", action="store_true", help="run everything once, measure nothing well")
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    options = parser.parse_args()
    if options.charts and not shutil.which("gnuplot"):
        parser.error("--charts needs gnuplot, which is not on the PATH")
    if options.smoke:
        options.repetitions = 1
    return parser, options


def main():
    parser, options = parse_arguments()
    try:
        rows = [row for program in options.programs for row in measure.rows_of(program, options.smoke)]
        rows = measure.choose(rows, options.rows, options.peers)
    except measure.Refused as reason:
        parser.error(str(reason))
    measure.measure(rows, options)
    evaluate(rows)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"smoke": options.smoke, "rows": rows}, file, indent=1)
    print_report(rows, options.smoke)
    if options.charts:
        print("\ncharts:\n" + "\n".join(f"- {path}" for path in plot.draw_all(rows, options.charts)))
    return 1 if any("failed" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
