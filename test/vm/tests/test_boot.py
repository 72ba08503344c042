"""Trouble in a guest is named, and is that of the case that had it, however slow the runner is. Without QEMU."""
import os
import tempfile
import unittest
import unittest.mock
from types import SimpleNamespace

from runner import boot
from runner.cases import parse_cases


class Guest:
    """What QEMU would write: the guest's words into a pipe, the console into a file."""

    def __init__(self, test: unittest.TestCase) -> None:
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        request = boot.BootRequest('n1', '6.12', '', parse_cases('name=a :: true\nname=b :: true'))
        with unittest.mock.patch.object(boot, 'build_initramfs', return_value=b''):
            self.attempt = boot._Attempt(request, directory.name, None)
        self._read, self._write = os.pipe()
        test.addCleanup(os.close, self._read)
        self.console = os.path.join(directory.name, 'console')

    def say(self, *words: str) -> None:
        for line in words:
            os.write(self._write, self.attempt._listener._mark + f'{line}\n'.encode())

    def panic(self) -> None:
        with open(self.console, 'a', encoding='ascii') as console:
            console.write('[ 1.0] Kernel panic - not syncing\n')

    def end(self) -> None:
        os.close(self._write)

    def listen(self) -> boot.BootResult:
        self.attempt._start = 0
        self.attempt._deadline = float('inf')
        self.attempt._listen(SimpleNamespace(stdout=SimpleNamespace(fileno=lambda: self._read)))
        return self.attempt._finish()


class Trouble(unittest.TestCase):
    def setUp(self) -> None:
        self.guest = Guest(self)

    def check(self, case: int) -> None:
        result = self.guest.listen()
        self.assertIn('Kernel panic', result.problem)
        self.assertEqual([number for number, run in result.runs.items() if run.trouble], [case])

    def test_is_named_though_the_guest_ends(self) -> None:
        self.guest.say('ready 6.12', 'begin 0')
        self.guest.panic()
        self.guest.end()
        self.check(0)

    def test_is_found_though_the_guest_goes_on(self) -> None:
        take = self.guest.attempt._take

        def slow_take(data: bytes, now: float) -> None:
            take(data, now)
            if b'begin 0' in data:
                self.guest.say('end 0 0 0 0', 'begin 1')
                self.guest.end()

        self.guest.attempt._take = slow_take
        self.guest.say('ready 6.12', 'begin 0')
        self.guest.panic()
        self.check(0)

    def test_comes_while_words_of_an_earlier_case_are_read(self) -> None:
        take = self.guest.attempt._take

        def slow_take(data: bytes, now: float) -> None:
            take(data, now)
            if b'end 0' in data:
                self.guest.say('begin 1')
                self.guest.panic()
                self.guest.end()

        self.guest.attempt._take = slow_take
        self.guest.say('ready 6.12', 'begin 0', 'end 0 0 0 0')
        self.check(1)

    def test_comes_while_the_console_is_read(self) -> None:
        read, said = self.guest.attempt._read, []

        def slow_read(path: str) -> bytes:
            if path == self.guest.console and not said:
                said.append(path)
                self.guest.say('begin 1')
                self.guest.panic()
                self.guest.end()
            return read(path)

        self.guest.attempt._read = slow_read
        self.guest.say('ready 6.12', 'begin 0', 'end 0 0 0 0')
        self.check(1)


if __name__ == '__main__':
    unittest.main()
