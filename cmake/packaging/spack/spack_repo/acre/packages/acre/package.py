from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Acre(CMakePackage):
    """acre places C++ objects on chosen NUMA memory, and proves where they lie."""

    license("MIT")

    # Without an address to fetch from, it is built from a tree: `spack dev-build acre`.
    version("1.0.0-rc2")
    version("1.0.0-rc1")

    variant("shared", default=True, description="Build a shared library")
    variant("command", default=True, description="Build the command acre")

    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type=("build", "test"))
    depends_on("pkgconfig", type="build")
    depends_on("hwloc@2.9:")
    with when("+command"):
        depends_on("fmt")
        depends_on("nlohmann-json")

    requires("platform=linux", msg="acre works on Linux only")
    conflicts("%gcc@:11", msg="acre needs GCC 12 or newer")
    conflicts("%clang@:13", msg="acre needs Clang 14 or newer")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("ACRE_BUILD_COMMAND", "command"),
            self.define("ACRE_BUILD_TESTS", False),
            self.define("ACRE_BUILD_BENCH", False),
            self.define("ACRE_BUILD_DEMO", False),
        ]

    test_requires_compiler = True

    # The program that checks Conan's package will do for this one.
    consumer = join_path("cmake", "packaging", "conan", "test_package")

    @run_after("install")
    def keep_consumer(self):
        cache_extra_test_sources(self, self.consumer)

    def test_consumer(self):
        """build a program that uses the installed library, and run it"""
        cmake = self.spec["cmake"].command
        prefixes = ";".join(self.spec[name].prefix for name in ("acre", "hwloc"))
        cmake(
            "-S",
            join_path(self.test_suite.current_test_cache_dir, self.consumer),
            "-B",
            "build",
            self.define("CMAKE_PREFIX_PATH", prefixes),
        )
        cmake("--build", "build")
        said = Executable(join_path("build", "test_package"))(output=str.split, error=str.split)
        check_outputs([f"acre {self.spec.version}, hwloc"], said)
