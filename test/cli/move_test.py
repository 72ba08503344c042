#!/usr/bin/env python3
"""move_test.py ACRE TOUCHER: arguments, output and exit statuses of `acre move`; where pages go needs several nodes
(test/vm)."""
import json
import os
import pathlib
import pty
import subprocess
import sys
import unittest

from terminal import read_all

ACRE, TOUCHER = sys.argv.pop(1), sys.argv.pop(1)


def move(*args, **more):
    return subprocess.run([ACRE, "move", *map(str, args)], stderr=subprocess.PIPE, text=True, timeout=60,
                          **{"stdout": subprocess.PIPE, **more})


class Move(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen([TOUCHER, "4"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.assertEqual(self.process.stdout.readline(), "ready\n")
        self.pid = self.process.pid

    def end(self):
        self.assertEqual(self.process.communicate(timeout=60)[0], "kept\n")
        self.assertEqual(self.process.returncode, 0)

    def fails(self, *args, saying):
        done = move(*args)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(saying, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertNotRegex(done.stderr, r"::|move_process|\w\(\)")

    def test_both_spellings_move(self):
        for args in ((self.pid, "--from", 0, "--to", 0), ("--to=0", "--from=0", self.pid), (self.pid, 0, 0)):
            done = move(*args)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, f"process {self.pid}: 0 pages moved, 0 stayed\n")
            self.assertEqual(done.stderr, "")

    def test_json_has_all(self):
        told = json.loads(move(self.pid, 0, 0, "--json").stdout)
        self.assertEqual(set(told), {"pid", "moved", "left", "all_moved", "moves", "before", "after"})
        self.assertEqual((told["pid"], told["all_moved"], told["moves"]), (self.pid, True, []))
        self.assertGreaterEqual(told["before"][0]["pages"], 1024)

    def test_mistakes_are_named(self):
        self.fails(saying="PROCESS is required")
        self.fails(self.pid, saying="say from where")
        self.fails(self.pid, "--from", 0, saying="say from where")
        self.fails(self.pid, 0, saying="FROM TO")
        self.fails(self.pid, 0, 0, "--to", 0, saying="FROM TO")
        self.fails(self.pid, 0, 1000, saying="node 1000")
        self.fails(self.pid, 1000, 0, saying="node 1000")
        self.fails(self.pid, "x", 0, saying="x")
        self.fails(self.pid, "none", 0, saying="FROM 'none' names no node")
        self.fails(self.pid, "", 0, saying="FROM '' names no node")
        self.fails(self.pid, 0, "", saying="TO '' names no node")
        self.fails(self.pid, "--from=none", "--to=0", saying="--from 'none' names no node")
        self.fails(self.pid, "--from=0", "--to=none", saying="--to 'none' names no node")
        self.fails(999999999, 0, 0, saying="no process 999999999")
        self.fails("absent-program-of-acre", 0, 0, saying="no process 'absent-program-of-acre'")

    @unittest.skipUnless(pathlib.Path("/proc/2/comm").exists()
                         and pathlib.Path("/proc/2/comm").read_text() == "kthreadd\n", "sees no kernel threads")
    def test_a_kernel_thread_has_nothing_to_move(self):
        self.fails(2, 0, 0, saying="process 2: It is a thread of the kernel: it has no memory of its own")

    def test_a_zombie_has_nothing_to_move(self):
        process = subprocess.Popen(["true"])
        self.addCleanup(process.wait)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self.fails(process.pid, 0, 0, saying="no memory any more")

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "w") as full:
            done = move(self.pid, 0, 0, stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)

    def test_progress_is_for_terminals_only_and_goes_away(self):
        ours, theirs = pty.openpty()
        done = subprocess.run([ACRE, "move", str(self.pid), "0", "0"], stdout=subprocess.PIPE, stderr=theirs, timeout=60)
        os.close(theirs)
        shown = read_all(ours)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(shown.startswith(b"\r\033[Kmoving the pages"), shown)
        self.assertTrue(shown.endswith(b"\r\033[K"), shown)


if __name__ == "__main__":
    unittest.main()
