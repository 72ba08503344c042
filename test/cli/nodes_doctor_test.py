#!/usr/bin/env python3
"""nodes_doctor_test.py ACRE: `acre nodes` and `acre doctor` of this machine, as their users run them."""
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import unittest

from terminal import read_all

ACRE = sys.argv.pop(1)
NODES = pathlib.Path("/sys/devices/system/node")
MACHINES = pathlib.Path(__file__).parents[1] / "unit/machines"


def run(*args, **environment):
    env = {**os.environ, **environment}
    return subprocess.run([ACRE, *args], capture_output=True, text=True, timeout=100, env=env)


def run_in_namespaces(setup, *args, unshare="--mount", through=()):
    """What acre does where a shell command has changed the mounts; None where nobody may change any, as in containers."""
    as_root = () if os.geteuid() == 0 else ("--map-root-user",)
    # The shell stays: in a new PID namespace it is process 1.
    script = f'{{ {setup}; }} || exit 99; "$@"; exit $?'
    done = subprocess.run(["unshare", *as_root, *unshare.split(), "sh", "-c", script, "sh", *through, ACRE, *args],
                          capture_output=True, text=True, timeout=100)
    if done.returncode == 99 or done.stderr.startswith("unshare: "):
        print(f"not tried, {setup}: {done.stderr.strip()}", file=sys.stderr)
        return None
    return done


def run_in_terminal(*args, **environment):
    """What the program writes to a terminal."""
    main, other = pty.openpty()
    env = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **environment}
    with subprocess.Popen([ACRE, *args], stdout=other, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(other)
        text = read_all(main)
        process.wait(100)
    return text.decode()


def kernel_list(text):
    numbers = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


class Help(unittest.TestCase):
    def test_no_line_is_wider_than_its_terminal(self):
        for columns in (30, 40, 80, 100):
            for command in ([], ["nodes"], ["where"], ["run"], ["move"], ["shm"], ["shm", "bind"], ["doctor"], ["completion"]):
                done = run(*command, "--help", COLUMNS=str(columns))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), columns, done.stdout)


class Common:
    command = ""
    statuses = (0,)

    def test_json_parses_and_is_alone(self):
        done = run(self.command, "--json")
        self.assertIn(done.returncode, self.statuses, done.stderr)
        self.assertIsInstance(json.loads(done.stdout), dict)
        self.assertEqual(done.stderr, "")

    def test_pipes_get_whole_lines_without_escape_codes(self):
        done = run(self.command, COLUMNS="")
        self.assertIn(done.returncode, self.statuses, done.stderr)
        self.assertNotIn("\033", done.stdout)
        for line in self.lines_of(json.loads(run(self.command, "--json").stdout)):
            self.assertIn(line, done.stdout)

    def test_no_line_is_wider_than_its_terminal(self):
        for columns in (40, 60, 79, 120):
            done = run(self.command, COLUMNS=str(columns))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), columns, done.stdout)

    def test_terminals_get_colours_unless_told_not_to(self):
        self.assertIn("\033[", run_in_terminal(self.command))
        self.assertNotIn("\033[", run_in_terminal(self.command, NO_COLOR="1"))
        self.assertNotIn("\033[", run_in_terminal(self.command, TERM="dumb"))

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([ACRE, self.command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=100)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)

    def test_unknown_arguments_are_bad_input(self):
        self.assertEqual(run(self.command, "--nonsense").returncode, 2)
        self.assertEqual(run(self.command, "nonsense").returncode, 2)
        done = run("no" + self.command)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, f"acre: there is no command 'no{self.command}', the nearest is '{self.command}'; "
                                      "see acre --help\n")

    def test_help_names_the_options(self):
        done = run(self.command, "--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("--json", done.stdout)


class Nodes(Common, unittest.TestCase):
    command = "nodes"

    def lines_of(self, told):
        """What stands in one line, however long it is."""
        return ["  ".join(["allowed", "CPUs"])]

    def setUp(self):
        self.told = json.loads(run("nodes", "--json").stdout)

    def test_numbers_are_those_of_sysfs(self):
        if not NODES.is_dir():
            self.skipTest("no NUMA in this kernel")
        online = kernel_list((NODES / "online").read_text())
        self.assertEqual([n["node"] for n in self.told["nodes"]], online)
        for node in self.told["nodes"]:
            directory = NODES / f"node{node['node']}"
            total = next(int(line.split()[3]) * 1024 for line in (directory / "meminfo").read_text().splitlines()
                         if "MemTotal" in line)
            self.assertEqual(node["capacity"], total)
            self.assertEqual(node["cpus"], kernel_list((directory / "cpulist").read_text()))
            self.assertLessEqual(node["free"], total)
            for pool in node["huge_pages"]:
                files = directory / f"hugepages/hugepages-{pool['page_size'] // 1024}kB"
                self.assertEqual(pool["total"], int((files / "nr_hugepages").read_text()))

    def test_keys_are_the_promised_ones(self):
        self.assertEqual(list(self.told), ["this_system", "nodes", "distances", "bandwidth_mib_per_s", "latency_ns"])
        for node in self.told["nodes"]:
            self.assertEqual(list(node), ["node", "kind", "capacity", "free", "reclaimable", "cpus", "has_memory",
                                          "allowed", "huge_pages"])

    def test_wide_terminals_are_used_and_narrow_ones_respected(self):
        self.assertLessEqual(max(map(len, run("nodes", COLUMNS="60").stdout.splitlines())), 60)

    def test_machines_may_come_through_pipes(self):
        xml = MACHINES / "hbm_hmat.xml"
        piped = subprocess.run([ACRE, "nodes", "--topology-xml", "/dev/stdin"], input=xml.read_bytes(),
                               capture_output=True, timeout=100)
        self.assertEqual(piped.stdout.decode(), run("nodes", "--topology-xml", str(xml)).stdout)
        self.assertIn(b"Not this machine", piped.stdout)

    def test_hwloc_writes_nothing_where_sys_is_hidden(self):
        with tempfile.TemporaryDirectory() as empty:
            for command in ("nodes", "doctor"):
                self.assertEqual(run(command, HWLOC_FSROOT=empty).stderr, "")
            self.assertIn("hwloc", run("nodes", HWLOC_FSROOT=empty, HWLOC_HIDE_ERRORS="0").stderr)
        self.assertNotIn("HWLOC", run("run", "--local", "env").stdout)
        self.assertIn("HWLOC_HIDE_ERRORS=1\n", run("run", "--local", "env", HWLOC_HIDE_ERRORS="1").stdout)

    def test_files_of_hwloc_that_are_none_are_bad_input(self):
        for file, why in (("/absent", "No such file or directory"), ("/", "Is a directory"), ("/dev/null", "it is empty"),
                          ("/dev/zero", "it has more than 64 MiB, and is no file of hwloc's")):
            done = run("nodes", "--topology-xml", file)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr, f"acre: cannot read '{file}': {why}\n")
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("nonsense")
            file.flush()
            done = run("nodes", "--topology-xml", file.name)
        self.assertEqual(done.returncode, 2)
        self.assertIn(file.name, done.stderr)


class Doctor(Common, unittest.TestCase):
    command = "doctor"
    statuses = (0, 1)

    def lines_of(self, told):
        """What stands in one line, however long it is."""
        return [f["text"] for f in told["findings"]] + ["> " + f["remedy"] for f in told["findings"] if f["remedy"]]

    def test_status_is_the_verdict(self):
        done = run("doctor", "--json")
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if told["usable"] else 1)
        self.assertEqual(told["usable"], all(f["level"] != "problem" for f in told["findings"]))
        self.assertEqual(done.returncode, run("doctor").returncode)

    def test_findings_that_are_not_ok_have_remedies(self):
        for finding in json.loads(run("doctor", "--json").stdout)["findings"]:
            self.assertIn(finding["level"], ["ok", "note", "warning", "problem"])
            self.assertEqual(finding["remedy"] is None, finding["level"] == "ok", finding)

    def test_facts_are_those_of_the_kernel(self):
        facts = json.loads(run("doctor", "--json").stdout)["facts"]
        self.assertEqual(facts["kernel"], os.uname().release)
        self.assertEqual(facts["settings"]["max_map_count"],
                         int(pathlib.Path("/proc/sys/vm/max_map_count").read_text()))

    def finds(self, level, finding, done, saying=""):
        """\param done None: what could not be tried is not found here"""
        told = {f["id"]: f for f in json.loads((done or run("doctor", "--json")).stdout)["findings"]}
        if done is None:
            return self.assertNotIn(finding, told)
        self.assertEqual(done.stderr, "")
        self.assertIn(finding, told)
        self.assertEqual(told[finding]["level"], level)
        self.assertIn(saying, told[finding]["text"])

    def test_dev_shm_is_tried(self):
        for mount, saying in (("-t tmpfs -o ro tmpfs", "the file system is read-only"),
                              ("-t tmpfs -o mode=555 tmpfs", "the system denies it"),
                              ("-t ramfs ramfs", "tmpfs")):
            done = run_in_namespaces(f"mount {mount} /dev/shm", "doctor", "--json",
                                     through=("setpriv", "--bounding-set", "-dac_override"))
            self.finds("warning", "no_shm", done, saying)
        for limit in ("size=4k", "nr_inodes=1"):
            full = run_in_namespaces(f"mount -t tmpfs -o {limit} tmpfs /dev/shm", "doctor", "--json")
            if full:
                self.finds("warning", "shm_full", full, "cannot be made")
        unlimited = run_in_namespaces("mount -t tmpfs -o size=0 tmpfs /dev/shm", "doctor", "--json")
        if unlimited:
            self.finds("ok", "shm", unlimited, "no limit")
        with subprocess.Popen([ACRE, "doctor", "--json"], stdout=subprocess.DEVNULL) as doctor:
            doctor.wait(60)
        self.assertEqual(list(pathlib.Path("/dev/shm").glob(f"acre-doctor-{doctor.pid}-*")), [])

    def test_proc_of_another_pid_namespace_is_found(self):
        done = run_in_namespaces("true", "doctor", "--json", unshare="--pid --fork")
        self.finds("warning", "foreign_proc", done)

    def test_hidden_processes_are_told_from_those_that_are_not_there(self):
        for hidepid in (1, 2):
            def hidden(*args):
                return run_in_namespaces(f"mount -t proc -o hidepid={hidepid},gid=4711 proc /proc", *args,
                                         unshare="--mount --pid --fork",
                                         through=("setpriv", "--bounding-set", "-sys_ptrace"))
            self.finds("note", "hidden_processes", hidden("doctor", "--json"), "hidepid")
            named = hidden("where", "acre-no-such-process")
            if named:
                self.assertIn("there is no process 'acre-no-such-process' that this user sees", named.stderr)
            where = hidden("where", "1")
            if where:
                self.assertEqual(where.returncode, 1)
                self.assertIn("acre: /proc hides process 1 (its mount option hidepid)", where.stderr)
        absent = run("where", "4194999")
        self.assertEqual((absent.returncode, absent.stderr), (2, "acre: there is no process 4194999\n"))

    def test_another_machine_of_hwloc_is_a_problem(self):
        done = run("doctor", HWLOC_SYNTHETIC="numa:2 core:2 pu:1")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("another machine", done.stdout)


if __name__ == "__main__":
    unittest.main()
