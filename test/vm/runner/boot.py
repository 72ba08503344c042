"""Boots a guest, listens until its cases are done, and tries again only when it never started."""
import ctypes
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .assets import vmlinux_path
from .cases import Case
from .initramfs import build_initramfs
from .machines import SHAPES
from .protocol import CaseRun, GuestListener
from .qemu import command_line, find_qemu, require_support

_TROUBLE = re.compile(
    rb'Kernel panic[^\n]*|BUG: [^\n]*|Oops[^\n]*|general protection fault[^\n]*|soft lockup[^\n]*'
    rb'|hard LOCKUP[^\n]*|double fault:[^\n]*|rcu: INFO: rcu_\S+ (?:self-)?detected stall'
)
# An oops leaves QEMU running: time for the rest of its message.
_TROUBLE_GRACE = 3.0
# A case's own limit is kept in the guest; this much later the guest itself counts as hung.
_HANG_GRACE = 60.0
_COLLECT_TIME = 120.0


@dataclass(frozen=True)
class BootRequest:
    """What to boot and to run; `additions` are FILE[:GUEST], `assets` the fetched directory."""

    shape: str
    kernel: str
    assets: str
    cases: list[Case]
    additions: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    boot_timeout: float = 120.0
    tries: int = 3
    collect_out: bool = False
    verbose: bool = False


@dataclass
class BootResult:
    """What came of it. `problem` is empty when every case was reached; `state` as in GuestListener."""

    state: str = 'boot'
    release: str = ''
    ready_seconds: float = 0.0
    total_seconds: float = 0.0
    failed_tries: list[str] = field(default_factory=list)
    problem: str = ''
    runs: dict[int, CaseRun] = field(default_factory=dict)
    console: str = ''
    qemu_messages: str = ''
    archive: bytes | None = None


def boot(request: BootRequest, on_output: Callable[[bytes], None] | None = None) -> BootResult:
    """Runs the request's cases. Only a guest that never reached its first command is tried again."""
    failed_tries = []
    for _ in range(request.tries):
        with tempfile.TemporaryDirectory(prefix='acre-vm.') as directory:
            result = _Attempt(request, directory, on_output).run()
        result.failed_tries = failed_tries
        if result.state != 'boot':
            return result
        failed_tries.append(result.problem)
        print(f'acre-vm: {request.shape} {request.kernel}: no start: {result.problem}', file=sys.stderr)
    return result


def _die_with_parent() -> None:
    """No QEMU outlives its runner, however that ends."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


class _Attempt:
    """One QEMU process from start to end."""

    def __init__(self, request: BootRequest, directory: str, on_output: Callable | None) -> None:
        self._request = request
        self._console_path = os.path.join(directory, 'console')
        self._initramfs_path = os.path.join(directory, 'initramfs')
        self._messages_path = os.path.join(directory, 'qemu-messages')
        token = os.urandom(8).hex()
        self._listener = GuestListener(token, on_output)
        self._result = BootResult()
        self._trouble_at: float | None = None
        data = build_initramfs(
            request.cases, request.additions, request.environment, token, request.collect_out
        )
        with open(self._initramfs_path, 'wb') as file:
            file.write(data)

    def run(self) -> BootResult:
        command = self._command()
        if self._request.verbose:
            print('+', shlex.join(command), file=sys.stderr)
        self._start = time.monotonic()
        self._deadline = self._start + self._request.boot_timeout
        with open(self._messages_path, 'wb') as messages:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                preexec_fn=_die_with_parent,
            )
        try:
            self._listen(process)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        return self._finish()

    def _command(self) -> list[str]:
        request = self._request
        qemu = find_qemu(request.assets)
        require_support(qemu, request.shape, request.kernel)
        vmlinux = vmlinux_path(request.assets, request.kernel)
        shape = SHAPES[request.shape]
        return command_line(
            qemu, shape, request.kernel, vmlinux, self._initramfs_path, self._console_path
        )

    def _listen(self, process: subprocess.Popen) -> None:
        descriptor = process.stdout.fileno()
        while self._listener.state != 'done':
            select.select([descriptor], [], [], 0.25)
            # Before what the guest has said is read, one pipe full at most: so the case in which it is in trouble is known.
            console = self._read(self._console_path)
            now = time.monotonic()
            if select.select([descriptor], [], [], 0)[0]:
                data = os.read(descriptor, 65536)
                if not data:
                    self._result.problem = self._result.problem or 'QEMU ended'
                    return
                self._take(data, now)
            self._look_for_trouble(now, console)
            if self._trouble_at is not None and now > self._trouble_at + _TROUBLE_GRACE:
                return
            if now > self._deadline:
                self._result.problem = f'nothing more from the guest after {now - self._start:.0f} s'
                return

    def _take(self, data: bytes, now: float) -> None:
        before = (self._listener.state, self._listener.current, len(self._listener.runs))
        self._listener.feed(data, now)
        after = (self._listener.state, self._listener.current, len(self._listener.runs))
        if before[0] == 'boot' and after[0] != 'boot':
            self._result.ready_seconds = now - self._start
        if before == after or self._listener.state == 'boot':
            return
        limit = _COLLECT_TIME
        if self._listener.current is not None:
            limit = self._request.cases[self._listener.current].timeout
        self._deadline = now + limit + _HANG_GRACE

    def _look_for_trouble(self, now: float, console: bytes) -> None:
        if self._trouble_at is not None:
            return
        found = _TROUBLE.search(console)
        if not found:
            return
        self._trouble_at = now
        trouble = found.group(0).decode(errors='replace').strip()
        self._result.problem = f'kernel trouble: {trouble}'
        case = self._listener.last_case()
        if case is not None:
            self._listener.runs[case].trouble = trouble

    def _finish(self) -> BootResult:
        result = self._result
        now = time.monotonic()
        self._look_for_trouble(now, self._read(self._console_path))
        if self._listener.state == 'done' and self._trouble_at is None:
            result.problem = ''
            result.archive = self._listener.archive()
        result.state = self._listener.state
        result.release = self._listener.release
        result.runs = self._listener.runs
        result.total_seconds = now - self._start
        result.console = self._read(self._console_path).decode(errors='replace')
        result.qemu_messages = self._read(self._messages_path).decode(errors='replace')
        return result

    @staticmethod
    def _read(path: str) -> bytes:
        try:
            with open(path, 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return b''
