"""cmake/check_no_skips.py passes a report only if every test in it ran."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[2] / "cmake/check_no_skips.py"


class CheckNoSkips(unittest.TestCase):
    def status_of(self, *cases):
        with tempfile.TemporaryDirectory() as directory:
            report = pathlib.Path(directory, "report.xml")
            report.write_text(f"<testsuite>{''.join(cases)}</testsuite>")
            done = subprocess.run([sys.executable, CHECKER, report], capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            self.text = done.stdout
            return done.returncode

    RAN = '<testcase name="a" status="run"/>'

    def test_all_ran(self):
        self.assertEqual(self.status_of(self.RAN, self.RAN), 0)

    def test_one_was_skipped(self):
        skipped = '<testcase name="b" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>'
        self.assertEqual(self.status_of(self.RAN, skipped), 1)

    def test_the_reason_is_told(self):
        output = "<system-out>Running 1 test case...\nskipped: a/b: needs root\n</system-out>"
        self.status_of(f'<testcase name="b" status="notrun"><skipped message="m"/>{output}</testcase>')
        self.assertIn("did not run: b (notrun: m)\n  skipped: a/b: needs root\n", self.text)

    def test_one_is_disabled(self):
        self.assertEqual(self.status_of(self.RAN, '<testcase name="b" status="disabled"/>'), 1)

    def test_there_are_none(self):
        self.assertEqual(self.status_of(), 1)


if __name__ == "__main__":
    unittest.main()
