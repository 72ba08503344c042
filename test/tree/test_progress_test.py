"""cmake/test_progress.py: what of ctest's output it shows, what it counts, how it ends."""
import importlib.util
import io
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
import unittest
import unittest.mock

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "cmake/test_progress.py"
spec = importlib.util.spec_from_file_location("test_progress", SCRIPT)
test_progress = importlib.util.module_from_spec(spec)
spec.loader.exec_module(test_progress)

# What ctest 3.25 says of tests that pass, fail, are skipped, disabled, time out, crash, are not there, or miss a
# fixture; the first failed one prints what looks like the lines of another ctest. (h): not to be shown.
RECORDED = rb"""
Test project /tmp/ct/b
      Start  1: fix (h)
      Start  2: unit/ok.1 (h)
      Start  3: vm/ring4/6.12/boot (h)
 1/12 Test  #1: fix (h) ..........................***Failed    0.00 sec

      Start  4: vm/ring4/6.12/case (h)
 2/12 Test  #2: unit/ok.1 (h) ....................   Passed    0.10 sec
 3/12 Test  #4: vm/ring4/6.12/case (h) ...........***Failed    0.00 sec
odd """ b"\xff\xfe" rb""" bytes
      Start  3: begun already
   Start 9: in another column
4/5 Test #3: with another total .....   Passed    0.01 sec
 5/12 Test  #3: too early ......................   Passed    0.01 sec
 4/12 Test  #8: not begun ......................   Passed    0.01 sec
last line without end

      Start  5: name with ... dots (h)
      Start  6: skipped (h)
 4/12 Test  #5: name with ... dots (h) ...........   Passed    0.01 sec
      Start  7: disabled (h)
 5/12 Test  #6: skipped (h) ......................***Skipped   0.00 sec
 6/12 Test  #7: disabled (h) .....................***Not Run (Disabled)   0.00 sec
      Start  8: crashes (h)
 7/12 Test  #8: crashes (h) ......................***Exception: SegFault  0.01 sec

      Start  9: nothere (h)
Could not find executable /no/such/program
Unable to find executable: /no/such/program
 8/12 Test  #9: nothere (h) ......................***Not Run   0.00 sec
      Start 10: needsfix (h)
Failed test dependencies: fix
 9/12 Test #10: needsfix (h) .....................***Not Run   0.00 sec
      Start 11: regex (h)
10/12 Test #11: regex (h) ........................***Failed  Required regular expression not found. Regex=[yes
really
]  0.00 sec
no

      Start 12: slow (h)
11/12 Test #12: slow (h) .........................***Timeout   1.00 sec

12/12 Test  #3: vm/ring4/6.12/boot (h) ...........   Passed    2.00 sec

27% tests passed, 8 tests failed out of 11

The following tests FAILED:
	 1 - fix (h) (Failed)
Errors while running CTest
"""
LINES = RECORDED.replace(b" (h)", b"").splitlines(keepends=True)[1:]
HIDDEN = [line.replace(b" (h)", b"") for line in RECORDED.splitlines(keepends=True)
          if b" (h)" in line and (line.lstrip().startswith(b"Start") or b"Passed" in line)]
SHOWN = [line for line in LINES if line not in HIDDEN]


class Counts(unittest.TestCase):
    def setUp(self):
        self.now = 0
        self.progress = test_progress.Progress(lambda: self.now)

    def take(self, *lines):
        return [line for line in lines if self.progress.take(line)]

    def test_recorded_output(self):
        lines = [line.decode(errors="replace") for line in LINES]
        self.assertEqual(self.take(*lines), [line.decode(errors="replace") for line in SHOWN])
        self.assertEqual(self.progress.status(), "tests: 12 of 12 done, 7 failed, 2 skipped, 0 s")

    def test_what_runs(self):
        self.take("      Start  1: vm/ring4/6.12/boot", "      Start  2: unit/a")
        self.assertEqual(self.progress.status(),
                         "tests: none done yet, 0 failed, 0 s; boots running: vm/ring4/6.12 (0 s)")
        self.now = 12.4
        self.take(" 1/10 Test  #2: unit/a ....   Passed    0.01 sec", "      Start  3: vm/n8/6.1/boot")
        self.now = 30
        self.take("      Start  4: install/static")
        self.now = 40
        self.assertEqual(self.progress.status(),
                         "tests: 1 of 10 done, 0 failed, 40 s; boots running: vm/ring4/6.12 (40 s), vm/n8/6.1 (28 s); "
                         "long: install/static (10 s)")
        self.take(" 2/10 Test  #1: vm/ring4/6.12/boot ....   Passed    40 sec")
        self.assertNotIn("ring4", self.progress.status())

    def test_a_list_of_tests_is_shown_whole(self):
        lines = ["  Test  #1: unit/a", "  Test #12: unit/b", "Total Tests: 2"]
        self.assertEqual(self.take(*lines), lines)


class Output(unittest.TestCase):
    def follow(self, screen, data):
        read, write = os.pipe()
        os.write(write, data)
        os.close(write)
        with open(read, "rb", buffering=0) as pipe:
            test_progress.follow(pipe, test_progress.Progress(lambda: 0), screen)
        return screen.out.getvalue()

    def test_not_on_a_terminal(self):
        out = self.follow(test_progress.Screen(io.BytesIO(), False), b"".join(LINES))
        lines = out.splitlines(keepends=True)
        self.assertEqual([line for line in lines if not line.startswith(b"tests: ")], SHOWN)
        # The end is told before ctest's summary.
        self.assertLess(out.index(b"tests: 12 of 12 done, 7 failed"), out.index(b"tests passed"))
        self.assertEqual(lines[-1], SHOWN[-1])

    def test_now_and_then(self):
        class Told(test_progress.Screen):
            times = 0

            def status(self, text):
                self.times += 1
                if self.times == 4:
                    process.kill()

        screen = Told(io.BytesIO(), False)
        with unittest.mock.patch.object(test_progress, "FILE_PAUSE", 0.1), \
                subprocess.Popen(["sh", "-c", "echo '    Start 1: a'; exec sleep 20"], stdout=subprocess.PIPE) as process:
            test_progress.follow(process.stdout, test_progress.Progress(), screen)
        self.assertGreaterEqual(screen.times, 4)

    def test_on_a_terminal(self):
        out = self.follow(test_progress.Screen(io.BytesIO(), True), b"".join(LINES))
        self.assertIn(b"tests: 12 of 12 done, 7 failed, 2 skipped, 0 s\n", out)
        for line in SHOWN:
            self.assertIn(line, out)

    def test_a_last_line_without_end(self):
        self.assertEqual(self.follow(test_progress.Screen(io.BytesIO(), False), b"a\nb"), b"a\nb\n")


class Process(unittest.TestCase):
    """The script itself, with a shell script in ctest's place."""

    def start(self, script, **options):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        return subprocess.Popen([sys.executable, "-B", SCRIPT, "sh", "-c", script], env=environment, **options)

    def test_the_exit_status_is_ctests(self):
        self.assertEqual(self.start("exit 8").wait(), 8)
        self.assertEqual(self.start("kill -9 $$").wait(), 137)

    def test_a_line_longer_than_a_pipe_holds_is_shown_whole(self):
        with self.start("head -c 3000000 /dev/zero | tr '\\0' x; echo", stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.read(), b"x" * 3000000 + b"\n")

    def test_nobody_reads(self):
        for path, status, says in ((None, 141, ""), ("/dev/full", 1, "No space left on device")):
            with self.subTest(path), tempfile.NamedTemporaryFile() as ended:
                script = f"trap 'echo ended >{ended.name}; exit' INT; while :; do echo line; sleep 0.1; done"
                read, write = os.pipe()
                os.close(read)
                if path:
                    os.close(write)
                with open(path or write, "wb") as output, \
                        self.start(script, stdout=output, stderr=subprocess.PIPE) as process:
                    said = process.communicate(timeout=30)[1].decode()
                self.assertEqual(process.returncode, status, said)
                self.assertEqual(ended.read(), b"ended\n")
                self.assertIn(says, said)
                self.assertNotIn("Traceback", said)
                self.assertNotIn("Exception", said)

    def test_failures_are_shown_at_once(self):
        with tempfile.TemporaryDirectory() as directory:
            fifo = f"{directory}/fifo"
            os.mkfifo(fifo)
            process = self.start(f"""echo '    Start 1: a'; echo '    Start 2: b'
                echo '1/2 Test #1: a ....***Failed    0.01 sec'; echo why; read -r _ <'{fifo}'
                echo '2/2 Test #2: b ....   Passed    0.01 sec'""", stdout=subprocess.PIPE)
            with process.stdout:
                shown = []
                while b"why\n" not in shown:
                    shown.append(process.stdout.readline())
                    self.assertNotEqual(shown[-1], b"")
                self.assertIn(b"1/2 Test #1: a ....***Failed    0.01 sec\n", shown)
                with open(fifo, "w", encoding="ascii") as file:
                    file.write("\n")
                self.assertRegex(process.stdout.read(), rb"tests: 2 of 2 done, 1 failed, \d+ s\n")
            self.assertEqual(process.wait(), 0)

    def test_an_interrupt_reaches_ctest(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            name = number.name.removeprefix("SIG")
            process = self.start(f"trap 'echo caught; exit 3' {name}; echo ready; while :; do sleep 0.05; done",
                                 stdout=subprocess.PIPE, restore_signals=True)
            with process.stdout:
                self.assertEqual(process.stdout.readline(), b"ready\n")
                process.send_signal(number)
                self.assertEqual(process.stdout.read(), b"caught\n")
            self.assertEqual(process.wait(), 3)

    def test_on_a_terminal_the_status_is_rewritten_and_fits(self):
        with tempfile.TemporaryDirectory() as directory, unittest.mock.patch.dict(os.environ):
            fifo = f"{directory}/fifo"
            os.mkfifo(fifo)
            os.environ.pop("COLUMNS", None)
            main, terminal = pty.openpty()
            termios.tcsetwinsize(terminal, (24, 40))
            process = self.start(f"echo '    Start 1: vm/a/boot'; read -r _ <'{fifo}'; echo more", stdout=terminal)
            os.close(terminal)
            out = b""
            while b"tests: none done yet" not in out:
                out += os.read(main, 4096)
            with open(fifo, "w", encoding="ascii") as file:
                file.write("\n")
            try:
                while data := os.read(main, 4096):
                    out += data
            except OSError:  # the terminal's other side is closed
                pass
            os.close(main)
        self.assertEqual(process.wait(), 0)
        status = re.search(rb"(tests: none done yet, 0 failed, \d+ s; b[^\r\n]*)\r\x1b\[K", out)
        self.assertTrue(status, out)
        self.assertEqual(len(status[1]), 39)
        self.assertIn(b"\r\x1b[Kmore\r\n", out)


if __name__ == "__main__":
    unittest.main()
