#!/usr/bin/env python3
"""Runs a command, or a file of cases, inside a throw-away multi-node NUMA machine.

  run.py --shape ring4 --kernel 6.12 --add build/x -- x ARGUMENT...
  run.py --shape tiny --kernel 6.1 --add build/x --cases FILE
  run.py --list-shapes

Exit status: that of the command; with --cases 0 when every case passed or was skipped, else 1.
120: the guest never reached the command. 121: kernel trouble in the guest. 124: time is over.
"""
import argparse
import os
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True

from runner.assets import KERNELS, FetchError, fetch
from runner.boot import BootRequest, BootResult, boot
from runner.cases import Case, CaseError, make_case, parse_cases
from runner.initramfs import InitramfsError
from runner.machines import SHAPES
from runner.qemu import QemuError
from runner.results import boot_record, write_json
from runner.verdicts import PASSED, SKIPPED, judge

NEVER_STARTED = 120
KERNEL_TROUBLE = 121
TIME_OVER = 124
_CASE_KEYS = ('user', 'mems', 'cpus', 'memmax', 'huge', 'thp', 'oom', 'timeout')


def parse_arguments() -> argparse.Namespace:
    source_tree = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    assets = os.environ.get('ACRE_VM_DIR', os.path.join(source_tree, 'build', 'vm'))
    parser = argparse.ArgumentParser(usage=__doc__)
    add = parser.add_argument
    add('--shape', default='n2', choices=list(SHAPES))
    add('--kernel', default='6.12', choices=list(KERNELS))
    add('--assets', default=assets, help='fetched kernels and QEMU (ACRE_VM_DIR; default build/vm)')
    add('--add', action='append', default=[], help='FILE[:GUEST] to bring along, with shared libraries')
    add('--env', action='append', default=[], metavar='NAME=VALUE')
    add('--cases', metavar='FILE', help='cases, one a line: [key=value ...] :: command')
    add('--out', metavar='DIR', help="copy the guest's /out here at the end")
    add('--json', metavar='FILE', help='write verdicts and boot facts here')
    add('--keep-console', metavar='FILE', help='write the kernel log here')
    add('--boot-timeout', type=float, default=120.0)
    add('--verbose', action='store_true')
    add('--list-shapes', action='store_true')
    keys = parser.add_argument_group('for the command (in a file of cases: keys of each case)')
    keys.add_argument('--timeout', default='600', help='seconds')
    for key in ('user', 'mems', 'cpus', 'memmax', 'huge', 'thp'):
        keys.add_argument(f'--{key}', default='')
    keys.add_argument('--oom', default='allow')
    add('command', nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if arguments.command[:1] == ['--']:
        del arguments.command[0]
    if not arguments.list_shapes and bool(arguments.cases) == bool(arguments.command):
        parser.error('either a command or --cases FILE')
    return arguments


def wanted_cases(arguments: argparse.Namespace) -> list[Case]:
    if arguments.cases:
        with open(arguments.cases) as file:
            return parse_cases(file.read())
    keys = {key: getattr(arguments, key) for key in _CASE_KEYS}
    command = arguments.command
    text = command[0] if len(command) == 1 else shlex.join(command)
    return [make_case({'name': 'command', **keys}, text)]


def show_output(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def report(arguments: argparse.Namespace, cases: list[Case], result: BootResult) -> int:
    if result.problem:
        sys.stderr.write(result.qemu_messages + result.console[-6000:])
        print(f'acre-vm: {result.problem}', file=sys.stderr)
    if result.state == 'boot':
        return NEVER_STARTED
    if arguments.cases:
        verdicts = [judge(case, result.runs.get(number)) for number, case in enumerate(cases)]
        for case, verdict in zip(cases, verdicts):
            print(f'{verdict.verdict:8} {case.name}' + (f': {verdict.reason}' if verdict.reason else ''))
        return 0 if all(verdict.verdict in (PASSED, SKIPPED) for verdict in verdicts) else 1
    if 'kernel trouble' in result.problem:
        return KERNEL_TROUBLE
    run = result.runs.get(0)
    if run is None or run.setup_problem:
        print(f'acre-vm: {run.setup_problem if run else "the command never started"}', file=sys.stderr)
        return NEVER_STARTED
    if run.oom_kills:
        print(f"acre-vm: the guest's OOM killer ended {run.oom_kills} process(es)", file=sys.stderr)
    return TIME_OVER if run.timed_out or run.status is None else run.status


def main() -> int:
    arguments = parse_arguments()
    if arguments.list_shapes:
        for name, shape in SHAPES.items():
            print(f'{name:8} {shape.description}')
        return 0
    try:
        cases = wanted_cases(arguments)
        fetch(arguments.assets, [arguments.kernel])
        request = BootRequest(
            shape=arguments.shape,
            kernel=arguments.kernel,
            assets=arguments.assets,
            cases=cases,
            additions=arguments.add,
            environment=dict(text.split('=', 1) for text in arguments.env),
            boot_timeout=arguments.boot_timeout,
            collect_out=bool(arguments.out),
            verbose=arguments.verbose,
        )
        result = boot(request, show_output)
    except (CaseError, FetchError, InitramfsError, QemuError, OSError) as error:
        print(f'acre-vm: {error}', file=sys.stderr)
        return NEVER_STARTED
    if result.archive is not None:
        os.makedirs(arguments.out, exist_ok=True)
        subprocess.run(['tar', '-xzf', '-', '-C', arguments.out], input=result.archive, check=True)
    if arguments.keep_console:
        with open(arguments.keep_console, 'w') as file:
            file.write(result.console)
    if arguments.json:
        write_json(arguments.json, boot_record(request, result, run=''))
    if arguments.verbose:
        print(f'acre-vm: ready after {result.ready_seconds:.2f} s, {result.release}', file=sys.stderr)
    return report(arguments, cases, result)


if __name__ == '__main__':
    sys.exit(main())
