#!/usr/bin/env python3
"""demo_command_test.py ACRE_DEMO: exit status and output of the program as its users run it."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

DEMO = sys.argv.pop(1)


class Demo(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = pathlib.Path(directory.name)
        self.text = self.dir / "text"
        (self.text / "below").mkdir(parents=True)
        (self.text / "a.txt").write_text("one two\nthree two\n")
        (self.text / "below/b.txt").write_text("four\n")
        (self.text / "c.bin").write_bytes(b"\0\1\2")

    def run_demo(self, *args):
        return subprocess.run([DEMO, *map(str, args)], capture_output=True, text=True, timeout=100)

    def rejects(self, *args, saying):
        done = self.run_demo(*args)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(saying, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_what_makes_sense_here_is_tried_and_holds(self):
        done = self.run_demo(self.text)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("The text: 2 files, ", done.stdout)
        for placement in ("unbound", "local", "bind "):
            self.assertIn(f"\n{placement}", done.stdout)
        placements = done.stdout.count("\n  built in ") - 1
        self.assertGreaterEqual(placements, 3)
        self.assertEqual(done.stdout.count("\n  holds: "), placements)

    def test_placements_that_are_asked_for_are_tried_in_turn(self):
        done = self.run_demo("--placement", "interleave all", "--placement=bind all", self.text)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("as you asked"), 2)
        self.assertLess(done.stdout.index("\ninterleave "), done.stdout.index("\nbind "))
        self.assertNotIn("\nunbound", done.stdout)

    def test_one_that_cannot_be_had_fails_and_the_others_are_tried(self):
        done = self.run_demo("--placement", "bind 1023", "--placement", "local", self.text)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("\nbind 1023: as you asked\n  cannot be had here: ", done.stdout)
        self.assertIn("\n  holds: ", done.stdout)

    def test_the_default_text_is_the_compilers(self):
        done = self.run_demo("--placement", "unbound")
        if "this build knows no others" in done.stderr:
            self.assertEqual(done.returncode, 2)
            return
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"The text: \d+ files, [\d.]+ MiB")

    def test_names_do_not_speak_to_the_terminal(self):
        self.rejects(self.dir / "a\033[2Jb", saying="a?[2Jb")

    def test_help_names_the_options(self):
        for option in ("--help", "-h"):
            done = self.run_demo(option)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("--placement TEXT", done.stdout)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)

    def test_bad_input_is_named(self):
        self.rejects(self.dir / "absent", saying="absent: there is no such file")
        self.rejects("/dev/null", saying="neither a file nor a directory")
        self.rejects("--placement", "nonsense", self.text, saying="--placement: ")
        self.rejects(self.text, "--placement", saying="--placement needs a text")
        self.rejects(self.text, "--nonsense", saying="--nonsense")
        self.rejects("--", "--help", saying="--help: there is no such file")
        (self.dir / "empty").mkdir()
        self.rejects(self.dir / "empty", saying="no words")

    def test_nobody_reads(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([DEMO, self.text], stdout=full, stderr=subprocess.PIPE, text=True, timeout=100)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_what_may_not_be_read_is_named(self):
        (self.text / "a.txt").chmod(0)
        self.rejects(self.text, saying="a.txt: Permission denied")


if __name__ == "__main__":
    unittest.main()
