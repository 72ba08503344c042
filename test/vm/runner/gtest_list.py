"""Finds the test cases of a GoogleTest program."""
import subprocess


class ListError(RuntimeError):
    """The program cannot be asked for its tests."""


def parse_list(text: str) -> list[str]:
    """The full names in the output of --gtest_list_tests, disabled ones included."""
    names = []
    suite = None
    for line in text.splitlines():
        entry = line.split('#', 1)[0].rstrip()
        if not entry:
            continue
        if entry.startswith('  '):
            if suite is not None:
                names.append(suite + entry.strip())
        # A program may print something of its own before the list.
        elif entry.endswith('.') and ' ' not in entry:
            suite = entry
    return names


def is_disabled(name: str) -> bool:
    """Whether GoogleTest leaves the test out unless told otherwise."""
    suite, _, test = name.partition('.')
    return any(part.startswith('DISABLED_') for part in suite.split('/') + test.split('/'))


def list_tests(program: str, gtest_filter: str) -> list[str]:
    """The tests of `program` that the filter selects."""
    command = [program, '--gtest_list_tests', f'--gtest_filter={gtest_filter}']
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        raise ListError(f'{program} is not built') from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ListError(f'{program} --gtest_list_tests: {error}') from None
    if run.returncode != 0:
        raise ListError(f'{program} --gtest_list_tests: exit status {run.returncode}\n{run.stderr}')
    return parse_list(run.stdout)
