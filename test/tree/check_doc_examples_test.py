"""check_doc_examples_test.py COMPILER: check_doc_examples.py accepts blocks that the examples contain and that compile."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[2] / "cmake/check_doc_examples.py"
COMPILER = sys.argv.pop(1)
EXAMPLE = "#include <x>\n\nint main() {\n  int a = 1;\n\n  if (a)\n    f(a);\n}\n"


BODY = "const std::vector<int> numbers(10);\nacre::area pages;\n"
FILE = "#include <vector>\n\ntemplate <class T>\nusing list = std::vector<T>;\n\nlist<int> numbers();\n"


class CheckDocExamples(unittest.TestCase):
    def check(self, page, *command):
        """The finished check of that page beside these examples."""
        with tempfile.TemporaryDirectory() as root:
            examples = pathlib.Path(root, "docs/examples")
            examples.mkdir(parents=True)
            (examples / "one.cpp").write_text(EXAMPLE)
            (examples / "two.cpp").write_text(f"{FILE}\nint main() {{\n{BODY}}}\n")
            header = pathlib.Path(root, "include/acre/acre.hpp")
            header.parent.mkdir(parents=True)
            header.write_text("namespace acre { struct area {}; }\n")
            pathlib.Path(root, "README.md").write_text("# A title\n")
            pathlib.Path(root, "docs/page.md").write_text(page)
            done = subprocess.run([sys.executable, CHECKER, root, *command], capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return done

    def status_of(self, page):
        return self.check(page).returncode

    def test_a_whole_example_passes(self):
        self.assertEqual(self.status_of(f"Text\n\n```cpp\n{EXAMPLE}```\n"), 0)

    def test_a_part_without_its_indentation_passes(self):
        self.assertEqual(self.status_of("```cpp\nint a = 1;\n\nif (a)\n  f(a);\n```\n"), 0)

    def test_a_block_inside_a_list_passes(self):
        self.assertEqual(self.status_of("- item\n\n  ```cpp\n  int a = 1;\n  ```\n"), 0)

    def test_other_languages_are_not_looked_at(self):
        self.assertEqual(self.status_of("```sh\nls\n```\n"), 0)

    def test_a_changed_line_fails(self):
        self.assertEqual(self.status_of("```cpp\nint a = 2;\n```\n"), 1)

    def test_a_left_out_line_fails(self):
        self.assertEqual(self.status_of("```cpp\nint a = 1;\nif (a)\n```\n"), 1)

    def test_changed_inner_indentation_fails(self):
        self.assertEqual(self.status_of("```cpp\nif (a)\nf(a);\n```\n"), 1)

    def test_what_compiles_as_it_stands_passes(self):
        done = self.check(f"```cpp\n{BODY}```\n\n- item\n\n  ```cpp\n{FILE}  ```\n\n```cpp\n{BODY}```\n", COMPILER,
                          "-Wall", "-Werror")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_what_does_not_compile_is_told_with_page_and_line(self):
        bodies = ("area pages;", "int a = 1;\nint b = a + c;", "int f() { return 1; }")
        page = "".join(f"```cpp\n{body}\n```\n" for body in bodies)
        done = self.check(page, COMPILER)
        self.assertEqual(done.returncode, 1)
        for line in (2, 6, 9):
            self.assertRegex(done.stdout, rf"(?m)^docs/page\.md:{line}:\d+: error: ")

    def test_a_missing_include_is_told_with_page_and_line(self):
        done = self.check("Text\n\n```cpp\n#include <cstddef>\n\nstd::vector<int> numbers();\n```\n", COMPILER)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^docs/page\.md:6:\d+: error: ")


if __name__ == "__main__":
    unittest.main()
