"""As much of Conan's and Spack's modules as the recipes in cmake/packaging use: what they say is written down."""
import contextlib
import fnmatch
import importlib.util
import os
import pathlib
import shutil
import sys
import types


def add_module(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


def load_module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ConanFile:
    def __init__(self, recipe_folder, settings=None, **options):
        self.recipe_folder = recipe_folder
        self.settings = types.SimpleNamespace(**settings or {})
        self.options = types.SimpleNamespace(**{**self.default_options, **options})
        self.ref = self.name
        self.required = {}  # name -> whether the package's users see it
        self.cpp_info = CppInfo()

    def requires(self, reference, visible=True):
        self.required[reference.split("/")[0]] = visible


class CppInfo:
    def __init__(self):
        self.libs, self.system_libs, self.defines, self.properties = [], [], [], {}

    def set_property(self, name, value):
        self.properties[name] = value


class CMakeToolchain:
    def __init__(self, conanfile):
        conanfile.cache_variables = self.cache_variables = {"BUILD_SHARED_LIBS": conanfile.options.shared}

    def generate(self):
        pass


class CMakeDeps:
    def __init__(self, conanfile):
        pass

    def generate(self):
        pass


class ConanInvalidConfiguration(Exception):
    pass


def conan_copy(_, pattern, source, destination, excludes=()):
    excludes = [excludes] if isinstance(excludes, str) else excludes
    top = pathlib.Path(source, pattern.split("/")[0])
    for path in (top.rglob("*") if top.is_dir() else [top]):
        name = os.path.relpath(path, source)
        if path.is_file() and fnmatch.fnmatch(name, pattern) and not any(fnmatch.fnmatch(name, e) for e in excludes):
            copied = pathlib.Path(destination, name)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copied)


def load_conan_recipe(path):
    add_module("conan", ConanFile=ConanFile)
    add_module("conan.errors", ConanInvalidConfiguration=ConanInvalidConfiguration)
    add_module("conan.tools")
    add_module("conan.tools.build", check_min_cppstd=lambda recipe, standard: setattr(recipe, "standard", standard))
    add_module("conan.tools.cmake", CMake=None, CMakeDeps=CMakeDeps, CMakeToolchain=CMakeToolchain, cmake_layout=None)
    add_module("conan.tools.files", copy=conan_copy, load=lambda _, path: pathlib.Path(path).read_text(), rmdir=None)
    add_module("conan.tools.scm", Version=lambda text: FirstNumber(str(text)))
    return load_module(path).AcreConan


class FirstNumber(int):
    def __new__(cls, text):
        return super().__new__(cls, text.split(".")[0])

    def __lt__(self, other):
        return int(self) < int(other)


class SpackRecipe:
    """What package.py says; .arguments(variants) are those of its cmake_args()."""

    def __init__(self, path):
        self.versions, self.conflicts, self.variants = [], [], set()
        self.dependencies = []  # (what, under which condition)
        condition = [None]

        @contextlib.contextmanager
        def when(what):
            condition[0] = what
            yield
            condition[0] = None

        class CMakePackage:
            def define(self, name, value):
                return f"-D{name}={'ON' if value else 'OFF'}"

            def define_from_variant(self, name, variant):
                return self.define(name, self.chosen[variant])

        add_module("spack")
        add_module(
            "spack.package", license=lambda _: None, requires=lambda *_, **__: None, join_path=os.path.join, when=when,
            version=self.versions.append,
            variant=lambda name, **_: self.variants.add(name),
            depends_on=lambda what, **_: self.dependencies.append((what, condition[0])),
            conflicts=lambda what, **_: self.conflicts.append(what),
            run_after=lambda _: lambda function: function)
        for name in ("spack_repo", "spack_repo.builtin", "spack_repo.builtin.build_systems"):
            add_module(name)
        add_module("spack_repo.builtin.build_systems.cmake", CMakePackage=CMakePackage)
        self.package = load_module(path).Acre()

    def arguments(self, **variants):
        self.package.chosen = variants
        return self.package.cmake_args()
