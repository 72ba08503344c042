"""One real boot with every kind of case, good and bad."""
import os
import unittest

from runner.boot import BootRequest, boot
from runner.cases import parse_cases
from runner.results import boot_record

_ASSETS = os.environ.get('ACRE_VM_DIR', '')
_FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fake_program.sh')

_CASES = r"""
name=passes :: echo fine
name=fails :: echo broken; exit 3
name=dies_of_segv expect=sig:SEGV :: kill -SEGV $$
name=dies_unexpectedly :: kill -SEGV $$
name=exceeds_its_time timeout=1 :: trap '' TERM; sleep 50
name=may_exceed_its_time timeout=1 expect=timeout :: sleep 50
name=is_oom_killed memmax=16M expect=sig:KILL :: exec tail /dev/zero
name=may_be_oom_killed memmax=16M expect=sig:KILL oom=allow :: exec tail /dev/zero
name=skips :: echo 'skipped: group/skips: needs something'
name=runs_no_test test=group/none :: true
name=runs_a_test test=group/some :: exec fake_program.sh
name=shares_a_process test=group/one alone=no :: exec fake_program.sh
name=dies_beside_others test=group/dies alone=no :: exec fake_program.sh
name=goes_on_after_that test=group/two alone=no :: exec fake_program.sh
name=ends_beside_others test=group/fails alone=no :: exec fake_program.sh
name=runs_nothing_beside_others test=group/none alone=no :: exec fake_program.sh
name=is_bound mems=1 cpus=1 user=nobody :: grep -q 'Mems_allowed_list:.1$' /proc/self/status && test $(id -u) = 65534
name=has_huge_pages huge=1:8 :: test $(cat /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages) = 8
name=has_none_after_that :: test $(cat /proc/sys/vm/nr_hugepages) = 0
name=wants_too_many_pages huge=1:8000 :: true
name=has_no_thp thp=never :: grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled
name=has_thp_after_that :: ! grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled
name=leaves_things_behind :: sleep 55 & touch /tmp/x /dev/shm/x
name=finds_nothing_left :: ! ps | grep -q '[s]leep 55' && ! test -e /tmp/x && ! test -e /dev/shm/x
name=handles_sigint :: trap 'echo caught; exit 0' INT; kill -INT $$; exit 1
name=ends_without_newline :: printf unfinished; printf result >/out/file
name=stops_the_machine timeout=20 :: echo c >/proc/sysrq-trigger; sleep 20
name=is_never_reached :: true
"""

_VERDICTS = {
    'fails': 'failed',
    'dies_unexpectedly': 'failed',
    'exceeds_its_time': 'failed',
    'is_oom_killed': 'failed',
    'skips': 'skipped',
    'runs_no_test': 'failed',
    'dies_beside_others': 'failed',
    'ends_beside_others': 'failed',
    'runs_nothing_beside_others': 'failed',
    'wants_too_many_pages': 'not-run',
    'stops_the_machine': 'failed',
    'is_never_reached': 'not-run',
}


@unittest.skipUnless(_ASSETS, 'ACRE_VM_DIR is not set')
class EndToEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cases = parse_cases(_CASES)
        request = BootRequest('n2', '6.12', _ASSETS, cases, additions=[_FAKE])
        result = boot(request)
        cls.record = boot_record(request, result, run='')
        cls.cases = {case['name']: case for case in cls.record['cases']}

    def test_verdicts(self) -> None:
        for name, case in self.cases.items():
            with self.subTest(name):
                self.assertEqual(case['verdict'], _VERDICTS.get(name, 'passed'), case)

    def test_output_belongs_to_its_case(self) -> None:
        self.assertEqual(self.cases['passes']['output'], 'fine\n')
        self.assertEqual(self.cases['fails']['output'], 'broken\n')
        self.assertEqual(self.cases['ends_without_newline']['output'], 'unfinished')
        self.assertEqual(self.cases['leaves_things_behind']['output'], '')

    def test_statuses_and_flags(self) -> None:
        self.assertEqual(self.cases['fails']['exit_code'], 3)
        self.assertEqual(self.cases['dies_of_segv']['exit_code'], 139)
        self.assertTrue(self.cases['exceeds_its_time']['timed_out'])
        self.assertLess(self.cases['exceeds_its_time']['seconds'], 20)
        oom_killed = {name for name, case in self.cases.items() if case['oom_kill']}
        self.assertEqual(oom_killed, {'is_oom_killed', 'may_be_oom_killed'})

    def test_the_panic_is_named(self) -> None:
        self.assertIn('kernel trouble', self.record['problem'])
        self.assertIn('kernel trouble', self.cases['stops_the_machine']['reason'])
        self.assertTrue(self.record['uname'].startswith('6.12'))

    def test_out_comes_back(self) -> None:
        case = parse_cases('printf result >/out/file')
        result = boot(BootRequest('n1', '6.1', _ASSETS, case, collect_out=True))
        self.assertEqual(result.problem, '')
        self.assertEqual(result.archive[:2], b'\x1f\x8b')


if __name__ == '__main__':
    unittest.main()
