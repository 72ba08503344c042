"""bench/report.py: which rows it measures, how often within its time, what it says of them. The programs are made up."""
import argparse
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

sys.dont_write_bytecode = True
BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import measure  # noqa: E402
import plot  # noqa: E402

# Does what the row of its file "rows" says whose name the filter matches, or lists them all.
PROGRAM = f"""#!{sys.executable}
import json, os, re, sys, time
options = dict(argument.partition("=")[::2] for argument in sys.argv[1:])
with open(os.path.dirname(__file__) + "/rows") as file:
    rows = json.load(file)
if "--list" in options:
    print("glibc malloc", *rows, sep="\\n")
    sys.exit()
found, = (name for name in rows if re.search(options["--benchmark_filter"], name))
with open(os.path.dirname(__file__) + "/calls", "a") as file:
    print(found, "smoke" if "--smoke" in options else options["--benchmark_min_time"], file=file)
row = rows[found]
if "hang" in row:
    child = os.fork()
    if child:
        with open(os.path.dirname(__file__) + "/child", "w") as file:
            file.write(str(child))
    time.sleep(600)
if "crash" in row:
    sys.exit("first line\\n" + row["crash"])
with open(options["--benchmark_out"], "w") as file:
    json.dump({{"context": row.pop("context", {{}}),
               "benchmarks": [{{"name": found, "run_type": "iteration", "iterations": 1, "real_time": 1, "cpu_time": 1,
                                "time_unit": "ns", **row}}]}}, file)
"""
ROWS = {
    "fixed/pair, 16 B/glibc malloc": {"cpu_time": 20, "real_time": 1000, "label": "2.36"},
    "fixed/pair, 16 B/pmr::pool": {"cpu_time": 10},
    "fixed/pair, 16 B/TBB memory pool, keeping all": {"error_occurred": True, "error_message": "missing: no libtbb.so"},
    "fixed/pair, 16 B/acre::pool_resource": {"items_per_second": 2e8},
    "vector<T, A> (1+1)/glibc malloc/iterations:1/manual_time": {"real_time": 4, "time_unit": "us", "faults": 3},
    "vector<T, A> (1+1)/hwloc_alloc": {"crash": "mbind: no"},
    "vector<T, A> (1+1)/acre::area/real_time": {"real_time": 2, "cpu_time": 9, "time_unit": "us", "faults": 7.5},
}


def options(**changes):
    return argparse.Namespace(**{"budget": 10, "repetitions": 3, "min_time": 0.02, "smoke": False, **changes})


def made_up(*names, baseline="glibc malloc"):
    rows = []
    for name in names:
        group, who, clock = measure.split(name)
        rows.append({"program": "bench-x", "name": name, "group": group, "who": who, "clock": clock,
                     "baseline": baseline, "times": [], "counters": {}})
    return rows


def names(rows):
    return [f"{row['group']}/{row['who']}" for row in rows]


class Programs(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.program = self.add("bench-x", PROGRAM)
        self.set(ROWS)

    def add(self, name, text):
        path = self.root / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def set(self, rows):
        (self.root / "rows").write_text(json.dumps(rows))

    def calls(self):
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def report(self, *arguments, status=0, path=None):
        ran = subprocess.run([sys.executable, "-B", BENCH / "report.py", self.program, *arguments], text=True,
                             capture_output=True, env=dict(os.environ, PATH=path or os.environ["PATH"]))
        self.assertEqual(ran.returncode, status, ran.stdout + ran.stderr)
        return ran.stdout if status < 2 else ran.stderr


class Choosing(unittest.TestCase):
    ROWS = made_up("a/glibc malloc", "a/pmr::pool", "a/snmalloc", "a/memset, one thread", "a/acre::x",
                   "b/glibc malloc", "b/TBB memory pool/real_time", "b/nothing (floor)")

    def choose(self, pattern="", peers=measure.PEERS):
        return names(measure.choose(self.ROWS, pattern, peers))

    def test_everything_unless_told(self):
        self.assertEqual(self.choose(), names(self.ROWS))

    def test_peers_that_are_left_out(self):
        ours = ["a/glibc malloc", "a/memset, one thread", "a/acre::x", "b/glibc malloc", "b/nothing (floor)"]
        self.assertEqual(self.choose(peers=[]), ours)
        self.assertEqual(set(self.choose(peers=["tbb", "libstdc++"])) - set(ours), {"a/pmr::pool", "b/TBB memory pool"})

    def test_baselines_come_with_chosen_rows(self):
        self.assertEqual(self.choose("snmalloc|acre"), ["a/glibc malloc", "a/snmalloc", "a/acre::x"])
        self.assertEqual(self.choose("^b/.*TBB", peers=[]), ["b/glibc malloc"])

    def test_a_pattern_that_no_row_has(self):
        with self.assertRaisesRegex(measure.Refused, r"no row has 'mimaloc' .*\n  a\n  b$"):
            self.choose("mimaloc")

    def test_each_peer_is_one_that_programs_have(self):
        sources = "".join(path.read_text() for path in BENCH.glob("*.[ch]pp"))
        for peer, starts in measure.PEERS.items():
            for start in starts:
                self.assertIn(f'"{start}', sources.replace('group + "', '"'), peer)


class Scheduling(unittest.TestCase):
    def measure(self, costs, stream=None, **changes):
        """costs: seconds of each row, by its name; or what take() is given instead of a time."""
        self.now = 0.0
        self.order = []

        def run(row, _, limit):
            self.order.append(row["name"])
            cost = costs[row["name"]]
            if isinstance(cost, dict):
                return cost
            self.now += min(cost, limit)
            return {"cpu_time": cost, "time_unit": "s"} if cost <= limit else None

        rows = made_up(*costs)
        with unittest.mock.patch.object(measure, "run", run):
            measure.measure(rows, options(**changes), clock=lambda: self.now, stream=stream or io.StringIO())
        return {row["name"]: row for row in rows}

    def counts(self, *arguments, **changes):
        return {name: len(row["times"]) for name, row in self.measure(*arguments, **changes).items()}

    def test_each_row_as_often_as_wanted(self):
        self.assertEqual(self.counts({"a/x": 1, "a/y": 2, "b/x": 3}, repetitions=4), {"a/x": 4, "a/y": 4, "b/x": 4})

    def test_rows_of_a_group_take_turns_in_random_order(self):
        self.measure({f"a/{i}": 1 for i in range(20)}, repetitions=5)
        turns = [self.order[i:i + 20] for i in range(0, 100, 20)]
        self.assertEqual([len(set(turn)) for turn in turns], [20] * 5)
        self.assertGreater(len(set(map(tuple, turns))), 1)

    def test_it_ends_in_time_and_quick_groups_are_repeated_more_often(self):
        found = self.counts({"slow/x": 10, "slow/y": 11, "quick/x": 1, "quick/y": 1, "other/x": 5}, repetitions=15)
        self.assertLessEqual(self.now, 600)
        self.assertEqual(found, {"slow/x": 15, "slow/y": 15, "quick/x": 15, "quick/y": 15, "other/x": 15})
        found = self.counts({"slow/x": 10, "slow/y": 11, "quick/x": 1, "quick/y": 1, "other/x": 5}, repetitions=99)
        self.assertLessEqual(self.now, 600)
        self.assertLessEqual(abs(found["slow/x"] - found["slow/y"]), 1)
        self.assertLess(found["slow/x"] * 3, found["other/x"])
        self.assertLess(found["slow/x"] * 8, found["quick/x"])

    def test_all_groups_have_their_first_turn_first(self):
        self.measure({"a/x": 1, "b/x": 10, "c/x": 1})
        self.assertEqual(self.order[:3], ["a/x", "b/x", "c/x"])
        self.assertEqual(self.order[3:7], ["a/x", "c/x"] * 2)

    def test_a_slow_group_does_not_take_the_time_of_those_after_it(self):
        rows = {f"slow/{i}": 10 for i in range(100)} | {"tiring/x": 11, "quick/x": 1, "quick/y": 2}
        found = self.counts(rows)
        self.assertEqual([found[name] for name in ("tiring/x", "quick/x", "quick/y")], [1, 1, 1])
        self.assertEqual(set(found[f"slow/{i}"] for i in range(100)), {0, 1})

    def test_a_row_that_takes_much_longer_than_others_is_not_repeated(self):
        self.assertEqual(self.counts({"a/x": 1, "a/y": 1, "a/z": 21}), {"a/x": 3, "a/y": 3, "a/z": 1})
        self.assertEqual(self.counts({"a/x": 1, "a/y": 1, "a/glibc malloc": 21}), {"a/x": 3, "a/y": 3, "a/glibc malloc": 3})
        gone = {"error_occurred": True, "error_message": "missing: no file"}
        self.assertEqual(self.counts({"a/x": gone, "a/y": gone, "a/z": 1}), {"a/x": 0, "a/y": 0, "a/z": 3})

    def test_a_row_that_does_not_fit_is_told(self):
        quick = {f"{i}/x": 1 for i in range(6)}
        rows = self.measure({"a/x": 1, "a/y": 61, "a/z": 1, **quick})
        self.assertEqual(rows["a/y"]["unmeasured"], "takes more than 60 s")
        self.assertEqual([len(row["times"]) for row in rows.values()], [3, 0] + [3] * 7)

    def test_rows_that_no_time_is_left_for_are_told(self):
        rows = self.measure({f"{i}/x": 50 for i in range(14)})
        self.assertEqual(self.now, 600)
        reasons = [row.get("unmeasured", "") for row in rows.values()]
        self.assertEqual(reasons[:12], [""] * 12)
        self.assertEqual(reasons[12:], [measure.NO_TIME] * 2)

    def test_a_group_that_is_cut_short_has_its_baseline(self):
        for _ in range(5):
            rows = self.measure({"a/x": 50} | {f"a/{i}": 50 for i in range(20)} | {"a/glibc malloc": 55})
            self.assertEqual(self.order[0], "a/glibc malloc")
            cut = rows[self.order[-1]]
            self.assertEqual((self.now, cut["unmeasured"]), (600, measure.NO_TIME))

    def test_what_is_missing_is_looked_for_once(self):
        gone = {"error_occurred": True, "error_message": "missing: no file"}
        rows = self.measure({"a/x": gone, "a/y": 1, "a/z": 1, "b/x": gone})
        self.assertEqual((rows["a/x"]["missing"], self.order.count("a/x"), len(rows["a/y"]["times"])), ("no file", 1, 3))

    def test_an_interrupt_ends_it_early(self):
        calls = iter([{"cpu_time": 1, "time_unit": "s"}])

        def run(*_):
            try:
                return next(calls)
            except StopIteration:
                raise KeyboardInterrupt from None

        rows = made_up("a/x", "b/x")
        with unittest.mock.patch.object(measure, "run", run):
            measure.measure(rows, options(), stream=io.StringIO())
        self.assertEqual([(len(row["times"]), row.get("unmeasured")) for row in rows], [(1, None), (0, measure.NO_TIME)])

    def test_progress_in_a_file_comes_now_and_then(self):
        stream = io.StringIO()
        self.measure({"a/x": 1, "a/y": 1, "b/x": 10}, stream, repetitions=4)
        lines = stream.getvalue().splitlines()
        self.assertEqual(lines[0], "10:00 left, 0 of 3 rows measured; program 1 of 1, a: repetition 1")
        self.assertGreater(len(self.order), len(lines))
        self.assertRegex(lines[-1], r"^9:\d\d left, 3 of 3 rows measured; program 1 of 1, b: repetition \d$")

    def test_progress_on_a_terminal_is_rewritten_and_fits(self):
        stream = io.StringIO()
        stream.isatty = lambda: True
        stream.fileno = lambda: 2
        with unittest.mock.patch.object(os, "get_terminal_size", lambda _: os.terminal_size((40, 24))):
            self.measure({"a/x": 1, "a/y": 1}, stream, repetitions=1)
        texts = ["10:00 left, 0 of 2 rows measured; program", "9:59 left, 1 of 2 rows measured; program"]
        self.assertEqual(stream.getvalue(), "".join(f"\r{text[:39]}\033[K" for text in texts) + "\r\033[K")


class Running(Programs):
    def test_rows_are_listed_by_group_with_their_baseline(self):
        self.set({"b/x": {}, "a/x/iterations:1/manual_time": {}, "b/y/real_time": {}})
        rows = measure.rows_of(self.program)
        self.assertEqual(names(rows), ["b/x", "b/y", "a/x"])
        self.assertEqual([row["clock"] for row in rows], [False, True, True])
        self.assertEqual({row["baseline"] for row in rows}, {"glibc malloc"})
        self.assertEqual(self.calls(), [])

    def test_one_row_and_no_other_is_run(self):
        rows = measure.rows_of(self.program)
        for row in rows:
            measure.take(row, measure.run(row, options(), 60))
        self.assertEqual(self.calls(), [f"{name} 0.02" for name in ROWS])
        self.assertEqual([row["times"] for row in rows], [[20], [10], [], [5], [4000], [], [2000]])
        self.assertEqual(rows[2]["missing"], "no libtbb.so")
        self.assertEqual(rows[5]["failed"], "ended with status 1: mbind: no")
        self.assertEqual((rows[0]["version"], rows[6]["counters"]), ("2.36", {"faults": [7.5]}))

    def test_a_row_that_hangs_is_ended_with_its_children(self):
        self.set({"a/x": {"hang": True}})
        row, = measure.rows_of(self.program)
        child, limit = self.root / "child", 1.0
        while not child.exists() or not child.read_text():
            self.assertIsNone(measure.run(row, options(), limit))
            limit *= 2
        # Gone, or a zombie for as long as nobody has waited for it.
        status = pathlib.Path(f"/proc/{child.read_text()}/stat")
        for _ in range(1000):
            if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.01)
        self.fail("the child lives on")


class Reports(Programs):
    def test_what_is_printed(self):
        said = self.report("--repetitions", "2", "--json", str(self.root / "json"), status=1)
        self.assertRegex(said, r"\| fixed/pair, 16 B +\| acre::pool_resource +\| 2 +\| 5 ns +\| 0.25 +\| 0.25 .. 0.25 +"
                               r"\| 0.25 +\| 0.50 +\|")
        self.assertRegex(said, r"TBB memory pool, keeping all +\| +\| missing ")
        self.assertRegex(said, r"\| vector<T, A> \(1\+1\) +\| acre::area +\| 7.5 +\|")
        self.assertIn("\nversions:\n- glibc malloc: 2.36\n", said)
        self.assertIn("\nmissing:\n- TBB memory pool, keeping all: no libtbb.so\n", said)
        self.assertIn("\nfailed:\n- vector<T, A> (1+1)/hwloc_alloc: ended with status 1: mbind: no\n", said)
        written = json.loads((self.root / "json").read_text())["rows"]
        self.assertEqual(written[3]["times"], [5, 5])

    def test_what_is_not_counted_is_said_once(self):
        self.set({f"a/{who}": {"cpu_time": 1, "context": {"uncounted": "dTLB misses (no)"}} for who in ("x", "y")})
        self.assertEqual(self.report().partition("\nuncounted:\n")[2], "- dTLB misses (no)\n")

    def test_chosen_rows_alone_are_run(self):
        said = self.report("--repetitions", "1", "--peers", "none", "--rows", "^fixed/", "--smoke")
        self.assertEqual(sorted(self.calls()), ["fixed/pair, 16 B/acre::pool_resource smoke",
                                                "fixed/pair, 16 B/glibc malloc smoke"])
        self.assertIn("(once)", said)
        self.assertIn("smoke: these figures say nothing\n", said)

    def test_what_cannot_be_done_is_refused_before_anything_is_run(self):
        for arguments, words in ((["--peers", "mimaloc"], "'mimaloc' is none of them, which are glibc, mimalloc, "),
                                 (["--rows", "nobody"], "no row has 'nobody' in its name"),
                                 (["--rows", "("], "'(' is no regular expression"),
                                 (["--budget", "0"], "invalid number above 0 value: '0'"),
                                 (["--repetitions", "-1"], "invalid number above 0 value: '-1'"),
                                 (["--", "--benchmark_filter=x"], "--benchmark_filter=x is no benchmark program"),
                                 (["/bin/false"], "/bin/false is no benchmark program"),
                                 (["/bin/true"], "/bin/true is no benchmark program")):
            with self.subTest(arguments):
                self.assertIn(words, self.report(*arguments, status=2))
        self.assertEqual(self.calls(), [])

    def test_charts(self):
        words = ["--repetitions", "1", "--rows", "^fixed/", "--charts", str(self.root / "plots")]
        self.assertIn("--charts needs gnuplot", self.report(*words, status=2, path="/nowhere"))
        self.assertEqual(self.calls(), [])
        (self.root / "bin").mkdir()
        self.add("bin/gnuplot", f'#!/bin/sh\necho "$2" >>{self.root}/drawn\n')
        said = self.report(*words, path=f"{self.root}/bin:{os.environ['PATH']}")
        self.assertIn(f"\ncharts:\n- {self.root}/plots/fixed_pairs.svg\n", said)
        drawn, = (self.root / "drawn").read_text().splitlines()
        self.assertTrue(drawn.startswith(f"out = '{self.root}/plots/fixed_pairs.svg'; "), drawn)

    def test_curves_by_threads_and_charts_of_nodes(self):
        def row(group, who, median, **counters):
            made, = made_up(f"scaling/{group}/{who}")
            return {**made, "times": [median], "median": median, "counters": counters}
        rows = [row("replace, 1 thread", "glibc malloc", 20.0), row("replace, 2 threads", "glibc malloc", 10.0),
                row("pair, 64 B, 2 threads", "glibc malloc", 10.0),
                row("latency, memory of node 0", "CPUs of node 0", 90.0),
                row("bandwidth, memory of node 1", "CPUs of node 0", 2e7, **{"GiB/s": 50.0})]
        drawn = {}

        def gnuplot(command, check):
            self.assertTrue(check)
            settings = dict(part.partition(" = ")[::2] for part in command[2].split("; "))
            files = pathlib.Path(re.search(r"(?:files\[1\] = |sprintf\()'(.+)/", command[2]).group(1))
            drawn[pathlib.Path(settings["out"].strip("'")).name] = {
                "settings": settings, "data": {path.name: path.read_text() for path in files.iterdir()}}

        with unittest.mock.patch.object(plot.subprocess, "run", gnuplot):
            plot.draw_all(rows, self.root / "plots")
        self.assertEqual(set(drawn), {"latency.svg", "bandwidth.svg", "scale_threads.svg"})
        self.assertEqual(drawn["latency.svg"]["settings"]["headings[1]"], "'memory of node 0'")
        self.assertIn(' 90 90', drawn["latency.svg"]["data"]["latency.1"].replace(".0", ""))
        self.assertEqual(float(drawn["bandwidth.svg"]["settings"]["limit"]), 60)
        curves = drawn["scale_threads.svg"]
        # What was measured with one number of threads is no curve.
        self.assertEqual((curves["settings"]["panels"], curves["settings"]["headings[1]"]), ("1", "'replace'"))
        self.assertEqual(curves["data"]["scale_threads.1.1"], "1 50.0\n2 100.0\n")


if __name__ == "__main__":
    unittest.main()
