"""The result of one case, out of the result file of its boot. Imports little: thousands of tests start with it."""
import json
from os import getppid

PASSED = 'passed'
FAILED = 'failed'
SKIPPED = 'skipped'
NOT_RUN = 'not-run'

# The exit status that CTest takes for a skip.
SKIP_STATUS = 77


class ResultError(RuntimeError):
    """The result of a case cannot be had, or is not of this run."""


def ctest_run() -> str:
    """Names the process that started this one: the same for all tests of one ctest run, for no other run."""
    parent = getppid()
    with open(f'/proc/{parent}/stat', 'rb') as file:
        # The name in parentheses may hold anything; start time is field 22, the 20th after it.
        start_time = file.read().rpartition(b')')[2].split()[19].decode()
    with open('/proc/sys/kernel/random/boot_id') as file:
        boot_id = file.read().strip()
    return f'{boot_id}:{parent}:{start_time}'


def read_case(path: str, name: str, run: str) -> dict:
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
