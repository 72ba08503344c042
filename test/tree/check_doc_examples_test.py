"""cmake/check_doc_examples.py accepts what the examples contain and nothing else."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[2] / "cmake/check_doc_examples.py"
EXAMPLE = "#include <x>\n\nint main() {\n  int a = 1;\n\n  if (a)\n    f(a);\n}\n"


class CheckDocExamples(unittest.TestCase):
    def status_of(self, page):
        with tempfile.TemporaryDirectory() as root:
            examples = pathlib.Path(root, "docs/examples")
            examples.mkdir(parents=True)
            (examples / "one.cpp").write_text(EXAMPLE)
            pathlib.Path(root, "README.md").write_text("# A title\n")
            pathlib.Path(root, "docs/page.md").write_text(page)
            done = subprocess.run([sys.executable, CHECKER, root], capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return done.returncode

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


if __name__ == "__main__":
    unittest.main()
