"""The result file: only a case of this very run is reported."""
import os
import subprocess
import tempfile
import unittest

from runner.boot import BootRequest, BootResult
from runner.cases import parse_cases
from runner.protocol import CaseRun
from runner.results import boot_record, case_file, ctest_run, write_cases
from runner.verdicts import SKIP_STATUS

_REPORT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'ctest_case.sh')


class Results(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = os.path.join(temporary.name, 'x', 'results')
        request = BootRequest('n1', '6.1', '', parse_cases('name=a :: true\nname=b :: true'))
        run = CaseRun(status=0, seconds=1.5)
        run.output.add(b'hello\n')
        self.result = BootResult(state='ready', problem='QEMU ended', runs={0: run}, failed_tries=['x'])
        self.record = boot_record(request, self.result, run='this run')

    def test_records(self) -> None:
        self.assertEqual(self.record['tries'], 2)
        first, second = self.record['cases']
        self.assertEqual((first['verdict'], first['output'], first['seconds']), ('passed', 'hello\n', 1.5))
        self.assertEqual((second['verdict'], second['exit_code']), ('not-run', None))

    def report(self, number: int, name: str) -> tuple[int, str]:
        """What ctest_case.sh says, as a child of this process."""
        command = ['sh', _REPORT, case_file(self.path, number), name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        return done.returncode, done.stdout

    def test_a_case_is_reported_to_the_run_that_booted_it(self) -> None:
        self.record['run'] = f'{ctest_run().split(":")[0]}:{os.getpid()}:{self.start_time()}'
        write_cases(self.path, self.record)
        status, text = self.report(0, 'a')
        self.assertEqual((status, text), (0, 'hello\n\npassed after 1.5 s in the guest. \n'))
        self.assertEqual(self.report(1, 'b')[0], 1)
        self.record['cases'][0]['verdict'] = 'skipped'
        write_cases(self.path, self.record)
        self.assertEqual(self.report(0, 'a')[0], 77)

    @staticmethod
    def start_time() -> str:
        with open('/proc/self/stat') as file:
            return file.read().rpartition(')')[2].split()[19]

    def test_missing_stale_and_unknown_are_failures(self) -> None:
        self.assertEqual(self.report(0, 'a')[0], 1)
        self.assertIn('missing', self.report(0, 'a')[1])
        write_cases(self.path, self.record)
        self.assertEqual(self.report(0, 'a')[0], 1)
        self.assertIn('stale', self.report(0, 'a')[1])
        self.record['run'] = f'{ctest_run().split(":")[0]}:{os.getpid()}:{self.start_time()}'
        write_cases(self.path, self.record)
        self.assertEqual(self.report(0, 'c')[0], 1)
        self.assertIn('no case c', self.report(0, 'c')[1])

    def test_a_file_cut_short_is_a_failure(self) -> None:
        self.record['run'] = f'{ctest_run().split(":")[0]}:{os.getpid()}:{self.start_time()}'
        write_cases(self.path, self.record)
        with open(case_file(self.path, 0), 'r+') as file:
            lines = file.readlines()
            for kept in range(3):
                file.seek(0)
                file.truncate()
                file.writelines(lines[:kept])
                file.flush()
                with self.subTest(kept):
                    self.assertNotIn(self.report(0, 'a')[0], (0, SKIP_STATUS))

    def test_results_of_an_earlier_boot_go(self) -> None:
        write_cases(self.path, self.record)
        self.record['cases'] = self.record['cases'][:1]
        write_cases(self.path, self.record)
        self.assertEqual(os.listdir(self.path), ['0'])

    def test_a_run_is_named_by_the_parent_process(self) -> None:
        self.assertEqual(ctest_run(), ctest_run())
        self.assertIn(f':{os.getppid()}:', ctest_run())


if __name__ == '__main__':
    unittest.main()
