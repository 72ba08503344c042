"""Suites, as acre_vm_suite() of CMake writes them down, and the boots that follow from them."""
import configparser
import os
import shlex
from dataclasses import dataclass, field
from typing import Any

from boost_cases import ListError, list_cases, select

from .assets import KERNELS
from .cases import Case, CaseError, make_case, parse_cases, require_unique_names
from .initramfs import guest_path
from .machines import SHAPES

_CASE_KEYS = ('timeout', 'user', 'mems', 'cpus', 'memmax', 'huge', 'thp', 'expect', 'oom')


class SuiteError(ValueError):
    """A suite that makes no sense; the tests cannot be told from it."""


@dataclass
class Plan:
    """One boot: all cases of one (shape, kernel), and the files that they need."""

    shape: str
    kernel: str
    cases: list[Case] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    additions: list[str] = field(default_factory=list)

    def name(self) -> str:
        return f'{self.shape}-{self.kernel}'

    def to_json(self) -> dict[str, Any]:
        return {
            'shape': self.shape,
            'kernel': self.kernel,
            'additions': self.additions,
            'cases': [case.to_json() for case in self.cases],
        }


def plan_from_json(value: dict[str, Any]) -> Plan:
    cases = [Case(**case) for case in value['cases']]
    return Plan(value['shape'], value['kernel'], cases, additions=value['additions'])


def read_suites(path: str) -> list[dict[str, str]]:
    """The sections of the file, each as its non-empty keys."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=('=',), comment_prefixes=('#!',))
    with open(path) as file:
        parser.read_file(file)
    return [{key: value for key, value in parser[name].items() if value} for name in parser.sections()]


def _words(suite: dict[str, str], key: str) -> list[str]:
    return [word for word in suite.get(key, '').split(';') if word]


def require_all_selected(suites: list[dict[str, str]]) -> None:
    """A case that no filter of its program selects would run nowhere, and nobody would notice."""
    filters: dict[str, list[str]] = {}
    for suite in suites:
        if 'executable' in suite:
            filters.setdefault(suite['executable'], []).append(suite.get('filter', '*'))
    for program, patterns in filters.items():
        cases = list_cases(program)
        selected = {case.name for case in select(cases, ':'.join(patterns))}
        for case in cases:
            if case.name not in selected:
                raise SuiteError(f'{os.path.basename(program)}: no FILTER selects {case.name}')


def make_plans(suites: list[dict[str, str]]) -> list[Plan]:
    """One plan for each (shape, kernel) that some suite names, in order of appearance."""
    plans: dict[tuple[str, str], Plan] = {}
    for suite in suites:
        cases, disabled, additions = _suite_cases(suite)
        for shape in _words(suite, 'shapes'):
            if shape not in SHAPES:
                raise SuiteError(f'no shape {shape}; there are {" ".join(SHAPES)}')
            for kernel in _words(suite, 'kernels'):
                if kernel not in KERNELS:
                    raise SuiteError(f'no kernel {kernel}; there are {" ".join(KERNELS)}')
                plan = plans.setdefault((shape, kernel), Plan(shape, kernel))
                plan.cases += cases
                plan.disabled += disabled
                plan.additions += [text for text in additions if text not in plan.additions]
    for plan in plans.values():
        try:
            require_unique_names(plan.cases)
        except CaseError as error:
            raise SuiteError(f'{plan.name()}: {error}; give one suite a VARIANT') from None
    require_all_selected(suites)
    return list(plans.values())


def _suite_cases(suite: dict[str, str]) -> tuple[list[Case], list[str], list[str]]:
    """The cases, the names of disabled ones, and the files for the guest."""
    additions = _words(suite, 'add')
    variant = f'@{suite["variant"]}' if 'variant' in suite else ''
    try:
        if 'cases' in suite:
            return _explicit_cases(suite, variant), [], additions
        cases, disabled = _program_cases(suite, variant)
    except (CaseError, ListError, OSError) as error:
        raise SuiteError(str(error)) from None
    return cases, disabled, [suite['executable'], *additions]


def _explicit_cases(suite: dict[str, str], variant: str) -> list[Case]:
    with open(suite['cases']) as file:
        cases = parse_cases(file.read())
    return [Case(**(case.to_json() | {'name': case.name + variant})) for case in cases]


def _program_cases(suite: dict[str, str], variant: str) -> tuple[list[Case], list[str]]:
    program = suite['executable']
    found = select(list_cases(program), suite.get('filter', '*'))
    keys = {key: suite[key] for key in _CASE_KEYS if key in suite}
    # The guest's shell becomes the program: another process would cost milliseconds under emulation.
    exports = ''.join(f'export {shlex.quote(text)}; ' for text in _words(suite, 'env'))
    command = f'{exports}exec {guest_path(program)[1]}'
    cases = []
    for test in found:
        if test.enabled:
            alone = 'yes' if 'alone' in test.labels else 'no'
            cases.append(make_case({'name': test.name + variant, 'test': test.name, 'alone': alone, **keys}, command))
    return cases, [test.name + variant for test in found if not test.enabled]
