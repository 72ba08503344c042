#!/usr/bin/env python3
"""What CTest runs: finds the tests of the suites, boots a plan (ctest_case.sh reports its cases).

  ctest_tool.py --assets DIR discover SUITES DIRECTORY SCRIPT
  ctest_tool.py --assets DIR boot PLAN RESULTS
  ctest_tool.py --assets DIR fail MESSAGE
"""
import argparse
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True

from runner.assets import FetchError
from runner.boot import BootRequest, BootResult, boot
from runner.ctest_script import error_test, plan_tests, with_slots
from runner.initramfs import InitramfsError
from runner.qemu import QemuError
from runner.results import boot_record, ctest_run, write_cases, write_json, write_text
from runner.suites import SuiteError, make_plans, plan_from_json, read_suites


def tool_command(assets: str) -> list[str]:
    return [sys.executable, '-B', os.path.abspath(__file__), '--assets', assets]


def discover(assets: str, suites_file: str, directory: str, script: str) -> int:
    """Writes one plan a boot into the directory, and the CTest script."""
    tool = tool_command(assets)
    try:
        text = ''
        for plan, slot in with_slots(make_plans(read_suites(suites_file))):
            plan_file = os.path.join(directory, f'{plan.name()}.plan.json')
            results = os.path.join(directory, plan.name())
            write_json(plan_file, plan.to_json())
            text += plan_tests(plan, slot, tool, plan_file, results)
    except SuiteError as error:
        text = error_test(tool, str(error))
    write_text(script, text)
    return 0


def boot_plan(assets: str, plan_file: str, results: str) -> int:
    """Succeeds when the guest started: from then on each case answers for itself."""
    # Before anything can go wrong: old results must not outlive a failed boot.
    shutil.rmtree(results, ignore_errors=True)
    with open(plan_file) as file:
        plan = plan_from_json(json.load(file))
    request = BootRequest(plan.shape, plan.kernel, assets, plan.cases, plan.additions)
    try:
        result = boot(request)
    except (FetchError, InitramfsError, QemuError) as error:
        print(f'acre-vm: {error}')
        return 1
    record = boot_record(request, result, ctest_run())
    write_cases(results, record)
    write_json(f'{results}.result.json', record)
    write_text(f'{results}.console', result.console)
    return report_boot(result, record)


def report_boot(result: BootResult, record: dict) -> int:
    for key in ('shape', 'kernel', 'uname', 'ready_seconds', 'total_seconds', 'tries', 'problem'):
        print(f'{key}: {record[key]}')
    for reason in result.failed_tries:
        print(f'failed try: {reason}')
    for case in record['cases']:
        print(f'{case["verdict"]:8} {case["seconds"]:8.2f} s  {case["name"]}  {case["reason"]}')
    if result.problem:
        print(f'--- QEMU\n{result.qemu_messages}\n--- end of the kernel log\n{result.console[-6000:]}')
    return 0 if result.runs else 1


def fail(message: str) -> int:
    print(message)
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--assets', required=True)
    parser.add_argument('task', choices=('discover', 'boot', 'fail'))
    parser.add_argument('operands', nargs='*')
    arguments = parser.parse_args()
    match arguments.task, arguments.operands:
        case 'discover', [suites_file, directory, script]:
            return discover(arguments.assets, suites_file, directory, script)
        case 'boot', [plan_file, results]:
            return boot_plan(arguments.assets, plan_file, results)
        case 'fail', [message]:
            return fail(message)
    parser.error('wrong operands')


if __name__ == '__main__':
    sys.exit(main())
