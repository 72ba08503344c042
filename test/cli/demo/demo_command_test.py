#!/usr/bin/env python3
"""demo_command_test.py ACRE_DEMO: exit codes, output and files of the program as its users run it."""
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
        (self.dir / "text").mkdir()
        (self.dir / "text/a.txt").write_text("one two\nthree two\n")
        (self.dir / "text/b.bin").write_bytes(b"\0\1\2")

    def run_demo(self, *args, **environment):
        return subprocess.run([DEMO, "--numbers", "64KiB", *map(str, args)], capture_output=True, text=True, timeout=100,
                              env={**os.environ, **environment})

    def rejects(self, *args, saying):
        done = self.run_demo(*args)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(saying, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_directory_is_indexed_and_binary_files_are_left_out(self):
        done = self.run_demo(self.dir / "text")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("index: 3 words, 4 positions", done.stdout)
        self.assertIn("1 binary file left out", done.stdout)
        self.assertIn("node ", done.stdout)
        self.assertNotIn("\033", done.stdout)

    def test_no_line_is_wider_than_its_terminal(self):
        for columns in (40, 60, 100):
            done = self.run_demo(self.dir / "text", COLUMNS=str(columns))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), columns, done.stdout)

    def test_names_do_not_speak_to_the_terminal(self):
        name = self.dir / "a\033[2Jb"
        name.mkdir()
        self.rejects(name, saying="a?[2Jb")
        (name / "c.txt").write_text("one\n")
        done = self.run_demo(name, "--html", name / "page.html")
        self.assertNotIn("\033", done.stdout)
        self.assertIn("[2Jb", done.stdout)
        self.assertNotIn("\033", (name / "page.html").read_text())

    def test_the_page_is_written_whole_and_alone(self):
        done = self.run_demo(self.dir / "text", "--html", self.dir / "page.html")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.dir / "page.html").read_text().endswith("</html>\n"))
        self.assertEqual(sorted(os.listdir(self.dir)), ["page.html", "text"])

    def test_bad_input_is_named(self):
        self.rejects(self.dir / "absent", saying="absent: no such file")
        self.rejects("/dev/null", saying="neither a file nor a directory")
        self.rejects(self.dir / "text", "--html", self.dir / "absent/page.html", saying="cannot write")
        self.rejects(self.dir / "text", "--html", self.dir, saying="is a directory")
        self.rejects(self.dir / "text", "--html", "/dev/null", saying="is no file")
        self.rejects(self.dir / "text", "--placement", "nonsense", saying="acre-demo: ")
        self.rejects(self.dir / "text", "--nonsense", saying="--nonsense")
        (self.dir / "empty").mkdir()
        self.rejects(self.dir / "empty", saying="no text")
        self.assertEqual(sorted(os.listdir(self.dir)), ["empty", "text"])


if __name__ == "__main__":
    unittest.main()
