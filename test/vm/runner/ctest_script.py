"""Writes the CTest script that declares a boot as a fixture, and each of its cases as a test."""
import sys
from pathlib import Path

from .case_result import SKIP_STATUS
from .suites import Plan

# No more guests than this run at a time, however many tests ctest runs at once.
_SLOTS = 2
_BOOT_TIME = 600
# Without site-packages, which are a third of a start.
_REPORT = [sys.executable, '-E', '-S', '-B', str(Path(__file__).parents[1] / 'ctest_case.py')]


def quote(text: str) -> str:
    """A CMake bracket argument: nothing in it means anything."""
    level = 0
    while f']{"=" * level}]' in text + ']':
        level += 1
    return f'[{"=" * level}[{text}]{"=" * level}]'


def _test(name: str, command: list[str], properties: dict[str, str]) -> str:
    words = ' '.join(quote(word) for word in command)
    pairs = ' '.join(f'{key} {quote(value)}' for key, value in properties.items())
    return f'add_test({quote(name)} {words})\nset_tests_properties({quote(name)} PROPERTIES {pairs})\n'


def error_test(tool: list[str], message: str) -> str:
    """A test that fails with a message, in place of tests that cannot be told."""
    return _test('vm/discovery', [*tool, 'fail', message], {'LABELS': 'vm'})


def plan_tests(plan: Plan, number: int, tool: list[str], plan_file: str, result_file: str) -> str:
    """The tests of one boot. `tool` is the command line of ctest_tool.py up to its subcommand."""
    prefix = f'vm/{plan.shape}/{plan.kernel}'
    fixture = f'acre_vm_{plan.shape}_{plan.kernel}'
    timeout = _BOOT_TIME + sum(case.timeout + 10 for case in plan.cases)
    boot = {
        'FIXTURES_SETUP': fixture,
        'FIXTURES_REQUIRED': 'acre_vm_assets',
        'RESOURCE_LOCK': f'acre_vm_slot_{number % _SLOTS}',
        'LABELS': 'vm',
        'TIMEOUT': str(timeout),
    }
    case_properties = {
        'FIXTURES_REQUIRED': fixture,
        'SKIP_RETURN_CODE': str(SKIP_STATUS),
        'LABELS': f'vm;vm-{plan.shape};vm-{plan.kernel}',
    }
    text = _test(f'{prefix}/boot', [*tool, 'boot', plan_file, result_file], boot)
    for case in plan.cases:
        text += _test(f'{prefix}/{case.name}', [*_REPORT, result_file, case.name], case_properties)
    for name in plan.disabled:
        text += _test(f'{prefix}/{name}', [*tool, 'fail', 'disabled'], {'DISABLED': 'TRUE', 'LABELS': 'vm'})
    return text
