"""cmake/check_release.py accepts a release that says the same everywhere, and finds each kind of mistake."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).resolve().parents[2] / "cmake/check_release.py"
HEADER = """#define ACRE_VERSION_MAJOR 2
#define ACRE_VERSION_MINOR 1
#define ACRE_VERSION_PATCH 0
#define ACRE_VERSION_SUFFIX "-rc2"
#define ACRE_VERSION (ACRE_VERSION_MAJOR * 10000)
"""
CHANGELOG = """# Changes

What users see.

## [Unreleased]

## [2.1.0-rc2] - 2031-04-30

What programs change:

| before | now |
|---|---|

### Added

- Pools:
  - One.

### Security

- Two.

## [2.0.0] - 2030-12-01

### Fixed

- Three.
"""
CITATION = 'cff-version: 1.2.0\nversion: "2.1.0-rc2"\ndate-released: "2031-04-30"\n'


class CheckRelease(unittest.TestCase):
    def said(self, changelog=CHANGELOG, header=HEADER, citation=CITATION):
        """What is found, a line for each mistake."""
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for name, text in (("CHANGELOG.md", changelog), ("include/acre/version.hpp", header),
                               ("docs/CITATION.cff", citation)):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            done = subprocess.run([sys.executable, CHECKER, root], capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout.splitlines()

    def changed(self, old, new):
        """What is found where the list of changes has new instead of old."""
        self.assertIn(old, CHANGELOG)
        return self.said(CHANGELOG.replace(old, new, 1))

    def assert_one(self, said, *words):
        self.assertEqual(len(said), 1, said)
        for word in words:
            self.assertIn(word, said[0])

    def test_a_right_one_is_accepted(self):
        self.assertEqual(self.said(), [])

    def test_what_is_not_released_yet_is_accepted(self):
        self.assertEqual(self.changed("## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- Four.\n"), [])

    def test_versions_of_one_day_are_accepted(self):
        self.assertEqual(self.changed("2030-12-01", "2031-04-30"), [])

    def test_another_version_in_the_header(self):
        self.assertEqual(len(self.said(header=HEADER.replace('"-rc2"', '""'))), 2)  # CHANGELOG.md and CITATION.cff
        self.assertEqual(len(self.said(header=HEADER.replace("PATCH 0", "PATCH 1"))), 2)

    def test_a_newest_version_without_its_heading(self):
        said = self.changed("## [2.1.0-rc2] - 2031-04-30\n", "")
        self.assertTrue(any("newest version is 2.0.0" in line for line in said), said)

    def test_no_versions_at_all(self):
        said = self.said("# Changes\n\n## [Unreleased]\n")
        self.assertTrue(any("newest version is nothing" in line for line in said), said)

    def test_a_citation_of_another_version(self):
        self.assert_one(self.said(citation=CITATION.replace("-rc2", "")), "CITATION.cff", "says 2.1.0 ")

    def test_a_citation_of_another_date(self):
        self.assert_one(self.said(citation=CITATION.replace("04-30", "05-01")), "CITATION.cff", "2031-05-01")

    def test_a_citation_without_a_version(self):
        self.assert_one(self.said(citation=CITATION.replace("\nversion", "\nedition")), "CITATION.cff", "says nothing")

    def test_dates_that_go_up(self):
        self.assert_one(self.changed("2030-12-01", "2031-05-01"), "CHANGELOG.md:23", "later")

    def test_dates_that_are_none(self):
        for date in ("2030-13-01", "2030-12-1", "1 December 2030", "20301201"):
            with self.subTest(date):
                self.assert_one(self.changed("2030-12-01", date), "CHANGELOG.md:23", "YYYY-MM-DD")

    def test_headings_that_are_no_versions(self):
        for heading in ("## 2.0.0 - 2030-12-01", "## [2.0] - 2030-12-01", "## [2.0.0]", "## [2.0.0-beta] - 2030-12-01"):
            with self.subTest(heading):
                self.assert_one(self.changed("## [2.0.0] - 2030-12-01", heading), "CHANGELOG.md:23", "form")

    def test_unreleased_stands_first(self):
        self.assertNotEqual(self.changed("## [Unreleased]\n", ""), [])
        self.assertNotEqual(self.changed("## [2.0.0] - 2030-12-01", "## [Unreleased]"), [])

    def test_unknown_sections(self):
        self.assert_one(self.changed("### Added", "### Pools"), "CHANGELOG.md:14", "Pools")

    def test_a_section_twice(self):
        self.assert_one(self.changed("### Security", "### Added"), "CHANGELOG.md:19", "twice")

    def test_empty_sections(self):
        self.assert_one(self.changed("- Two.\n", ""), "nothing", "### Security")
        self.assert_one(self.changed("- Pools:\n  - One.\n", ""), "nothing", "### Added")
        self.assert_one(self.changed("- Three.\n", ""), "nothing", "### Fixed")

    def test_empty_versions(self):
        self.assert_one(self.changed("### Fixed\n\n- Three.\n", ""), "nothing", "## [2.0.0]")

    def test_changes_in_no_section(self):
        self.assert_one(self.changed("### Fixed\n", ""), "CHANGELOG.md:26", "no section")


if __name__ == "__main__":
    unittest.main()
