#!/usr/bin/env python3
"""run_test.py ACRE TOUCHER: what `acre run` starts, how, and what it ends with."""
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ACRE, TOUCHER = sys.argv.pop(1), sys.argv.pop(1)


def acre_run(*args, **more):
    return subprocess.run([ACRE, "run", *map(str, args)], capture_output=True, text=True, timeout=60, **more)


class Run(unittest.TestCase):
    def ends(self, status, *args, saying="", out=None):
        done = acre_run(*args)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(saying, done.stderr)
        if out is not None:
            self.assertEqual(done.stdout, out)
        return done


class Arguments(Run):
    def test_the_commands_options_are_its_own(self):
        self.ends(0, "--bind", 0, "printf", "%s|", "-l", "--bind", "--help", "--", "[a,b]", "", out="-l|--bind|--help|--|[a,b]||")
        self.ends(0, "--local", "--", "printf", "%s|", "--report", "x", out="--report|x|")
        self.ends(0, "--local", "--", "echo", "where", out="where\n")

    def test_options_have_numactls_names(self):
        shown = ["cat", "/proc/self/numa_maps"]
        for options in (["--bind", 0], ["--membind", 0], ["-m", 0], ["-m0"], ["--membind=0"]):
            done = self.ends(0, *options, *shown)
            self.assertRegex(done.stdout, r" bind(=\w+)?:0 ")
        for options in (["--prefer", 0], ["--preferred", 0], ["-p", 0]):
            done = self.ends(0, *options, *shown)
            self.assertRegex(done.stdout, r" prefer( \(many\))?:0 ")
        for options in (["--local"], ["--localalloc"], ["-l"], ["--placement", "local"]):
            self.assertIn(" local ", self.ends(0, *options, *shown).stdout)

    def test_cpus_are_bound(self):
        first = min(os.sched_getaffinity(0))
        shown = [sys.executable, "-c", "import os; print(sorted(os.sched_getaffinity(0)))"]
        for options in (["--cpus", first], ["--physcpubind", first], ["-C", first], ["-C", "+0"]):
            self.ends(0, *options, *shown, out=f"[{first}]\n")
        self.ends(0, "--cpunodebind", 0, "true")
        self.ends(0, "-N", "all", "--local", "true")

    def test_mistakes_of_acres_own_are_125(self):
        self.ends(125, saying="COMMAND is required")
        self.ends(125, "--local", saying="COMMAND is required")
        self.ends(125, "--local", "--", saying="COMMAND is required")
        self.ends(125, "true", saying="say where")
        self.ends(125, "--nonsense", "true", saying="--nonsense")
        self.ends(125, "--bind", 0, "--local", "true", saying="--bind and --local")
        self.ends(125, "-C", 0, "-N", 0, "true", saying="--cpus and --cpunodebind")
        self.ends(125, "--bind", 1000, "true", saying="node 1000")
        self.ends(125, "--bind", "0x", "true", saying="0x")
        self.ends(125, "--bind", "none", "true")
        self.ends(125, "--cpus", 65000, "true", saying="65000")
        self.ends(125, "--cpus", "1-", "true", saying="position 2")
        self.ends(125, "--placement", "interleave 0-1 by 64KiB", "true")
        self.ends(125, "--local", "", saying="no name")
        self.ends(0, "--help")


class Becoming(Run):
    def test_the_command_takes_acres_place(self):
        child = subprocess.Popen([ACRE, "run", "--local", "sh", "-c", "echo $$"], stdout=subprocess.PIPE, text=True)
        self.assertEqual(int(child.communicate(timeout=60)[0]), child.pid)

    def test_its_status_and_signals_are_its_own(self):
        self.ends(0, "--local", "true")
        self.ends(3, "--local", "sh", "-c", "exit 3")
        self.ends(-15, "--local", "sh", "-c", "kill -TERM $$")
        # As the shell sees it.
        line = f"'{ACRE}' run --local sh -c 'kill -TERM $$'; echo $?"
        self.assertEqual(subprocess.run(["sh", "-c", line], capture_output=True, text=True).stdout, "143\n")

    def test_what_cannot_be_started_is_told(self):
        for report in ([], ["--report"]):
            self.ends(127, *report, "--local", "/absent/program", saying="No such file")
            self.ends(127, *report, "--local", "absent-program-of-acre", saying="absent-program-of-acre")
            self.ends(126, *report, "--local", "/", saying="ermission denied")
        with tempfile.NamedTemporaryFile() as file:
            self.ends(126, "--local", file.name, saying="ermission denied")

    def test_the_environment_and_the_files_stay(self):
        environment = {"A": "1", "PATH": os.environ["PATH"]}
        done = acre_run("--local", "env", env=environment)
        self.assertEqual(dict(line.split("=", 1) for line in done.stdout.splitlines()), environment)
        script = "import os; print([f for f in range(3, 200) if os.path.exists(f'/proc/self/fd/{f}')])"
        self.ends(0, "--local", sys.executable, "-c", script, out="[]\n")
        done = acre_run("--local", "cat", input="text")
        self.assertEqual(done.stdout, "text")

    def test_a_full_disk_is_the_commands_to_notice(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([ACRE, "run", "--local", "sh", "-c", "exit 5"], stdout=full)
        self.assertEqual(done.returncode, 5)


class Report(Run):
    def test_the_status_is_the_commands(self):
        self.ends(0, "--report", "true", saying="true: status 0")
        self.ends(3, "--report", "--local", "sh", "-c", "exit 3", saying="sh: status 3")
        self.ends(143, "--report", "--local", "sh", "-c", "kill -TERM $$", saying="status 143")
        self.ends(137, "--report", "sh", "-c", "kill -KILL $$")

    def test_the_memory_is_told(self):
        done = self.ends(0, "--report", "--bind", 0, "sh", "-c", f"(sleep 2) | '{TOUCHER}' 64", out="ready\nkept\n")
        self.assertRegex(done.stderr, r"most memory seen: \d+\.?\d* MiB after .*, in [2-3] processes; \d+ looks")
        self.assertIn("policy: bind 0", done.stderr)
        pages = re.search(r"node 0 .*?([\d ]+) pages", done.stderr).group(1).replace(" ", "")
        self.assertGreaterEqual(int(pages), 64 * 256)
        largest = re.search(r"at most ([\d.]+) MiB", done.stderr).group(1)
        self.assertGreaterEqual(float(largest), 64)

    def test_signals_go_to_the_command(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
            script = "trap 'echo told; exit 9' TERM HUP INT USR1; echo ready; while :; do sleep 0.05; done"
            child = subprocess.Popen([ACRE, "run", "--report", "sh", "-c", script],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(child.stdout.readline(), "ready\n")
            child.send_signal(number)
            out, err = child.communicate(timeout=60)
            self.assertEqual((child.returncode, out), (9, "told\n"), err)

    def test_the_terminals_interrupt_comes_once(self):
        script = "n=0; trap 'n=$((n+1))' INT; echo ready; i=0; while [ $i -lt 10 ]; do sleep 0.1; i=$((i+1)); done; echo $n interrupts"
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(ACRE, [ACRE, "run", "--report", "sh", "-c", script])
        text, interrupted = b"", False
        while True:
            try:
                got = os.read(terminal, 4096)
            except OSError:
                break
            if not got:
                break
            text += got
            if b"ready" in text and not interrupted:
                interrupted = True
                os.write(terminal, b"\3")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, text)
        self.assertIn(b"1 interrupts", text)
        self.assertIn(b"status 0", text)

    def test_the_command_has_the_callers_signals(self):
        shown = ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]
        previous = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGCHLD, previous)
        with subprocess.Popen(shown, stdout=subprocess.PIPE, text=True) as plain:
            expected = plain.stdout.read()
        for options in (["--report"], ["--local"]):
            with subprocess.Popen([ACRE, "run", *options, *shown], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True) as child:
                self.assertEqual(child.stdout.read(), expected)

    def test_a_status_is_not_lost_where_the_caller_ignores_children(self):
        line = f"trap '' CHLD; '{ACRE}' run --report sh -c 'exit 6'; echo $?"
        script = f"import signal, os; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp('sh', ['sh', '-c', {line!r}])"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        self.assertIn("status 6", done.stderr)

    def test_looking_costs_little(self):
        child = subprocess.Popen([ACRE, "run", "--report", TOUCHER, "128"], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(4)
        stat = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        child.communicate(timeout=60)
        used = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used, 0.25)  # of 4 s; 2 % and what starting takes, in ticks of 10 ms


if __name__ == "__main__":
    unittest.main()
