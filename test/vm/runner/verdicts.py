"""Decides what a case's run means. Only a case that was seen to run and to end can pass."""
import re
from dataclasses import dataclass

from .cases import Case, parse_expectation
from .protocol import CaseRun

PASSED = 'passed'
FAILED = 'failed'
SKIPPED = 'skipped'
NOT_RUN = 'not-run'

# The exit status of a skip: of test programs, and to CTest.
SKIP_STATUS = 77

# The words of test/support/test_main.cpp, and of Boost.Test itself.
_SKIP = re.compile(r'^skipped: (.*)', re.MULTILINE)
_RAN = re.compile(r'^Running 1 test case\.\.\.\r?$.*^\*\*\* No errors detected\r?$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Verdict:
    verdict: str
    reason: str = ''


def judge(case: Case, run: CaseRun | None) -> Verdict:
    """The verdict over one case, with the reason for anything but a pass."""
    if run is None:
        return Verdict(NOT_RUN, 'the guest, or the program that should have run it, ended before this case')
    if run.setup_problem:
        return Verdict(NOT_RUN, run.setup_problem)
    if run.trouble:
        return Verdict(FAILED, f'kernel trouble during the case: {run.trouble}')
    if run.status is None:
        return Verdict(FAILED, 'the case never ended: the guest hung or stopped')
    if run.oom_kills and case.oom == 'forbid':
        return Verdict(FAILED, f'the OOM killer ended {run.oom_kills} process(es) during the case')
    expected = parse_expectation(case.expect)
    if run.timed_out:
        if expected is None:
            return Verdict(PASSED)
        return Verdict(FAILED, f'killed after its time of {case.timeout} s')
    if case.test and run.status == SKIP_STATUS:
        skip = _SKIP.search(run.output.text())
        return Verdict(SKIPPED, skip[1] if skip else '')
    if run.status != expected:
        return Verdict(FAILED, f'{describe_status(run.status)}, expected {case.expect}')
    if expected != 0:
        return Verdict(PASSED)
    output = run.output.text()
    if not case.test and (skip := _SKIP.search(output)):
        return Verdict(SKIPPED, skip[1])
    if case.test and not _RAN.search(output):
        return Verdict(FAILED, 'exit status 0, but the output does not say that the test ran to its end')
    return Verdict(PASSED)


def describe_status(status: int) -> str:
    if 128 < status <= 128 + 64:
        return f'exit status {status} (signal {status - 128})'
    return f'exit status {status}'
