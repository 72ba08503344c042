#!/usr/bin/env python3
"""run_test.py ACRE TOUCHER: what `acre run` starts, how, and what it ends with."""
import fcntl
import os
import pathlib
import pty
import re
import select
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

from terminal import read_all

ACRE, TOUCHER = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))


def acre_run(*args, **more):
    return subprocess.run([ACRE, "run", *map(str, args)], capture_output=True, text=True, timeout=60, **more)


def wait_until(happens, seconds=30):
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def wait_for_looks(acre):
    """Until acre, which waits between its looks at the command's memory, has had a whole one since."""
    def waits():
        status = pathlib.Path(f"/proc/{acre}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[1])

    before = waits()
    wait_until(lambda: waits() > before + 3, 120)


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
        # Of those that acre itself may run on, which taskset(1) decides.
        last = max(os.sched_getaffinity(0))
        for options in (["-C", "+0"], ["-C", "all"]):
            done = acre_run(*options, *shown, preexec_fn=lambda: os.sched_setaffinity(0, {last}))
            self.assertEqual(done.stdout, f"[{last}]\n")
        self.ends(0, "-N", "all", "--local", "true")

    def test_mistakes_of_acres_own_are_125(self):
        self.ends(125, saying="COMMAND is required")
        self.ends(125, "--local", saying="COMMAND is required")
        self.ends(125, "--local", "--", saying="COMMAND is required")
        self.ends(125, "--nonsense", "true", saying="'--nonsense' is no option")
        self.ends(125, "--bind", 0, "--local", "true", saying="--local: memory has one placement at most")
        self.ends(125, "-m", 0, "-p", 0, "true", saying="-p: memory has one placement at most")
        self.ends(125, "-C", 0, "-N", 0, "true", saying="(-C)")
        self.ends(125, "--bind", 1000, "true", saying="node 1000")
        self.ends(125, "--bind", "0x", "true", saying="0x")
        self.ends(125, "--bind", "none", "true")
        self.ends(125, "--cpus", 65000, "true", saying="65000")
        self.ends(125, "--cpus", "1-", "true", saying="position 2")
        self.ends(125, "--placement", "interleave 0-1 by 64KiB", "true")
        self.ends(125, "--local", "", saying="no name")
        self.ends(125, "--cpus", "", "--bind", 0, "true", saying="--cpus has no value")
        self.ends(125, "-N", "", "--bind", 0, "true")
        self.ends(125, "--bind", "", "true")
        self.ends(125, "--bind=", "--interleave", 0, "echo", saying="--bind has no value")
        self.ends(125, "--cpus=", 0, "echo", saying="--cpus has no value")
        self.ends(125, "--report=", "echo", saying="--report takes no value")
        self.ends(125, "--p", 0, "true", saying="'--p' may be one of several options")
        self.ends(125, "--\x1b[31mred", "true", saying="acre: '--?[31mred' is no option; see acre run --help\n")
        self.ends(0, "--local", "echo", "--bind=", out="--bind=\n")
        self.ends(0, "--help")

    def test_nothing_need_be_placed(self):
        self.ends(3, "sh", "-c", "exit 3")

    def test_strict_is_told_to_be_ignored(self):
        self.ends(0, "--strict", "--local", "true", saying="acre: note: --strict is ignored")


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
            self.ends(127, *report, "--local", "--", "---x", saying="'---x'")
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


class StandardError(Run):
    CASES = ((3, ["--report", "sh", "-c", "exit 3"]), (3, ["--local", "--report", "sh", "-c", "sleep 0.2; exit 3"]),
             (127, ["--local", "/absent"]), (127, ["--report", "/absent"]), (125, ["--bind", "77", "true"]))

    def test_one_that_cannot_be_written_changes_nothing(self):
        for where in ("2>/dev/full", "2>&-"):
            for status, options in self.CASES:
                done = subprocess.run(["sh", "-c", f'"$@" {where}', "sh", ACRE, "run", *options], timeout=60)
                self.assertEqual(done.returncode, status, (where, options))

    def test_one_that_nobody_reads_changes_nothing(self):
        for status, options in self.CASES:
            ours, theirs = os.pipe()
            os.close(ours)
            done = subprocess.run([ACRE, "run", *options], stderr=theirs, timeout=60)
            os.close(theirs)
            self.assertEqual(done.returncode, status, options)

    def test_a_closed_one_becomes_no_other_file(self):
        for options in (["--local"], ["--report"]):
            shown = "for pid in $$ $PPID; do readlink /proc/$pid/fd/2 || echo closed; done"
            done = subprocess.run(["sh", "-c", '"$@" 2>&-', "sh", ACRE, "run", *options, "sh", "-c", shown],
                                  capture_output=True, text=True, timeout=60)
            ours = "/dev/null" if options == ["--report"] else "closed"
            self.assertEqual(done.stdout, f"closed\n{ours}\n", options)


class Report(Run):
    def test_the_status_is_the_commands(self):
        self.ends(0, "--report", "true", saying="true: status 0")
        self.ends(3, "--report", "--local", "sh", "-c", "exit 3", saying="sh: status 3")
        self.ends(-15, "--report", "--local", "sh", "-c", "kill -TERM $$", saying="status 143")
        self.ends(-9, "--report", "sh", "-c", "kill -KILL $$")
        line = f"'{ACRE}' run --report sh -c 'kill -INT $$'; echo $?"
        # A shell that waits for a program ended by SIGINT goes on only if it has got none itself.
        self.assertEqual(subprocess.run(["sh", "-c", line], capture_output=True, text=True).stdout, "130\n")

    def test_only_the_command_leaves_a_core(self):
        with tempfile.TemporaryDirectory() as directory:
            script = "ulimit -c 0; kill -QUIT $$"
            pid = os.fork()
            if pid == 0:
                try:
                    os.chdir(directory)
                    os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
                    _, most = resource.getrlimit(resource.RLIMIT_CORE)
                    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
                    os.execv(ACRE, [ACRE, "run", "--report", "sh", "-c", script])
                finally:
                    os._exit(99)
            status = os.waitpid(pid, 0)[1]
            self.assertEqual(os.WTERMSIG(status), signal.SIGQUIT)
            # Where no core is allowed, or a program takes them, this shows no more than the signal.
            self.assertFalse(os.WCOREDUMP(status))
            self.assertEqual(os.listdir(directory), [])

    def test_the_memory_is_told(self):
        child = subprocess.Popen([ACRE, "run", "--report", "--bind", "0", "sh", "-c", f"cat | '{TOUCHER}' 64"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "ready\n")
        wait_for_looks(child.pid)
        out, err = child.communicate(timeout=60)
        self.assertEqual((child.returncode, out), (0, "kept\n"), err)
        self.assertRegex(err, r"most memory seen: \d+\.?\d* MiB after .*, in [2-3] processes; \d+ looks")
        self.assertIn("policy: bind 0", err)
        pages = re.search(r"node 0 .*?([\d ]+) pages", err).group(1).replace(" ", "")
        self.assertGreaterEqual(int(pages), 64 * 256)
        largest = re.search(r"at most ([\d.]+) MiB", err).group(1)
        self.assertGreaterEqual(float(largest), 64)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to make namespaces")
    def test_no_other_process_is_told_of(self):
        """In a PID namespace with the /proc of another, where the command's number is another process's."""
        done = subprocess.run(["unshare", "-p", "-f", ACRE, "run", "--report", "sh", "-c", "sleep 0.2"], capture_output=True,
                              text=True, timeout=60)
        if "unshare" in done.stderr:
            self.skipTest("no namespaces here")
        self.assertEqual(done.returncode, 0)
        self.assertIn("nothing was seen: /proc is not mounted, or was in another PID", done.stderr)

    def mebibytes_seen(self, *script):
        """By acre, of a script that says "ready" and ends when its input does."""
        child = subprocess.Popen([ACRE, "run", "--report", sys.executable, "-c", "\n".join(script)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "ready\n")
        wait_for_looks(child.pid)
        _, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0, err)
        seen = re.search(r"most memory seen: ([\d.]+) MiB", err)
        self.assertTrue(seen, err)
        return float(seen.group(1)), err

    def test_shared_pages_count_once(self):
        seen, report = self.mebibytes_seen(
            "import mmap, os, sys",
            "memory = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
            "for page in range(0, 64 << 20, 4096): memory[page] = 1",
            "for i in range(5):",
            "    if os.fork() == 0: sys.stdin.read(); os._exit(0)",
            "print('ready', flush=True)",
            "for i in range(5): os.wait()")
        self.assertGreater(seen, 60)
        self.assertLess(seen, 130, report)
        self.assertIn("a page that N processes map counts 1/N in each; in full they would be", report)

    def test_memory_is_seen_when_the_first_thread_has_ended(self):
        exit_of_a_thread = {"x86_64": 60, "aarch64": 93}.get(os.uname().machine)
        if exit_of_a_thread is None:
            self.skipTest("the number of exit(2) is not known here")
        seen, report = self.mebibytes_seen(
            "import ctypes, os, pathlib, sys, threading, time",
            "def work():",
            "    while ') Z ' not in pathlib.Path('/proc/self/stat').read_text(): time.sleep(0.01)",
            "    memory = bytearray(b'x') * (64 << 20)",
            "    print('ready', flush=True)",
            "    sys.stdin.read()",
            "    os._exit(0)",
            "threading.Thread(target=work).start()",
            f"ctypes.CDLL(None).syscall({exit_of_a_thread}, 0)")
        self.assertGreater(seen, 60, report)
        self.assertNotIn("it had more between the looks", report)

    def test_the_report_is_as_wide_as_its_terminal(self):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        child = subprocess.Popen([ACRE, "run", "--report", "sh", "-c", "echo ready; read line; exit 0"], stderr=theirs,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        os.close(theirs)
        self.assertEqual(child.stdout.readline(), "ready\n")
        wait_for_looks(child.pid)
        child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0)
        text = re.sub(r"\x1b\[[\d;]*m", "", read_all(ours).decode())
        widest = max(len(line) for line in text.splitlines())
        self.assertTrue(100 < widest <= 120, text)

    def test_interrupts_are_the_commands_alone(self):
        for number in (signal.SIGINT, signal.SIGQUIT):
            child = subprocess.Popen([ACRE, "run", "--report", "sh", "-c", "echo ready; read line; exit 9"],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(child.stdout.readline(), "ready\n")
            child.send_signal(number)
            err = child.communicate("\n", timeout=60)[1]
            self.assertEqual(child.returncode, 9, err)
            self.assertIn("sh: status 9", err)

    def test_other_signals_end_acre_and_leave_the_command(self):
        child = subprocess.Popen([ACRE, "run", "--report", "sh", "-c", "echo ready; read line; echo told"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(child.stdout.readline(), "ready\n")
        child.terminate()
        self.assertEqual(child.wait(timeout=60), -signal.SIGTERM)
        self.assertEqual(child.communicate("\n", timeout=60), ("told\n", ""))

    def test_a_hangup_ends_what_leads_its_session(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(ACRE, [ACRE, "run", "--report", "sleep", "60"])
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        wait_until(lambda: children.read_text().split())
        command = children.read_text().split()[0]
        wait_until(lambda: pathlib.Path(f"/proc/{command}/comm").read_text() == "sleep\n")
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), -signal.SIGHUP)
        wait_until(lambda: not os.path.exists(f"/proc/{command}"))

    def test_the_terminals_stop_reaches_both(self):
        shell, terminal = pty.fork()
        if shell == 0:
            os.environ.update({"PS1": "", "HISTFILE": ""})
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.addCleanup(os.waitpid, shell, 0)
        self.addCleanup(os.kill, shell, signal.SIGKILL)
        seen = b""

        def wait_for(what):
            nonlocal seen
            end = time.monotonic() + 30
            while what not in seen:
                self.assertLess(time.monotonic(), end, seen)
                if select.select([terminal], [], [], 0.02)[0]:
                    seen += os.read(terminal, 65536)

        os.write(terminal, f"{ACRE} run --report sh -c 'echo rea''dy; read line; echo it goes on; exit 4'\n".encode())
        wait_for(b"ready\r\n")
        os.write(terminal, b"\x1a")
        wait_for(b"Stopped")
        # The shell waits for acre alone; the command, where it has not stopped yet, would read a letter of the next line.
        command = shell
        for _ in range(2):
            command = pathlib.Path(f"/proc/{command}/task/{command}/children").read_text().split()[0]
        wait_until(lambda: pathlib.Path(f"/proc/{command}/stat").read_text().rpartition(")")[2].split()[0] == "T")
        os.write(terminal, b"echo prompt is b'a'ck; fg; echo status $?\n")
        wait_for(b"prompt is back")
        os.write(terminal, b"\n")
        wait_for(b"it goes on\r\n")
        wait_for(b"status 4\r\n")

    def test_a_command_that_others_stop_and_wake_leaves_acre_running(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        fifo = os.path.join(directory.name, "fifo")
        os.mkfifo(fifo)
        pid, terminal = pty.fork()
        if pid == 0:
            script = f"'{ACRE}' run --report cat '{fifo}' & wait $!; echo status $?"
            os.execvp("sh", ["sh", "-c", script])
        children = lambda of: pathlib.Path(f"/proc/{of}/task/{of}/children").read_text().split()
        wait_until(lambda: children(pid) and children(children(pid)[0]))
        command = int(children(children(pid)[0])[0])
        wait_until(lambda: pathlib.Path(f"/proc/{command}/comm").read_text() == "cat\n")
        os.kill(command, signal.SIGSTOP)
        wait_until(lambda: pathlib.Path(f"/proc/{command}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T")
        time.sleep(0.5)  # for acre to see it
        os.kill(command, signal.SIGCONT)
        with open(fifo, "w"):  # cat's end
            pass
        self.assertIn(b"status 0", read_all(terminal))
        os.waitpid(pid, 0)

    def test_without_a_terminal_only_the_command_stops(self):
        child = subprocess.Popen([ACRE, "run", "--report", "sh", "-c", "echo $$; kill -STOP $$; exit 4"],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        command = int(child.stdout.readline())
        state = pathlib.Path(f"/proc/{command}/stat")
        wait_until(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T")
        os.kill(command, signal.SIGCONT)
        child.communicate(timeout=60)
        self.assertEqual(child.returncode, 4)

    def test_the_terminals_interrupt_comes_once(self):
        script = "n=0; trap 'n=$((n+1))' INT; echo ready; until [ $n -gt 0 ]; do sleep 0.1; done; sleep 0.5; echo $n interrupts"
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
        self.assertEqual(done.stdout, "6\n")

    def test_looking_costs_little(self):
        child = subprocess.Popen([ACRE, "run", "--report", TOUCHER, "128"], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        time.sleep(4)
        stat = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        allowed = 0.3 + 0.02 * (time.monotonic() - began)  # 2 %, and what starting takes
        child.communicate(timeout=60)
        used = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        self.assertLess(used, allowed)


if __name__ == "__main__":
    unittest.main()
