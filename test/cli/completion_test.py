"""completion_test.py ACRE: the scripts of `acre completion`, asked by the shells they are for."""
import contextlib
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

ACRE = os.path.abspath(sys.argv[1])
PATH = os.path.dirname(ACRE) + ':/usr/sbin:/usr/bin:/sbin:/bin'
ENVIRONMENT = {'PATH': PATH, 'HOME': '/nonexistent', 'LC_ALL': 'C.UTF-8', 'TERM': 'dumb'}


def script(shell):
    return subprocess.run([ACRE, 'completion', shell], check=True, capture_output=True, text=True).stdout


def from_bash(line, breaks='[=:]+', before=''):
    """`breaks`: where bash parts words, beside blanks."""
    words = [part for word in line.split(' ') for part in re.findall(f'{breaks}|(?:(?!{breaks}).)+', word) or ['']]
    asked = script('bash') + before + (
        f'COMP_WORDS=({" ".join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}\n'
        '_acre; printf "%s\\n" "${COMPREPLY[@]}"\n')
    result = subprocess.run(['bash', '--norc', '-c', asked], env=ENVIRONMENT, capture_output=True, text=True,
                            timeout=60)
    assert result.stderr == '', result.stderr
    return [offer for offer in result.stdout.split('\n') if offer]


def from_fish(line):
    with tempfile.TemporaryDirectory() as home:
        file = os.path.join(home, 'acre.fish')
        with open(file, 'w') as out:
            out.write(script('fish'))
        result = subprocess.run(['fish', '--no-config', '-c', f'source {file}; complete -C "{line}"'],
                                env={**ENVIRONMENT, 'HOME': home}, capture_output=True, text=True, timeout=60)
    assert result.stderr == '', result.stderr
    return [offer.split('\t')[0] for offer in result.stdout.splitlines()]


def rc_of_zsh(home):
    with open(os.path.join(home, '_acre'), 'w') as out:
        out.write(script('zsh'))
    return f'fpath=({home} $fpath); autoload -Uz compinit; compinit -u -d {home}/.dump\nPS1=\n'


class Terminal:
    """A shell that a user types into, in a directory of its own."""

    def __init__(self, shell, home, start):
        file = {'zsh': '.zshrc', 'bash': '.bashrc', 'fish': '.start.fish'}[shell]
        with open(os.path.join(home, file), 'w') as out:
            out.write(start + '\necho READY\n')
        more = {'zsh': [], 'bash': [], 'fish': ['--no-config', '-C', f'source {home}/{file}']}[shell]
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(home)
            os.environ.clear()
            os.environ.update(ENVIRONMENT, HOME=home, ZDOTDIR=home, COLUMNS='200', LINES='500')
            os.execv(shutil.which(shell), [shell, *more, '-i'])

    def __enter__(self):
        self.read(lambda text: 'READY' in text, 30)
        return self

    def __exit__(self, *_):
        os.close(self.terminal)
        os.kill(self.child, 9)
        os.waitpid(self.child, 0)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def read(self, enough, seconds):
        text, end = '', time.monotonic() + seconds
        while not enough(text) and time.monotonic() < end:
            text += self.read_some(0.1)
        return text

    def read_some(self, seconds):
        if not select.select([self.terminal], [], [], seconds)[0]:
            return ''
        return os.read(self.terminal, 65536).decode(errors='replace')


def from_zsh(line):
    """Types the line and asks for a list of what fits, in a zsh of its own."""
    with tempfile.TemporaryDirectory() as home:
        start = rc_of_zsh(home) + ("unsetopt zle_bracketed_paste 2>/dev/null; bindkey '^I' list-choices\n"
                                   'setopt list_packed; LISTMAX=1000; zstyle ":completion:*" list-prompt ""\n'
                                   "tell-end() { print LISTED > /dev/tty }; zle -N tell-end; bindkey '^G' tell-end\n")
        with Terminal('zsh', home, start) as zsh:
            zsh.type(line + '\t\x07')
            text = zsh.read(lambda text: 'LISTED' in text, 30)
    return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]|[\r\x07\x08]', ' ', text).split()


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

    def test_processes_by_name(self):
        name = f'acre-{uuid.uuid4().hex[:8]}'
        with tempfile.TemporaryDirectory() as directory:
            program = shutil.copy(shutil.which('sleep'), os.path.join(directory, name))
            process = subprocess.Popen([program, '60'])
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            self.assertIn(name, self.ask(f'acre where {name[:-2]}'))
            self.assertIn(str(process.pid), self.ask('acre where '))

    def test_scripts(self):
        name = f'acre-{uuid.uuid4().hex[:8]}.py'
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, name), 'w') as script:
                script.write('input()')
            for cwd, path in ((directory, name), (None, os.path.join(directory, name))):
                process = subprocess.Popen([sys.executable, '-B', path, 'argument'], cwd=cwd, stdin=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL)
                self.addCleanup(process.communicate)
                for line in (f'acre where {name[:-2]}', f'acre move {name[:-2]}'):
                    self.assertIn(name, self.ask(line))
                self.assertNotIn('argument', self.ask('acre where arg'))

    def test_no_kernel_threads(self):
        names = {False: set(), True: set()}
        for process in pathlib.Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):  # it has ended
                flags = int((process / 'stat').read_text().rpartition(')')[2].split()[6])
                names[flags & 0x00200000 != 0].add((process / 'comm').read_text().strip())  # PF_KTHREAD
        self.assertFalse((names[True] - names[False]) & set(self.ask('acre where ')))

    def test_commands_to_run(self):
        self.assertIn('sleep', self.ask('acre run --bind 0 -- slee'))
        self.assertIn('sleep', self.ask('acre run --bind 0 slee'))

    def test_values_behind_an_equals_sign(self):
        offers = {offer.removeprefix('--bind=') for offer in self.ask('acre run --bind=')}
        self.assertLessEqual({'all', '0'}, offers)
        self.assertFalse({'if', 'then', 'sleep'} & offers)

    def test_segments(self):
        name = f'acre-completion-{uuid.uuid4().hex}'
        foreign = name + '-foreign'
        subprocess.run([ACRE, 'shm', 'create', name, '4K', 'local'], check=True, capture_output=True)
        self.addCleanup(os.unlink, f'/dev/shm/{name}')
        open(f'/dev/shm/{foreign}', 'x').close()
        self.addCleanup(os.unlink, f'/dev/shm/{foreign}')
        for start, known in (('acre shm show ', {name}), ('acre shm remove --foreign ', {name, foreign})):
            self.assertEqual({name, foreign} & set(self.ask(start + name[:-1])), known)

    def test_segments_of_system_v(self):
        made = subprocess.run([ACRE, 'shm', 'create', 'private', '4K', 'local', '--backend', 'sysv'], check=True,
                              capture_output=True, text=True).stdout
        number = made.split()[2].rstrip(':')
        self.addCleanup(subprocess.run, [ACRE, 'shm', 'remove', '--id', number])
        self.assertIn(number, self.ask('acre shm show --id '))
        self.assertLessEqual({'local', 'bind'}, set(self.ask(f'acre shm bind --id {number} ')))
        self.assertIn('all', self.ask(f'acre shm bind --id {number} bind '))

    def test_values_of_options(self):
        self.assertLessEqual({'local', 'bind', 'prefer', 'most_free'}, set(self.ask('acre run --placement ')))
        self.assertLessEqual({'all', str(min(os.sched_getaffinity(0)))}, set(self.ask('acre run -C ')))

    def test_each_place_has_its_own(self):
        me = str(os.getpid())
        self.assertIn(me, self.ask(f'acre move {me[:-1]}'))
        self.assertNotIn(me, self.ask('acre move 1 '))
        self.assertLessEqual({'all', '0'}, set(self.ask('acre move 1 ')))
        self.assertLessEqual({'all', '0'}, set(self.ask('acre move --from 0 1 0 ')))
        self.assertNotIn(me, self.ask('acre where 1 '))
        self.assertLessEqual({'local', 'bind', 'interleave'}, set(self.ask('acre shm create name 1M ')))
        self.assertLessEqual({'all', '0'}, set(self.ask('acre shm create name 1M bind ')))

    def test_options_of_the_command_are_its_own(self):
        self.assertNotIn('--interleave', self.ask('acre run ls --'))
        self.assertNotIn('--interleave', self.ask('acre run --local -- ls --'))
        self.assertIn('--top', self.ask('acre where 1 --'))


class Names:
    """Anyone may make files in /dev/shm."""
    REST = ['$(touch${IFS}pwned)', '`touch pwned`', ' (touch pwned) b', '\'"', ';touch pwned',
            '[a,b]* ?{x,y}~\\$HOME', '!!#&|<>!', "a'"]

    def setUp(self):
        self.start = f'acre-completion-{uuid.uuid4().hex}-'
        self.names = [f'{self.start}{number}{rest}' for number, rest in enumerate(self.REST)]
        for name in [*self.names, self.start + '\x1b[31m\nline']:
            path = os.path.join('/dev/shm', name)
            open(path, 'x').close()
            self.addCleanup(os.unlink, path)

    def next_call(self, file, shell):
        """The arguments of acre, which the shell writes to the file."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            shell.read_some(0.02)
            if os.path.exists(file):
                with open(file) as told:
                    call = told.read().split('\0')
                if 'END' in call:
                    os.unlink(file)
                    return call[:call.index('END')]
        return None

    def test_names_are_inserted_as_they_are(self):
        with tempfile.TemporaryDirectory() as home:
            arguments = os.path.join(home, '.arguments')
            with Terminal(self.shell, home, self.rc(home) + self.ACRE) as shell:
                shell.type(f'acre shm show --foreign {self.start}\t\t')  # all are offered
                shell.read(lambda text: False, 1)
                shell.type('\x15')
                for quote in ('', "'", '"'):
                    for number, name in enumerate(self.names):
                        with self.subTest(name=name, quote=quote):
                            shell.type(f'acre shm show --foreign {quote}{self.start}{number}\t\n')
                            self.assertEqual(self.next_call(arguments, shell), ['shm', 'show', '--foreign', name])
            self.assertFalse(os.path.exists(os.path.join(home, 'pwned')))


class BashNames(Names, unittest.TestCase):
    shell = 'bash'
    ACRE = 'acre() { printf "%s\\0" "$@" END >> ~/.arguments; }\n'

    def rc(self, _):
        return "PS1=; bind 'set bell-style none'; bind 'set completion-query-items 0'\n" + script('bash')

    def test_all_are_offered_and_nothing_is_executed(self):
        with tempfile.TemporaryDirectory() as here:
            offers = from_bash(f'acre shm show --foreign {self.start}', before=f'cd {here}\n')
            self.assertEqual(sorted(shlex.split(' '.join(offers))), sorted(self.names))
            for name in self.names:
                for typed in (name[:-1], "'" + name[:-3], '\\' + self.start):
                    from_bash(f'acre shm remove --foreign {typed}', before=f'cd {here}\n')
            self.assertEqual(os.listdir(here), [])

    def test_settings_of_the_user_change_nothing(self):
        for setting in ('set -u', 'set -f', 'shopt -s failglob', 'shopt -s nullglob', 'IFS=a', 'GLOBIGNORE="*"'):
            with self.subTest(setting=setting), tempfile.TemporaryDirectory() as here:
                offers = from_bash(f'acre shm show --foreign {self.start}', before=f'cd {here}; {setting}\n')
                self.assertEqual(sorted(shlex.split(' '.join(offers))), sorted(self.names))


@unittest.skipUnless(shutil.which('zsh'), 'zsh is not installed')
class ZshNames(Names, unittest.TestCase):
    shell = 'zsh'
    ACRE = BashNames.ACRE

    def rc(self, home):
        return rc_of_zsh(home)


@unittest.skipUnless(shutil.which('fish'), 'fish is not installed')
class FishNames(Names, unittest.TestCase):
    shell = 'fish'
    ACRE = 'function acre; printf "%s\\0" $argv END >> ~/.arguments; end\n'

    def rc(self, _):
        return 'function fish_prompt; end\n' + script('fish')


class Bash(Offers, unittest.TestCase):
    ask = staticmethod(from_bash)

    def test_words_that_bash_does_not_part(self):
        self.assertIn('--bind=all', from_bash('acre run --bind=a', breaks=':+'))

    def test_the_rest_of_a_parted_word(self):
        name = f'acre-completion-{uuid.uuid4().hex}'
        path = f'/dev/shm/{name}:rest'
        open(path, 'x').close()
        self.addCleanup(os.unlink, path)
        self.assertEqual(from_bash(f'acre shm show --foreign {name}:r'), ['rest'])
        self.assertEqual(from_bash(f'acre shm show --foreign {name}:r', breaks='=+'), [f'{name}:rest'])

    def test_the_command_is_left_to_the_completion_of_commands(self):
        stub = '_command_offset() { COMPREPLY=("from $1"); }\n'
        for line, first in (('acre run --bind 0 ls -', 4), ('acre run --bind=0 -- ls a b ', 6), ('acre run ', 2)):
            self.assertEqual(from_bash(line, before=stub), [f'from {first}'])


class Files:
    """Bash's own readline offers them, which no script can ask."""
    def test_files(self):
        for typed in ('--html /dev/nul', '--html=/dev/nul'):
            offers = {offer.removeprefix('--html=').removeprefix('/dev/') for offer in self.ask(f'acre where 1 {typed}')}
            self.assertTrue({'null', 'null%'} & offers, offers)  # zsh says that it is a device


@unittest.skipUnless(shutil.which('fish'), 'fish is not installed')
class Fish(Offers, Files, unittest.TestCase):
    ask = staticmethod(from_fish)


@unittest.skipUnless(shutil.which('zsh'), 'zsh is not installed')
class Zsh(Offers, Files, unittest.TestCase):
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
