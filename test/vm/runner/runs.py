"""What the guest starts, one after the other: for most cases of a Boost.Test program that is one process for all of them.

A process under emulation takes tens of milliseconds to start, the topology of a machine as long again to load. So a
program is started once for the cases of one setting, and forks a child for each (test/multinode/forked_cases.cpp).
"""
import shlex
from dataclasses import dataclass, replace

from .cases import Case


@dataclass(frozen=True)
class Run:
    """The numbers of the cases, and the case whose settings and command the guest takes."""

    numbers: list[int]
    case: Case
    forked: bool

    def listed(self, cases: list[Case]) -> str:
        """What forked_cases reads: NUMBER SECONDS TEST."""
        return ''.join(f'{number} {cases[number].timeout} {cases[number].test}\n' for number in self.numbers)


def make_runs(cases: list[Case]) -> list[Run]:
    """Cases that may share a process and have all settings in common become one run, in the place of their first."""
    shared: dict[Case, list[int]] = {}
    runs = []
    for number, case in enumerate(cases):
        if case.alone == 'yes':
            runs.append(Run([number], _alone(case), False))
            continue
        settings = replace(case, name='shared', test='shared')
        if settings not in shared:
            shared[settings] = []
            runs.append(Run(shared[settings], settings, True))
        shared[settings].append(number)
    return runs


def _alone(case: Case) -> Case:
    if not case.test:
        return case
    return replace(case, command=f'{case.command} --run_test={shlex.quote(case.test)} --color_output=no')
