"""acre_vm_suite() from CMake to CTest, with a fake test program: what each test reports, and when."""
import os
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml

_HERE = os.path.dirname(os.path.abspath(__file__))
_ASSETS = os.environ.get('ACRE_VM_DIR', '')
_CMAKE = os.environ.get('ACRE_CMAKE', 'cmake')
_CTEST = os.environ.get('ACRE_CTEST', 'ctest')
_N1 = 'vm/n1/6.1/'

_DEAD_QEMU = """#!/bin/sh
[ "$1" = --version ] && echo 'QEMU emulator version 10.0.0' && exit 0
echo 'this QEMU never starts' >&2
exit 1
"""


class Glue(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.build = os.path.join(temporary.name, 'build')
        self.assets = os.path.join(temporary.name, 'assets')

    def configure(self, assets: str, test_filter: str = '*') -> None:
        command = [_CMAKE, '-S', os.path.join(_HERE, 'glue'), '-B', self.build]
        command += [f'-DACRE_VM_DIR={assets}', f'-DFILTER={test_filter}']
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def ctest(self, *arguments: str) -> tuple[int, dict[str, str], str]:
        """ctest's exit status, the status of each test, and the whole text."""
        report = os.path.join(self.build, 'junit.xml')
        command = [_CTEST, '--test-dir', self.build, '--output-junit', report, '-V', *arguments]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        statuses = {}
        for case in xml.parse(report).getroot().iter('testcase'):
            skipped = case.find('skipped')
            statuses[case.get('name')] = case.get('status')
            if skipped is not None:
                statuses[case.get('name')] += ':' + skipped.get('message')
        return run.returncode, statuses, run.stdout

    def make_dead_assets(self) -> str:
        """Fetched files that look right and cannot start."""
        for name in ('kernel-6.1', 'kernel-6.12', 'qemu/usr/bin'):
            os.makedirs(os.path.join(self.assets, name))
        for name in ('kernel-6.1/package', 'kernel-6.1/vmlinux', 'kernel-6.12/package', 'qemu/package'):
            open(os.path.join(self.assets, name), 'w').close()
        program = os.path.join(self.assets, 'qemu/usr/bin/qemu-system-x86_64')
        with open(program, 'w') as file:
            file.write(_DEAD_QEMU)
        os.chmod(program, 0o755)
        return self.assets

    @unittest.skipUnless(_ASSETS, 'ACRE_VM_DIR is not set')
    def test_each_case_reports_for_itself(self) -> None:
        self.configure(_ASSETS)
        status, tests, text = self.ctest()
        self.assertNotEqual(status, 0)
        self.assertEqual(tests['vm/fetch'], 'run', text)
        self.assertEqual(tests[_N1 + 'boot'], 'run', text)
        skip = 'notrun:SKIP_RETURN_CODE=77'
        for variant in ('', '@nobody'):
            self.assertEqual(tests[f'{_N1}group/passes{variant}'], 'run', text)
            self.assertEqual(tests[f'{_N1}group/sizes/two<int>{variant}'], 'run')
            self.assertEqual(tests[f'{_N1}group/fails{variant}'], 'fail')
            self.assertEqual(tests[f'{_N1}group/dies{variant}'], 'fail')
            self.assertEqual(tests[f'{_N1}group/skips{variant}'], skip)
            self.assertEqual(tests[f'{_N1}group/sleeps{variant}'], 'disabled')
        self.assertEqual(tests[_N1 + 'explicit/passes'], 'run')
        self.assertEqual(tests[_N1 + 'explicit/dies_as_expected'], 'run')
        self.assertIn('as nobody: hello to you', text)

        with self.subTest('one test alone brings its boot along'):
            status, tests, text = self.ctest('-R', 'n1/6.1/group/passes$')
            self.assertEqual(status, 0, text)
            self.assertEqual(set(tests), {'vm/fetch', _N1 + 'boot', _N1 + 'group/passes'})

        with self.subTest('a result of an earlier run does not count'):
            status, tests, text = self.ctest('-R', 'n1/6.1/group/passes$', '-FS', '.*')
            self.assertNotEqual(status, 0)
            self.assertEqual(tests, {_N1 + 'group/passes': 'fail'})
            self.assertIn('stale result', text)

    def test_without_a_boot_nothing_passes(self) -> None:
        self.configure(self.make_dead_assets())
        status, tests, text = self.ctest()
        self.assertNotEqual(status, 0)
        self.assertEqual(tests[_N1 + 'boot'], 'fail')
        self.assertIn('tries: 3', text.replace('failed tries', ''))
        self.assertIn('this QEMU never starts', text)
        others = {name: state for name, state in tests.items() if name not in ('vm/fetch', _N1 + 'boot')}
        self.assertGreater(len(others), 10)
        for name, state in others.items():
            self.assertTrue(state.startswith(('notrun', 'disabled')), f'{name} {state}')

    def test_a_filter_without_a_match_is_a_failing_test(self) -> None:
        self.configure(self.make_dead_assets(), 'nothing/*')
        status, tests, text = self.ctest('-L', '^vm$')
        self.assertNotEqual(status, 0)
        self.assertEqual(tests['vm/discovery'], 'fail')
        self.assertIn('no test matches nothing/*', text)


if __name__ == '__main__':
    unittest.main()
