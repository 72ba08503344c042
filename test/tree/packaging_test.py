"""packaging_test.py BUILT COMPILER VERSION: the recipes in cmake/packaging, as far as they run without their packagers.

Configures acre as each recipe does, with nothing to be found but what the recipe declares; compares what recipes repeat
with where it comes from; installs BUILT by vcpkg's portfile and uses it as the recipes tell their users to.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import packaging_stand_ins as stand_ins

TREE = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = TREE / "cmake/packaging"
PORT = PACKAGING / "vcpkg/ports/acre"
CONAN = PACKAGING / "conan"
# What acre's build may look for: the package of CMake, its name in the recipes.
FOUND = {"hwloc": "hwloc", "fmt": "fmt", "nlohmann_json": "nlohmann-json", "Boost": "boost", "benchmark": "benchmark",
         "Python3": "python"}


def run(*command):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def number_in(file, pattern):
    return re.search(pattern, (TREE / file).read_text())[1]


class Packaging(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.work = pathlib.Path(directory.name)
        cache = (BUILT / "CMakeCache.txt").read_text()
        cls.shared = "BUILD_SHARED_LIBS:BOOL=ON" in cache
        cls.command = "ACRE_BUILD_COMMAND:BOOL=ON" in cache
        cls.manifest = json.loads((PORT / "vcpkg.json").read_text())
        cls.conan_recipe = stand_ins.load_conan_recipe(CONAN / "conanfile.py")
        cls.spack = stand_ins.SpackRecipe(PACKAGING / "spack/spack_repo/acre/packages/acre/package.py")
        cls.packages = cls.run_portfile(["command"] if cls.command else [])
        cls.sources = cls.work / "sources"
        recipe = cls.conan()
        recipe.export_sources_folder = cls.sources
        recipe.export_sources()

    @classmethod
    def conan(cls, **options):
        return cls.conan_recipe(str(CONAN), **options)

    @classmethod
    def run_portfile(cls, features):
        packages = cls.work / "-".join(["packages", *features])
        run("cmake", f"-Dport={PORT}", f"-Dbuilt={BUILT}", f"-Dpackages={packages}", f"-DFEATURES={';'.join(features)}",
            f"-Dknown_features={';'.join(cls.manifest['features'])}",
            "-P", pathlib.Path(__file__).with_name("vcpkg_stand_ins.cmake"))
        return packages

    def test_versions(self):
        conan = self.conan()
        conan.set_version()
        self.assertEqual(self.manifest["version-semver"], VERSION)
        self.assertEqual(conan.version, VERSION)
        self.assertEqual(self.spack.versions[0], VERSION)

    def test_what_is_needed_at_least(self):
        for compiler, name in (("gcc", "GNU"), ("clang", "Clang")):
            rule = rf'"{name}" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS (\d+)'
            oldest = int(number_in("cmake/compilers.cmake", rule))
            self.assertIn(f"%{compiler}@:{oldest - 1}", self.spack.conflicts)
            self.conan(settings=self.settings(compiler, oldest)).validate()
            with self.assertRaises(stand_ins.ConanInvalidConfiguration):
                self.conan(settings=self.settings(compiler, oldest - 1)).validate()
        with self.assertRaises(stand_ins.ConanInvalidConfiguration):
            self.conan(settings={**self.settings("gcc", oldest), "os": "Macos"}).validate()
        for package, pattern in (("hwloc", r"find_package\(hwloc ([\d.]+)"), ("cmake", r"VERSION ([\d.]+)\)")):
            self.assertIn((f"{package}@{number_in('CMakeLists.txt', pattern)}:", None), self.spack.dependencies)

    @staticmethod
    def settings(compiler, version):
        return {"os": "Linux", "compiler": Compiler(compiler, f"{version}.1")}

    def test_options_configure_acre_with_what_is_declared_alone(self):
        asked = {}  # options and dependencies -> who asks for them; most ask for the same
        for shared, command in ((False, False), (True, True)):
            for who, options, dependencies in self.recipes(shared, command):
                asked.setdefault((tuple(sorted(options)), tuple(sorted(dependencies))), []).append(who)
        for number, ((options, dependencies), who) in enumerate(asked.items()):
            with self.subTest(recipes=who, options=options):
                self.configure(self.work / f"configured{number}", options, dependencies)

    def recipes(self, shared, command):
        conan = self.conan(shared=shared, with_command=command)
        conan.requirements()
        conan.generate()
        yield ("Conan", [f"-D{name}={'ON' if value else 'OFF'}" for name, value in conan.cache_variables.items()],
               {name.replace("_", "-") for name in conan.required})

        self.assertEqual(self.spack.variants, {"shared", "command"})
        self.assertEqual({when for _, when in self.spack.dependencies}, {None, "+command"})
        names = {what.split("@")[0] for what, when in self.spack.dependencies if when is None or command}
        yield "Spack", self.spack.arguments(shared=shared, command=command), names & set(FOUND.values())

        dependencies = self.manifest["dependencies"] + self.manifest["features"]["command"]["dependencies"] * command
        packages = self.run_portfile(["command"]) if command and self.command else self.run_portfile([])
        for part in ("release", "debug"):
            options = (packages / f"options-{part}").read_text().split(";")
            if part == "debug" or command == ("-DACRE_BUILD_COMMAND=ON" in options):
                options = [o for o in options if not o.startswith("-DPKG_CONFIG_EXECUTABLE=")]
                yield (f"vcpkg, {part}", [*options, f"-DBUILD_SHARED_LIBS={'ON' if shared else 'OFF'}"],
                       {d for d in dependencies if isinstance(d, str)})

    def configure(self, build, options, dependencies):
        hidden = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON"
                  for package, name in FOUND.items() if name not in dependencies]
        said = run("cmake", "-G", "Ninja", "-S", self.sources, "-B", build,
                   f"-DCMAKE_CXX_COMPILER={COMPILER}", *hidden, *options)
        unused = re.findall(r"^    (?!CMAKE_DISABLE)\w+$", said.partition("were not used by the project")[2], re.M)
        self.assertEqual(unused, [], "acre has no such options")
        targets = run("cmake", "--build", build, "--target", "help")
        command = "-DACRE_BUILD_COMMAND=ON" in options
        self.assertEqual([t for t in ("acre-command", "acre-demo") if f"{t}:" in targets], ["acre-command"] * command)
        # Conan's copy of the tree has all that will be installed.
        for script in build.rglob("cmake_install.cmake"):
            for path in re.findall(rf'"({re.escape(str(self.sources))}/[^"]+)"', script.read_text()):
                self.assertTrue(pathlib.Path(path).exists(), path)

    def test_conan_tells_its_users_what_the_installed_files_tell(self):
        pc = (self.packages / "lib/pkgconfig/acre.pc").read_text()
        recipe = self.conan(shared=self.shared)
        recipe.requirements()
        recipe.package_info()
        info = recipe.cpp_info
        needed = [name for name, visible in recipe.required.items() if visible]
        self.assertEqual([*info.libs, *needed], re.findall(r" -l(\w+)", pc))
        self.assertEqual(info.defines, re.findall(r" -D(\w+)", pc))
        if " -pthread" in pc:
            self.assertIn("pthread", info.system_libs)
        self.assertEqual(info.properties["pkg_config_name"], re.search(r"^Name: (.*)", pc, re.M)[1])
        config = self.packages / f"lib/cmake/acre/{info.properties['cmake_file_name']}-config.cmake"
        self.assertTrue(config.exists(), config)
        self.assertIn(info.properties["cmake_target_name"], (CONAN / "test_package/CMakeLists.txt").read_text())

    def test_vcpkg_package(self):
        self.assertEqual((self.packages / "share/acre/copyright").read_text(), (TREE / "LICENSE").read_text())
        self.assertEqual((self.packages / "share/acre/usage").read_text(), (PORT / "usage").read_text())
        for name in ("include", "share"):
            self.assertFalse((self.packages / "debug" / name).exists(), name)
        if self.command:
            self.assertEqual(run(self.packages / "tools/acre/acre", "--version"), f"acre {VERSION}\n")

    # The program of Conan's and Spack's tests, and the same as vcpkg's `usage` tells to build it.
    def test_programs_are_built_as_the_recipes_say(self):
        test_package = CONAN / "test_package"
        usage = self.work / "usage"
        usage.mkdir()
        lines = re.search(r"CMake targets:\n\n(.*)\n(.*)\n", (PORT / "usage").read_text())
        (usage / "CMakeLists.txt").write_text(
            f"cmake_minimum_required(VERSION 3.25)\nproject(usage LANGUAGES CXX)\n{lines[1]}\n"
            f"add_executable(main {test_package}/test_package.cpp)\n{lines[2]}\n")
        for source, program in ((test_package, "test_package"), (usage, "main")):
            build = self.work / f"built-{program}"
            run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_CXX_COMPILER={COMPILER}",
                f"-DCMAKE_PREFIX_PATH={self.packages}")
            run("cmake", "--build", build)
            self.assertRegex(run(build / program), rf"^acre {re.escape(VERSION)}, hwloc \d+\.\d+")


class Compiler(str):
    def __new__(cls, name, version):
        compiler = super().__new__(cls, name)
        compiler.version = version
        return compiler


if __name__ == "__main__":
    BUILT, COMPILER, VERSION = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    unittest.main(argv=sys.argv[:1])
