#!/usr/bin/env python3
"""shm_test.py ACRE: segments from their making to their end, by `acre shm`."""
import ctypes
import json
import os
import pathlib
import re
import resource
import shlex
import subprocess
import sys
import unittest
import uuid

from nobody import run_as_nobody

ACRE = sys.argv.pop(1)

FOR_PROGRAMMERS = r"::|\w\(\)|memfd (?!not in)"


def shm(*args, **more):
    return subprocess.run([ACRE, "shm", *map(str, args)], stderr=subprocess.PIPE, text=True, timeout=60,
                          **{"stdout": subprocess.PIPE, "env": {**os.environ, "COLUMNS": ""}, **more})


libc = ctypes.CDLL(None, use_errno=True)


def may_make_namespaces():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0


class Segments(unittest.TestCase):
    def setUp(self):
        self.name = f"acre-shm-test-{uuid.uuid4().hex}"
        self.path = pathlib.Path("/dev/shm", self.name)
        self.addCleanup(self.path.unlink, missing_ok=True)

    def succeeds(self, *args):
        done = shm(*args)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
        return done.stdout

    def system_v(self, mode, key=0, size=8192):
        """The id of a segment that acre did not make."""
        number = libc.shmget(key, ctypes.c_size_t(size), 0o3000 | mode)  # IPC_CREAT | IPC_EXCL
        self.assertGreaterEqual(number, 0)
        self.addCleanup(libc.shmctl, number, 0, None)  # IPC_RMID
        return number

    def without(self, hide, *args):
        """`acre shm` where the commands of the shell have hidden something."""
        line = f"mount --make-rprivate / && {hide} && exec {shlex.join([ACRE, 'shm', *map(str, args)])}"
        return subprocess.run(["unshare", "-m", "sh", "-c", line], capture_output=True, text=True, timeout=60)

    def fails(self, *args, saying, status=2, **more):
        done = shm(*args, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(saying, done.stderr)
        self.assertEqual(done.stdout, "")
        # Names of functions are advice for programmers; what was typed is repeated in quotes.
        self.assertNotRegex(re.sub("'.*?'", "", done.stderr), FOR_PROGRAMMERS)

    def listed(self, **what):
        for segment in json.loads(self.succeeds("list", "--json"))["segments"]:
            if all(segment[key] == value for key, value in what.items()):
                return segment
        return None

    def test_a_segment_lives_from_create_to_remove(self):
        self.assertIn("1 MiB, interleave", self.succeeds("create", self.name, "1MiB", "interleave", "all", "--mode", "0640"))
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)
        segment = self.listed(name=self.name)
        self.assertEqual(
            set(segment), {"name", "backend", "id", "bytes", "page_kind", "placement", "owner", "mode", "creator",
                           "creator_state", "resident"})
        self.assertEqual((segment["backend"], segment["id"], segment["bytes"]), ("posix", None, 1 << 20))
        self.assertEqual((segment["mode"], segment["owner"], segment["creator_state"]), ("0640", os.geteuid(), "gone"))
        self.assertEqual((segment["resident"]["untouched"], segment["resident"]["per_node"]), (256, []))
        self.fails("create", self.name, "1M", "local", saying="exists", status=1)
        self.assertIn(self.name, self.succeeds("list"))
        self.succeeds("remove", self.name)
        self.assertFalse(self.path.exists())
        self.assertIsNone(self.listed(name=self.name))

    def test_what_cannot_be_made_is_told_once(self):
        for options in ([self.name, "512TiB", "local"], ["private", "512TiB", "local", "--backend", "sysv"]):
            done = shm("create", *options)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"\Aacre: cannot allocate 512TiB: .+\n\Z")
            self.assertNotIn("byte", done.stderr)
            self.assertNotRegex(done.stderr, FOR_PROGRAMMERS)

    def test_what_helps_is_an_option_or_a_setting(self):
        self.fails("create", self.name, "512TiB", "local", saying="mount -o remount,size=", status=1)
        self.fails("create", self.name, "2M", "local", "--pages", "huge_2mb", saying="--backend sysv has them")
        if not re.search(r" /dev/shm tmpfs \S*\bhuge=", pathlib.Path("/proc/mounts").read_text()):
            self.fails("create", self.name, "2M", "local", "--pages", "transparent_huge", saying="huge=advise", status=1)
        self.fails("create", self.name, "1M", "interleave", "all", "by", "0", saying="'page' is one page")
        self.fails("create", self.name, "1M", "by_page", "0", saying="no text can hold")
        self.succeeds("create", self.name, "1M", "local", "--eager")
        self.fails("create", self.name, "1M", "local", saying=f"`acre shm remove '{self.name}'` takes it away", status=1)
        if os.geteuid() == 0:
            self.fails("create", "private", "512T", "local", "--backend", "sysv", "--pages", "huge_2mb",
                       saying="nr_hugepages", status=1)
        self.fails("bind", self.name, "bind", "0", saying="--migrate moves them", status=1)
        self.fails("show", self.name + "x", saying="`acre shm list` shows which there are")
        self.fails("show", "private", "--backend", "sysv", saying="--id ID")
        self.path.write_bytes(bytes(4096))
        for command in (["show", self.name], ["bind", self.name, "local"], ["remove", self.name]):
            self.fails(*command, saying="--foreign takes it as it is", status=1)
        self.path.unlink()
        self.path.mkdir()
        self.addCleanup(self.path.rmdir)
        self.fails("show", self.name, saying=f"segment '{self.name}': it is no regular file\n", status=1)

    def test_one_is_shown_with_a_check(self):
        self.succeeds("create", self.name, "256K", "bind 0", "--eager")
        text = self.succeeds("show", self.name)
        for part in ("64 of 64 pages touched", "check: as placed", "bind 0", "100%"):
            self.assertIn(part, text)
        told = json.loads(self.succeeds("show", "/" + self.name, "--json"))
        self.assertEqual(told["resident"]["per_node"], [{"node": 0, "pages": 64}])
        self.assertEqual(told["check"]["as_placed"], True)

    def test_one_is_placed_anew(self):
        self.succeeds("create", self.name, "256K", "local")
        self.assertIn("64 untouched", self.succeeds("bind", self.name, "bind", "0"))
        self.assertIn("16 untouched", self.succeeds("bind", self.name, "prefer 0", "--offset", "64K", "--length", "64K"))
        self.assertIn("parts bound anew", self.listed(name=self.name)["placement"])
        self.fails("bind", self.name, "local", "--offset", "100", saying="a multiple of")
        self.fails("bind", self.name, "local", "--length", "1M", saying="beyond its")
        self.fails("bind", self.name, "local", "--length", "0", saying="--length: '0' is nothing")
        self.fails("bind", self.name, "local", "--offset", "256K", saying=f"'{self.name}': the offset 262144 is not within its 262144 bytes; --offset")
        self.fails("bind", self.name, "local", "--offset", "64Q", saying="--offset: '64Q'")
        self.fails("bind", saying="SEGMENT")

    def test_pages_that_exist_are_moved_only_if_asked(self):
        self.succeeds("create", self.name, "64K", "local", "--eager")
        self.fails("bind", self.name, "bind 0", saying="pages exist", status=1)
        self.assertIn("16 in place", self.succeeds("bind", self.name, "bind 0", "--migrate"))

    def test_a_private_segment_is_known_by_its_id(self):
        made = self.succeeds("create", "private", "64K", "bind", "0", "--backend", "sysv")
        number = int(made.split()[2].rstrip(":"))
        try:
            self.assertEqual(self.listed(id=number)["backend"], "sysv")
            self.assertIn(f"id {number}", self.succeeds("show", "--id", number))
            self.assertIn("16 untouched", self.succeeds("bind", "--id", number, "prefer", "0"))
        finally:
            self.succeeds("remove", "--id", number)
        self.fails("remove", "--id", number, saying=f"id {number}")

    def test_a_key_is_a_name(self):
        key = f"0x{uuid.uuid4().int & 0x7fffffff | 1:08x}"
        self.succeeds("create", key, "64K", "local", "--backend", "sysv")
        try:
            self.assertEqual(self.listed(name=key)["bytes"], 65536)
            self.assertIn("check: as placed", self.succeeds("show", key, "--backend", "sysv"))
        finally:
            self.succeeds("remove", key, "--backend", "sysv")

    def test_memory_of_others_is_taken_only_if_asked(self):
        self.path.write_bytes(bytes(8192))
        self.fails("show", self.name, saying="segment", status=1)
        self.assertIn("2 of 2 pages", self.succeeds("show", self.name, "--foreign"))
        self.assertIn("2 in place", self.succeeds("bind", self.name, "bind 0", "--foreign", "--migrate"))
        self.fails("remove", self.name, saying="segment", status=1)
        self.succeeds("remove", self.name, "--foreign")
        self.assertFalse(self.path.exists())

    def test_of_memory_of_others_nothing_is_made_up(self):
        self.path.write_bytes(bytes(8192))
        self.path.chmod(0o604)
        os.chown(self.path, *((12345, 12345) if os.geteuid() == 0 else (-1, -1)))
        told = json.loads(self.succeeds("show", self.name, "--foreign", "--json"))
        self.assertEqual((told["owner"], told["mode"], told["name"]), (self.path.stat().st_uid, "0604", self.name))
        self.assertEqual([told[key] for key in ("id", "placement", "creator", "creator_state")], [None] * 4)
        self.assertIsNone(told["check"]["as_placed"])
        text = self.succeeds("show", self.name, "--foreign")
        self.assertIn("mode 0604\n", text)
        self.assertNotRegex(text, "creator|unknown|''")
        for key in (0, uuid.uuid4().int & 0x7fffffff | 1):
            number = self.system_v(0o644, key)
            told = json.loads(self.succeeds("show", "--id", number, "--foreign", "--json"))
            self.assertEqual((told["id"], told["name"]), (number, f"0x{key:08x}" if key else "private"))
            self.assertEqual((told["owner"], told["mode"], told["creator"]), (os.geteuid(), "0644", os.getpid()))

    def test_foreign_is_named_where_it_helps(self):
        self.path.touch()
        self.fails("remove", self.name, saying="--foreign takes it as it is", status=1)
        self.fails("show", self.name, "--foreign", saying="it has no bytes\n", status=1)
        self.succeeds("remove", self.name, "--foreign")
        self.path.symlink_to("/dev/null")
        self.fails("remove", self.name, saying="it is a symbolic link\n", status=1)

    def test_removing_is_proposed_where_it_would_work(self):
        def refused():
            done = shm("create", self.name, "1M", "local")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"exists\n\Z")

        self.path.touch()
        refused()
        self.path.write_bytes(bytes(8192))
        refused()
        self.path.unlink()
        self.path.symlink_to("/dev/null")
        refused()
        self.path.unlink()
        self.path.mkdir()
        self.addCleanup(self.path.rmdir)
        refused()
        quoted = self.name + " '$x'"
        self.succeeds("create", quoted, "4K", "local", "--mode", "0644")
        self.addCleanup(pathlib.Path("/dev/shm", quoted).unlink, missing_ok=True)
        done = shm("create", quoted, "4K", "local")
        command = re.search("`(.*)`", done.stderr).group(1)
        if os.geteuid() == 0:
            self.assertRegex(run_as_nobody(ACRE, "shm", "create", quoted, "4K", "local").stderr, r"exists\n\Z")
        self.assertEqual(shlex.split(command), ["acre", "shm", "remove", quoted])
        self.succeeds(*shlex.split(command)[2:])

    def test_no_name_is_proposed_that_cannot_be_typed(self):
        name = self.name + "\x1b"
        self.succeeds("create", name, "4K", "local")
        self.addCleanup(pathlib.Path("/dev/shm", name).unlink)
        self.assertRegex(shm("create", name, "4K", "local").stderr, r"exists\n\Z")

    def test_a_segment_that_cannot_be_told_of_is_told_of_elsewhere(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([ACRE, "shm", "create", "private", "4K", "local", "--backend", "sysv"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        number = re.match(r"acre: note: the segment was made: id (\d+)\n", done.stderr)[1]
        self.succeeds("remove", "--id", number)
        self.assertEqual(done.returncode, 1)

    def test_what_a_creator_left_unfinished_can_be_removed(self):
        number = self.system_v(0o611)
        done = shm("show", "--id", number)
        self.assertEqual(done.returncode, 1)
        command = re.search("`(.*)`", done.stderr).group(1)
        self.succeeds(*shlex.split(command)[2:])
        self.fails("show", "--id", number, saying="none")

    def test_all_names_are_removed_that_can_be(self):
        self.succeeds("create", self.name, "4K", "local")
        self.fails("remove", "acre-absent", self.name, saying="no segment 'acre-absent'")
        self.assertFalse(self.path.exists())
        self.succeeds("create", self.name, "4K", "local")
        foreign = pathlib.Path(f"{self.path}-foreign")
        foreign.write_bytes(bytes(4096))
        self.addCleanup(foreign.unlink)
        self.fails("remove", foreign.name, self.name, saying="--foreign", status=1)
        self.assertFalse(self.path.exists())

    def test_a_limit_of_the_system_is_no_mistake(self):
        limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))}
        self.fails("create", self.name, "1M", "local", saying="cannot allocate 1MiB: ", status=1, **limit)
        self.fails("create", self.name, "2M", "local", "--eager", saying="(RLIMIT_FSIZE); `ulimit -f`", status=1, **limit)

    @unittest.skipUnless(may_make_namespaces(), "may not make namespaces")
    def test_the_size_is_told_that_was_asked_for(self):
        small = "mount -t tmpfs -o size=1M none /dev/shm"
        for more in ((), ("--eager",)):
            done = self.without(small, "create", self.name, "1M", "local", *more)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot allocate 1MiB: /dev/shm has 1 MiB left, and the header", done.stderr)

    @unittest.skipUnless(may_make_namespaces(), "may not make namespaces")
    def test_all_are_listed_that_can_be_seen(self):
        made = self.succeeds("create", "private", "64K", "local", "--backend", "sysv")
        number = made.split()[2].rstrip(":")
        self.addCleanup(shm, "remove", "--id", number)
        self.succeeds("create", self.name, "64K", "local")
        for hide, note, seen in (("/proc/sysvipc", "System V segments are not listed: /proc/sysvipc/shm: ", self.name),
                                 ("/dev", "files are not listed: /dev/shm: ", f"sysv id {number}")):
            done = self.without(f"mount -t tmpfs none {hide}", "list")
            self.assertEqual(done.returncode, 0)
            self.assertIn("acre: note: " + note, done.stderr)
            self.assertIn(seen, done.stdout)

    def test_a_word_of_a_list_is_one_word(self):
        one, other = self.name + "-a", self.name + "-b"
        list_of_both = f"[{one},{other}]"
        for name in (one, other, list_of_both):
            self.succeeds("create", name, "4K", "local")
            self.addCleanup(pathlib.Path("/dev/shm", name).unlink, missing_ok=True)
        self.assertIn(list_of_both + "  posix\n", self.succeeds("show", list_of_both))
        self.assertIn("1 untouched", self.succeeds("bind", list_of_both, "bind", "0"))
        self.succeeds("remove", list_of_both)
        self.assertEqual([self.listed(name=name) is None for name in (one, other, list_of_both)], [False, False, True])
        self.fails("remove", list_of_both, saying=f"no segment '{list_of_both}'")
        self.succeeds("remove", "--", one, other)
        self.fails("create", self.name, "4K", "[bind,0]", saying="[bind,0]")
        self.fails("bind", self.name, "[bind,0]", saying="[bind,0]")

    def test_names_may_look_like_anything(self):
        for name in ("=" + self.name, "{" + self.name + "}", "-" + self.name, "-5" + self.name, self.name + " 'a b'"):
            with self.subTest(name=name):
                self.addCleanup(pathlib.Path("/dev/shm", name).unlink, missing_ok=True)
                told = self.succeeds("create", "--mode", "0600", "--", name, "4K", "bind", "0")
                self.assertTrue(told.startswith(name), told)
                self.assertIn(name, self.succeeds("show", "--", name))
                self.succeeds("bind", "--", name, "local")
                self.succeeds("remove", "--backend", "posix", "--", name)
                self.assertFalse(pathlib.Path("/dev/shm", name).exists())
        self.fails("show", "++", saying="'++'")
        self.fails("show", self.name, "b", saying="'b' is a word too many")
        self.fails("remove", "", saying="")

    def test_an_id_is_instead_of_a_name(self):
        made = self.succeeds("create", "private", "4K", "local", "--backend", "sysv")
        number = int(made.split()[2].rstrip(":"))
        try:
            self.succeeds("create", self.name, "4K", "local")
            for command in ("show", "remove"):
                self.fails(command, self.name, "--id", number, saying="instead of a name")
                self.fails(command, "", "--id", number, saying="instead of a name")
                self.fails(command, self.name, "--id", number, "--id", number, saying="instead of a name")
                self.fails(command, "--id", number, "--backend", "posix", saying="--backend posix")
            self.fails("bind", "--id", number, "local", "--backend", "posix", saying="--backend posix")
            self.assertTrue(self.path.exists())
            self.assertIn(f"id {number}", self.succeeds("show", "--id", number, "--backend", "sysv"))
            for command in (["show"], ["bind", "local"]):
                self.fails(*command, "--id", number, "--id", "4", saying=f"--id {number}, --id 4: one")
        finally:
            self.succeeds("remove", "--id", number)

    def test_ids_are_removed_as_names_are(self):
        numbers = [self.system_v(0o600) for _ in range(2)]
        self.fails("remove", "--id", numbers[0], saying=f"segment id {numbers[0]}: it is none of acre's; --foreign", status=1)
        self.succeeds("remove", "--foreign", *(word for number in numbers for word in ("--id", number)))
        self.fails("remove", "--id", numbers[0], "--id", numbers[1], saying=f"no segment id {numbers[0]}")

    def test_nothing_is_no_value(self):
        self.succeeds("create", self.name, "64K", "local")
        for words in ([], [""], ["", " "]):
            self.fails("bind", self.name, *words, saying="PLACEMENT is empty" if words else "PLACEMENT is required")
        self.fails("create", self.name + "x", "1M", "", saying="PLACEMENT is empty")
        self.fails("create", self.name + "x", "", "local", saying="SIZE: ''")
        self.fails("create", self.name + "x", "0", "local", saying="SIZE: '0' is nothing")
        self.fails("create", "", "1M", "local", saying="name ''")
        self.fails("show", "", saying="name ''")
        self.fails("bind", self.name, "local", "--length", "", saying="--length")
        self.fails("bind", self.name, "--length=", "4K", "local", saying="--length has no value")
        self.fails("show", self.name, "--backend=", saying="--backend has no value")
        self.fails("show", "--", "--backend=", saying="'--backend='")
        self.fails("remove", "{}", saying="no segment '{}'")

    def test_mistakes_are_named(self):
        self.fails(saying="acre shm needs a command")
        self.fails("nonsense", saying="there is no command 'nonsense'")
        self.fails("show", "--id", "2147483647", saying="acre: segment: id 2147483647: there is none")
        self.fails("create", self.name, saying="required")
        self.fails("create", self.name, "1MB", "local", saying="decimal")
        self.fails("create", self.name, "4K", "nonsense", saying="nonsense")
        self.fails("create", self.name, "4K", "bind", "1000", saying="node 1000")
        self.fails("create", self.name, "4K", "local", "--mode", "999", saying="0640")
        self.fails("create", self.name, "4K", "local", "--pages", "3M", saying="huge_2mb")
        self.fails("create", self.name, "4K", "local", "--backend", "memfd", saying="posix, sysv")
        self.fails("create", "a/b", "4K", "local", saying="a/b")
        self.fails("show", saying="--id")
        self.fails("show", self.name, saying="there is none")
        self.fails("remove", saying="--id")
        self.fails("show", "--id", -4, saying="--id")
        self.assertFalse(self.path.exists())

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "w") as full:
            for args in (["list"], ["list", "--json"]):
                done = shm(*args, stdout=full)
                self.assertEqual(done.returncode, 1)
                self.assertIn("cannot write", done.stderr)


if __name__ == "__main__":
    unittest.main()
