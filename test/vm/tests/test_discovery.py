"""From suites to plans to the CTest script."""
import os
import tempfile
import unittest

from runner.ctest_script import plan_tests, with_slots
from runner.suites import Plan, SuiteError, make_plans, plan_from_json, read_suites

from boost_cases import ListError, ctest_script, list_cases, parse_list, quote, select

_FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fake_program.sh')
_SUITE = {'shapes': 'n1;n2', 'kernels': '6.1', 'executable': _FAKE}


class Listing(unittest.TestCase):
    def setUp(self) -> None:
        self.cases = list_cases(_FAKE)
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name

    def test_names_labels_timeouts_and_what_is_disabled(self) -> None:
        names = ['passes', 'fails', 'skips', 'dies', 'needs_a_group', 'sleeps', 'sizes/one', 'sizes/two<int>']
        self.assertEqual([case.name for case in self.cases], [f'group/{name}' for name in names])
        self.assertEqual(self.cases[4].labels, ('alone', 'slow'))
        self.assertEqual([case.timeout for case in self.cases if case.timeout], [7])
        self.assertEqual([case.name for case in self.cases if not case.enabled], ['group/sleeps'])

    def test_filters(self) -> None:
        for pattern, names in (
            ('*', [case.name for case in self.cases]),
            ('group/sizes', ['group/sizes/one', 'group/sizes/two<int>']),
            ('group/*s', ['group/passes', 'group/fails', 'group/skips', 'group/dies', 'group/sleeps', 'group/sizes/one',
                          'group/sizes/two<int>']),
            ('group/*/two*:group/fails', ['group/fails', 'group/sizes/two<int>']),
        ):
            self.assertEqual([case.name for case in select(self.cases, pattern)], names, pattern)

    def test_each_pattern_of_a_filter_must_match(self) -> None:
        for pattern in ('nothing', 'group/fails:group/nothing', 'group/fails/deeper'):
            with self.assertRaisesRegex(ListError, 'no test matches'):
                select(self.cases, pattern)

    def test_labels_of_a_suite_are_its_cases_labels(self) -> None:
        text = ('tu1[color=green,label="Master Test Suite"];\ntu2[color=green,label="s|f(1)|labels: @alone"];\n'
                'tu1 -> tu2;\ntu65536[color=green,label="c|f(2)|labels: @slow"];\ntu2 -> tu65536;\n')
        self.assertEqual(parse_list(text)[0].labels, ('slow', 'alone'))

    def test_rows_without_names_and_names_that_occur_twice_are_refused(self) -> None:
        for name, message in (('_0', 'named_cases'), ('passes', 'two cases of one name')):
            program = os.path.join(self.directory, 'program')
            with self.subTest(name):
                with open(_FAKE) as fake, open(program, 'w') as copy:
                    copy.write(fake.read().replace('label="fails|', f'label="{name}|'))
                os.chmod(program, 0o755)
                with self.assertRaisesRegex(ListError, message):
                    list_cases(program)

    def test_a_program_that_cannot_tell_its_cases(self) -> None:
        for program in ('/nowhere/tests', '/bin/true', '/bin/false'):
            with self.assertRaises(ListError):
                list_cases(program)
            self.assertIn('discovery', ctest_script(program, 'unit'))


class Plans(unittest.TestCase):
    def test_a_boot_for_each_shape_and_kernel(self) -> None:
        plans = make_plans([_SUITE | {'kernels': '6.1;6.12'}])
        self.assertEqual([plan.name() for plan in plans], ['n1-6.1', 'n1-6.12', 'n2-6.1', 'n2-6.12'])
        self.assertEqual(plans[0].additions, [_FAKE])
        self.assertEqual(plans[0].disabled, ['group/sleeps'])

    def test_suites_share_a_boot(self) -> None:
        plans = make_plans([_SUITE, _SUITE | {'shapes': 'n2', 'variant': 'nobody', 'user': 'nobody'}])
        self.assertEqual([len(plan.cases) for plan in plans], [7, 14])
        self.assertEqual(plans[1].cases[7].name, 'group/passes@nobody')
        self.assertEqual(plans[1].cases[7].user, 'nobody')
        self.assertEqual(plans[1].cases[7].command, 'exec /usr/bin/fake_program.sh')
        self.assertEqual(plans[1].cases[7].test, 'group/passes')

    def test_a_case_that_nobody_selects_is_refused(self) -> None:
        with self.assertRaisesRegex(SuiteError, 'no FILTER selects group/skips'):
            make_plans([_SUITE | {'filter': 'group/passes:group/fails'}])
        make_plans([_SUITE | {'filter': 'group/passes'}, _SUITE | {'filter': '*', 'shapes': 'hbm'}])

    def test_cases_with_the_label_are_alone(self) -> None:
        cases = make_plans([_SUITE])[0].cases
        self.assertEqual([case.name for case in cases if case.alone == 'yes'], ['group/needs_a_group'])

    def test_case_keys_and_environment(self) -> None:
        suite = _SUITE | {'huge': '0:16 1:16', 'timeout': '9', 'env': 'A=b c', 'oom': 'allow'}
        case = make_plans([suite])[0].cases[0]
        self.assertEqual((case.huge, case.timeout, case.oom), ('0:16 1:16', 9, 'allow'))
        self.assertTrue(case.command.startswith("export 'A=b c'; exec /usr/bin/fake_program.sh"))

    def test_what_is_refused(self) -> None:
        for suites in (
            [_SUITE | {'shapes': 'n3'}],
            [_SUITE | {'kernels': '5.10'}],
            [_SUITE | {'executable': '/nowhere/tests'}],
            [_SUITE | {'filter': 'nothing/*'}],
            [_SUITE | {'timeout': 'long'}],
            [_SUITE, _SUITE],
        ):
            with self.subTest(suites), self.assertRaises(SuiteError):
                make_plans(suites)

    def test_a_plan_survives_its_file(self) -> None:
        plan = make_plans([_SUITE])[0]
        again = plan_from_json(plan.to_json())
        self.assertEqual((again.cases, again.additions), (plan.cases, plan.additions))

    def test_the_file_that_cmake_writes(self) -> None:
        with tempfile.NamedTemporaryFile('w') as file:
            file.write('[suite 1]\nshapes=n1\nfilter=a.*:-b%\nadd=\nhuge=0:1 1:2\n\n[suite 2]\nshapes=n2\n')
            file.flush()
            suites = read_suites(file.name)
        self.assertEqual(suites[0], {'shapes': 'n1', 'filter': 'a.*:-b%', 'huge': '0:1 1:2'})
        self.assertEqual(len(suites), 2)


class Script(unittest.TestCase):
    def test_quoting(self) -> None:
        self.assertEqual(quote('a;${b}"'), '[[a;${b}"]]')
        self.assertEqual(quote('a]]b'), '[=[a]]b]=]')
        self.assertEqual(quote('a]'), '[=[a]]=]')

    def test_at_most_two_guests_at_a_time(self) -> None:
        plan = make_plans([_SUITE])[0]
        texts = [plan_tests(plan, slot, ['tool'], 'p', 'r') for _, slot in with_slots([plan] * 4)]
        locks = [text.partition('RESOURCE_LOCK ')[2].split()[0] for text in texts]
        self.assertEqual(set(locks), {'[[acre_vm_slot_0]]', '[[acre_vm_slot_1]]'})

    def test_large_boots_come_first_and_no_slot_has_all_of_them(self) -> None:
        case = make_plans([_SUITE])[0].cases[0]
        plans = [Plan('n1', str(size), [case] * size) for size in (10, 300, 200, 100, 30)]
        self.assertEqual([(plan.kernel, slot) for plan, slot in with_slots(plans)],
                         [('300', 0), ('200', 1), ('100', 1), ('30', 0), ('10', 1)])
        costs = [plan_tests(plan, 0, ['tool'], 'p', 'r').partition('COST ')[2].split()[0] for plan in plans]
        self.assertEqual(costs, ['[[10]]', '[[300]]', '[[200]]', '[[100]]', '[[30]]'])


if __name__ == '__main__':
    unittest.main()
