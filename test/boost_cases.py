#!/usr/bin/env python3
"""The cases of a Boost.Test program: which there are, and as tests of CTest.

  boost_cases.py PROGRAM LABEL SCRIPT    writes the CTest script that declares LABEL/SUITE/CASE for each case
"""
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

_TIMEOUT = 240


class ListError(RuntimeError):
    """The program cannot be asked for its cases."""


@dataclass(frozen=True)
class TestCase:
    """One case. `name` is its path, as --run_test takes it; the labels are its own and its suites'; `timeout` is 0 where
    its decorators name none."""

    name: str
    labels: tuple[str, ...] = ()
    timeout: int = 0
    enabled: bool = True


# --list_content=DOT is the list that has labels, timeouts and what is disabled. Names are of identifiers and of what
# normalize_test_case_name() of Boost.Test leaves, so nothing in them is quoted.
_UNIT = re.compile(r'^(tu\d+)\[.*color=(\w+),label="([^"]*)"\];$')
_EDGE = re.compile(r'^(tu\d+) -> (tu\d+);$')


def parse_list(text: str) -> list[TestCase]:
    """The cases in the output of --list_content=DOT, disabled ones included."""
    units, parents = {}, {}
    for line in text.splitlines():
        if unit := _UNIT.match(line):
            units[unit[1]] = (unit[2], unit[3].split('|'))
        elif edge := _EDGE.match(line):
            parents[edge[2]] = edge[1]
    suites = set(parents.values())
    if lost := (parents.keys() | suites) - units.keys():
        raise ListError(f'the list of cases has names that cannot be read ({", ".join(sorted(lost))}):\n{text}')
    cases = []
    for unit, (colour, fields) in units.items():
        if unit in suites or unit not in parents:
            continue
        path, labels = [fields[0]], _labels(fields)
        above = parents[unit]
        while above in parents:
            path.insert(0, units[above][1][0])
            labels += _labels(units[above][1])
            above = parents[above]
        timeout = next((int(field[8:]) for field in fields[1:] if field.startswith('timeout=')), 0)
        cases.append(TestCase('/'.join(path), tuple(labels), timeout, colour == 'green'))
    return cases


def _labels(fields: list[str]) -> list[str]:
    words = next((field[7:].split() for field in fields[1:] if field.startswith('labels:')), [])
    return [word.removeprefix('@') for word in words]


def list_cases(program: str) -> list[TestCase]:
    command = [program, '--list_content=DOT']
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        raise ListError(f'{program} is not built') from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ListError(f'{program} --list_content: {error}') from None
    cases = parse_list(run.stderr)
    if run.returncode != 0 or not cases:
        raise ListError(f'{program} --list_content: exit status {run.returncode}, {len(cases)} cases\n{run.stderr}')
    if len({case.name for case in cases}) != len(cases):
        raise ListError(f'{program} has two cases of one name')
    for case in cases:
        if re.search(r'/_\d+$', case.name):
            raise ListError(f'{case.name} of {program}: rows need names that last; give the suite named_cases')
    return cases


def matches(name: str, pattern: str) -> bool:
    """As --run_test has it: a * in each part of the path, and a path of a suite stands for all that is in it."""
    parts, wanted = name.split('/'), pattern.split('/')
    return len(wanted) <= len(parts) and all(map(fnmatchcase, parts, wanted))


def select(cases: list[TestCase], patterns: str) -> list[TestCase]:
    """Those that one of the patterns matches, which are separated by colons. A pattern without a match is an error."""
    wanted = patterns.split(':')
    for pattern in wanted:
        if not any(matches(case.name, pattern) for case in cases):
            raise ListError(f'no test matches {pattern}')
    return [case for case in cases if any(matches(case.name, pattern) for pattern in wanted)]


def quote(text: str) -> str:
    """A CMake bracket argument: nothing in it means anything."""
    level = 0
    while f']{"=" * level}]' in text + ']':
        level += 1
    return f'[{"=" * level}[{text}]{"=" * level}]'


def ctest_test(name: str, command: list[str], properties: dict[str, str]) -> str:
    words = ' '.join(map(quote, command))
    pairs = ' '.join(f'{key} {quote(value)}' for key, value in properties.items())
    return f'add_test({quote(name)} {words})\nset_tests_properties({quote(name)} PROPERTIES {pairs})\n'


def ctest_script(program: str, label: str) -> str:
    try:
        cases = list_cases(program)
    except ListError as error:
        # In place of tests that cannot be told: one that fails, and says why.
        command = [sys.executable, '-c', f'import sys; sys.exit({str(error)!r})']
        return ctest_test(f'{label}/discovery', command, {'LABELS': label})
    text = ''
    for case in cases:
        properties = {
            'LABELS': ';'.join((label, *case.labels)),
            'TIMEOUT': str(case.timeout or _TIMEOUT),
            # Of test/support/test_main.cpp; Boost.Test itself takes a case that it did not run for a success.
            'SKIP_RETURN_CODE': '77',
            'DISABLED': 'FALSE' if case.enabled else 'TRUE',
        }
        command = [program, f'--run_test={case.name}', '--color_output=no']
        text += ctest_test(f'{label}/{case.name}', command, properties)
    return text


def main(program: str, label: str, script: str) -> int:
    text = ctest_script(program, label)
    with open(f'{script}.{os.getpid()}', 'w') as file:
        file.write(text)
    os.replace(file.name, script)
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
