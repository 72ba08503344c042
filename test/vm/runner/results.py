"""The result file of one boot, as it is written (case_result reads it)."""
import json
import os
from typing import Any

from .boot import BootRequest, BootResult
from .cases import Case
from .verdicts import judge


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
