"""mistakes_test.py COMPILER: what does not compile says why, in one short error."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"
COMPILER = sys.argv.pop(1)

PREAMBLE = """
#include <acre/acre.hpp>
#include <list>
#include <map>
#include <memory_resource>
#include <string>
#include <vector>
using namespace acre;
using numbers = std::vector<int, numa_allocator<int>>;
using untouched = std::vector<int, first_touch_allocator<int>>;
"""
PARAMETERS = "area& a, pool_resource& pool, const placement& where, const node_set& nodes, node_id node"

ADDRESS = "pass its address: &r"
BIND = "pass a placement: placement::bind("
FOR = "pass a resource: resource_for(where)"
NAMED = "it would be gone: give"

# Name: what is wrong, what is said, what is right.
MISTAKES = {
    "area_for_allocator": ("numa_allocator<int> x(a);", ADDRESS, "numa_allocator<int> x(&a);"),
    "area_for_vector": ("numbers x(a);", ADDRESS, "numbers x(&a);"),
    "pool_for_vector_of_ten": ("numbers x(10, pool);", ADDRESS, "numbers x(10, &pool);"),
    "pool_for_list": ("std::list<int, numa_allocator<int>> x(pool);", ADDRESS,
                      "std::list<int, numa_allocator<int>> x(&pool);"),
    "temporary_area_for_vector": ("numbers x(area(placement::bind({0})));", ADDRESS, "numbers x(placement::bind({0}));"),
    "area_for_first_touch": ("untouched x(10, a);", ADDRESS, "untouched x(10, &a);"),
    "nodes_for_allocator": ("numa_allocator<int> x(nodes);", BIND, "numa_allocator<int> x(placement::bind(nodes));"),
    "nodes_for_vector": ("numbers x(nodes);", BIND, "numbers x(placement::bind(nodes));"),
    "nodes_for_first_touch": ("untouched x(10, nodes);", BIND, "untouched x(10, placement::bind(nodes));"),
    "node_for_allocator": ("numa_allocator<int> x(node);", BIND, "numa_allocator<int> x(placement::bind({node}));"),
    "zero_for_allocator": ("numa_allocator<int> x(0);", BIND, "numa_allocator<int> x(placement::bind({0}));"),
    "node_for_first_touch": ("first_touch_allocator<int> x(node);", BIND,
                             "first_touch_allocator<int> x(placement::bind({node}));"),
    "machine_for_allocator": ("numa_allocator<int> x(topology::system());", BIND,
                              "numa_allocator<int> x(placement::bind(topology::system().nodes()));"),
    "null_for_allocator": ("numa_allocator<int> x(nullptr);", "nullptr_t", "numa_allocator<int> x;"),
    "null_for_first_touch": ("first_touch_allocator<int> x(nullptr);", "nullptr_t", "first_touch_allocator<int> x;"),
    "placement_for_pmr_vector": ("std::pmr::vector<int> x(where);", FOR, "std::pmr::vector<int> x(resource_for(where));"),
    "placement_for_pmr_vector_of_ten": ("std::pmr::vector<int> x(10, where);", FOR,
                                        "std::pmr::vector<int> x(10, resource_for(where));"),
    "placement_for_pmr_string": ('std::pmr::string x("x", where);', FOR, 'std::pmr::string x("x", resource_for(where));'),
    "placement_for_pmr_map": ("std::pmr::map<int, int> x(where);", FOR, "std::pmr::map<int, int> x(resource_for(where));"),
    "area_for_pmr_vector": ("std::pmr::vector<int> x(a);", ADDRESS, "std::pmr::vector<int> x(&a);"),
    "temporary_area_for_pmr_vector": ("std::pmr::vector<int> x(area(placement::bind({0})));", ADDRESS,
                                      "std::pmr::vector<int> x(&a);"),
    "area_for_pool": ("pool_resource x(a);", ADDRESS, "pool_resource x(&a);"),
    "temporary_area_for_pool": ("pool_resource x(area(placement::bind({0})));", ADDRESS,
                                "pool_resource x(placement::bind({0}));"),
    "temporary_area_for_pool_in_braces": ("pool_resource x{area(placement::bind({0})), {}};", ADDRESS,
                                          "pool_resource x{placement::bind({0}), {}};"),
    "nodes_for_pool": ("pool_resource x(nodes);", BIND, "pool_resource x(placement::bind(nodes));"),
    "null_for_pool": ("pool_resource x(nullptr);", "nullptr_t", "pool_resource x(std::pmr::new_delete_resource());"),
    "placement_for_node_pools": ("node_pools x(where);", "pass its nodes: where.nodes()", "node_pools x(where.nodes());"),
    "weights_of_a_temporary": ("for (node_weight w : placement::blocked({{0, 1}}).weights()) (void)w;", NAMED,
                               "for (node_weight w : where.weights()) (void)w;"),
}


def messages_of(code, *flags):
    command = [COMPILER, "-fsyntax-only", "-fno-diagnostics-color", f"-I{INCLUDE}", *flags, "-x", "c++", "-"]
    return subprocess.run(command, input=code, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})


def errors_in(text):
    return [line for line in text.splitlines() if " error: " in line]


class Mistakes(unittest.TestCase):
    def of_functions(self, bodies, *flags):
        functions = [f"void f{i}({PARAMETERS}) {{ {body} }}\n" for i, body in enumerate(bodies)]
        return messages_of(PREAMBLE + "".join(functions), "-std=c++20", *flags)

    def test_what_is_right_compiles(self):
        done = self.of_functions([right for _, _, right in MISTAKES.values()])
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_each_has_one_short_error(self):
        limit = ["-ferror-limit=0"] if "clang" in COMPILER else []
        done = self.of_functions([wrong for wrong, _, _ in MISTAKES.values()], *limit)
        self.assertNotEqual(done.returncode, 0)
        first, *rest = re.split(r"^<stdin>:(\d+):\d+: error: ", done.stderr, flags=re.M)
        self.assertNotIn(" error: ", first)
        said_of = {}
        for line, text in zip(map(int, rest[::2]), rest[1::2]):
            said_of.setdefault(line - PREAMBLE.count("\n") - 1, []).append(text)
        for number, (name, (_, right_way, _)) in enumerate(MISTAKES.items()):
            with self.subTest(name):
                texts = said_of.pop(number, [])
                self.assertEqual(len(texts), 1, texts)
                self.assertIn("deleted", texts[0].splitlines()[0])
                self.assertIn(right_way, texts[0])
                self.assertLessEqual(len(texts[0].splitlines()), 13, texts[0])
        self.assertEqual(said_of, {})


class WhatIsNeeded(unittest.TestCase):
    def every_header_says(self, need, last, *flags):
        headers = sorted(INCLUDE.glob("acre/*.hpp"))
        self.assertTrue(headers)
        for header in headers:
            with self.subTest(header.name):
                done = messages_of(f"#include <acre/{header.name}>\nacre::placement p;\n", *flags)
                self.assertNotEqual(done.returncode, 0)
                errors = errors_in(done.stderr)
                self.assertEqual(len(errors), 2, done.stderr)
                self.assertIn(need, errors[0])
                self.assertIn(last, errors[1])  # ends the compilation

    def test_an_older_standard(self):
        self.every_header_says("acre needs C++20: compile with -std=c++20", "acre_needs_cxx20", "-std=c++17")

    def test_an_older_libcxx(self):
        with tempfile.TemporaryDirectory() as headers:
            pathlib.Path(headers, "version").write_text("#define _LIBCPP_VERSION 180100\n")
            self.every_header_says("acre needs libc++ 19 or newer", "acre_needs_libcxx19", "-std=c++20", f"-I{headers}")


if __name__ == "__main__":
    unittest.main()
