"""Builds the guest's file system: busybox, the programs under test with their libraries, the cases."""
import os
import re
import shlex
import shutil
import subprocess

from .cases import Case
from .cpio import CpioArchive
from .runs import Run, make_runs

_PASSWD = b"""root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/tmp:/bin/sh
user:x:1000:1000::/tmp:/bin/sh
"""
_GROUP = b'root:x:0:\nnogroup:x:65534:\nuser:x:1000:\n'
_DIRECTORIES = ('proc', 'sys', 'dev', 'tmp', 'run', 'root', 'etc', 'bin', 'sbin', 'usr/bin', 'lib64', 'mnt')


class InitramfsError(RuntimeError):
    """A file for the guest is missing or cannot be used."""


def shared_libraries(path: str) -> list[str]:
    """The shared libraries of an ELF file, loader included, at the paths where they are found here."""
    with open(path, 'rb') as file:
        if file.read(4) != b'\x7fELF':
            return []
    run = subprocess.run(['ldd', path], capture_output=True, text=True)
    return parse_ldd(path, run.stdout)


def parse_ldd(path: str, output: str) -> list[str]:
    missing = re.findall(r'(\S+) => not found', output)
    if missing:
        raise InitramfsError(f'{path}: shared libraries not found: {", ".join(missing)}')
    return re.findall(r'^\s*(?:\S+ => )?(/\S+) \(0x', output, re.MULTILINE)


def guest_path(addition: str) -> tuple[str, str]:
    """`FILE[:GUEST]` -> where it is here, where it goes there (default: /usr/bin)."""
    source, _, target = addition.partition(':')
    return source, target or '/usr/bin/' + os.path.basename(source.rstrip('/'))


def _add_program(archive: CpioArchive, source: str, target: str) -> None:
    archive.add_host_file(source, target)
    for library in shared_libraries(source):
        archive.add_host_file(library, library)


def _add_files(archive: CpioArchive, additions: list[str]) -> None:
    taken: dict[str, str] = {}
    for addition in additions:
        source, target = guest_path(addition)
        if taken.setdefault(target, source) != source:
            raise InitramfsError(f'{source} and {taken[target]} both want to be {target} in the guest')
        if os.path.isdir(source):
            for directory, _, names in os.walk(source):
                inside = os.path.relpath(directory, source)
                for name in names:
                    path = os.path.normpath(os.path.join(target, inside, name))
                    _add_program(archive, os.path.join(directory, name), path)
        elif os.path.isfile(source):
            _add_program(archive, source, target)
        else:
            raise InitramfsError(f'no such file: {source}')


def _add_base(archive: CpioArchive) -> None:
    busybox = shutil.which('busybox')
    if not busybox:
        raise InitramfsError('busybox is not installed (Debian package busybox-static)')
    for directory in _DIRECTORIES:
        archive.add_directory(directory)
    _add_program(archive, busybox, '/bin/busybox')
    applets = subprocess.run([busybox, '--list'], capture_output=True, text=True, check=True).stdout
    for applet in applets.split():
        archive.add_link(f'/bin/{applet}', 'busybox')
    archive.add_file('/etc/passwd', _PASSWD)
    archive.add_file('/etc/group', _GROUP)
    init = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'guest_init.sh')
    with open(init, 'rb') as file:
        archive.add_file('/init', file.read(), 0o755)


def run_settings(run: Run, number: int, cases: list[Case]) -> str:
    """The run as shell assignments, which the guest's /init reads."""
    keys = ('user', 'mems', 'cpus', 'memmax', 'huge', 'thp', 'command')
    values = {key: str(getattr(run.case, key)) for key in keys}
    values['numbers'] = ' '.join(map(str, run.numbers))
    # The program that forks looks after the time of each case, and needs some to clean up after it.
    between = 10 if run.forked else 0
    values['timeout'] = str(sum(cases[case].timeout + between for case in run.numbers))
    values['forked'] = 'yes' if run.forked else ''
    if run.forked:
        values['command'] += f' --forked_cases={_forked_path(number)}'
    return ''.join(f'{key}={shlex.quote(value)}\n' for key, value in values.items())


def _forked_path(number: int) -> str:
    return f'/acre/forked/{number}'


def build_initramfs(
    cases: list[Case], additions: list[str], environment: dict[str, str], token: str, collect_out: bool
) -> bytes:
    """The whole archive, ready for QEMU's -initrd."""
    archive = CpioArchive()
    _add_base(archive)
    _add_files(archive, additions)
    runs = make_runs(cases)
    settings = f'token={token}\nrun_count={len(runs)}\ncollect_out={"yes" if collect_out else ""}\n'
    for name, value in environment.items():
        settings += f'export {name}={shlex.quote(value)}\n'
    archive.add_file('/acre/settings', settings.encode())
    for number, run in enumerate(runs):
        archive.add_file(f'/acre/run/{number}', run_settings(run, number, cases).encode())
        if run.forked:
            archive.add_file(_forked_path(number), run.listed(cases).encode())
    return archive.finish()
