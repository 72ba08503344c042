#!/usr/bin/env python3
"""What docs/site finds wrong: in headers and pages before a site is made of them, and in a site in a browser."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROMIUM = sys.argv.pop() if len(sys.argv) > 1 else "chromium"
PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>body {{ background: #fff; color: #000; }} body[data-theme=dark] {{ background: #000; color: #fff; }}</style>
</head>
<body><article><p id="top">Text, <a href="index.html#top">and a link</a>.</p>
<div class="highlight"><pre>code</pre><button class="copybtn"></button></div>{}</article></body></html>"""
SEARCH = PAGE.format('<div id="search-results"><a href="reference/numa_allocator.html">acre::numa_allocator</a> (C++)'
                     "</div>")


class Build(unittest.TestCase):
    def build(self, name, wrong, right=None):
        """What build_site.py says of a tree where wrong stands in that file, at its end or in right's place."""
        with tempfile.TemporaryDirectory() as directory:
            tree = pathlib.Path(directory) / "a tree"
            for part in ("include", "docs", "cmake"):
                shutil.copytree(ROOT / part, tree / part)
            for path in (ROOT / "lib", ROOT / "test", ROOT / "bench", ROOT / "README.md", ROOT / "CHANGELOG.md"):
                (tree / path.name).symlink_to(path)
            path = tree / name
            text = path.read_text()
            self.assertIn(right or "", text)
            path.write_text(text.replace(right, wrong) if right else text + wrong)
            done = subprocess.run([sys.executable, "-B", tree / "docs/site/build_site.py", tree, f"{directory}/out"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
            self.assertNotEqual(done.returncode, 0, done.stdout)
            return done.stdout

    def test_a_public_member_without_a_comment(self):
        said = self.build("include/acre/locate.hpp", "struct residency {\n  int secret;",
                          "struct [[nodiscard]] residency {")
        self.assertRegex(said, r"locate\.hpp:\d+: .*secret")

    def test_a_name_that_no_example_uses_but_for_a_variable(self):
        said = self.build("include/acre/bytes.hpp", "/// Nothing.\nACRE_API void pages();\n\n/// The shortest exact",
                          "/// The shortest exact")
        self.assertRegex(said, r"include/acre/bytes\.hpp:\d+: no example uses acre::pages")

    def test_a_link_to_no_file(self):
        said = self.build("docs/proof.md", "\n[x](prof.md)\n")
        self.assertIn("docs/proof.md: links to prof.md, which is no file", said)

    def test_what_sphinx_warns_of(self):
        self.assertIn("tables.md", self.build("docs/proof.md", "\n```{include} tables.md\n```\n"))


class Site(unittest.TestCase):
    def check(self, search=SEARCH, **pages):
        with tempfile.TemporaryDirectory() as directory:
            site = pathlib.Path(directory) / "html"
            (site / "reference").mkdir(parents=True)
            for name, text in {"index": PAGE.format(""), "search": search, **pages}.items():
                (site / f"{name}.html").write_text(text)
            (site / "reference/numa_allocator.html").write_text(PAGE.format("").replace("index.html", "../index.html"))
            done = subprocess.run([sys.executable, "-B", ROOT / "docs/site/check_site.py", site, CHROMIUM],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
            if done.returncode == 77:
                self.skipTest(done.stdout)
            self.assertEqual(done.returncode == 0, done.stdout == "")
            return done.stdout

    def test_what_is_right(self):
        self.assertEqual(self.check(), "")

    def test_each_mistake_is_told(self):
        said = self.check(
            search=PAGE.format(""),
            file=PAGE.format('<a href="other.html">x</a>'),
            anchor=PAGE.format('<a href="#bottom">x</a>'),
            image=PAGE.format('<img src="x.svg">'),
            wide=PAGE.format('<div style="width: 700px">x</div>'),
            still=PAGE.format("").replace("<html>", '<html class="no-js">'),
            copied=PAGE.format('<div class="highlight"><pre>x</pre></div>'),
            pale=PAGE.format('<code style="color: #777">x</code>'),
            dim=PAGE.format('<code class="dim" style="color: #333">x</code>'))
        for told in ("file.html: other.html leads nowhere", "anchor.html: #bottom leads nowhere",
                     "image.html: x.svg leads nowhere", "wide.html: wider than 360 pixels: <div style",
                     "still.html: the theme's script did not run", "copied.html: a code block cannot be copied",
                     "light: contrast 4.48 of CODE", "dark: contrast 1.66 of CODEdim",
                     "a search for numa_allocator does not find its reference"):
            self.assertIn(told, said)
        self.assertNotIn("index.html", said)

    def test_scripts_that_fail(self):
        self.assertIn("missing is not defined", self.check(script=PAGE.format("<script>missing()</script>")))


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    sys.exit(1 if not result.wasSuccessful() else 77 if result.skipped else 0)
