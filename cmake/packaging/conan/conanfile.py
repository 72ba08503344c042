import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.scm import Version

required_conan_version = ">=2.1"


class AcreConan(ConanFile):
    name = "acre"
    description = "C++ objects on chosen NUMA memory"
    license = "MIT"
    topics = ("numa", "memory", "allocator", "pmr")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "with_command": [True, False],
    }
    default_options = {
        "shared": False,
        "fPIC": True,
        "with_command": False,
    }
    implements = ["auto_shared_fpic"]

    @property
    def _tree(self):
        return os.path.join(self.recipe_folder, "..", "..", "..")

    # In a registry the version is given to the recipe, and source() fetches it.
    def set_version(self):
        text = load(self, os.path.join(self._tree, "include", "acre", "version.hpp"))
        numbers = [re.search(rf"#define ACRE_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH")]
        self.version = ".".join(numbers) + re.search(r'#define ACRE_VERSION_SUFFIX "(.*)"', text)[1]

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "docs/acre.1", "include/*", "lib/*"):
            copy(self, pattern, self._tree, self.export_sources_folder, excludes="cmake/packaging/*")

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("hwloc/2.12.2")
        if self.options.with_command:
            self.requires("fmt/12.1.0", visible=False)
            self.requires("nlohmann_json/3.12.0", visible=False)

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25 <4]")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(f"{self.ref} works on Linux only")
        check_min_cppstd(self, 20)
        minimum = {"gcc": "12", "clang": "14"}.get(str(self.settings.compiler))
        if minimum and Version(self.settings.compiler.version) < minimum:
            raise ConanInvalidConfiguration(f"{self.ref} needs {self.settings.compiler} {minimum} or newer")

    def generate(self):
        tc = CMakeToolchain(self)
        for part in ("TESTS", "BENCH", "DEMO"):
            tc.cache_variables[f"ACRE_BUILD_{part}"] = False
        tc.cache_variables["ACRE_BUILD_COMMAND"] = bool(self.options.with_command)
        tc.generate()
        CMakeDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        cmake = CMake(self)
        cmake.install()
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        self.cpp_info.libs = ["acre"]
        self.cpp_info.system_libs = ["pthread"]
        if not self.options.shared:
            self.cpp_info.defines = ["ACRE_STATIC_DEFINE"]
        self.cpp_info.set_property("cmake_file_name", "acre")
        self.cpp_info.set_property("cmake_target_name", "acre::acre")
        self.cpp_info.set_property("pkg_config_name", "acre")
