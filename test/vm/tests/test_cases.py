"""What a line of cases means, and which ones are refused."""
import shlex
import unittest

from runner.cases import CaseError, parse_case, parse_cases, parse_expectation, parse_huge
from runner.initramfs import InitramfsError, guest_path, parse_ldd, run_settings
from runner.runs import make_runs


class Cases(unittest.TestCase):
    def test_keys_and_command(self) -> None:
        case = parse_case("name=a.b timeout=7 mems=0,2 huge='0:4 1:8' expect=sig:KILL :: x --y=1 :: z")
        self.assertEqual((case.name, case.timeout, case.mems), ('a.b', 7, '0,2'))
        self.assertEqual((case.huge, case.expect, case.command), ('0:4 1:8', 'sig:KILL', 'x --y=1 :: z'))

    def test_a_bare_command_is_its_own_name(self) -> None:
        case = parse_case('a b::c d')
        self.assertEqual((case.name, case.command), ('a b::c d', 'a b::c d'))

    def test_comments_and_empty_lines_do_not_count(self) -> None:
        self.assertEqual([case.name for case in parse_cases('# no\n\n a\nname=n :: b\n')], ['a', 'n'])

    def test_what_is_refused(self) -> None:
        for line in (
            'colour=red :: x',
            'timeout=soon :: x',
            'timeout=0 :: x',
            'user=somebody :: x',
            'oom=maybe :: x',
            'thp=on :: x',
            'alone=no :: x',
            'alone=perhaps test=a/b :: x',
            'huge=4 :: x',
            'expect=sig:NONE :: x',
            'expect=256 :: x',
            'name=n ::',
        ):
            with self.subTest(line), self.assertRaises(CaseError):
                parse_cases(line)

    def test_mistakes_are_named_with_their_line(self) -> None:
        with self.assertRaisesRegex(CaseError, 'line 3'):
            parse_cases('a\n\nuser=x :: b\n')

    def test_names_are_unique(self) -> None:
        with self.assertRaisesRegex(CaseError, 'two cases are named a'):
            parse_cases('name=a :: b\nname=a :: c\n')

    def test_expectations(self) -> None:
        self.assertEqual(parse_expectation('3'), 3)
        self.assertEqual(parse_expectation('sig:SEGV'), 139)
        self.assertEqual(parse_expectation('sig:sigkill'), 137)
        self.assertEqual(parse_expectation('sig:7'), 135)
        self.assertIsNone(parse_expectation('timeout'))

    def test_huge_pages(self) -> None:
        self.assertEqual(parse_huge('0:16 2:8'), {0: 16, 2: 8})


class Runs(unittest.TestCase):
    def runs(self, text: str) -> list:
        self.cases = parse_cases(text)
        return make_runs(self.cases)

    def test_a_shell_command_is_a_run_of_its_own(self) -> None:
        self.assertEqual([run.numbers for run in self.runs('a\nb\n')], [[0], [1]])

    def test_cases_of_a_program_share_a_process_where_their_settings_are_the_same(self) -> None:
        text = ''.join(f'name={name} test=s/{name} alone=no {more} :: exec x\n' for name, more in (
            ('a', ''), ('b', 'mems=0'), ('c', ''), ('d', 'mems=0'), ('e', 'user=nobody')))
        runs = self.runs(text)
        self.assertEqual([run.numbers for run in runs], [[0, 2], [1, 3], [4]])
        self.assertTrue(all(run.forked for run in runs))
        self.assertEqual(runs[1].case.mems, '0')
        self.assertEqual(runs[0].listed(self.cases), '0 60 s/a\n2 60 s/c\n')

    def test_a_case_that_must_be_alone_is(self) -> None:
        runs = self.runs('name=a test=s/a alone=no :: x\nname=b test=s/b<t> :: x\nname=c test=s/c alone=no :: x\n')
        self.assertEqual([run.numbers for run in runs], [[0, 2], [1]])
        self.assertEqual(runs[1].case.command, "x --run_test='s/b<t>' --color_output=no")
        self.assertFalse(runs[1].forked)


class GuestFiles(unittest.TestCase):
    def test_settings_survive_the_shell(self) -> None:
        case = parse_case("name=n :: echo \"it's $HOME\"; exit 1")
        words = self.settings([case])
        self.assertEqual(words['command'], case.command)
        self.assertEqual((words['timeout'], words['numbers'], words['forked']), ('60', '0', ''))

    def test_settings_of_several_cases_in_one_process(self) -> None:
        cases = parse_cases('name=a test=s/a alone=no timeout=5 :: exec x\nname=b test=s/b alone=no timeout=5 :: exec x')
        words = self.settings(cases)
        self.assertEqual(words['command'], 'exec x --forked_cases=/acre/forked/0')
        self.assertEqual((words['timeout'], words['numbers'], words['forked']), ('30', '0 1', 'yes'))

    @staticmethod
    def settings(cases: list) -> dict[str, str]:
        text = run_settings(make_runs(cases)[0], 0, cases)
        return dict(word.split('=', 1) for word in shlex.split(text))

    def test_where_files_go(self) -> None:
        self.assertEqual(guest_path('/a/b'), ('/a/b', '/usr/bin/b'))
        self.assertEqual(guest_path('/a/b:/c/d'), ('/a/b', '/c/d'))

    def test_ldd(self) -> None:
        text = (
            '\tlinux-vdso.so.1 (0x00007ffc)\n'
            '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n'
            '\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n'
        )
        self.assertEqual(
            parse_ldd('x', text), ['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']
        )

    def test_a_missing_library_is_an_error(self) -> None:
        with self.assertRaisesRegex(InitramfsError, 'libfoo.so.1'):
            parse_ldd('x', '\tlibfoo.so.1 => not found\n')


if __name__ == '__main__':
    unittest.main()
