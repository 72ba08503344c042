"""A case: one command in the guest, how it is run, and what is expected of it."""
import shlex
import signal
from dataclasses import asdict, dataclass, fields
from typing import Any


class CaseError(ValueError):
    """A case that cannot be understood."""


@dataclass(frozen=True)
class Case:
    """One command of the guest's shell, run as a process of its own.

    name     unique within a boot
    command  text for /bin/sh -c; with `test`: only the start of a Boost.Test program, which gets its arguments later
    test     the program's case, as --run_test takes it; '' where the command is all there is
    alone    'yes': in a control group of its own; 'no': a child of the program, which runs several cases one by one
    timeout  seconds; past it every process of the case is killed
    user     '' (root), 'nobody' or 'user'
    mems     cpuset.mems, '' for all
    cpus     cpuset.cpus, '' for all
    memmax   memory.max in the kernel's notation ('64M'), '' for no limit
    huge     'NODE:COUNT ...' 2 MiB hugetlb pages reserved while the case runs
    thp      'always', 'madvise', 'never'; '' for the kernel's default
    expect   exit status, 'sig:NAME' or 'sig:NUMBER', or 'timeout'
    oom      'forbid': an OOM kill during the case fails it; 'allow'
    """

    name: str
    command: str
    test: str = ''
    alone: str = 'yes'
    timeout: int = 60
    user: str = ''
    mems: str = ''
    cpus: str = ''
    memmax: str = ''
    huge: str = ''
    thp: str = ''
    expect: str = '0'
    oom: str = 'forbid'

    def __post_init__(self) -> None:
        if not self.name or not self.command.strip():
            raise CaseError(f'a case needs a name and a command: {self.name!r} {self.command!r}')
        if self.timeout <= 0:
            raise CaseError(f'{self.name}: timeout must be positive')
        _require_one_of(self.name, 'alone', self.alone, ('yes', 'no') if self.test else ('yes',))
        _require_one_of(self.name, 'user', self.user, ('', 'root', 'nobody', 'user'))
        _require_one_of(self.name, 'thp', self.thp, ('', 'always', 'madvise', 'never'))
        _require_one_of(self.name, 'oom', self.oom, ('forbid', 'allow'))
        parse_expectation(self.expect)
        parse_huge(self.huge)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _require_one_of(name: str, key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise CaseError(f'{name}: {key}={value} is none of {", ".join(a or "(empty)" for a in allowed)}')


def parse_expectation(text: str) -> int | None:
    """The shell's exit status that `text` stands for; None for 'timeout'."""
    if text == 'timeout':
        return None
    if text.startswith('sig:'):
        return 128 + _signal_number(text[4:])
    if text.isdigit() and int(text) <= 255:
        return int(text)
    raise CaseError(f'expect={text} is no exit status, no sig:NAME and not timeout')


def _signal_number(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65:
        return int(text)
    try:
        return signal.Signals['SIG' + text.upper().removeprefix('SIG')].value
    except KeyError:
        raise CaseError(f'expect=sig:{text}: no such signal') from None


def parse_huge(text: str) -> dict[int, int]:
    """'0:16 1:8' -> {0: 16, 1: 8}."""
    result = {}
    for word in text.split():
        node, colon, count = word.partition(':')
        if not (colon and node.isdigit() and count.isdigit()):
            raise CaseError(f'huge={text}: {word} is not NODE:COUNT')
        result[int(node)] = int(count)
    return result


_KEYS = {field.name for field in fields(Case)} - {'command'}


def make_case(keys: dict[str, str], command: str) -> Case:
    """A case out of textual keys, all of them optional."""
    unknown = set(keys) - _KEYS
    if unknown:
        raise CaseError(f'unknown key {", ".join(sorted(unknown))}')
    values: dict[str, Any] = {'name': command, **keys}
    if 'timeout' in keys:
        if not keys['timeout'].isdigit():
            raise CaseError(f'timeout={keys["timeout"]} is not a number of seconds')
        values['timeout'] = int(keys['timeout'])
    return Case(command=command, **values)


def parse_case(line: str) -> Case:
    """`[key=value ...] :: command`, or only a command."""
    head, separator, command = line.partition('::')
    words = shlex.split(head) if separator else []
    if not separator or not all(_is_assignment(word) for word in words):
        return make_case({}, line.strip())
    keys = dict(word.split('=', 1) for word in words)
    return make_case(keys, command.strip())


def _is_assignment(word: str) -> bool:
    key, equals, _ = word.partition('=')
    return bool(equals) and key.isidentifier()


def parse_cases(text: str) -> list[Case]:
    """One case a line; empty lines and lines that begin with # do not count."""
    cases = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        try:
            cases.append(parse_case(line))
        except ValueError as error:
            raise CaseError(f'line {number}: {error}') from None
    require_unique_names(cases)
    return cases


def require_unique_names(cases: list[Case]) -> None:
    seen = set()
    for case in cases:
        if case.name in seen:
            raise CaseError(f'two cases are named {case.name}')
        seen.add(case.name)
