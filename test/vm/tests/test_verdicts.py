"""What counts as passed, and above all what does not."""
import unittest

from runner.cases import Case
from runner.protocol import CaseRun
from runner.verdicts import describe_status, judge


def run(status: int | None = 0, output: str = '', **values: object) -> CaseRun:
    result = CaseRun(status=status, **values)
    result.output.add(output.encode())
    return result


def verdict(case_run: CaseRun | None, **keys: str) -> str:
    return judge(Case(name='n', command='c', **keys), case_run).verdict


class Verdicts(unittest.TestCase):
    def test_exit_status(self) -> None:
        self.assertEqual(verdict(run(0)), 'passed')
        self.assertEqual(verdict(run(1)), 'failed')
        self.assertEqual(verdict(run(3), expect='3'), 'passed')
        self.assertEqual(verdict(run(0), expect='3'), 'failed')

    def test_signals(self) -> None:
        self.assertEqual(verdict(run(139), expect='sig:SEGV'), 'passed')
        self.assertEqual(verdict(run(137), expect='sig:SEGV'), 'failed')
        self.assertEqual(verdict(run(139)), 'failed')

    def test_what_did_not_run_never_passes(self) -> None:
        for expect in ('0', '1', 'sig:KILL', 'timeout'):
            self.assertEqual(verdict(None, expect=expect), 'not-run')
            self.assertEqual(verdict(run(0, setup_problem='no'), expect=expect), 'not-run')
            self.assertEqual(verdict(run(None), expect=expect), 'failed')

    def test_oom_kills(self) -> None:
        self.assertEqual(verdict(run(0, oom_kills=1)), 'failed')
        self.assertEqual(verdict(run(0, oom_kills=1), oom='allow'), 'passed')
        self.assertEqual(verdict(run(137, oom_kills=1), expect='sig:KILL'), 'failed')
        self.assertEqual(verdict(run(137, oom_kills=1), expect='sig:KILL', oom='allow'), 'passed')

    def test_time(self) -> None:
        self.assertEqual(verdict(run(137, timed_out=True)), 'failed')
        self.assertEqual(verdict(run(137, timed_out=True), expect='sig:KILL'), 'failed')
        self.assertEqual(verdict(run(137, timed_out=True), expect='timeout'), 'passed')
        self.assertEqual(verdict(run(137), expect='timeout'), 'failed')

    def test_kernel_trouble_fails_the_case(self) -> None:
        self.assertEqual(verdict(run(0, trouble='Oops')), 'failed')

    def test_skips(self) -> None:
        skip = 'Running 1 test case...\nskipped: a/b: precondition failed: needs root\n'
        self.assertEqual(verdict(run(0, skip)), 'skipped')
        self.assertEqual(verdict(run(77, skip), test='a/b'), 'skipped')
        self.assertEqual(verdict(run(1, skip)), 'failed')
        self.assertEqual(verdict(run(201, skip), test='a/b'), 'failed')

    def test_a_case_of_a_program_must_have_run(self) -> None:
        self.assertEqual(verdict(run(0), test='a/b'), 'failed')
        self.assertEqual(verdict(run(200, 'Test setup error: no test cases matching filter'), test='a/b'), 'failed')
        self.assertEqual(verdict(run(0, 'Running 1 test case...\nexit() in the middle\n'), test='a/b'), 'failed')
        ended = 'x\nRunning 1 test case...\n\n*** No errors detected\n'
        self.assertEqual(verdict(run(0, ended), test='a/b'), 'passed')

    def test_a_status_above_all_signals_is_no_signal(self) -> None:
        self.assertEqual(describe_status(201), 'exit status 201')
        self.assertEqual(describe_status(139), 'exit status 139 (signal 11)')


if __name__ == '__main__':
    unittest.main()
