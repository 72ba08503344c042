"""Writes the CTest script that declares a boot as a fixture, and each of its cases as a test."""
from pathlib import Path

from boost_cases import ctest_test

from .results import SKIP_STATUS, case_file
from .suites import Plan

# No more guests than this run at a time, however many tests ctest runs at once.
_SLOTS = 2
# What starting a guest takes, in cases.
_START = 20
_BOOT_TIME = 600
_REPORT = ['/bin/sh', str(Path(__file__).parents[1] / 'ctest_case.sh')]


def error_test(tool: list[str], message: str) -> str:
    """A test that fails with a message, in place of tests that cannot be told."""
    return ctest_test('vm/discovery', [*tool, 'fail', message], {'LABELS': 'vm'})


def with_slots(plans: list[Plan]) -> list[tuple[Plan, int]]:
    """Each plan and its slot, the largest first. The slots get about as many cases each: where one had nothing left to
    do, the other's guests would run alone at the end."""
    given = [0] * _SLOTS
    result = []
    for plan in sorted(plans, key=lambda plan: len(plan.cases), reverse=True):
        slot = given.index(min(given))
        given[slot] += _START + len(plan.cases)
        result.append((plan, slot))
    return result


def plan_tests(plan: Plan, slot: int, tool: list[str], plan_file: str, results: str) -> str:
    """The tests of one boot. `tool` is the command line of ctest_tool.py up to its subcommand, `results` the directory
    that the boot writes."""
    prefix = f'vm/{plan.shape}/{plan.kernel}'
    fixture = f'acre_vm_{plan.shape}_{plan.kernel}'
    timeout = _BOOT_TIME + sum(case.timeout + 10 for case in plan.cases)
    boot = {
        'FIXTURES_SETUP': fixture,
        'FIXTURES_REQUIRED': 'acre_vm_assets',
        'RESOURCE_LOCK': f'acre_vm_slot_{slot}',
        # CTest begins with what costs most.
        'COST': str(len(plan.cases)),
        'LABELS': 'vm',
        'TIMEOUT': str(timeout),
    }
    case_properties = {
        'FIXTURES_REQUIRED': fixture,
        'SKIP_RETURN_CODE': str(SKIP_STATUS),
        'LABELS': f'vm;vm-{plan.shape};vm-{plan.kernel}',
    }
    text = ctest_test(f'{prefix}/boot', [*tool, 'boot', plan_file, results], boot)
    for index, case in enumerate(plan.cases):
        command = [*_REPORT, case_file(results, index), case.name]
        text += ctest_test(f'{prefix}/{case.name}', command, case_properties)
    for name in plan.disabled:
        text += ctest_test(f'{prefix}/{name}', [*tool, 'fail', 'disabled'], {'DISABLED': 'TRUE', 'LABELS': 'vm'})
    return text
