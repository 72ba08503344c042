"""What cmake/bootstrap.sh asks apt-get for, and what it says where that fails."""
import os
import re
import signal
import subprocess
import time
import unittest

from fake_machine import PACKAGES, SUDO, Machine, MachineTest, boost, boost_test, program

NOT_RESOLVED = "E: Failed to fetch http://deb.debian.org/x  Could not resolve 'deb.debian.org'\n"
HELD = "E: Error, pkgProblemResolver::Resolve generated breaks, this may be caused by held packages.\n"


class Packages(MachineTest):
    def test_nothing_is_installed_where_all_is_there(self):
        said = self.run_it("test")
        self.assertEqual(self.machine.calls("apt-get"), [])
        self.assertIn("all of it is there", said)

    def test_one_is_missing(self):
        for package in ("libhwloc-dev", "libfmt-dev", "valgrind", "libjemalloc2", "fonts-dejavu-core"):
            with self.subTest(package):
                self.machine.directory.cleanup()
                self.machine = Machine()
                self.addCleanup(self.machine.directory.cleanup)
                self.machine.remove(package)
                self.run_it("test")
                self.assertEqual(self.machine.installed(), [[package]])
                self.assertEqual(self.machine.calls("cmake")[0], "--preset ci")

    def test_on_a_bare_machine_all_are_installed_at_once(self):
        all_packages = sorted(name for name in PACKAGES if "1.7" not in name and "1.8" not in name)
        for package in ("clang-tidy", "gnuplot-nox", "clang-19", "libc++-19-dev", "debhelper", "build-essential", "lintian",
                        "debootstrap"):
            all_packages.remove(package)
        self.machine.remove(*all_packages)
        self.run_it("test")
        all_packages.remove("python3")
        self.assertEqual([sorted(names) for names in self.machine.installed()], [all_packages])

    def test_what_lies_elsewhere_is_found(self):
        self.machine.remove("nlohmann-json3-dev", "libfmt-dev", "libjemalloc2", "libmimalloc2.0", "clang", "chromium",
                            "pkgconf")
        self.machine.write(self.machine.fake / "own", {"lib/cmake/nlohmann_json/nlohmann_jsonConfig.cmake": "",
                                                      "lib64/cmake/fmt/fmt-config.cmake": ""})
        self.machine.set("ldconfig", "\tlibjemalloc.so.2 (libc6,x86-64) => /opt/libjemalloc.so.2\n")
        self.machine.write(self.machine.root, {"lib/libmimalloc.so.3": "", **program("google-chrome"),
                                               **program("pkgconf"),
                                               **program("clang++-17", "echo Ubuntu clang version 17.0.6")})
        self.run_it("test", ACRE_PREFIXES=f"{self.machine.fake}/own:{self.machine.root}")
        self.assertEqual(self.machine.calls("apt-get"), [])

    def test_a_header_that_only_the_compiler_knows(self):
        self.machine.remove("libhwloc-dev", "g++")
        self.machine.write(self.machine.root, program("c++", 'read -r line; [ "$line" = "#include <hwloc.h>" ]'))
        self.run_it("test")
        self.assertEqual(self.machine.calls("apt-get"), [])

    def test_a_library_with_a_longer_name_is_another(self):
        self.machine.remove("libtcmalloc-minimal4")
        self.machine.set("ldconfig", "\tlibtcmalloc_minimal.so.4.5 (libc6,x86-64) => /x\n")
        self.run_it("test")
        self.assertEqual(self.machine.installed(), [["libtcmalloc-minimal4"]])

    def test_the_second_name_where_the_first_is_unknown(self):
        self.machine.remove("libmimalloc2.0", "chromium")
        self.machine.withdraw("libmimalloc2.0", "chromium")
        self.machine.offer("libmimalloc3", {"lib/libmimalloc.so.3": ""})
        self.machine.offer("chromium-browser", program("chromium-browser"))
        self.run_it("test")
        self.assertEqual(self.machine.installed(), [["chromium-browser", "libmimalloc3"]])

    def test_nothing_is_removed_for_what_is_installed(self):
        self.machine.remove("zsh")
        self.run_it("test")
        self.assertIn(" --no-remove ", self.machine.calls("apt-get")[0])

    def test_lists_are_updated_where_they_are_empty(self):
        self.machine.remove("zsh")
        self.machine.set("no-lists", "")
        self.run_it("test")
        self.assertIn(" update", self.machine.calls("apt-get")[0])
        self.assertEqual(self.machine.installed(), [["zsh"]])

    def test_nothing_is_looked_for_with_no_install(self):
        self.machine.remove("zsh", "libhwloc-dev")
        said = self.run_it("test", ACRE_NO_INSTALL="1")
        self.assertEqual(self.machine.calls("apt-get"), [])
        self.assertIn("ACRE_NO_INSTALL=1", said)
        self.assertEqual(len(self.machine.calls("ctest")), 1)

    def test_installed_and_yet_not_found(self):
        self.machine.remove("libhwloc-dev")
        self.machine.withdraw("libhwloc-dev")
        self.machine.offer("libhwloc-dev", {"include/other.h": ""})
        said = self.run_it("test", status=1)
        self.assert_in_order(said, "missing: hwloc\n", "installed, but", "the header hwloc.h")
        self.assertEqual(self.machine.calls("cmake"), [])

    def test_cmake_is_too_old(self):
        self.machine.set("cmake-version", "cmake version 3.18.4\n")
        said = self.run_it("test", status=1)
        self.assertEqual(self.machine.installed(), [["cmake"]])
        self.assertIn("cmake 3.25 or newer on the PATH", said)
        self.assertIn("CMake 3.25", self.run_it("test", status=1, ACRE_NO_INSTALL="1"))
        self.assertEqual(self.machine.calls("cmake"), [])


class Boost(MachineTest):
    def test_the_other_boost_stays(self):
        self.machine.remove("libboost-dev", "libboost-test-dev")
        self.machine.write(self.machine.root, PACKAGES["libboost1.81-dev"])
        self.run_it("test")
        self.assertEqual(self.machine.installed(), [["libboost-test1.81-dev"]])

    def test_any_newer_boost_counts(self):
        self.machine.remove("libboost-dev", "libboost-test-dev")
        self.machine.write(self.machine.root, boost("1.90") | boost_test("1.90"))
        self.run_it("test")
        self.assertEqual(self.machine.calls("apt-get"), [])

    def test_boost_test_of_another_boost_does_not_count(self):
        self.machine.remove("libboost-dev")
        self.machine.write(self.machine.root, boost("1.81"))
        self.run_it("test")
        self.assertEqual(self.machine.installed(), [["libboost-test1.81-dev"]])

    def test_none_is_there(self):
        self.machine.remove("libboost-dev", "libboost-test-dev")
        self.run_it("test")
        self.assertEqual(self.machine.installed(), [["libboost-dev", "libboost-test-dev"]])

    def test_too_old(self):
        self.machine.remove("libboost-dev")
        self.machine.write(self.machine.root, boost("1.65_1"))
        said = self.run_it("test", status=1)
        self.assert_in_order(said, "Boost 1.65 is too old", "1.74", "include/boost/version.hpp", "CMAKE_PREFIX_PATH")
        self.assertEqual(self.machine.calls("apt-get"), [])
        self.run_it("demo", status=5)


class Failures(MachineTest):
    def test_of_one_package(self):
        self.machine.remove("zsh", "fish", "libnuma-dev")
        self.machine.set("fails.fish", "E: fish: the post-installation script failed\n")
        said = self.run_it("test", status=1)
        self.assertEqual(self.machine.installed()[-3:], [["fish"], ["libnuma-dev"], ["zsh"]])
        self.assertTrue((self.machine.root / "bin/zsh").exists())
        end = said[said.index("missing: fish,"):]
        self.assert_in_order(end, "fish: E: fish: the post-installation script failed", "What to do:", "install fish",
                             "fish on the PATH")
        self.assertNotIn("zsh", end)
        self.assertEqual(self.machine.calls("cmake"), [])

    def test_what_another_package_brought_is_not_asked_for(self):
        self.machine.remove("zsh", "fish", "mandoc")
        self.machine.set("fails.mandoc", "E: broken\n")
        self.machine.write(self.machine.fake / "packages/fish", PACKAGES["zsh"])
        self.run_it("test", status=1)
        self.assertEqual(self.machine.installed()[-2:], [["fish"], ["mandoc"]])

    def test_of_a_name_that_apt_does_not_know(self):
        self.machine.remove("zsh", "libmemkind0")
        self.machine.withdraw("libmemkind0")
        said = self.run_it("test", status=1)
        self.assertEqual(self.machine.installed(), [["zsh"], ["libmemkind0"]])
        self.assert_in_order(said, "missing: memkind", "E: Unable to locate package libmemkind0",
                             "What to do: apt knows no libmemkind0", "universe", "libmemkind.so.0")

    def test_the_second_name_where_the_first_fails(self):
        self.machine.remove("libmimalloc2.0")
        self.machine.offer("libmimalloc3", {"lib/libmimalloc.so.3": ""})
        self.machine.set("fails.libmimalloc2.0", HELD)
        self.run_it("test")
        self.assertEqual(self.machine.installed()[-2:], [["libmimalloc2.0"], ["libmimalloc3"]])

    def test_of_a_held_package(self):
        self.machine.remove("libboost-dev", "libboost-test-dev", "zsh")
        for name in ("libboost-dev", "libboost-test-dev", "libboost1.81-dev", "libboost-test1.81-dev"):
            self.machine.set(f"fails.{name}", HELD)
        self.machine.set("held", "libboost1.74-dev\n")
        said = self.run_it("test", status=1)
        self.assert_in_order(said, "missing: Boost\n", "libboost-dev: E: Error", "libboost1.81-dev: E: Error",
                             "held are: libboost1.74-dev", "apt-mark unhold libboost1.74-dev",
                             "libboost-dev or libboost1.81-dev", "missing: Boost.Test")
        self.assertTrue((self.machine.root / "bin/zsh").exists())

    def test_of_packages_that_exclude_each_other(self):
        self.machine.remove("busybox-static")
        self.machine.set("fails.busybox-static", "E: Packages need to be removed but remove is disabled.\n")
        self.assertIn("it excludes something that is installed", self.run_it("test", status=1))

    def test_what_is_not_indispensable(self):
        self.machine.remove("clang-format-14", "zsh")
        self.machine.withdraw("clang-format-14")
        said = self.run_it("test")
        self.assertIn("missing: clang-format 14; tree/format-check is skipped", said)
        self.assertTrue((self.machine.root / "bin/zsh").exists())
        self.assertEqual(len(self.machine.calls("ctest")), 1)

    def test_without_a_network(self):
        self.machine.remove("zsh", "fish")
        self.machine.set("update-fails", NOT_RESOLVED)
        self.machine.set("fails.all", NOT_RESOLVED)
        said = self.run_it("test", status=1)
        self.assertEqual(self.machine.installed(), [["fish", "zsh"]] * 2)
        self.assertEqual(self.machine.calls("sleep"), ["5", "20"])
        self.assert_in_order(said, "missing: fish,", "missing: zsh,", "apt-get says:", "Could not resolve",
                             "What to do: check the network")

    def test_without_a_network_and_without_lists(self):
        self.machine.remove("zsh", "fish")
        self.machine.set("no-lists", "")
        self.machine.set("update-fails", NOT_RESOLVED)
        said = self.run_it("test", status=1)
        self.assertEqual(self.machine.installed(), [])
        self.assert_in_order(said, "missing: fish,", "Could not resolve", "What to do: check the network")

    def test_a_source_that_does_not_answer_is_in_nobodys_way(self):
        self.machine.remove("zsh")
        self.machine.set("no-lists", "")
        self.machine.set("update-fails", "E: The repository 'http://x' does not have a Release file.\n")
        self.machine.bootstrap("test")
        (self.machine.fake / "no-lists").unlink()
        self.run_it("test")

    def test_another_program_installs(self):
        self.machine.remove("zsh", "fish")
        self.machine.set("fails.all", "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7\n"
                         "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend)\n")
        said = self.run_it("test", status=1)
        # Waited for, once.
        self.assertEqual(self.machine.installed(), [["fish", "zsh"]] * 2)
        self.assertEqual(re.findall(r"Timeout=(\d+)", "".join(self.machine.calls("apt-get"))), ["0", "120"])
        self.assert_in_order(said, "another program installs packages now; waiting",
                             "What to do: another program installs packages now")

    def test_an_interrupt_while_packages_are_unpacked(self):
        self.machine.remove("zsh")
        unpacking = self.machine.fake / "unpacking"
        os.mkfifo(unpacking)
        process = self.machine.start("test")
        with open(unpacking, "w") as now:
            while not list(self.machine.fake.glob("tmp*/said")):  # tee has begun: it is not ended by interrupts
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGINT)
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(0.5)
            now.write("all of it\n")
        self.assertEqual(self.machine.end(process), 130)
        self.assert_in_order(self.machine.said, "unpacked all of it", "packages (failed)")

    def test_dpkg_was_interrupted(self):
        self.machine.remove("zsh")
        self.machine.set("fails.all", "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'\n")
        said = self.run_it("test", status=1)
        self.assertEqual(len(self.machine.calls("apt-get")), 1)
        self.assertIn("What to do: as root, run 'dpkg --configure -a'", said)


class Root(MachineTest):
    def test_no_root_and_no_sudo(self):
        self.machine.remove("zsh", "libboost-test-dev")
        self.machine.set("uid", "1000\n")
        said = self.run_it("test", status=1)
        self.assertIn("  apt-get update && apt-get install --no-install-recommends libboost-test1.74-dev zsh\n", said)
        self.assertEqual(self.machine.calls("apt-get"), [])
        self.assertEqual(self.machine.calls("cmake"), [])

    def test_no_root_is_needed_for_what_is_not_indispensable(self):
        self.machine.remove("chromium")
        self.machine.set("uid", "1000\n")
        self.assertIn("Going on without: chromium", self.run_it("test"))

    def test_sudo(self):
        self.machine.remove("zsh")
        self.machine.set("uid", "1000\n")
        self.machine.write(self.machine.root, program("sudo", SUDO))
        self.run_it("test")
        self.assertEqual(self.machine.installed(), [["zsh"]])
        self.assertEqual(self.machine.calls("sudo")[0], "true")

    def test_sudo_refuses(self):
        self.machine.remove("zsh")
        self.machine.set("uid", "1000\n")
        self.machine.set("sudo-refuses", "")
        self.machine.write(self.machine.root, program("sudo", SUDO))
        self.assertIn("--no-install-recommends zsh\n", self.run_it("test", status=1))
        self.assertEqual(self.machine.calls("sudo"), ["true"])

    def test_unknown_distribution(self):
        self.machine.remove("zsh", "libhwloc-dev")
        (self.machine.root / "bin/apt-get").unlink()
        said = self.run_it("test", status=1)
        self.assert_in_order(said, "no apt-get", "hwloc (the header hwloc.h); Debian's package: libhwloc-dev\n",
                             "(zsh on the PATH)", "ACRE_NO_INSTALL=1")
        self.assertEqual(self.machine.calls("cmake"), [])
        self.run_it("test", ACRE_NO_INSTALL="1")


if __name__ == "__main__":
    unittest.main()
