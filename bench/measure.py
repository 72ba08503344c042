"""Runs rows of benchmark programs, one at a time and each in a process of its own, until the time for them is over.

A row is a dictionary: "program" and "name" (its path, and what it calls the row), "group", "who" and "clock" (what the
name says), "baseline" (the program's); "times" and "counters" (name -> values) have an element for each repetition.
Where there are none, "missing", "failed" or "unmeasured" says why; "version" is the peer's, if its library tells it,
and "uncounted" says which counter this machine does not have, and why.
"""
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

# What users call the libraries, and how the names of their rows begin.
PEERS = {
    "glibc": ("glibc ", "std::allocator"),
    "mimalloc": ("mimalloc",),
    "snmalloc": ("snmalloc",),
    "tcmalloc": ("tcmalloc",),
    "jemalloc": ("jemalloc",),
    "tbb": ("TBB ",),
    "memkind": ("memkind ",),
    "libstdc++": ("pmr::",),
    "boost": ("Boost.",),
    "libnuma": ("numa_",),
    "hwloc": ("hwloc_",),
}
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
MISSING = "missing: "
# What Google Benchmark says of each repetition; all other numbers are counters.
NO_COUNTERS = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
               "iterations", "real_time", "cpu_time", "items_per_second", "bytes_per_second"}
# What Google Benchmark appends to names; where it says real or manual time, the clock is what counts.
SUFFIX = re.compile(r"/(real_time|manual_time|process_time|iterations:\d+|repeats:\d+|min_time:[\d.]+|threads:\d+)$")
NO_TIME = "no time was left"
WHY_NOT = {"missing", "failed", "unmeasured"}


class Refused(Exception):
    """What the user asked for cannot be done; the text says why."""


def rows_of(program, smoke=False):
    """What it can measure, in the order in which it declares it, group by group. Nothing is measured yet."""
    try:
        listed = subprocess.run([program, "--list", *(["--smoke"] if smoke else [])], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Refused(f"{program} is no benchmark program: {error}") from None
    baseline, *names = listed.splitlines() or [None]
    if not names:
        raise Refused(f"{program} is no benchmark program: it lists no rows")
    rows = []
    for name in names:
        group, who, clock = split(name)
        rows.append({"program": program, "name": name, "group": group, "who": who, "clock": clock,
                     "baseline": baseline, "times": [], "counters": {}})
    groups = list(dict.fromkeys(row["group"] for row in rows))
    return sorted(rows, key=lambda row: groups.index(row["group"]))


def split(name):
    """(group, who, whether the clock counts)"""
    clock = False
    while match := SUFFIX.search(name):
        clock = clock or match.group(1) in ("real_time", "manual_time")
        name = name[:match.start()]
    group, _, who = name.rpartition("/")
    return group, who, clock


def choose(rows, pattern, peers):
    """Those whose GROUP/WHO has the pattern in it, and their baselines; without peers (names of PEERS) not chosen."""
    found = [row for row in rows if re.search(pattern, f"{row['group']}/{row['who']}")]
    if not found:
        groups = dict.fromkeys(row["group"] for row in rows)
        raise Refused(f"no row has '{pattern}' in its name, which is GROUP/WHO; groups are:\n  " + "\n  ".join(groups))
    groups = {(row["program"], row["group"]) for row in found}
    left_out = tuple(start for peer, starts in PEERS.items() if peer not in peers for start in starts)
    return [row for row in rows if row["who"] == row["baseline"] and (row["program"], row["group"]) in groups
            or row in found and not row["who"].startswith(left_out)]


def run(row, options, limit):
    """One repetition, as Google Benchmark tells it; None if it takes more than limit seconds."""
    with tempfile.TemporaryDirectory() as directory:
        out, said = os.path.join(directory, "out.json"), os.path.join(directory, "said")
        name = re.sub(r"[][.*+?^$(){}|\\]", r"\\\g<0>", row["name"])
        command = [row["program"], f"--benchmark_filter=^{name}$", f"--benchmark_out={out}",
                   "--benchmark_out_format=json", "--smoke" if options.smoke else f"--benchmark_min_time={options.min_time}"]
        with open(said, "wb") as file:
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file, start_new_session=True)
        try:
            status = child.wait(limit)
        except BaseException as reason:
            # With the processes that it began.
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            if isinstance(reason, subprocess.TimeoutExpired):
                return None
            raise
        if status != 0:
            with open(said, encoding="utf-8", errors="replace") as file:
                last = (file.read().strip().splitlines() or [""])[-1]
            return {"error_occurred": True, "error_message": f"ended with status {status}: {last}"}
        with open(out, encoding="utf-8") as file:
            told = json.load(file)
        return {**told["benchmarks"][0], "uncounted": told.get("context", {}).get("uncounted")}


def nanoseconds(row, result):
    if "items_per_second" in result:
        return 1e9 / result["items_per_second"]
    return result["real_time" if row["clock"] else "cpu_time"] * NANOSECONDS[result["time_unit"]]


def take(row, result):
    """Adds what a repetition measured to its row."""
    if result.get("error_occurred"):
        message = result.get("error_message", "")
        row["missing" if message.startswith(MISSING) else "failed"] = message.removeprefix(MISSING)
        return
    row["times"].append(nanoseconds(row, result))
    if result.get("label"):
        row["version"] = result["label"]
    if result.get("uncounted"):
        row["uncounted"] = result["uncounted"]
    for name, value in result.items():
        if name not in NO_COUNTERS and isinstance(value, (int, float)):
            row["counters"].setdefault(name, []).append(value)


class Group:
    """Rows that are compared with each other: as often measured, close to each other in time, and in random order."""

    def __init__(self, rows):
        self.rows = rows
        self.turn = []  # rows that are not yet measured once more
        self.took = {}  # name -> seconds, of the last repetition
        self.repetitions = 0
        self.spent = 0.0  # seconds

    def go_on(self, options, deadline, share, clock, tell):
        """Measures each row once more, or as many as share seconds are enough for."""
        if not self.turn:
            self.turn = random.sample(self.rows, len(self.rows))
            if self.repetitions == 0:
                # Without it, what else there is time for would have no ratio.
                self.turn.sort(key=lambda row: row["who"] != row["baseline"])
        began = clock()
        while self.turn and clock() < min(began + share, deadline):
            row = self.turn.pop(0)
            tell(row, self.repetitions + 1)
            before = clock()
            # One row is not to take the time of all others.
            left, most = deadline - before, max(options.budget * 60 / 10, share / 2)
            result = run(row, options, min(left, most))
            self.took[row["name"]] = clock() - before
            if result is not None:
                take(row, result)
            elif not row["times"]:
                row["unmeasured"] = f"takes more than {most:.0f} s" if most < left else NO_TIME
        if not self.turn:
            self.repetitions += 1
            self.rows = [row for row in self.rows if not row.keys() & WHY_NOT]
            most = 20 * statistics.median([self.took[row["name"]] for row in self.rows] or [0])
            self.rows = [row for row in self.rows
                         if row["who"] == row["baseline"] or self.took[row["name"]] <= most]
        self.spent += clock() - began


def measure(rows, options, clock=time.monotonic, stream=sys.stderr):
    """Fills rows in: each as often as options say, or until their time is over. All are to have their first turn, and
    quick ones to be done soon, so that slow ones have what is left: next is always the group that had least time."""
    deadline = clock() + options.budget * 60
    groups = {}
    for row in rows:
        groups.setdefault((row["program"], row["group"]), []).append(row)
    todo = [Group(of) for of in groups.values()]
    tell = Progress(rows, deadline, clock, stream)
    try:
        while todo and clock() < deadline:
            group = min(todo, key=lambda group: (group.repetitions > 0, group.spent))
            group.go_on(options, deadline, options.budget * 60 / len(groups), clock, tell)
            if not group.rows or group.repetitions == options.repetitions:
                todo.remove(group)
    except KeyboardInterrupt:
        pass  # what was measured is told
    tell.end()
    for row in rows:
        if not row["times"] and not row.keys() & WHY_NOT:
            row["unmeasured"] = NO_TIME


class Progress:
    """A line that says how far it is: on a terminal rewritten in place, elsewhere it comes now and then."""

    def __init__(self, rows, deadline, clock, stream):
        self.programs = list(dict.fromkeys(row["program"] for row in rows))
        self.rows, self.deadline, self.clock, self.stream = rows, deadline, clock, stream
        self.terminal = stream.isatty()
        self.told = None

    def __call__(self, row, repetition):
        now = self.clock()
        if self.told is not None and now - self.told < (0.5 if self.terminal else 15):
            return
        self.told = now
        done = sum(1 for other in self.rows if other["times"] or other.keys() & WHY_NOT)
        left = int(self.deadline - now)
        text = (f"{left // 60}:{left % 60:02} left, {done} of {len(self.rows)} rows measured; program "
                f"{self.programs.index(row['program']) + 1} of {len(self.programs)}, {row['group']}: repetition {repetition}")
        if self.terminal:
            text = f"\r{text[:os.get_terminal_size(self.stream.fileno()).columns - 1]}\033[K"
        print(text, end="" if self.terminal else "\n", file=self.stream, flush=True)

    def end(self):
        if self.terminal:
            print("\r\033[K", end="", file=self.stream, flush=True)
