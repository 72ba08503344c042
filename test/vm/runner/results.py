"""What a boot saw, as files: one JSON file for people, and one file for each case, which ctest_case.sh reads."""
import json
import os
import shutil
from os import getppid
from typing import Any

from .boot import BootRequest, BootResult
from .cases import Case
from .verdicts import PASSED, SKIP_STATUS, SKIPPED, judge


def ctest_run() -> str:
    """Names the process that started this one: the same for all tests of one ctest run, for no other run."""
    parent = getppid()
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


def case_file(directory: str, number: int) -> str:
    return os.path.join(directory, str(number))


def write_cases(directory: str, record: dict[str, Any]) -> None:
    """A file for each case, in place of all that were there."""
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for number, case in enumerate(record['cases']):
        status = {PASSED: 0, SKIPPED: SKIP_STATUS}.get(case['verdict'], 1)
        text = f'{case["output"]}\n{case["verdict"]} after {case["seconds"]} s in the guest. {case["reason"]}\n'
        with open(case_file(directory, number), 'w', encoding='utf-8') as file:
            file.write(f'{record["run"]}\n{case["name"]}\n{status}\n{text}')


def write_json(path: str, value: Any) -> None:
    """Whole or not at all; an unchanged file is left alone."""
    text = json.dumps(value, indent=1) + '\n'
    write_text(path, text)


def write_text(path: str, text: str) -> None:
    try:
        with open(path, encoding='utf-8') as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    temporary = f'{path}.{os.getpid()}'
    with open(temporary, 'w', encoding='utf-8') as file:
        file.write(text)
    os.replace(temporary, path)
