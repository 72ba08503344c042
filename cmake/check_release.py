#!/usr/bin/env python3
"""check_release.py ROOT: what names the version or its date says the same, and CHANGELOG.md is in the form that tools read.

The version is written in include/acre/version.hpp, its date in the newest heading of CHANGELOG.md, which is in the form of
"Keep a Changelog": `## [Unreleased]`, then `## [VERSION] - YYYY-MM-DD` from the newest on, in each `### Added` and so on,
once each and none empty.
"""
import datetime
import pathlib
import re
import sys

HEADER = "include/acre/version.hpp"
CHANGELOG = "CHANGELOG.md"
SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
VERSION_HEADING = re.compile(r"## \[(\d+\.\d+\.\d+(?:-rc\d+)?)\] - (\d{4}-\d\d-\d\d)")

# (file, pattern of the line that names it; the group is what is compared)
NAMES_VERSION = [
    ("docs/CITATION.cff", r'^version: "(.*)"$'),
]
NAMES_DATE = [
    ("docs/CITATION.cff", r'^date-released: "(.*)"$'),
]


def version_of(header):
    """"1.0.0-rc1", of the four lines in version.hpp."""
    def value(name, pattern):
        return re.search(rf"^#define ACRE_VERSION_{name} {pattern}$", header, re.M)[1]
    return ".".join(value(part, r"(\d+)") for part in ("MAJOR", "MINOR", "PATCH")) + value("SUFFIX", '"(.*)"')


def is_date(text):
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


class Changelog:
    """What is wrong with it, and its [(version, date)], the newest first."""

    def __init__(self, text):
        self.mistakes = []
        self.versions = []
        self.heading = "the title"  # under which the next line stands
        self.sections = []  # of the version
        self.is_filled = True  # whether something stands under the heading
        for number, line in enumerate(text.splitlines(), 1):
            self.where = f"{CHANGELOG}:{number}"
            if line.startswith("## "):
                self.end_version()
                self.begin_version(line)
            elif line.startswith("### "):
                self.end_section()
                self.begin_section(line)
            elif line:
                self.is_filled = True
                if line.startswith("- ") and not self.sections:
                    self.mistake("a change stands in no section")
        self.end_version()

    def mistake(self, what):
        self.mistakes.append(f"{self.where}: {what}")

    def begin_version(self, line):
        is_first = self.heading == "the title"
        if is_first != (line == "## [Unreleased]"):
            self.mistake("'## [Unreleased]' is the first heading, and only that")
        elif not is_first:
            found = VERSION_HEADING.fullmatch(line)
            if not found or not is_date(found[2]):
                self.mistake(f"'{line}' is not of the form '## [VERSION] - YYYY-MM-DD'")
            else:
                if self.versions and found[2] > self.versions[-1][1]:
                    self.mistake(f"{found[2]} is later than the date above")
                self.versions.append((found[1], found[2]))
        self.heading = line
        self.sections = []
        self.is_filled = is_first  # nothing may be unreleased

    def begin_section(self, line):
        name = line.removeprefix("### ")
        if name not in SECTIONS:
            self.mistake(f"'{name}' is not one of {', '.join(SECTIONS)}")
        if name in self.sections:
            self.mistake(f"'{name}' is there twice")
        self.heading = line
        self.sections.append(name)
        self.is_filled = False

    def end_section(self):
        if self.sections and not self.is_filled:
            self.mistake(f"nothing stands above, under '{self.heading}'")

    def end_version(self):
        if not self.is_filled:
            self.mistake(f"nothing stands above, under '{self.heading}'")


def named(root, names, wanted):
    for name, pattern in names:
        found = re.findall(pattern, (root / name).read_text(), re.M)
        if found != [wanted]:
            yield f"{name}: says {', '.join(found) or 'nothing'} where it must say {wanted}"


def main(root):
    root = pathlib.Path(root)
    changelog = Changelog((root / CHANGELOG).read_text())
    version = version_of((root / HEADER).read_text())
    newest, date = (changelog.versions or [("nothing", "")])[0]
    mistakes = [*changelog.mistakes, *named(root, NAMES_VERSION, version), *named(root, NAMES_DATE, date)]
    if newest != version:
        mistakes.append(f"{CHANGELOG}: its newest version is {newest}, that of {HEADER} is {version}")
    for mistake in mistakes:
        print(mistake)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
