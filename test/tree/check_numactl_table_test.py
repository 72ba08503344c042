"""cmake/check_numactl_table.py accepts the table that the list makes, makes it, and nothing else."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[2] / "cmake/check_numactl_table.py"
LIST = """# A comment
[same]
any: -m 0

[differs] ranges | numactl's | acre's
four: -m 3-1 => bind:3 * | refused
one: -m 3-1 => bind:3 * | refused
four taskset=1: -m 3-1 => bind:3 * | refused
any: -C '2, 1' -- true => status 0 | status 125
"""
ROW = "| ranges | `-m 3-1`, `-C '2, 1'`; `-m 3-1` (below taskset -c 1) | numactl's | acre's |\n"


class CheckNumactlTable(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        (self.root / "docs").mkdir()
        (self.root / "test/cli").mkdir(parents=True)
        self.page = self.root / "docs/command.md"
        self.list = self.root / "test/cli/beside_numactl.list"
        self.list.write_text(LIST)
        self.page.write_text(
            "Before\n\n<!-- made by cmake/check_numactl_table.py --fix from test/cli/beside_numactl.list -->\n"
            "nothing\n<!-- end of what was made -->\n\nAfter\n")

    def status(self, *options):
        done = subprocess.run([sys.executable, CHECKER, *options, self.root], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.returncode

    def test_a_table_that_was_made_is_accepted(self):
        self.assertEqual(self.status(), 1)
        self.assertEqual(self.status("--fix"), 0)
        self.assertIn(ROW, self.page.read_text())
        self.assertTrue(self.page.read_text().startswith("Before\n\n"))
        self.assertTrue(self.page.read_text().endswith("\n\nAfter\n"))
        self.assertEqual(self.status(), 0)

    def test_a_changed_table_is_not(self):
        self.status("--fix")
        self.page.write_text(self.page.read_text().replace("acre's |", "nobody's |"))
        self.assertEqual(self.status(), 1)

    def test_a_changed_list_makes_another_table(self):
        self.status("--fix")
        self.list.write_text(LIST.replace("] ranges", "] reversed ranges"))
        self.assertEqual(self.status(), 1)

    def test_a_difference_that_nothing_shows_is_a_mistake(self):
        self.list.write_text(LIST + "\n[differs] more | a | b\n")
        self.assertEqual(self.status("--fix"), 1)

    def test_lines_without_outcomes_are_mistakes(self):
        self.list.write_text(LIST + "any: -m 0\n")
        self.assertEqual(self.status("--fix"), 1)

    def test_unknown_machines_are_mistakes(self):
        self.list.write_text(LIST + "five: -m 0 => bind:0 * | refused\n")
        self.assertEqual(self.status("--fix"), 1)

    def test_marks_are_needed(self):
        self.page.write_text("Before\n")
        self.assertEqual(self.status("--fix"), 1)


if __name__ == "__main__":
    unittest.main()
