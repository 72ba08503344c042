#!/usr/bin/env python3
"""shm_test.py ACRE: segments from their making to their end, by `acre shm`."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
import uuid

ACRE = sys.argv.pop(1)

FOR_PROGRAMMERS = r"::|\w\(\)|memfd (?!not in)"


def shm(*args, **more):
    return subprocess.run([ACRE, "shm", *map(str, args)], stderr=subprocess.PIPE, text=True, timeout=60,
                          **{"stdout": subprocess.PIPE, "env": {**os.environ, "COLUMNS": ""}, **more})


class Segments(unittest.TestCase):
    def setUp(self):
        self.name = f"acre-shm-test-{uuid.uuid4().hex}"
        self.path = pathlib.Path("/dev/shm", self.name)
        self.addCleanup(self.path.unlink, missing_ok=True)

    def succeeds(self, *args):
        done = shm(*args)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
        return done.stdout

    def fails(self, *args, saying, status=2):
        done = shm(*args)
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
            self.assertRegex(done.stderr, r"\Aacre: cannot allocate \d+ bytes: .+\n\Z")
            self.assertNotRegex(done.stderr, FOR_PROGRAMMERS)

    def test_what_helps_is_an_option_or_a_setting(self):
        self.fails("create", self.name, "512TiB", "local", saying="mount -o remount,size=", status=1)
        self.fails("create", self.name, "2M", "local", "--pages", "huge_2mb", saying="--backend sysv has them")
        self.fails("create", self.name, "1M", "interleave", "all", "by", "0", saying="'page' is one page")
        self.fails("create", self.name, "1M", "by_page", "0", saying="no text can hold")
        self.succeeds("create", self.name, "1M", "local", "--eager")
        self.fails("create", self.name, "1M", "local", saying=f"`acre shm remove NAME` takes it away", status=1)
        self.fails("bind", self.name, "bind", "0", saying="--migrate moves them", status=1)
        self.fails("show", self.name + "x", saying="`acre shm list` shows which there are")
        self.fails("show", "private", "--backend", "sysv", saying="--id N")
        self.path.write_bytes(bytes(4096))
        for command in (["show", self.name], ["bind", self.name, "local"], ["remove", self.name]):
            self.fails(*command, saying="--foreign takes it as it is", status=1)
        self.path.unlink()
        self.path.mkdir()
        self.addCleanup(self.path.rmdir)
        self.fails("show", self.name, saying="it is no regular file\n", status=1)

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
        self.fails("bind", self.name, "local", "--offset", "100", saying="")
        self.fails("bind", self.name, "local", "--length", "1M", saying="")
        self.fails("bind", self.name, "local", "--length", "0", saying="--length 0")
        self.fails("bind", self.name, saying="")
        self.fails("bind", saying="")

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

    def test_all_names_are_removed_that_can_be(self):
        self.succeeds("create", self.name, "4K", "local")
        self.fails("remove", "acre-absent", self.name, saying="no segment 'acre-absent'")
        self.assertFalse(self.path.exists())

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
                self.fails(command, "--id", number, "--backend", "posix", saying="--backend posix")
            self.fails("bind", "--id", number, "local", "--backend", "posix", saying="--backend posix")
            self.assertTrue(self.path.exists())
            self.assertIn(f"id {number}", self.succeeds("show", "--id", number, "--backend", "sysv"))
        finally:
            self.succeeds("remove", "--id", number)

    def test_nothing_is_no_value(self):
        self.succeeds("create", self.name, "64K", "local")
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
        self.fails("create", self.name, "0", "local", saying="")
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
