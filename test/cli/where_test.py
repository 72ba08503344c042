#!/usr/bin/env python3
"""where_test.py ACRE PLACED_PROCESS: `acre where` on real processes."""
import concurrent.futures
import json
import os
import pathlib
import platform
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from nobody import run_as_nobody
from terminal import read_all

ACRE, PLACED = sys.argv[1:3]
del sys.argv[1:3]
NUMA = pathlib.Path("/proc/self/numa_maps").exists()


def numa_maps(pid):
    """{address: {node: base pages}} as the kernel shows it."""
    mappings = {}
    for line in pathlib.Path(f"/proc/{pid}/numa_maps").read_text().splitlines():
        unit = int((re.findall(r"kernelpagesize_kB=(\d+)", line) or [4])[0]) // 4
        nodes = {int(node): int(pages) * unit for node, pages in re.findall(r" N(\d+)=(\d+)", line)}
        mappings[int(line.split()[0], 16)] = nodes
    return mappings


# Its main thread ends alone; the other one goes on with 32 MiB.
WITHOUT_MAIN_THREAD = f"""
import ctypes, threading, time
def hold():
    memory = b"x" * (32 << 20)
    print("ready", flush=True)
    while memory: time.sleep(60)
threading.Thread(target=hold).start()
ctypes.CDLL(None).syscall({ {"x86_64": 60}.get(platform.machine(), 93) }, 0)
"""


# In a PID namespace of its own: the number of what is watched goes to another process, where pidfd_open(2) would not
# tell (434 anywhere; it ends with ENOSYS as on Linux < 5.3).
NUMBER_AGAIN = """
import ctypes, signal, struct, subprocess, sys, time
libc = ctypes.CDLL(None)
code = struct.pack("=" + "HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 434, 0x06, 0, 0, 0x50026, 0x06, 0, 0, 0x7fff0000)
filter = struct.pack("HxxxxxxP", 4, ctypes.cast(code, ctypes.c_void_p).value)
first = subprocess.Popen(["sleep", "60"])
watch = subprocess.Popen([sys.argv[1], "where", str(first.pid), "--watch", "0.2", "--json"], stdout=subprocess.PIPE,
                         preexec_fn=lambda: libc.prctl(22, 2, filter) == 0 or sys.exit(77))
watch.stdout.readline()
watch.send_signal(signal.SIGSTOP)
first.kill()
first.wait()
time.sleep(0.05)  # processes are told apart by the clock tick they began in
with open("/proc/sys/kernel/ns_last_pid", "w") as file:
    file.write(str(first.pid - 1))
second = subprocess.Popen(["sleep", "60"])
assert second.pid == first.pid
watch.send_signal(signal.SIGCONT)
watch.communicate(timeout=20)
sys.exit(watch.returncode)
"""


def transparent_huge(pid):
    """{address: bytes in transparent huge pages} as the kernel shows it."""
    mappings = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            address = int(line.split("-")[0], 16)
            mappings[address] = 0
        elif kib := re.match(r"(?:AnonHugePages|ShmemPmdMapped|FilePmdMapped): +(\d+) kB", line):
            mappings[address] += int(kib[1]) * 1024
    return mappings


def run(*args, **options):
    return subprocess.run([ACRE, "where", *map(str, args)], capture_output=True, text=True, timeout=60, **options)


@unittest.skipUnless(NUMA, "the kernel shows no numa_maps")
class Where(unittest.TestCase):
    def start(self, *command, **options):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def stopped(self):
        process = self.start(PLACED, "words:system:1MiB:local", "plain:shared:2MiB:unbound",
                             "huge:thp:8MiB:local")
        self.assertEqual(process.stdout.readline(), b"ready\n")
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        return process.pid

    def sleeper(self, seconds=60):
        process = self.start("sleep", str(seconds))
        while pathlib.Path(f"/proc/{process.pid}/comm").read_text() != "sleep\n":
            time.sleep(0.01)
        return process

    def test_json_says_what_the_kernel_says(self):
        pid = self.stopped()
        for _ in range(10):  # the kernel moves and takes pages when it likes to
            wanted, huge = numa_maps(pid), transparent_huge(pid)
            done = run(pid, "--json")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            if (wanted, huge) == (numa_maps(pid), transparent_huge(pid)):
                break
        report = json.loads(done.stdout)
        got = {m["begin"]: {n["node"]: n["pages"] for n in m["nodes"]} for m in report["mappings"]}
        self.assertEqual(got, wanted)
        total = sum(sum(nodes.values()) for nodes in wanted.values())
        self.assertEqual(report["pages"], total)
        self.assertEqual(sum(n["pages"] for n in report["nodes"]), total)
        self.assertEqual(report["pid"], pid)
        huge = {address: size for address, size in huge.items() if address in wanted}
        self.assertEqual({m["begin"]: m["transparent_huge"] for m in report["mappings"]}, huge)
        self.assertEqual(report["transparent_huge"], sum(huge.values()))
        if "[anon:words]" in pathlib.Path(f"/proc/{pid}/maps").read_text():
            words = [m for m in report["mappings"] if m["name"] == "[anon:words]"]
            self.assertEqual(sum(m["pages"] for m in words), 256)

    def test_text_fits_80_columns_and_has_no_escapes(self):
        pid = self.stopped()
        for args in ([], ["--top", "0"], ["--top", "3"]):
            done = run(pid, *args, env={**os.environ, "COLUMNS": "80"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertNotIn("\033", done.stdout)
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80, done.stdout)
            self.assertIn(f"process {pid}: ", done.stdout)
        self.assertIn(f"in {len(numa_maps(pid)) - 3} more mappings", done.stdout)

    def test_text_fits_narrower_terminals(self):
        pid = self.stopped()
        with tempfile.TemporaryDirectory() as directory:
            for columns in (1, 10, 20, 40, 60, 70):
                done = run(pid, "--html", f"{directory}/page", env={**os.environ, "COLUMNS": str(columns)})
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), columns, done.stdout)

    def test_nothing_is_cut_for_programs(self):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / ("a_name_that_goes_on_" * 8)
            shutil.copy("/bin/sleep", program)
            process = self.named(program, "60")
            environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
            done = run(process.pid, "--top", "0", env=environment)
            self.assertIn(f"process {process.pid}: {program} 60\n", done.stdout)
            self.assertRegex(done.stdout, f"  {program}\n")
            pages = {int(node): int(count) for node, count in re.findall(r"^  node (\d+) .*  (\d+) pages? ", done.stdout, re.M)}
            self.assertGreater(sum(pages.values()), 0, done.stdout)

    def test_closed_standard_files_become_no_others(self):
        pid = self.sleeper().pid
        for closed, number in (("0<&-", 0), ("2>&-", 2)):
            watch = self.start("sh", "-c", f'exec "$@" {closed}', "sh", ACRE, "where", str(pid), "--watch", "60", "--top", "1")
            watch.stdout.readline()  # the time: it has looked
            self.assertIn(f"process {pid}: ".encode(), watch.stdout.readline())
            self.assertEqual(os.readlink(f"/proc/{watch.pid}/fd/{number}"), "/dev/null")
        done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", ACRE, "where", str(pid)], stderr=subprocess.PIPE, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to make namespaces")
    def test_a_process_of_another_namespace_is_watched_on(self):
        # With the /proc of this one, where numbers are others.
        sleeper = self.sleeper()
        watch = self.start("unshare", "-p", "-f", ACRE, "where", str(sleeper.pid), "--watch", "0.1", "--top", "1",
                           stderr=subprocess.PIPE)
        self.addCleanup(watch.stderr.close)
        looks = 0
        for line in watch.stdout:
            looks += line.startswith(f"process {sleeper.pid}: ".encode())
            if looks == 3:
                break
        if b"unshare" in (b"" if looks else watch.stderr.read()):
            self.skipTest("no namespaces here")
        self.assertEqual(looks, 3)
        sleeper.kill()
        sleeper.wait()
        self.assertIn(b"has ended", watch.stdout.read())

    @unittest.skipUnless(os.geteuid() == 0, "needs root to make namespaces")
    def test_without_proc_nothing_is_said_of_processes(self):
        for command in ("where 1", "move 1 0 0"):
            done = subprocess.run(["unshare", "-m", "sh", "-c", f"umount -l /proc && exec '{ACRE}' {command}"],
                                  capture_output=True, text=True, timeout=60)
            if "unshare" in done.stderr or "umount" in done.stderr:
                self.skipTest("no namespaces here")
            if "AddressSanitizer" in done.stderr or "ASan" in done.stderr:
                return  # which itself does not work without /proc
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(done.stderr, "acre: /proc, which shows processes, is not mounted\n")

    def test_a_program_that_is_gone_still_has_its_name(self):
        with tempfile.TemporaryDirectory() as directory:
            name = f"acre_gone_{os.getpid()}"
            program = pathlib.Path(directory) / name
            shutil.copy("/bin/sleep", program)
            # With another comm only /proc/PID/exe knows the name.
            process = self.start("sh", "-c", f'ln -s "{program}" "{directory}/other"; exec "{directory}/other" 60')
            while pathlib.Path(f"/proc/{process.pid}/comm").read_text() != "other\n":
                time.sleep(0.01)
            program.unlink()
            self.assertIn(f"process {process.pid}: ", run(name).stdout)

    def test_a_name_is_as_good_as_a_number(self):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / f"acre_{os.getpid()}"
            program.symlink_to("/bin/sleep")
            # What is found is /proc/PID/comm: the link's name.
            first = self.start(str(program), "60")
            while pathlib.Path(f"/proc/{first.pid}/comm").read_text() != program.name + "\n":
                time.sleep(0.01)
            done = run(program.name)
            self.assertIn(f"process {first.pid}: ", done.stdout)
            second = self.start(str(program), "60")
            while pathlib.Path(f"/proc/{second.pid}/comm").read_text() != program.name + "\n":
                time.sleep(0.01)
            done = run(program.name)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            for pid in (first.pid, second.pid):
                self.assertIn(str(pid), done.stderr)

    def test_a_script_is_found_by_its_name(self):
        with tempfile.TemporaryDirectory() as directory:
            script = pathlib.Path(directory) / f"eat_{os.getpid()}.py"
            script.write_text("print('ready', flush=True)\nimport time\ntime.sleep(60)\n")
            first = self.start(sys.executable, "-u", str(script), "argument")
            self.assertEqual(first.stdout.readline(), b"ready\n")
            done = run(script.name)
            self.assertIn(f"process {first.pid}: ", done.stdout, done.stderr)
            second = self.start(sys.executable, str(script))
            self.assertEqual(second.stdout.readline(), b"ready\n")
            done = run(script.name)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            for process in (first, second):
                self.assertIn(f"  {process.pid} {sys.executable} ", done.stderr)

    def named(self, program, *args):
        process = self.start(str(program), *args)
        while pathlib.Path(f"/proc/{process.pid}/comm").read_text() != program.name[:15] + "\n":
            time.sleep(0.01)
        return process

    def test_a_name_that_the_kernel_has_cut_is_found_whole(self):
        with tempfile.TemporaryDirectory() as directory:
            script = pathlib.Path(directory) / f"acre_a_long_name_{os.getpid()}"
            script.write_text("#!/bin/sh\nread line\n")
            script.chmod(0o755)
            process = subprocess.Popen([script], stdin=subprocess.PIPE)
            self.addCleanup(process.wait)
            self.addCleanup(process.stdin.close)
            while pathlib.Path(f"/proc/{process.pid}/comm").read_text() != script.name[:15] + "\n":
                time.sleep(0.01)
            done = run(script.name)
            self.assertIn(f"process {process.pid}: ", done.stdout, done.stderr)
            # The first 15 bytes are the same.
            done = run(script.name + "_2")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("there is no process", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_a_long_name_of_another_user_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / f"acre_of_somebody_{os.getpid()}"
            shutil.copy("/bin/sleep", program)
            process = self.named(program, "60")
            done = run_as_nobody(ACRE, "where", program.name)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(f"process {process.pid}", done.stderr)

    def test_a_zombie_has_its_name_only_where_no_other_has_it(self):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory) / f"acre_{os.getpid()}"
            program.symlink_to("/bin/sleep")
            ended, living = self.named(program, "60"), self.named(program, "60")
            ended.kill()
            os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
            done = run(program.name)
            self.assertIn(f"process {living.pid}: ", done.stdout, done.stderr)
            living.kill()
            living.wait()
            self.assertIn(f"process {ended.pid}: ", run(program.name).stdout)

    def test_a_process_whose_main_thread_has_ended_has_its_memory(self):
        process = self.start(sys.executable, "-c", WITHOUT_MAIN_THREAD)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        while ") Z " not in pathlib.Path(f"/proc/{process.pid}/stat").read_text():
            time.sleep(0.01)
        report = json.loads(run(process.pid, "--json").stdout)
        self.assertEqual(report["state"], "has_memory")
        self.assertGreater(report["bytes"], 32 << 20)
        self.assertIn(sys.executable, report["command"])
        watch = self.start(ACRE, "where", str(process.pid), "--watch", "0.1", "--json", stderr=subprocess.DEVNULL)
        for _ in range(3):
            self.assertEqual(json.loads(watch.stdout.readline())["state"], "has_memory")
        process.kill()
        watch.stdout.read()  # a full pipe would keep acre from seeing the end
        self.assertEqual(watch.wait(timeout=30), 0)

    def test_the_page_is_written_whole_and_alone(self):
        with tempfile.TemporaryDirectory() as directory:
            page = pathlib.Path(directory) / "page.html"
            done = run(self.sleeper().pid, "--html", page)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(page.read_text().endswith("</html>\n"))
            self.assertEqual(os.listdir(directory), ["page.html"])
            self.assertIn(str(page), done.stdout)

    def test_bad_input_is_named(self):
        pid = self.sleeper().pid
        for args, saying in ((["4194999"], "there is no process 4194999"), (["no-such-program"], "no-such-program"),
                             ([pid, "--watch", "0.01"], "0.1"), ([pid, "--watch=nan"], "0.1"),
                             ([pid, "--watch", "1", "--html", "x"], "--html"), ([pid, "--top", "-1"], "--top"),
                             ([pid, "--html", "/absent/page"], "cannot write"), ([pid, "--html", ""], "--html"),
                             ([pid, "--watch", ""], "--watch has no value"), (["--watch", ""], "a number, or the name"),
                             ([], "PROCESS is required"), ([""], "a number, or the name"),
                             ([pid, "--watch", "x"], "--watch: 'x' is no number from 0.1"),
                             (["[a,b]"], "no process '[a,b]'")):
            done = run(*args)
            self.assertEqual((done.returncode, done.stdout), (2, ""), args)
            self.assertIn(saying, done.stderr)

    def test_a_full_disk_is_a_failure(self):
        pid = self.sleeper().pid
        where = ["where", str(pid)]
        for args in (where, [*where, "--json"], [*where, "--watch", "0.1"], [*where, "--watch", "0.1", "--json"],
                     ["doctor", "--json"], ["nodes"], ["where", "--help"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([ACRE, *args], stdout=full, stderr=subprocess.PIPE, text=True, timeout=20)
            self.assertEqual((done.returncode, done.stderr), (1, "acre: cannot write to the standard output\n"), args)

    def test_a_page_that_is_too_large_leaves_nothing_behind(self):
        with tempfile.TemporaryDirectory() as directory:
            page = f"{directory}/page.html"
            for limit in (0, 4096):
                done = run(self.sleeper().pid, "--html", page,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assertEqual((done.returncode, done.stderr), (1, f"acre: cannot write {page}: File too large\n"))
                self.assertEqual(os.listdir(directory), [])

    def test_watching_in_a_pipe_gives_blocks_until_the_process_ends(self):
        process = self.sleeper()
        watch = self.start(ACRE, "where", str(process.pid), "--watch", "0.2", "--top", "2")
        times = 0
        while times < 2:
            times += re.fullmatch(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", watch.stdout.readline()) is not None
        process.kill()
        process.wait()
        rest = watch.stdout.read()
        self.assertTrue(rest.endswith(f"process {process.pid} has ended\n".encode()), rest)
        self.assertNotIn(b"\033", rest)
        self.assertEqual(watch.wait(timeout=30), 0)

    def test_the_end_is_noticed_before_the_next_look(self):
        process = self.sleeper()
        watch = self.start(ACRE, "where", str(process.pid), "--watch", "3600")
        watch.stdout.readline()
        process.kill()  # and not waited for: a zombie has ended, too
        self.assertEqual(watch.wait(timeout=30), 0)

    @unittest.skipUnless(os.geteuid() == 0, "needs root for a PID namespace")
    def test_another_process_of_the_same_number_is_not_watched(self):
        done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", NUMBER_AGAIN, ACRE],
                              capture_output=True, text=True, timeout=60)
        if "unshare: " in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("has ended", done.stderr)

    def test_watching_with_json_gives_an_object_a_line(self):
        process = self.sleeper()
        watch = subprocess.Popen([ACRE, "where", str(process.pid), "--watch", "0.1", "--json"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        reports = [json.loads(watch.stdout.readline()) for _ in range(2)]
        self.assertLess(reports[0]["time_ms"], reports[1]["time_ms"])
        process.kill()
        process.wait()
        # Not communicate(): it leaves out what readline() has in its buffer.
        with watch.stdout, watch.stderr:
            for line in watch.stdout:
                self.assertEqual(json.loads(line)["pid"], process.pid)
            self.assertIn(b"has ended", watch.stderr.read())
        self.assertEqual(watch.wait(timeout=30), 0)

    def in_terminal(self, *args, environment=None, act=lambda child, seen: None, until):
        """Runs acre in a terminal of 24 lines; `act` once `until` was seen. What was written, and the status."""
        child, terminal = pty.fork()
        if child == 0:
            os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **(environment or {})})
            for name in ("COLUMNS", "COLORTERM", "NO_COLOR"):
                if name not in (environment or {}):
                    os.environ.pop(name, None)
            os.system("stty rows 24 cols 80")
            os.execv(ACRE, [ACRE, "where", *map(str, args)])
        seen, acting, end = b"", None, time.monotonic() + 60
        with concurrent.futures.ThreadPoolExecutor() as actors:
            while time.monotonic() < end:
                ready, _, _ = select.select([terminal], [], [], 1)
                try:
                    seen += os.read(terminal, 65536) if ready else b""
                except OSError:  # EIO: acre has ended
                    break
                if not acting and re.search(until, seen):
                    # Beside the reading: a terminal that nobody reads is full soon, and acre waits for it.
                    acting = actors.submit(act, child, seen)
            if acting:
                acting.result(60)
        os.close(terminal)
        return seen, os.waitpid(child, 0)[1]

    def test_watching_in_a_terminal_gives_it_back_at_a_signal(self):
        pid = self.sleeper().pid
        for number in (signal.SIGINT, signal.SIGTERM):
            seen, status = self.in_terminal(pid, "--watch", "0.1", until=rb"(?s)\033\[J.*\033\[J",
                                            act=lambda child, _, n=number: os.kill(child, n))
            self.assertTrue(os.WIFSIGNALED(status) and os.WTERMSIG(status) == number, status)
            self.assertIn(b"\033[?1049h\033[?25l", seen)
            self.assertTrue(seen.endswith(b"\033[?25h\033[?1049l"), seen[-80:])
            for frame in seen.split(b"\033[H")[2:]:
                self.assertLess(frame.count(b"\n"), 24, frame)
                self.assertRegex(frame, rb"^(\033\[K[^\n]*\n)*\033\[K[^\n]*\033\[J|^\033\[2J")

    def test_the_key_q_ends_watching(self):
        pid = self.sleeper().pid
        for name, option, shown in (("xterm", "", rb"\033\[J"), ("dumb", "", rb"process \d+: "), ("xterm", "--json", rb'"pid":')):
            shell, terminal = pty.fork()
            if shell == 0:
                os.environ["TERM"] = name
                os.execvp("sh", ["sh", "-c", f"'{ACRE}' where {pid} --watch {option}; echo status $?; stty -a"])
            seen, pressed = b"", False
            while select.select([terminal], [], [], 60)[0]:
                try:
                    seen += os.read(terminal, 65536)
                except OSError:  # EIO: the shell has ended
                    break
                if re.search(shown, seen) and not pressed:
                    pressed = True
                    os.write(terminal, b"xq")
            os.close(terminal)
            os.waitpid(shell, 0)
            rest = seen[seen.rindex(b"status "):]
            self.assertTrue(rest.startswith(b"status 0\r\n"), seen)
            self.assertRegex(rest, rb"(?s) icanon .* echo ")
            self.assertNotIn(b"xq", seen)
            if name == "xterm" and not option:
                self.assertIn(b"\033[?1049l", seen)

    def test_the_keys_are_for_who_reads_from_a_pipe(self):
        pid = self.sleeper().pid
        shell, terminal = pty.fork()
        if shell == 0:
            os.execvp("sh", ["sh", "-c", f"'{ACRE}' where {pid} --watch 0.1 --json | (read line; read line; stty -a </dev/tty)"])
        seen = read_all(terminal)
        os.waitpid(shell, 0)
        self.assertRegex(seen, rb"(?s) icanon .* echo ")

    def test_watching_needs_no_interval(self):
        pid = str(self.sleeper().pid)
        for args in ([pid, "--watch"], ["--watch", pid], ["--watch", "--top", "1", pid], ["--watch", "0.5", pid],
                     ["--watch=0.5", pid], [pid, "--watch", "0.5"]):
            watch = self.start(ACRE, "where", *args)
            for _ in range(2):
                while not watch.stdout.readline().startswith(f"process {pid}: ".encode()):
                    self.assertIsNone(watch.poll(), args)
            watch.kill()

    def test_two_signals_at_once_give_the_terminal_back(self):
        def both(child, _):
            os.kill(child, signal.SIGINT)
            os.kill(child, signal.SIGTERM)

        pid = self.sleeper().pid
        for _ in range(5):
            seen, status = self.in_terminal(pid, "--watch", "0.1", until=rb"\033\[J", act=both)
            self.assertTrue(os.WIFSIGNALED(status), status)
            self.assertTrue(seen.endswith(b"\033[?7h\033[?25h\033[?1049l"), seen[-80:])

    def test_a_terminal_that_cannot_redraw_gets_blocks(self):
        pid = self.sleeper().pid
        for name in ("dumb", ""):
            seen, _ = self.in_terminal(pid, "--watch", "0.1", environment={"TERM": name},
                                       until=rb"(?s)process \d+: .*process \d+: ",
                                       act=lambda child, _: os.kill(child, signal.SIGINT))
            self.assertNotIn(b"\033", seen)
            self.assertRegex(seen, rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\r\n")

    def test_in_the_background_the_terminal_is_the_shells(self):
        shell, terminal = pty.fork()
        if shell == 0:
            os.environ.update({"TERM": "xterm", "PS1": "", "HISTFILE": ""})
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.waitpid, shell, 0)
        self.addCleanup(os.kill, shell, signal.SIGKILL)
        seen = b""

        def wait_until(what):
            nonlocal seen
            end = time.monotonic() + 30
            while not what():
                self.assertLess(time.monotonic(), end, seen[-2000:])
                if select.select([terminal], [], [], 0.02)[0]:
                    seen += os.read(terminal, 65536)

        def state():
            try:
                return pathlib.Path(f"/proc/{watch}/stat").read_text().split(")")[1].split()[0]
            except OSError:  # bash has waited for it
                return "Z"

        def stopped():
            return state() == "T"

        def type_in(line):
            os.write(terminal, line.encode() + b"\n")

        sleeper = self.sleeper().pid
        type_in(f"{ACRE} where {sleeper} --watch 0.1 & echo pid=$!=")
        wait_until(lambda: re.search(rb"pid=(\d+)=", seen))
        watch = int(re.search(rb"pid=(\d+)=", seen)[1])
        wait_until(stopped)
        self.assertNotIn(b"\033[?1049h", seen)
        type_in("fg")
        wait_until(lambda: seen.count(b"\033[J") > 1)
        for times in (1, 2):
            os.kill(watch, signal.SIGTSTP)
            wait_until(lambda: seen.count(b"\033[?1049l") == times and stopped())
            entered = seen.count(b"\033[?1049h")
            if times == 1:
                type_in("fg")
                wait_until(lambda: seen.count(b"\033[?1049h") == entered + 1)
        type_in("bg; echo in the ba''ckground")
        wait_until(lambda: b"in the background" in seen)
        time.sleep(0.5)
        wait_until(stopped)
        self.assertEqual(seen.count(b"\033[?1049h"), entered)
        type_in("kill %1")
        wait_until(lambda: state() == "Z")
        self.assertEqual(seen.count(b"\033[?1049h"), entered)

    def test_in_the_background_it_rests_where_nothing_stops_it(self):
        process = self.sleeper()
        script = f"""set -m; (trap '' TTOU; exec '{ACRE}' where {process.pid} --watch 5) &
            until grep -q '^acre$' /proc/$!/comm; do sleep 0.1; done; sleep 2; cat /proc/$!/stat; kill -9 $!"""
        shell, terminal = pty.fork()
        if shell == 0:
            os.environ["TERM"] = "xterm"
            os.execvp("bash", ["bash", "-c", script])
        seen = read_all(terminal)
        os.waitpid(shell, 0)
        stat = re.search(rb"\(acre\) (.*)", seen)
        self.assertTrue(stat, seen)
        fields = stat[1].split()
        self.assertLess((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), 1, seen)
        self.assertNotIn(b"\033[?1049h", seen)

    def test_it_is_not_stopped_where_no_shell_could_wake_it(self):
        def stop(child, _):
            os.kill(child, signal.SIGTSTP)
            time.sleep(2)
            self.assertIsNone(os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG))
            os.kill(child, signal.SIGINT)

        seen, _ = self.in_terminal(self.sleeper().pid, "--watch", "0.1", until=rb"\033\[J", act=stop)
        self.assertEqual(seen.count(b"\033[?1049h"), 2)
        self.assertEqual(seen.count(b"\033[?25h\033[?1049l"), 2)

    def test_a_signal_ends_it_though_nobody_reads_what_it_writes(self):
        process = self.sleeper()
        child, terminal = pty.fork()
        if child == 0:
            os.execv(ACRE, [ACRE, "where", str(process.pid), "--watch", "0.1", "--json"])
        self.addCleanup(os.close, terminal)
        # It reads no more: the terminal is full, and the write waits.
        now, end = None, time.monotonic() + 60
        while now != (now := [pathlib.Path(f"/proc/{child}/{name}").read_text() for name in ("comm", "io")]) or now[0] != "acre\n":
            self.assertLess(time.monotonic(), end)
            time.sleep(1)
        os.kill(child, signal.SIGTERM)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), -signal.SIGTERM)

    def test_watching_in_a_terminal_gives_it_back_when_the_process_ends(self):
        process = self.sleeper()
        seen, status = self.in_terminal(process.pid, "--watch", "0.1", until=rb"\033\[J", act=lambda *_: process.kill())
        self.assertEqual(status, 0)
        self.assertRegex(seen, rb"\033\[\?25h\033\[\?1049lprocess \d+ has ended\r\n$")

    def test_a_process_that_is_not_there_leaves_the_terminal_alone(self):
        seen, status = self.in_terminal("4194999", "--watch", "1", until=b"$^")
        self.assertEqual(os.waitstatus_to_exitcode(status), 2)
        self.assertNotIn(b"\033", seen)

    def test_colours_are_for_terminals_that_want_them(self):
        pid = self.sleeper().pid
        seen, _ = self.in_terminal(pid, until=b"$^")
        self.assertIn(b"\033[", seen)
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
            seen, _ = self.in_terminal(pid, until=b"$^", environment=environment)
            self.assertNotIn(b"\033", seen)

    def test_colours_are_those_that_the_terminal_has(self):
        pid = self.sleeper().pid
        for environment, many in (({"TERM": "linux"}, False), ({"TERM": "linux", "COLORTERM": "truecolor"}, True),
                                  ({"TERM": "xterm"}, False), ({"TERM": "xterm-256color"}, True)):
            seen, _ = self.in_terminal(pid, until=b"$^", environment=environment)
            self.assertRegex(seen, rb"\033\[38;5;\d+m" if many else rb"\033\[[39]\dm")
            self.assertNotIn(b"\033[38;2;", seen)
            if not many:
                self.assertNotIn(b"\033[38", seen)

    @unittest.skipUnless(pathlib.Path("/proc/2/comm").exists()
                         and pathlib.Path("/proc/2/comm").read_text() == "kthreadd\n", "sees no kernel threads")
    def test_a_kernel_thread_has_no_memory_of_its_own(self):
        done = run(2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no memory of its own", done.stdout)

    def test_a_zombie_has_no_memory_any_more(self):
        process = self.sleeper()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        for args in ([], ["--watch", "3600"]):
            done = run(process.pid, *args)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("no memory any more", done.stdout)
        self.assertEqual(json.loads(run(process.pid, "--json").stdout)["state"], "zombie")

    @unittest.skipUnless(os.geteuid() == 0, "needs root to become somebody else")
    def test_the_memory_of_others_is_theirs(self):
        done = run_as_nobody(ACRE, "where", os.getpid())
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("CAP_SYS_PTRACE", done.stderr)


if __name__ == "__main__":
    unittest.main()
