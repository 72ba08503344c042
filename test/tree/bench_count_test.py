"""bench/count.py: what it makes of callgrind's files, and when a count has grown. Valgrind is made up."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))
import count  # noqa: E402

# Each thread beyond the first takes a lock more for its operations.
VALGRIND = f"""#!{sys.executable}
import sys
out, = (argument.partition("=")[2] for argument in sys.argv if argument.startswith("--callgrind-out-file="))
program, who, work, threads, pools, operations = sys.argv[-6:]
if who == "mimalloc":
    sys.exit(3)
locks = 2 * int(operations) * int(threads) * (int(threads) - 1 if who == "acre::node_pools" else 1)
open(out, "w").write(f"events: Ir Ge\\ntotals: {{100 * int(operations) * int(threads)}} {{locks}}\\n")
"""


class Counts(unittest.TestCase):
    def test_of_a_file(self):
        written = "# callgrind format\nevents: Ir Ge\n\nfn=(1) counted_pairs\n0 500\n\ntotals: 1000 10\n"
        found = count.counts_of(written, 100)
        self.assertEqual(found, {"instructions": 10, "atomic": 1e5})

    def test_of_a_file_without_atomic_instructions(self):
        found = count.counts_of("events: Ir Ge\nfn=(1) counted_pairs\n0 400\ntotals: 400\n", 4)
        self.assertEqual(found, {"instructions": 100, "atomic": 0})

    def test_that_have_grown(self):
        least = {"instructions": 100, "atomic": 20_000}
        self.assertEqual(count.grown(least, {"instructions": 104, "atomic": 22_900}), [])
        self.assertEqual(count.grown(least, {"instructions": 106, "atomic": 23_100}), ["instructions", "atomic"])


class Program(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        listed = "acre::pool_resource acre::node_pools mimalloc"
        self.program = self.add("counted-work", f"#!/bin/sh\nprintf '%s\\n' {listed}\n")
        self.add("valgrind", VALGRIND)

    def add(self, name, text):
        path = self.root / name
        path.write_text(text)
        path.chmod(0o755)
        return str(path)

    def count(self, *arguments, path=None):
        command = [sys.executable, "-B", BENCH / "count.py", *arguments, self.program]
        environment = dict(os.environ, PATH=path or f"{self.root}:{os.environ['PATH']}")
        return subprocess.run(command, text=True, capture_output=True, env=environment)

    def test_nothing_has_grown(self):
        ran = self.count("--allocators", "acre::pool_resource,mimalloc")
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn("nothing has grown", ran.stdout)
        self.assertIn("mimalloc               is missing", ran.stdout)
        first = next(line for line in ran.stdout.splitlines() if line.startswith("handover"))
        self.assertEqual(first.split(), ["handover", "acre::pool_resource", "2", "1", "100.0", "2000000"])

    def test_what_has_grown_is_told(self):
        ran = self.count("--allocators", "acre::node_pools", "--works", "pair", "--threads", "2", "--pools", "1")
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        self.assertIn("grown:\nacre::node_pools, pair, 2 threads, 1 pools: more atomic\n", ran.stdout)

    def test_what_cannot_be_done_is_refused(self):
        self.assertIn("needs valgrind", self.count(path="/nowhere").stderr)
        for arguments, words in ((["--works", "pairs", "--allocators", "mimalloc"], "there is no work 'pairs', but: pair"),
                                 (["--allocators", "jemaloc"], "there is no allocator 'jemaloc', but: acre::pool")):
            ran = self.count(*arguments)
            self.assertEqual(ran.returncode, 2)
            self.assertIn(words, ran.stderr)


if __name__ == "__main__":
    unittest.main()
