"""What CTest runs for each case: tells what the boot saw of it, as output and exit status.

  ctest_case.py RESULT NAME
"""
import sys

sys.dont_write_bytecode = True

from runner.case_result import PASSED, SKIP_STATUS, SKIPPED, ResultError, ctest_run, read_case


def main(result_file: str, name: str) -> int:
    try:
        case = read_case(result_file, name, ctest_run())
    except ResultError as error:
        print(f'acre-vm: {error}')
        return 1
    print(case['output'])
    print(f'{case["verdict"]} after {case["seconds"]} s in the guest. {case["reason"]}')
    if case['oom_kill']:
        print('The OOM killer was at work during this case.')
    if case['verdict'] == PASSED:
        return 0
    return SKIP_STATUS if case['verdict'] == SKIPPED else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
