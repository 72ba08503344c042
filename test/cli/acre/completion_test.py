"""completion_test.py ACRE: the scripts of `acre completion`, asked by the shells they are for."""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ACRE = sys.argv[1]
PATH = os.path.dirname(ACRE) + ':/usr/sbin:/usr/bin:/sbin:/bin'
ENVIRONMENT = {'PATH': PATH, 'HOME': '/nonexistent', 'LC_ALL': 'C.UTF-8', 'TERM': 'dumb'}


def script(shell):
    return subprocess.run([ACRE, 'completion', shell], check=True, capture_output=True, text=True).stdout


def from_bash(line):
    words = line.split(' ')
    asked = script('bash') + (
        f'COMP_WORDS=({" ".join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}\n'
        '_acre; printf "%s\\n" "${COMPREPLY[@]}"\n')
    result = subprocess.run(['bash', '--norc', '-c', asked], env=ENVIRONMENT, capture_output=True, text=True,
                            timeout=60)
    assert result.stderr == '', result.stderr
    return result.stdout.split()


def from_fish(line):
    with tempfile.TemporaryDirectory() as home:
        file = os.path.join(home, 'acre.fish')
        with open(file, 'w') as out:
            out.write(script('fish'))
        result = subprocess.run(['fish', '--no-config', '-c', f'source {file}; complete -C "{line}"'],
                                env={**ENVIRONMENT, 'HOME': home}, capture_output=True, text=True, timeout=60)
    assert result.stderr == '', result.stderr
    return [offer.split('\t')[0] for offer in result.stdout.splitlines()]


def from_zsh(line):
    """Types the line and asks for a list of what fits, in a zsh of its own."""
    with tempfile.TemporaryDirectory() as home:
        with open(os.path.join(home, '_acre'), 'w') as out:
            out.write(script('zsh'))
        with open(os.path.join(home, '.zshrc'), 'w') as out:
            out.write(f'fpath=({home} $fpath); autoload -Uz compinit; compinit -u -d {home}/dump\n'
                      "PS1=; unsetopt zle_bracketed_paste 2>/dev/null; bindkey '^I' list-choices\n"
                      'setopt list_packed; LISTMAX=1000; zstyle ":completion:*" list-prompt ""\n'
                      'print READY\n')
        child, terminal = pty.fork()
        if child == 0:
            os.environ.clear()
            os.environ.update(ENVIRONMENT, HOME=home, ZDOTDIR=home, COLUMNS='200', LINES='500')
            os.execv(shutil.which('zsh'), ['zsh', '-i'])
        try:
            read_until(terminal, lambda text: 'READY' in text, 30)
            os.write(terminal, line.encode() + b'\t')
            text = read_until(terminal, lambda text: False, 3)
        finally:
            os.close(terminal)
            os.kill(child, 9)
            os.waitpid(child, 0)
    return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]|[\r\x07\x08]', ' ', text).split()


def read_until(terminal, enough, seconds):
    text, end = '', time.monotonic() + seconds
    while not enough(text) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            text += os.read(terminal, 65536).decode(errors='replace')
    return text


class Offers:
    def test_commands(self):
        self.assertLessEqual({'nodes', 'where', 'run', 'move', 'shm', 'doctor', 'completion'}, set(self.ask('acre ')))
        self.assertEqual([w for w in self.ask('acre no') if w in ('nodes', 'move')], ['nodes'])

    def test_commands_below_a_command(self):
        self.assertLessEqual({'create', 'list', 'show', 'bind', 'remove'}, set(self.ask('acre shm ')))

    def test_options_of_a_command(self):
        self.assertIn('--json', self.ask('acre nodes --'))
        self.assertLessEqual({'--bind', '--interleave', '--report'}, set(self.ask('acre run --')))
        self.assertNotIn('--bind', self.ask('acre nodes --'))

    def test_nodes_of_this_machine(self):
        self.assertLessEqual({'all', '0'}, set(self.ask('acre run --bind ')))

    def test_choices(self):
        self.assertLessEqual({'bash', 'zsh', 'fish'}, set(self.ask('acre completion ')))

    def test_processes(self):
        self.assertIn('1', self.ask('acre where '))

    def test_commands_to_run(self):
        self.assertIn('sleep', self.ask('acre run --bind 0 -- slee'))


class Bash(Offers, unittest.TestCase):
    ask = staticmethod(from_bash)


@unittest.skipUnless(shutil.which('fish'), 'fish is not installed')
class Fish(Offers, unittest.TestCase):
    ask = staticmethod(from_fish)


@unittest.skipUnless(shutil.which('zsh'), 'zsh is not installed')
class Zsh(Offers, unittest.TestCase):
    ask = staticmethod(from_zsh)


class Scripts(unittest.TestCase):
    def test_every_shell_can_read_its_own(self):
        for shell, check in (('bash', ['bash', '-n']), ('zsh', ['zsh', '-n']), ('fish', ['fish', '-n'])):
            if not shutil.which(shell):
                continue
            with self.subTest(shell=shell):
                result = subprocess.run([*check, '/dev/stdin'], input=script(shell), text=True, capture_output=True)
                self.assertEqual((result.returncode, result.stderr), (0, ''))

    def test_no_other_shell(self):
        result = subprocess.run([ACRE, 'completion', 'csh'], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertIn('bash', result.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
