"""The result file of one boot: written once by the boot, read by each case's CTest test."""
import json
import os
from typing import Any

from .boot import BootRequest, BootResult
from .cases import Case
from .verdicts import judge


class ResultError(RuntimeError):
    """The result of a case cannot be had, or is not of this run."""


def ctest_run() -> str:
    """Names the process that started this one: the same for all tests of one ctest run, for no other run."""
    parent = os.getppid()
    with open(f'/proc/{parent}/stat', 'rb') as file:
        # The name in parentheses may hold anything; start time is field 22, the 20th after it.
        start_time = file.read().rpartition(b')')[2].split()[19].decode()
    with open('/proc/sys/kernel/random/boot_id') as file:
        boot_id = file.read().strip()
    return f'{boot_id}:{parent}:{start_time}'


def case_record(case: Case, result: BootResult, number: int) -> dict[str, Any]:
    run = result.runs.get(number)
    verdict = judge(case, run)
    return case.to_json() | {
        'verdict': verdict.verdict,
        'reason': verdict.reason,
        'exit_code': run.status if run else None,
        'seconds': round(run.seconds, 3) if run else 0,
        'oom_kill': bool(run and run.oom_kills),
        'timed_out': bool(run and run.timed_out),
        'output': run.output.text() if run else '',
    }


def boot_record(request: BootRequest, result: BootResult, run: str) -> dict[str, Any]:
    return {
        'run': run,
        'shape': request.shape,
        'kernel': request.kernel,
        'uname': result.release,
        'state': result.state,
        'problem': result.problem,
        'ready_seconds': round(result.ready_seconds, 2),
        'total_seconds': round(result.total_seconds, 2),
        'tries': len(result.failed_tries) + (result.state != 'boot'),
        'failed_tries': result.failed_tries,
        'cases': [case_record(case, result, number) for number, case in enumerate(request.cases)],
    }


def write_json(path: str, value: Any) -> None:
    """Whole or not at all; an unchanged file is left alone."""
    text = json.dumps(value, indent=1) + '\n'
    write_text(path, text)


def write_text(path: str, text: str) -> None:
    try:
        with open(path) as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    temporary = f'{path}.{os.getpid()}'
    with open(temporary, 'w') as file:
        file.write(text)
    os.replace(temporary, path)


def read_case(path: str, name: str, run: str) -> dict[str, Any]:
    """The record of one case, if the file belongs to this run."""
    try:
        with open(path) as file:
            record = json.load(file)
    except FileNotFoundError:
        raise ResultError(f'no result: {path} is missing, the guest was not booted') from None
    except ValueError as error:
        raise ResultError(f'{path} cannot be read: {error}') from None
    if record['run'] != run:
        raise ResultError(f'stale result: {path} is of another ctest run; the boot was left out of this one')
    for case in record['cases']:
        if case['name'] == name:
            return case
    raise ResultError(f'no result: the boot knew no case {name}')
