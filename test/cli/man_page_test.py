"""man_page_test.py ACRE PAGE: the man page names every command and option of acre, and none that it has not."""
import re
import shutil
import subprocess
import sys
import unittest

ACRE, PAGE = sys.argv[1:3]


def help_of(*command):
    return subprocess.run([ACRE, *command, '--help'], check=True, capture_output=True, text=True).stdout


def commands_in(text):
    section = re.search(r'^Commands:\n((?:  .*\n?)+)', text, re.M)
    return re.findall(r'^  (\S+)', section.group(1), re.M) if section else []


def options_in(text):
    """The long options that begin a line of --help, with their aliases."""
    found = set()
    for line in text.splitlines():
        if line.startswith('  -'):
            names = line.split('  ')[1]
            found |= set(re.findall(r'--[a-z][a-z-]*', names))
    return found


def page_section(text, command):
    """From .Ss COMMAND to the next heading."""
    match = re.search(rf'^\.Ss {command}\n(.*?)(?=^\.S[sh] )', text, re.M | re.S)
    assert match, f'no section {command}'
    return match.group(1)


class ManPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(PAGE) as file:
            cls.text = file.read()

    def options_of_page(self, section):
        return {'--' + name for name in re.findall(r'\\-\\-([a-z-]+)', section.replace('Fl -', '\\-\\-'))} | {'--help'}

    def test_every_command_and_option(self):
        for command in commands_in(help_of()):
            below = commands_in(help_of(command))
            for path in [[command]] if not below else [[command, b] for b in below]:
                with self.subTest(command=path):
                    section = page_section(self.text, ' '.join(path))
                    self.assertEqual(options_in(help_of(*path)), self.options_of_page(section))

    @unittest.skipUnless(shutil.which('mandoc'), 'mandoc is not installed')
    def test_is_well_formed(self):
        result = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', PAGE], capture_output=True, text=True)
        self.assertEqual(result.stdout, '')

    @unittest.skipUnless(shutil.which('mandoc'), 'mandoc is not installed')
    def test_fits_80_columns(self):
        text = subprocess.run(['mandoc', '-T', 'ascii', PAGE], check=True, capture_output=True, text=True).stdout
        for line in re.sub('.\b', '', text).splitlines():
            self.assertLessEqual(len(line), 80, line)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
