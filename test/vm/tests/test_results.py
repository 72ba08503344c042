"""The result file: only a case of this very run is reported."""
import json
import os
import tempfile
import unittest

from runner.boot import BootRequest, BootResult
from runner.case_result import ResultError, ctest_run, read_case
from runner.cases import parse_cases
from runner.protocol import CaseRun
from runner.results import boot_record, write_json


class Results(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = os.path.join(temporary.name, 'x', 'result.json')
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

    def test_a_case_is_found_again(self) -> None:
        write_json(self.path, self.record)
        self.assertEqual(read_case(self.path, 'a', 'this run')['verdict'], 'passed')

    def test_missing_stale_unknown_and_broken_are_errors(self) -> None:
        with self.assertRaisesRegex(ResultError, 'missing'):
            read_case(self.path, 'a', 'this run')
        write_json(self.path, self.record)
        with self.assertRaisesRegex(ResultError, 'stale'):
            read_case(self.path, 'a', 'another run')
        with self.assertRaisesRegex(ResultError, 'no case c'):
            read_case(self.path, 'c', 'this run')
        with open(self.path, 'w') as file:
            file.write(json.dumps(self.record)[:40])
        with self.assertRaisesRegex(ResultError, 'cannot be read'):
            read_case(self.path, 'a', 'this run')

    def test_a_run_is_named_by_the_parent_process(self) -> None:
        self.assertEqual(ctest_run(), ctest_run())
        self.assertIn(f':{os.getppid()}:', ctest_run())


if __name__ == '__main__':
    unittest.main()
