"""A tree without mistakes passes cmake/check_layers.py; each kind of mistake is found."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[2] / "cmake/check_layers.py"

GOOD = {
    "include/acre/acre.hpp": "#include <acre/area.hpp>\n#include <acre/error.hpp>\n",
    "include/acre/error.hpp": "#include <string>\n",
    "include/acre/area.hpp": "#include <acre/error.hpp>\n",
    "lib/CMakeLists.txt": "function(acre_layer name)\nendfunction()\nacre_layer(umbrella HEADERS acre.hpp)\n",
    "lib/base/layer.cmake": "acre_layer(base\n  HEADERS error.hpp\n  SOURCES error.cpp)\n",
    "lib/base/error.cpp": "#include <acre/error.hpp>\n",
    "lib/sys/layer.cmake": "acre_layer(sys SOURCES map.cpp)\n",
    "lib/sys/map.cpp": '#include "sys/map.hpp"\n#include <sys/mman.h>\nauto p = "/proc/self/maps";\n',
    "lib/sys/map.hpp": "#include <acre/error.hpp>\n",
    "lib/area/layer.cmake": "acre_layer(area HEADERS area.hpp SOURCES area.cpp)\n",
    "lib/area/area.cpp": '#include <acre/area.hpp>\n#include "sys/map.hpp"\n// "/proc/x", std::cerr\n',
    "lib/cli/demo.cpp": '#include <acre/acre.hpp>\n#include <iostream>\n#include "cli/bars.hpp"\n#include "process/files.hpp"\n',
}


class CheckLayers(unittest.TestCase):
    def run_on(self, **changes):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**GOOD, **changes.get("files", {})}.items():
                path = pathlib.Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            done = subprocess.run([sys.executable, CHECKER, root], capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return done

    def assert_found(self, name, text, message):
        done = self.run_on(files={name: text})
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(message, done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)

    def test_a_good_tree_passes(self):
        done = self.run_on()
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_an_empty_tree_fails(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(subprocess.run([sys.executable, CHECKER, root], capture_output=True).returncode, 1)

    def test_including_a_public_header_of_a_layer_above(self):
        self.assert_found("lib/sys/map.hpp", "#include <acre/area.hpp>\n",
                          "lib/sys/map.hpp: of layer sys includes <acre/area.hpp> of layer area")

    def test_including_a_private_header_of_a_layer_above(self):
        self.assert_found("lib/base/error.cpp", '#include "sys/map.hpp"\n', "of layer base includes")

    def test_a_public_header_including_a_private_one(self):
        self.assert_found("include/acre/area.hpp", '#include "sys/map.hpp"\n', "is public and includes")

    def test_cli_including_a_private_header(self):
        self.assert_found("lib/cli/demo.cpp", '#include "sys/map.hpp"\n', "of layer cli includes")

    def test_cli_including_the_readers_of_process(self):
        done = self.run_on(files={"lib/cli/demo.cpp": '#include "process/stat.hpp"\n', "lib/process/stat.hpp": ""})
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_a_layer_including_one_that_stands_beside_it(self):
        for layer, other in (("heap", "segment"), ("segment", "heap"), ("segment", "pool"), ("process", "area"),
                             ("process", "segment"), ("heap", "area"), ("pool", "heap"), ("pool", "process")):
            self.assert_found(f"lib/{layer}/x.hpp", f'#include "{other}/y.hpp"\n',
                              f'of layer {layer} includes "{other}/y.hpp" of layer {other}')
        self.assert_found("lib/heap/x.hpp", "#include <acre/area.hpp>\n", "of layer heap includes <acre/area.hpp>")

    def test_a_list_of_a_layer_without_a_row(self):
        self.assert_found("lib/area/layer.cmake", "acre_layer(area HEADERS area.hpp SOURCES area.cpp)\nacre_layer(misc)\n",
                          "layer 'misc' has no row")

    def test_a_relative_include(self):
        self.assert_found("lib/area/area.cpp", '#include "../sys/map.hpp"\n', 'write <acre/file.hpp>')

    def test_a_system_header_outside_sys(self):
        for header in ("sys/mman.h", "sys/syscall.h", "linux/mempolicy.h", "numaif.h"):
            self.assert_found("lib/area/area.cpp", f"#include <{header}>\n", "system calls are made in lib/sys")

    def test_hwloc_outside_its_layers(self):
        self.assert_found("lib/area/area.cpp", "#include <hwloc.h>\n", "hwloc is used in")
        self.assert_found("include/acre/area.hpp", "#include <hwloc/linux.h>\n", "hwloc is used in")

    def test_a_proc_path_outside_sys(self):
        self.assert_found("lib/area/area.cpp", 'auto p = "/sys/devices";\n', "/proc and /sys are read in lib/sys")

    def test_printing(self):
        for text in ("std::cerr << 1;", "std::fprintf(stderr, x);", "perror(x);", "std::printf(x);"):
            self.assert_found("lib/area/area.cpp", text, "the library prints nothing")
        self.assert_found("lib/area/area.cpp", "#include <iostream>\n", "the library prints nothing")

    def test_formatting_into_a_buffer_is_not_printing(self):
        done = self.run_on(files={"lib/area/area.cpp": "std::snprintf(b, n, f);"})
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_namespace_without_the_number_of_the_interface(self):
        for text in ("namespace acre {\n}\n", "namespace acre::sys {\n}\n", "namespace acre::inline v12 {\n}\n",
                     "namespace acre { inline namespace v2 {\n}}\n"):
            self.assert_found("lib/area/area.cpp", text, "the library's names are in acre::inline v1")

    def test_namespaces_with_the_number_of_the_interface(self):
        text = "namespace acre::inline v1 {\n}\nnamespace acre::inline v1::sys {\n}\nnamespace acres {\n}\n"
        for change in ({"lib/area/area.cpp": text}, {"lib/cli/demo.cpp": "using namespace acre;\nnamespace acre {\n}\n"}):
            done = self.run_on(files=change)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_a_public_header_in_no_layer(self):
        done = self.run_on(files={"include/acre/new.hpp": ""})
        self.assertIn("include/acre/new.hpp: in no layer", done.stdout)
        self.assertIn("acre.hpp: does not include <acre/new.hpp>", done.stdout)

    def test_a_public_detail_is_not_for_the_umbrella(self):
        done = self.run_on(files={"include/acre/detail/part.hpp": "",
                                  "lib/area/layer.cmake": "acre_layer(area\n  HEADERS area.hpp detail/part.hpp\n"
                                                          "  SOURCES area.cpp)\n"})
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_a_source_that_is_not_built(self):
        self.assert_found("lib/area/more.cpp", "", "not built")

    def test_an_unknown_layer(self):
        self.assert_found("lib/misc/x.hpp", "", "in no layer")


if __name__ == "__main__":
    unittest.main()
