#!/usr/bin/env python3
"""test_progress.py CTEST ARGUMENT...: runs ctest, shows how far it is, and ends with its exit status.

Of what ctest prints, the lines of tests that begin or pass are left out; all others are shown as they are. In their
place a line says how far it is: on a terminal it is rewritten in place, elsewhere it comes now and then.
"""
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time

TERMINAL_PAUSE, FILE_PAUSE = 1, 15  # seconds
START = re.compile(r"( *Start +)(\d+): (.+)")
RESULT = re.compile(r" *(\d+)/(\d+) Test +#(\d+): .*?(Passed|\*\*\*.*)")
BOOT = re.compile(r"(vm/.+)/boot")


class Progress:
    """What ctest's lines tell. Lines of another ctest, in what a failed test printed, count for nothing."""

    def __init__(self, clock=time.monotonic):
        self.clock = clock
        self.began = clock()
        self.total = None
        self.done = self.failed = self.skipped = 0
        self.column = None  # where the number of a beginning test ends
        self.seen = set()
        self.running = {}  # number -> (name, when it began)

    def take(self, line):
        """Whether the line is to be shown."""
        line = line.rstrip()
        match = START.fullmatch(line)
        if match:
            return not self.start(match)
        match = RESULT.match(line)
        if match:
            return not self.result(*match.groups())
        return True

    def start(self, match):
        number = match.group(2)
        self.column = self.column or match.end(2)
        if match.end(2) != self.column or number in self.seen:
            return False
        self.seen.add(number)
        self.running[number] = (match.group(3), self.clock())
        return True

    def result(self, done, total, number, verdict):
        """Whether a test of this ctest passed."""
        if number not in self.running or int(done) != self.done + 1 or self.total not in (None, int(total)):
            return False
        self.total = int(total)
        self.done += 1
        del self.running[number]
        if verdict == "Passed":
            return True
        if re.match(r"\*\*\*(Skipped|Not Run \(Disabled\))", verdict):
            self.skipped += 1
        else:
            self.failed += 1
        return False

    def status(self):
        now = self.clock()
        text = f"tests: {self.done} of {self.total} done" if self.total else "tests: none done yet"
        text += f", {self.failed} failed"
        if self.skipped:
            text += f", {self.skipped} skipped"
        text += f", {now - self.began:.0f} s"
        boots, others = [], []
        for name, began in sorted(self.running.values(), key=lambda test: test[1]):
            boot = BOOT.fullmatch(name)
            if boot or now - began >= 5:
                (boots if boot else others).append(f"{boot[1] if boot else name} ({now - began:.0f} s)")
        for what, names in ("boots running", boots), ("long", others):
            if names:
                text += f"; {what}: {', '.join(names)}"
        return text


class Screen:
    """Where lines go, and the status below them."""

    def __init__(self, out, terminal):
        self.out = out
        self.terminal = terminal
        self.below = False  # whether a status is to be rewritten

    def line(self, data):
        self.write(data + b"\n")
        self.below = False

    def status(self, text):
        if self.terminal:
            columns = shutil.get_terminal_size().columns
            self.write(text[:columns - 1].encode())
            self.below = True
        else:
            self.write(text.encode() + b"\n")

    def end(self):
        if self.below:
            self.below = False
            self.write(b"\n")

    def write(self, data):
        self.out.write((b"\r\x1b[K" if self.below else b"") + data)
        self.out.flush()


def follow(pipe, progress, screen):
    """Reads to the end of the pipe."""
    pause = TERMINAL_PAUSE if screen.terminal else FILE_PAUSE
    due, ended = 0, False
    rest = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            telling = progress.seen and not ended
            if telling and time.monotonic() >= due:
                screen.status(progress.status())
                due = time.monotonic() + pause
            if not selector.select(max(0, due - time.monotonic()) if telling else None):
                continue
            data = os.read(pipe.fileno(), 65536)
            rest += data
            if data and b"\n" not in data:
                continue
            *lines, rest = rest.split(b"\n")
            if not data and rest:
                lines = [rest]
            for line in lines:
                if progress.take(line.decode(errors="replace")):
                    screen.line(line)
                    due = 0 if screen.terminal else due
                if not ended and progress.done == progress.total:
                    ended = True
                    screen.status(progress.status())
                    screen.end()
            if not data:
                break
    if progress.seen and not ended:
        screen.status(progress.status())
    screen.end()


def main(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # ctest decides what an interrupt means; what it says then is still shown.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda caught, _: process.send_signal(caught))
    try:
        follow(process.stdout, Progress(), Screen(sys.stdout.buffer, sys.stdout.isatty()))
    except OSError as error:
        # Nobody reads, or the disk is full: there is nobody to run the tests for.
        process.send_signal(signal.SIGINT)
        process.wait()
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 128 + signal.SIGPIPE
        print(f"test_progress.py: cannot write to the standard output: {error.strerror}", file=sys.stderr)
        return 1
    status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
