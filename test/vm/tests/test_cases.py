"""What a line of cases means, and which ones are refused."""
import shlex
import unittest

from runner.cases import CaseError, parse_case, parse_cases, parse_expectation, parse_huge
from runner.initramfs import InitramfsError, case_settings, guest_path, parse_ldd


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


class GuestFiles(unittest.TestCase):
    def test_settings_survive_the_shell(self) -> None:
        case = parse_case("name=n :: echo \"it's $HOME\"; exit 1")
        words = dict(word.split('=', 1) for word in shlex.split(case_settings(case)))
        self.assertEqual(words['command'], case.command)
        self.assertEqual(words['timeout'], '60')

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
