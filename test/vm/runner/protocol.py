"""Reads what the guest says on its second serial line: control lines, and the cases' output."""
import base64
from collections.abc import Callable
from dataclasses import dataclass, field

_OUTPUT_LIMIT = 1 << 20


class CappedOutput:
    """Keeps the first and the last half MiB, so that a case's end is never lost."""

    def __init__(self, limit: int = _OUTPUT_LIMIT) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        excess = len(self._tail) - self._half
        if excess > 0:
            del self._tail[:excess]
            self._dropped += excess

    def text(self) -> str:
        gap = f'\n[... {self._dropped} bytes left out ...]\n'.encode() if self._dropped else b''
        return (bytes(self._head) + gap + bytes(self._tail)).decode(errors='replace')


@dataclass
class CaseRun:
    """What became of one case, as far as the guest told.

    setup_problem  why the case was not started
    status         the shell's exit status; None: it never ended
    trouble        kernel trouble seen while it was the current case
    """

    output: CappedOutput = field(default_factory=CappedOutput)
    setup_problem: str = ''
    started_at: float = 0.0
    seconds: float = 0.0
    status: int | None = None
    oom_kills: int = 0
    timed_out: bool = False
    trouble: str = ''


class GuestListener:
    """Takes bytes in, keeps the state: 'boot', then 'ready' (cases run), then 'done'."""

    def __init__(self, token: str, on_output: Callable[[bytes], None] | None = None) -> None:
        self._mark = f'@@{token} '.encode()
        self._on_output = on_output or (lambda data: None)
        self._buffer = b''
        self._archive: bytearray | None = None
        self.state = 'boot'
        self.release = ''
        self.runs: dict[int, CaseRun] = {}
        self.current: int | None = None

    def feed(self, data: bytes, now: float) -> None:
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b'\n')
        for line in lines:
            before, mark, control = line.partition(self._mark)
            if not mark:
                self._plain(line + b'\n')
                continue
            if before:
                self._plain(before)
            self._control(control.decode(errors='replace').rstrip().split(' '), now)

    def last_case(self) -> int | None:
        """The case that runs, or else the last one that ran."""
        return self.current if self.current is not None else max(self.runs, default=None)

    def archive(self) -> bytes | None:
        """The guest's /out as a gzipped tar file, when it was asked for and came."""
        if self._archive is None:
            return None
        return base64.b64decode(bytes(self._archive))

    def _plain(self, data: bytes) -> None:
        if self._archive is not None:
            self._archive += data.strip()
            return
        if self.current is not None:
            self.runs[self.current].output.add(data)
        self._on_output(data)

    def _control(self, words: list[str], now: float) -> None:
        match words:
            case ['ready', release]:
                self.state = 'ready'
                self.release = release
            case ['setup', number, *message]:
                self.runs[int(number)] = CaseRun(setup_problem=' '.join(message))
            case ['begin', number]:
                self.current = int(number)
                self.runs[self.current] = CaseRun(started_at=now)
            case ['end', number, status, oom_kills, timed_out]:
                run = self.runs.setdefault(int(number), CaseRun(setup_problem='its end was told, but not its begin'))
                run.seconds = now - run.started_at
                run.status = int(status)
                run.oom_kills = int(oom_kills)
                run.timed_out = timed_out == '1'
                self.current = None
            case ['out']:
                self._archive = bytearray()
            case ['done']:
                self.state = 'done'
