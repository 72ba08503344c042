#!/usr/bin/env python3
"""Counts what an allocation and a free take, with more and more threads, and fails if a count grows with them.

Counted are, after a warm-up, the instructions of an operation; and "atomic", how many in a million operations lock the
bus or a cache line. To take and to leave a lock of acre's pools are two of those. Each thread does the same work,
however many there are: what they have in common would show as more instructions or more locks. Besides by threads,
acre's pools are counted by how many of them each thread uses in turn, as it does those of nodes.

The counts come from Valgrind's callgrind. They hardly depend on the machine and on what else it does. They show what
code does, not what it waits for: Valgrind runs one thread at a time, so nobody fights for a lock or a cache line. And
Valgrind has no rseq(2), so node_pools asks sched_getcpu() with each allocation which CPU it is on: it takes more
instructions than elsewhere, and as many locks. "nothing (floor)" is the harness by itself.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ACRE = ["acre::pool_resource", "acre::node_pools"]
FLOOR = "nothing (floor)"
WORKS = ["pair", "burst", "replace", "handover"]
LIBRARY_IS_MISSING = 3
# A count that is more than that, of the least number of threads or pools, has grown.
GROWTH = 1.05
# Of a million operations. A pool that needs one more span, or a lock whose holder Valgrind has stopped, is no growth.
FEW = 2000


class Failed(Exception):
    pass


def counts_of(text, operations):
    """What callgrind wrote: {"instructions": of an operation, "atomic": of a million}"""
    events, totals = (re.search(rf"^{name}: (.*)$", text, re.M).group(1).split() for name in ("events", "totals"))
    # Zeroes at the end are left out.
    found = dict(zip(events, map(int, totals)))
    return {"instructions": found["Ir"] / operations, "atomic": found.get("Ge", 0) / operations * 1e6}


def count(program, who, work, threads, pools, operations):
    """None: its library is missing."""
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, "out")
        command = ["valgrind", "--tool=callgrind", "--collect-bus=yes", "--toggle-collect=counted_*",
                   "--zero-before=counting_begins", f"--callgrind-out-file={out}", program, who, work, str(threads),
                   str(pools), str(operations)]
        # As bench/bench.hpp's make_room_for_libraries(), which would begin again outside of Valgrind.
        environment = dict(os.environ, GLIBC_TUNABLES="glibc.rtld.optional_static_tls=32768")
        ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             check=False)
        if ran.returncode == LIBRARY_IS_MISSING:
            return None
        if ran.returncode != 0:
            raise Failed(f"{' '.join(command)} ended with status {ran.returncode}:\n{ran.stdout}")
        return counts_of(pathlib.Path(out).read_text(encoding="utf-8"), operations * threads)


def grown(least, now):
    """The names of the counts that have grown."""
    return [name for name, value in now.items()
            if value > least[name] * GROWTH + (FEW if name != "instructions" else 0)]


def count_all(program, cases, operations):
    """Prints a line for each of the cases (who, work, [(threads, pools), ...]).
    \\returns what has grown, in words"""
    print(f"{'work':9} {'allocator':22} {'threads':>7} {'pools':>5} {'instructions':>12} {'atomic':>9}")
    found = []
    for who, work, steps in cases:
        least = None
        for threads, pools in steps:
            now = count(program, who, work, threads, pools, operations)
            if now is None:
                print(f"{work:9} {who:22} is missing", flush=True)
                break
            least = least or now
            more = grown(least, now)
            print(f"{work:9} {who:22} {threads:7} {pools:5} {now['instructions']:12.1f} {now['atomic']:9.0f}"
                  f"{'  grown: ' + ', '.join(more) if more else ''}", flush=True)
            if who in ACRE and more:
                found.append(f"{who}, {work}, {threads} threads, {pools} pools: more {' and '.join(more)}")
    return found


def all_cases(whos, works, most_threads, most_pools):
    powers = [1 << i for i in range(7)]
    cases = []
    for work in works:
        threads = [n for n in powers if n <= most_threads and (work != "handover" or n > 1)]
        cases += [(who, work, [(n, 1) for n in threads]) for who in whos]
        few = min(8, threads[-1])
        pools = [n for n in powers[1:4] if n <= most_pools]
        # One pool is always at hand; from two on each operation changes to the next. How often replace does depends on
        # how many there are.
        if pools and work != "replace":
            cases += [(who, work, [(few, n) for n in pools]) for who in whos if who in ACRE]
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    parser.add_argument("--allocators", metavar="NAME[,NAME...]", default=",".join([*ACRE, "glibc malloc", FLOOR]),
                        help="which ones, or all (default: %(default)s); none but acre's fail")
    parser.add_argument("--works", metavar="NAME[,NAME...]", default=",".join(WORKS), help="default: %(default)s")
    parser.add_argument("--threads", type=int, metavar="N", default=64, help="at most (default: %(default)s)")
    parser.add_argument("--pools", type=int, metavar="N", default=8, help="at most (default: %(default)s)")
    parser.add_argument("--operations", type=int, metavar="N", default=20480,
                        help="of each thread (default: %(default)s)")
    parser.add_argument("program", metavar="PROGRAM", help="counted-work of a build without sanitizers")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        parser.error("this needs valgrind, which is not on the PATH")
    listed = subprocess.run([options.program, "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    listed = listed.splitlines()
    whos = listed if options.allocators == "all" else options.allocators.split(",")
    works = options.works.split(",")
    for kind, wanted, known in (("allocator", whos, listed), ("work", works, WORKS)):
        for name in wanted:
            if name not in known:
                parser.error(f"there is no {kind} '{name}', but: {', '.join(known)}")
    try:
        found = count_all(options.program, all_cases(whos, works, options.threads, options.pools), options.operations)
    except Failed as reason:
        print(f"count.py: {reason}", file=sys.stderr)
        return 2
    print("\n".join(["", "grown:", *found]) if found else "\nnothing has grown")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
