"""cmake/check_abi.py finds each kind of change of a library's binary interface, and lets additions pass."""
import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cmake"))
import check_abi  # noqa: E402

COMPILER = sys.argv.pop(1)
HEADER = """
#define API __attribute__((visibility("default")))
struct API pages { int node; long count; };
API long total(const pages& p);
API int first(const pages& p);
"""
SOURCE = """
#include "pages.hpp"
long total(const pages& p) { return p.count; }
int first(const pages& p) { return p.node; }
"""
MAP = "PAGES_1.0 { global: _Z*; local: *; };"


class CheckAbi(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.kept = self.root / "abi"
        self.kept.mkdir()
        (self.kept / "suppressions.ini").write_text((check_abi.KEPT / "suppressions.ini").read_text())
        dump = [str(self.root) if option == str(check_abi.ROOT / "include") else option for option in check_abi.DUMP]
        for name, value in (("KEPT", self.kept), ("DUMP", dump),
                            ("SUPPRESSED", ["--suppressions", str(self.kept / "suppressions.ini")])):
            patched = unittest.mock.patch.object(check_abi, name, value)
            patched.start()
            self.addCleanup(patched.stop)

    def library(self, header=HEADER, source=SOURCE, nodes=MAP, debug="-g"):
        for name, text in (("pages.hpp", header), ("pages.cpp", source), ("pages.map", nodes)):
            (self.root / name).write_text(text)
        library = self.root / "libpages.so"
        subprocess.run([COMPILER, "-shared", "-fPIC", "-fvisibility=hidden", debug, self.root / "pages.cpp",
                        f"-Wl,--version-script={self.root / 'pages.map'}", "-o", library], check=True)
        return library

    def keep(self, version):
        path = self.kept / f"libacre-{version}.some.abi"
        check_abi.dump(self.library(), path)
        return path

    def refused(self, version="1.0.0-rc1", **changes):
        with self.assertRaises(check_abi.Failure) as caught:
            check_abi.compare(self.library(**changes), self.keep_once(version))
        return str(caught.exception)

    def keep_once(self, version):
        return check_abi.kept_dump("some", self.kept) or self.keep(version)

    def passes(self, version="1.0.0-rc1", **changes):
        kept = self.keep(version)
        with contextlib.redirect_stdout(io.StringIO()) as told:
            check_abi.compare(self.library(**changes), kept)
        return told.getvalue()

    def test_the_same_passes(self):
        self.assertIn("2 symbols, and 0 more", self.passes())

    def test_a_member_more_in_a_class(self):
        self.keep("1.0.0-rc1")
        self.assertIn("pages", self.refused(header=HEADER.replace("int node;", "int node; long bytes;")))

    def test_a_function_gone(self):
        self.keep("1.0.0-rc1")
        self.assertIn("1 Removed", self.refused(source=SOURCE[:SOURCE.index("int first")]))

    def test_another_result(self):
        self.keep("1.0.0-rc1")
        self.assertIn("first", self.refused(header=HEADER.replace("int first", "long first"),
                                            source=SOURCE.replace("int first", "long first")))

    MORE = {"header": HEADER + "API int last(const pages& p);",
            "source": SOURCE + "int last(const pages& p) { return p.node; }"}

    def test_a_candidate_may_grow(self):
        self.assertIn("2 symbols, and 1 more", self.passes(**self.MORE))

    def test_a_released_node_may_not_grow(self):
        self.keep("1.0.0")
        self.assertIn("_Z4lastRK5pages", self.refused(**self.MORE))

    def test_a_later_node_may_be_added(self):
        later = MAP.replace("_Z*", "_Z5*") + "PAGES_1.1 { global: _Z4lastRK5pages; } PAGES_1.0;"
        self.assertIn("2 symbols, and 1 more", self.passes("1.0.0", nodes=later, **self.MORE))

    def test_a_library_without_debug_information(self):
        self.keep("1.0.0-rc1")
        self.assertIn("-g", self.refused(debug="-g0"))

    def test_the_dump_does_not_tell_where_it_was_made(self):
        self.assertNotIn(str(self.root), self.keep("1.0.0-rc1").read_text())

    def test_two_tags_are_one_too_many(self):
        self.keep("1.0.0-rc1")
        self.keep("1.0.0")
        with self.assertRaisesRegex(check_abi.Failure, "more than the last tag"):
            check_abi.kept_dump("some", self.kept)

    def test_what_is_kept_is_of_this_version_s_header(self):
        check_abi.write(self.library(), "some")
        kept, = self.kept.glob("*.abi")
        self.assertRegex(kept.name, r"^libacre-\d+\.\d+\.\d+(-rc\d+)?\.some\.abi$")


if __name__ == "__main__":
    unittest.main()
