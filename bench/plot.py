#!/usr/bin/env python3
"""Draws the charts of docs/performance.md and of bench/scale.sh: SVG bar charts, by gnuplot with plots.gp, and curves,
with curves.gp.

usage: plot.py FILE DIRECTORY       again, of what report.py --json wrote to FILE
"""
import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ACRE, PEER, BASELINE = "0xd9480f", "0x9fb3c8", "0x52667a"

# File, title, what is drawn (None: ratios; else a counter, or "ns", with its axis), groups as the programs name them
# and as people read them.
CHARTS = [
    ("fixed_pairs", "One block: allocate and free", None,
     {f"fixed/pair, {n} B": f"{n} B" for n in (16, 64, 256, 4096)}),
    ("fixed_bursts", "256 blocks, freed in reverse", None,
     {f"fixed/burst of 256, {n} B": f"{n} B" for n in (16, 64, 256, 4096)}),
    ("allocator", "numa_allocator<T>: no virtual call", None,
     {f"allocator/{what}, {n} B": f"{what}, {n} B" for what in ("pair", "burst of 64") for n in (48, 64)}),
    ("objects", "Objects of 8 to 1024 B, random ones replaced; blocks freed by another thread", None,
     {"replace/1 thread": "replace, 1 thread", "replace/2 threads": "replace, 2 threads",
      "handover/64 B": "handed over, 64 B", "handover/random sizes": "handed over, 8 to 1024 B"}),
    ("many_blocks", "8 KiB blocks, random ones replaced", None,
     {f"many_blocks/{n} live": f"{n:,} live" for n in (1000, 10000, 200000)}),
    ("containers", "Containers of a million elements: built and emptied", None,
     {"containers/pmr::unordered_map, first time": "unordered_map, first",
      "containers/pmr::unordered_map, again": "unordered_map, again",
      "containers/pmr::list, first time": "list, first", "containers/pmr::list, again": "list, again"}),
    ("short_threads", "Threads that allocate and free 1000 blocks and end", None,
     {"short_threads/1000 blocks": "start to end"}),
    ("growth", "vector<double>, push_back to 64 Mi elements", None,
     {"growth/pmr::vector<double>, first time": "first", "growth/pmr::vector<double>, again": "again"}),
    ("large", "Large blocks: allocate, touch each page, free", None,
     {"large/64KiB": "64 KiB", "large/2MiB": "2 MiB", "large/64MiB": "64 MiB",
      "large/64KiB to 8MiB": "64 KiB to 8 MiB, mixed"}),
    ("random_access", "Dependent loads from random places", None, {"random_access/1GiB": "1 GiB"}),
    ("memory", "Objects of 8 to 1024 B: resident bytes for each live byte", ("resident/live", "bytes"),
     {"memory/replace, 1 thread": "1 thread", "memory/replace, 2 threads": "2 threads"}),
    ("memory_after", "Share of resident bytes that stays after all is freed and given back",
     ("after trim", "share"),
     {"memory/replace, 1 thread": "1 thread", "memory/replace, 2 threads": "2 threads"}),
]

# Of each memory node a panel.
MEMORY_CHARTS = [
    ("latency", "Dependent loads from random places", ("ns", "ns a load"), "scaling/latency, memory of "),
    ("bandwidth", "All CPUs of a node read", ("GiB/s", "GiB/s"), "scaling/bandwidth, memory of "),
]
# File, title, and of each panel the heading and the groups, with what is counted along the axis.
CURVES = [
    (f"scale_{of}s", f"Operations with 1 and more {of}s, each on a CPU of its own" if of == "thread" else
     "Operations with all CPUs of 1 and more nodes", f"{of}s",
     {what: rf"scaling/{re.escape(what)}, {'all CPUs of ' if of == 'node' else ''}(\d+) {of}s?"
      for what in ("pair, 64 B", "burst of 256, 64 B", "replace", "handover, 64 B")})
    for of in ("thread", "node")
]
COLOURS = {"acre::pool_resource": "0xd9480f", "acre::node_pools": "0xf08c00", "glibc malloc": "0x343a40",
           "mimalloc": "0x1971c2", "snmalloc": "0x2f9e44", "tcmalloc": "0x7048e8", "jemalloc": "0x0c8599",
           "TBB scalable_malloc": "0xc2255c"}


def value_of(row, counter):
    """(figure, low, high), or None"""
    if counter and counter[0] == "ns":
        return (row["median"], min(row["times"]), max(row["times"])) if row["times"] else None
    if counter:
        value = row["counters"].get(counter[0])
        return None if value is None else (value, value, value)
    return (row["ratio"], row["low"], row["high"]) if "ratio" in row else None


def colour_of(row):
    if row["who"].startswith("acre::"):
        return ACRE
    return BASELINE if row["who"] == row["baseline"] else PEER


def text_of(value):
    return f"{value:.2g}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def limit_of(panels, counter):
    """Where axes end."""
    if counter and counter[0] in ("ns", "GiB/s"):
        most = max((value_of(row, counter) or (1,))[0] for found in panels for row in found.values())
        power = 10 ** math.floor(math.log10(most))
        return next(n * power for n in (1.2, 2, 4, 6, 8, 12) if n * power >= most)
    return 1.2 if counter and counter[0] == "after trim" else 2.0


def draw(rows, directory, scratch, name, title, counter, groups):
    panels = {group: {row["who"]: row for row in rows if row["group"] == group} for group in groups}
    panels = {group: found for group, found in panels.items() if found}
    if not panels:
        return False
    # Every allocator in the same line of all panels; acre first.
    whos = list(dict.fromkeys(who for found in panels.values() for who in found))
    whos.sort(key=lambda who: not who.startswith("acre::"))
    limit = limit_of(panels.values(), counter)
    baseline = next(iter(next(iter(panels.values())).values()))["baseline"]
    unit = counter[1] if counter else f"ratio to {baseline} (less is better)"
    settings = [f"out = '{directory / name}.svg'", f"title = '{title}'", f"limit = {limit}", f"unit = '{unit}'",
                f"panels = {len(panels)}", f"lines = {len(whos)}", "array files[panels]", "array headings[panels]",
                "data(i) = files[i]", "heading(i) = headings[i]"]
    for i, (group, found) in enumerate(panels.items(), 1):
        path = scratch / f"{name}.{i}"
        with open(path, "w", encoding="utf-8") as file:
            for who in whos:
                value = value_of(found[who], counter) if who in found else None
                if value:
                    figure, low, high = value
                    colour, text = colour_of(found[who]), text_of(figure)
                else:
                    figure = low = high = 0
                    colour, text = PEER, "-"
                label = who if i == 1 else " "
                print(figure, low, min(high, limit), min(figure, limit), colour, f'"{text}"', f'"{label}"', file=file)
        settings += [f"files[{i}] = '{path}'", f"headings[{i}] = '{groups[group]}'"]
    script = pathlib.Path(__file__).with_name("plots.gp")
    subprocess.run(["gnuplot", "-e", "; ".join(settings), str(script)], check=True)
    return True


def points_of(rows, pattern):
    """{who: [(threads or nodes, million operations a second), ...]}, in order"""
    lines = {}
    for row in rows:
        match = re.fullmatch(pattern, row["group"])
        if match and row["who"] in COLOURS and row["times"]:
            lines.setdefault(row["who"], []).append((int(match.group(1)), 1e3 / row["median"]))
    return {who: sorted(lines[who]) for who in COLOURS if who in lines}


def draw_curves(rows, directory, scratch, name, title, axis, panels):
    found = {heading: points_of(rows, pattern) for heading, pattern in panels.items()}
    # No curve has one point.
    found = {heading: lines for heading, lines in found.items() if any(len(line) > 1 for line in lines.values())}
    whos = [who for who in COLOURS if any(who in lines for lines in found.values())]
    if not whos:
        return False
    settings = [f"out = '{directory / name}.svg'", f"title = '{title}'", f"axis = '{axis}'", f"panels = {len(found)}",
                f"lines = {len(whos)}", "array headings[panels]", "array names[lines]", "array colours[lines]",
                "heading(i) = headings[i]", f"data(i, j) = sprintf('{scratch / name}.%d.%d', i, j)"]
    for j, who in enumerate(whos, 1):
        settings += [f"names[{j}] = '{who}'", f"colours[{j}] = {COLOURS[who]}"]
    for i, (heading, lines) in enumerate(found.items(), 1):
        settings.append(f"headings[{i}] = '{heading}'")
        for j, who in enumerate(whos, 1):
            with open(scratch / f"{name}.{i}.{j}", "w", encoding="utf-8") as file:
                # Of a line without points: gnuplot has none for an empty file.
                for x, y in lines.get(who, [("NaN", "NaN")]):
                    print(x, y, file=file)
    script = pathlib.Path(__file__).with_name("curves.gp")
    subprocess.run(["gnuplot", "-e", "; ".join(settings), str(script)], check=True)
    return True


def memory_charts(rows):
    """As CHARTS, of the nodes that there are."""
    for name, title, counter, start in MEMORY_CHARTS:
        groups = dict.fromkeys(row["group"] for row in rows if row["group"].startswith(start))
        yield name, title, counter, {group: "memory of " + group.removeprefix(start) for group in groups}


def draw_all(rows, directory):
    """The files drawn: of each chart that there are rows of."""
    directory = pathlib.Path(directory)
    os.makedirs(directory, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        drawn = [chart[0] for chart in [*CHARTS, *memory_charts(rows)] if draw(rows, directory, scratch, *chart)]
        drawn += [curves[0] for curves in CURVES if draw_curves(rows, directory, scratch, *curves)]
        return [directory / f"{name}.svg" for name in drawn]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("directory", metavar="DIRECTORY")
    options = parser.parse_args()
    with open(options.file, encoding="utf-8") as file:
        rows = json.load(file)["rows"]
    drawn = draw_all(rows, options.directory)
    print("\n".join(map(str, drawn)))
    return 0 if drawn else 1


if __name__ == "__main__":
    sys.exit(main())
