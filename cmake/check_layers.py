#!/usr/bin/env python3
"""check_layers.py ROOT: each layer includes only itself and the layers that it stands on.

Which layer a file belongs to: lib/<layer>/ by its directory, include/acre/*.hpp by the acre_layer() call of
lib/CMakeLists.txt or lib/<layer>/layer.cmake that lists it under HEADERS.

What the library has for names, inlined into others' programs or not, lies in the inline namespace of its binary interface.
"""
import pathlib
import re
import sys

# What a layer may include beside itself. Two that are in neither's row know nothing of each other.
INCLUDED = {
    "base": set(),
    "sys": {"base"},
    "topology": {"base", "sys"},
    "placement": {"base", "sys", "topology"},
    "observe": {"base", "sys", "topology", "placement"},
    "area": {"base", "sys", "topology", "placement", "observe"},
    "pool": {"base", "sys", "topology", "placement", "observe", "area"},
    "segment": {"base", "sys", "topology", "placement", "observe", "area"},
    "heap": {"base", "sys"},
    "process": {"base", "sys", "topology", "placement", "observe"},
    "cli": {"process", "placement"},  # and public headers of all
}
# Which include public headers of every layer: acre.hpp and the command.
TOP = {"umbrella", "cli"}

# (what is looked for, layers that may have it, why the others may not)
HEADER_RULES = [
    (r"sys/mman\.h|(sys/|asm/)?(syscall|unistd_64)\.h|linux/mempolicy\.h|numa(if)?\.h", {"sys"},
     "system calls are made in lib/sys"),
    (r"hwloc\.h|hwloc/.*", {"topology", "placement"}, "hwloc is used in lib/topology and lib/placement"),
    (r"iostream", {"cli"}, "the library prints nothing"),
]
TEXT_RULES = [
    (r'"/(proc|sys)/', {"sys", "cli"}, "/proc and /sys are read in lib/sys"),
    (r"\bstd::(cerr|clog|cout)\b|\b(stderr|stdout)\b|\b(perror|printf|puts|putchar)\s*\(", {"cli"},
     "the library prints nothing"),
]

# The number changes when programs that were compiled before would not work any more; two may then live in one process.
NAMESPACE = "acre::inline v1"
OPENED_NAMESPACE = re.compile(r"^\s*(?:inline )?namespace (acre\b[^\n{;=]*?)\s*\{", re.M)

INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.M)
# String literals are matched only to be kept: a // inside one starts no comment.
COMMENT_OR_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)


def without_comments(text):
    def keep(match):
        found = match.group(0)
        return found if found.startswith('"') else "\n" * found.count("\n")
    return COMMENT_OR_STRING.sub(keep, text)


class Tree:
    def __init__(self, root):
        self.root = root
        self.mistakes = []
        self.listed_headers = {}  # name -> layer
        self.listed_sources = set()  # "layer/file.cpp"
        lists = [root / "lib/CMakeLists.txt", *sorted((root / "lib").glob("*/layer.cmake"))]
        for path in lists:
            if path.exists():
                self.read_lists(path)

    def mistake(self, path, message):
        self.mistakes.append(f"{path.relative_to(self.root)}: {message}")

    def read_lists(self, path):
        text = re.sub(r"#[^\n]*", "", path.read_text())
        for body in re.findall(r"^\s*acre_layer\(([^)]*)\)", text, re.M):
            layer, *words = body.split()
            if layer not in INCLUDED and layer not in TOP:
                self.mistake(path, f"layer '{layer}' has no row in check_layers.py")
            kind = None
            for word in words:
                if word in ("HEADERS", "SOURCES"):
                    kind = word
                elif kind == "HEADERS":
                    self.listed_headers[word] = layer
                else:
                    self.listed_sources.add(f"{layer}/{word}")

    def check(self):
        public = sorted((self.root / "include/acre").rglob("*.hpp"))
        for path in public:
            layer = self.listed_headers.get(path.relative_to(self.root / "include/acre").as_posix())
            if layer:
                self.check_file(path, layer)
            else:
                self.mistake(path, "in no layer: list it under HEADERS of a lib/<layer>/layer.cmake")
        private = sorted(p for p in (self.root / "lib").rglob("*") if p.suffix in (".hpp", ".cpp", ".h"))
        for path in private:
            name = path.relative_to(self.root / "lib")
            layer = name.parts[0]
            if layer not in INCLUDED or len(name.parts) < 2:
                self.mistake(path, "in no layer")
                continue
            if path.suffix == ".cpp" and layer != "cli" and name.as_posix() not in self.listed_sources:
                self.mistake(path, f"not built: list it under SOURCES of lib/{layer}/layer.cmake")
            self.check_file(path, layer)
        self.check_umbrella(public)
        if not public or not private:
            self.mistakes.append(f"{self.root}: no headers or no sources found")
        return self.mistakes

    def check_umbrella(self, public):
        umbrella = self.root / "include/acre/acre.hpp"
        if not umbrella.exists():
            return
        included = set(re.findall(r"<acre/([^>]+)>", without_comments(umbrella.read_text())))
        for path in public:
            if path.parent == umbrella.parent and path != umbrella and path.name not in included:
                self.mistake(umbrella, f"does not include <acre/{path.name}>")

    def check_file(self, path, layer):
        text = without_comments(path.read_text())
        for target in INCLUDE.findall(text):
            self.check_include(path, layer, target)
        for pattern, allowed, why in TEXT_RULES:
            found = re.search(pattern, text)
            if found and layer not in allowed:
                self.mistake(path, f"has {found.group(0)}: {why}")

        for name in OPENED_NAMESPACE.findall(text):
            if layer != "cli" and name != NAMESPACE and not name.startswith(NAMESPACE + "::"):
                self.mistake(path, f"opens namespace {name}: the library's names are in {NAMESPACE}")

    def check_include(self, path, layer, target):
        name = target[1:-1]
        below = INCLUDED.get(layer, set()) | {layer}
        if target[0] == "<" and name.startswith("acre/"):
            other = self.listed_headers.get(name.removeprefix("acre/"))
            if other is None:
                self.mistake(path, f"includes {target}, which is in no layer")
            elif other not in below and layer not in TOP:
                self.mistake(path, f"of layer {layer} includes {target} of layer {other}")
        elif target[0] == '"':
            other = name.split("/")[0]
            if other not in INCLUDED or ".." in name:
                self.mistake(path, f'includes {target}: write <acre/file.hpp> or "<layer>/file.hpp"')
            elif path.is_relative_to(self.root / "include"):
                self.mistake(path, f"is public and includes the private {target}")
            elif other not in below:
                self.mistake(path, f"of layer {layer} includes {target} of layer {other}")
        else:
            for pattern, allowed, why in HEADER_RULES:
                if re.fullmatch(pattern, name) and layer not in allowed:
                    self.mistake(path, f"includes {target}: {why}")


def main(root):
    mistakes = Tree(pathlib.Path(root).resolve()).check()
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
