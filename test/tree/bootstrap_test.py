"""What each command of cmake/bootstrap.sh needs and runs, what it says meanwhile, and how it ends."""
import json
import os
import pathlib
import re
import unittest

from fake_machine import MachineTest, program

LIBRARY = {"g++", "cmake", "ninja-build", "libhwloc-dev"}
COMMAND = LIBRARY | {"libfmt-dev", "nlohmann-json3-dev"}
QUICK = LIBRARY | {"libboost-dev", "libboost-test-dev", "valgrind"}
BENCH = LIBRARY | {"nlohmann-json3-dev", "libboost-dev", "libbenchmark-dev", "libnuma-dev", "libjemalloc2",
                   "libmimalloc2.0", "libtcmalloc-minimal4", "libtbbmalloc2", "libmemkind0"}
GUESTS = {"qemu-system-x86", "busybox-static", "zstd", "lz4", "xz-utils", "debian-archive-keyring"}
DOCS = {"doxygen", "python3-sphinx", "furo", "python3-breathe", "python3-myst-parser", "python3-sphinx-copybutton",
        "python3-sphinx-inline-tabs"}
DOCS_CHECK = DOCS | {"fonts-dejavu-core", "chromium"}
ALL = COMMAND | QUICK | BENCH | GUESTS | DOCS_CHECK | {
    "pkgconf", "zsh", "fish", "mandoc", "numactl", "abigail-tools", "clang", "clang-format-14"}

PACKAGE = COMMAND | DOCS | {"debhelper", "build-essential"}
LIBCXX = {"clang-19", "libc++-19-dev"}
PACKAGE_CHECK = PACKAGE | {"lintian", "debootstrap"}


class Commands(MachineTest):
    def assert_needs(self, packages, *arguments):
        """On a bare machine these packages, and no others, are asked for."""
        self.machine.remove(*(ALL | PACKAGE_CHECK | {"clang-tidy"}))
        self.machine.bootstrap(*arguments)
        self.assertEqual([set(names) for names in self.machine.installed()], [packages], self.machine.said)

    def test_demo(self):
        self.machine.remove("libfmt-dev", "valgrind", "libboost-dev", "pkgconf")
        self.run_it("demo", "--placement", "bind 1", status=5)
        self.assertEqual(self.machine.calls("apt-get"), [])
        self.assertEqual(self.machine.calls("cmake"), ["--preset demo", "--build --preset demo --parallel 3"])
        self.assertEqual(self.machine.calls("acre-demo"), ["--placement bind 1"])

    def test_presets_of_the_demo_and_of_quick_tests_build_no_more(self):
        file = pathlib.Path(__file__).resolve().parents[2] / "CMakePresets.json"
        presets = {kind: {preset["name"]: preset for preset in named}
                   for kind, named in json.loads(file.read_text()).items() if kind.endswith("Presets")}
        self.assertEqual(presets["configurePresets"]["demo"]["cacheVariables"]["ACRE_BUILD_COMMAND"], "OFF")
        self.assertEqual(presets["buildPresets"]["demo"]["targets"], ["acre-demo"])
        off = presets["configurePresets"]["quick"]["cacheVariables"]
        self.assertEqual(set(off.values()), {"OFF"})
        self.assertEqual(presets["buildPresets"]["quick"]["targets"], ["test/unit/all", "test/system/all"])
        self.assertEqual(presets["testPresets"]["quick"]["filter"], {"include": {"label": "^(unit|system)$"}})

    def test_demo_needs(self):
        self.assert_needs(LIBRARY, "demo")

    def test_demo_in_a_virtual_machine(self):
        (self.machine.root / "include/vector").touch()
        (self.machine.fake / "tree/test/vm").mkdir(parents=True)
        log = f"import sys; open('{self.machine.fake}/calls', 'a').write(' '.join(sys.argv) + '\\n')\n"
        for script, status in (("fetch.py", 0), ("run.py", 6)):
            self.machine.set(f"tree/test/vm/{script}", f"{log}sys.exit({status})\n")
        said = self.run_it("demo", "--vm", "--short", status=6)
        self.assertEqual(self.machine.calls("test/vm/fetch.py"), ["build/vm"])
        call, = self.machine.calls("test/vm/run.py")
        self.assertIn(f" --add build/demo/bin/acre-demo --add {self.machine.root}/include:/text ", call)
        self.assertTrue(call.endswith(" -- acre-demo --short /text"), call)
        self.assertIn("[4/5] kernel", said)

    def test_demo_in_a_virtual_machine_needs(self):
        self.assert_needs(LIBRARY | GUESTS, "demo", "--vm")

    def test_test(self):
        self.run_it("test", "-R", "unit/")
        self.assertEqual(self.machine.calls("cmake"), ["--preset ci", "--build --preset ci --parallel 3"])
        self.assertEqual(self.machine.calls("ctest"),
                         ["--preset ci --output-on-failure --parallel 6 --output-junit test-results.xml -R unit/"])

    def test_test_needs(self):
        self.assert_needs(ALL, "test")

    def test_quick_test(self):
        self.run_it("test", "--quick", "-R", "pool")
        self.assertEqual(self.machine.calls("cmake"), ["--preset quick", "--build --preset quick --parallel 3"])
        self.assertEqual(self.machine.calls("ctest"),
                         ["--preset quick --output-on-failure --parallel 6 --output-junit test-results.xml -R pool"])

    def test_quick_test_needs(self):
        self.assert_needs(QUICK, "test", "--quick")

    def test_bench(self):
        (self.machine.fake / "tree/bench").mkdir()
        (self.machine.fake / "tree/build/bench/bin").mkdir(parents=True)
        self.machine.set("tree/build/bench/bin/bench-x", "")
        self.machine.set("tree/bench/report.py", "import sys; print(sys.argv[1:]); sys.exit(4)")
        said = self.run_it("bench", "--smoke", "--rows", "a b", status=4)
        self.assertIn("['build/bench/bin/bench-x', '--smoke', '--rows', 'a b']", said)
        self.assertEqual(self.machine.calls("cmake"), ["--preset bench", "--build --preset bench --parallel 3"])

    def test_bench_needs(self):
        self.assert_needs(BENCH, "bench")
        for charts in (["--charts", "plots"], ["--charts=plots"]):
            self.setUp()
            self.assert_needs(BENCH | {"gnuplot-nox"}, "bench", *charts)

    def test_docs(self):
        (self.machine.fake / "tree/docs/site").mkdir(parents=True)
        for script in ("build_site", "check_site"):
            self.machine.set(f"tree/docs/site/{script}.py", "import sys; "
                             f"open('{self.machine.fake}/calls', 'a').write('site ' + ' '.join(sys.argv) + '\\n')\n")
        said = self.run_it("docs")
        self.assertEqual(self.machine.calls("site"), ["docs/site/build_site.py . build/docs"])
        self.assertIn("build/docs/html/index.html", said)
        self.run_it("docs", "--check")
        self.assertEqual(self.machine.calls("site")[-1], "docs/site/check_site.py build/docs/html")
        self.assertIn("docs has no option --chek", self.run_it("docs", "--chek", status=1))

    def test_docs_need(self):
        self.assert_needs(DOCS, "docs")
        self.setUp()
        self.assert_needs(DOCS_CHECK, "docs", "--check")

    def test_package(self):
        (self.machine.fake / "tree/cmake/packaging").mkdir()
        for script in ("build", "check"):
            self.machine.set(f"tree/cmake/packaging/{script}_debian.sh",
                             f'echo "{script} $DEB_BUILD_OPTIONS $*" >>"$FAKE/calls"; mkdir -p $1; echo >$1/some.deb\n')
        said = self.run_it("package")
        self.assertEqual(self.machine.calls("build"), ["parallel=3  build/package"])
        self.assertEqual(self.machine.calls("check"), [])
        self.assertIn("build/package/some.deb", said)
        self.run_it("package", "--check")
        self.assertEqual(len(self.machine.calls("check")), 1)
        self.machine.set("uid", "1000")
        self.assertIn("run it as root", self.run_it("package", "--check", status=1))
        self.assertIn("package has no option --chek", self.run_it("package", "--chek", status=1))

    def test_package_needs(self):
        self.assert_needs(PACKAGE, "package")
        self.setUp()
        self.assert_needs(PACKAGE_CHECK, "package", "--check")

    def test_build(self):
        self.run_it("build", ACRE_JOBS="7")
        self.run_it("build", "asan")
        self.assertEqual(self.machine.calls("cmake"), ["--preset default", "--build --preset default --parallel 7",
                                                       "--preset asan", "--build --preset asan --parallel 3"])

    def test_build_needs_what_the_preset_builds(self):
        for preset, packages in (("release", COMMAND), ("demo", LIBRARY), ("quick", QUICK),
                                 ("tidy", COMMAND | {"clang", "clang-tidy"}), ("libcxx", LIBRARY | LIBCXX),
                                 ("ci", ALL)):
            with self.subTest(preset):
                self.setUp()
                self.assert_needs(packages, "build", preset)

    def test_a_clang_with_a_number_is_named_to_cmake(self):
        self.machine.write(self.machine.root, program("clang++", "echo clang version 13.0.1")
                           | program("clang++-16", "echo clang version 16.0.6"))
        self.run_it("build", "ci-clang")
        self.assertEqual(self.machine.calls("cmake")[0], "--preset ci-clang -DCMAKE_CXX_COMPILER=clang++-16")

    def test_others_are_answered_with_the_usage(self):
        for word in ("tset", "--quick"):
            self.assert_in_order(self.run_it(word, status=2), f"there is no command {word}\n", "usage: ")
        self.assertIn("usage: ", self.run_it())
        self.assertIn("test [--quick]", self.run_it("--help"))
        self.assertFalse((self.machine.fake / "calls").exists())


    def test_an_option_that_ctest_would_leave_out(self):
        for arguments in (["--quik"], ["--quick", "--quik"], ["-R", "unit/", "--quick"]):
            said = self.run_it("test", *arguments, status=1)
            self.assertIn(f"neither test nor ctest has an option {arguments[-1]}\n", said)
        self.assertFalse((self.machine.fake / "calls").exists())
        self.run_it("test", "--quick", "--tests-regex=unit/")

    def test_an_unknown_preset(self):
        self.machine.remove("zsh")
        said = self.run_it("build", "relaese", status=1)
        self.assertIn("no preset relaese, but: default release demo bench ci quick asan tsan clang ci-clang libcxx fuzz "
                      "tidy", said)
        self.assertFalse((self.machine.fake / "calls").exists())
        self.machine.set("tree/CMakeUserPresets.json", "{}")
        self.run_it("build", "relaese")

    def test_a_number_of_jobs_that_is_none(self):
        for jobs in ("0", "x", "-1", "1 2", "08"):
            self.assertIn(f"ACRE_JOBS is {jobs}, ", self.run_it("test", status=1, ACRE_JOBS=jobs))

    def test_a_compiler_that_is_not_there(self):
        said = self.run_it("test", status=1, CXX="clang++-99")
        self.assert_in_order(said, "CXX is clang++-99, which is not on the PATH", "unset CXX")
        self.run_it("test", CXX="clang++ -m64")


class Telling(MachineTest):
    def test_what_it_does_what_comes_and_how_long_it_took(self):
        said = self.run_it("test")
        self.assert_in_order(
            said, "bootstrap: [1/4] packages: ", "; next: configure, build, tests\n",
            "bootstrap: [2/4] configure: preset ci", "; next: build, tests\n",
            "bootstrap: [3/4] build: ", "; next: tests\n", "bootstrap: [4/4] tests: ")
        times = re.findall(r"^bootstrap: +\d+ s  (.*)$", said, re.M)
        self.assertEqual(times, ["packages", "configure", "build", "tests"])
        self.assertTrue(said.endswith(" s  tests\n"), said)

    def test_times_of_a_part(self):
        self.machine.write(self.machine.root, program("date", f"""
n=$(cat "$FAKE/now" 2>/dev/null || echo 0); echo $((n + 10)) | tee "$FAKE/now" """))
        said = self.run_it("build")
        self.assertEqual(re.findall(r"^bootstrap: +(\d+) s  ", said, re.M), ["10", "10", "10"])

    def test_a_build_that_fails(self):
        self.machine.set("cmake-fails", "")
        said = self.run_it("test", status=7)
        times = re.findall(r"^bootstrap: +\d+ s  (.*)$", said, re.M)
        self.assertEqual(times, ["packages", "configure", "build (failed)"])
        self.assertEqual(self.machine.calls("ctest"), [])

    def test_tests_that_fail(self):
        self.machine.set("ctest-status", "8\n")
        self.machine.set("ctest-says", "      Start  1: a\n 1/10 Test  #1: a ......***Failed    0.01 sec\nwhy\n"
                                       "      Start  2: b\n 2/10 Test  #2: b ......   Passed    0.01 sec\n")
        said = self.run_it("test", status=8)
        self.assert_in_order(said, "***Failed", "why\n", "tests: 2 of 10 done, 1 failed", " s  tests (failed)\n")
        self.assertNotIn("Passed", said)

    def test_nothing_is_left_behind(self):
        self.machine.remove("zsh")
        before = sorted(self.machine.fake.iterdir())
        self.run_it("test")
        self.assertEqual(sorted(set(self.machine.fake.iterdir()) - set(before)), [self.machine.fake / "calls"])

    def test_nobody_reads(self):
        read, closed = os.pipe()
        os.close(read)
        for output, status in ((os.open("/dev/full", os.O_WRONLY), 1), (closed, 141)):
            before = set(self.machine.fake.iterdir())
            self.assertEqual(self.machine.bootstrap("test", output=output), status)
            os.close(output)
            self.assertEqual(set(self.machine.fake.iterdir()), before)


if __name__ == "__main__":
    unittest.main()
