"""The fetched directory: `kernel-6.1`, `kernel-6.12`, `qemu`; each appears whole or not at all."""
import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from . import debian
from .qemu import qemu_version

# Name of a kernel -> the Debian suite that has it.
KERNELS = {'6.1': 'bookworm', '6.12': 'bookworm-backports'}

_TRIES = 3


class FetchError(RuntimeError):
    """Something needed is neither here nor to be had."""


def vmlinux_path(assets: str, kernel: str) -> str:
    path = os.path.join(assets, f'kernel-{kernel}', 'vmlinux')
    if not os.path.exists(path):
        raise FetchError(f'kernel {kernel} has not been fetched: no {path}')
    return path


def fetch(assets: str, kernels: list[str]) -> None:
    """Makes sure that the kernels and a QEMU are there. What is there already is not looked up again."""
    wanted: dict[str, Callable[[str], None]] = {}
    for kernel in kernels:
        wanted[f'kernel-{kernel}'] = lambda target, kernel=kernel: _fetch_kernel(target, kernel)
    wanted['qemu'] = _fetch_qemu
    if all(_is_there(assets, name) for name in wanted):
        return
    os.makedirs(assets, exist_ok=True)
    with _locked(assets):
        for name, make in wanted.items():
            if not _is_there(assets, name):
                _provide(assets, name, make)


def _is_there(assets: str, name: str) -> bool:
    return os.path.exists(os.path.join(assets, name, 'package'))


def _provide(assets: str, name: str, make: Callable[[str], None]) -> None:
    print(f'acre-vm: fetching {name}', file=sys.stderr, flush=True)
    try:
        _retried(lambda: _make_whole(assets, name, make))
    except debian.PackageError as error:
        system = shutil.which('qemu-system-x86_64')
        if name != 'qemu' or not system:
            raise FetchError(f'{name}: {error}') from None
        print(
            f"acre-vm: no QEMU 10 of bookworm-backports ({error}); using the system's "
            f'QEMU {qemu_version(system)} with its known limits (see test/vm/README.md)',
            file=sys.stderr,
        )


def _retried(action: Callable[[], None]) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            action()
            return
        except debian.PackageError as error:
            if attempt == _TRIES or not error.may_pass:
                raise
            print(f'acre-vm: {error}; trying again', file=sys.stderr, flush=True)
            time.sleep(2 * attempt)


def _make_whole(assets: str, name: str, make: Callable[[str], None]) -> None:
    directory = tempfile.mkdtemp(prefix=f'.{name}.', dir=assets)
    try:
        os.chmod(directory, 0o755)
        make(directory)
        final = os.path.join(assets, name)
        shutil.rmtree(final, ignore_errors=True)
        os.rename(directory, final)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _fetch_kernel(target: str, kernel: str) -> None:
    with debian.PackageSource([KERNELS[kernel]]) as source:
        package = source.dependency('linux-image-cloud-amd64', r'linux-image-\d\S*')
        if not package.startswith(f'linux-image-{kernel}.'):
            raise debian.PackageError(f'{KERNELS[kernel]} has {package} now, not {kernel}', may_pass=False)
        unpacked = source.unpack([package])
        image = debian.find_file(unpacked, 'boot', 'vmlinuz-')
        debian.extract_vmlinux(image, os.path.join(target, 'vmlinux'))
    _note_package(target, package)


def _fetch_qemu(target: str) -> None:
    suite = 'bookworm-backports'
    packages = [f'{name}/{suite}' for name in ('qemu-system-x86', 'qemu-system-data', 'seabios')]
    with debian.PackageSource(['bookworm', suite]) as source:
        shutil.copytree(source.unpack(packages), target, symlinks=True, dirs_exist_ok=True)
    debian.require_libraries(os.path.join(target, 'usr/bin/qemu-system-x86_64'))
    _note_package(target, ' '.join(packages))


def _note_package(target: str, text: str) -> None:
    with open(os.path.join(target, 'package'), 'w') as file:
        file.write(text + '\n')


@contextlib.contextmanager
def _locked(assets: str) -> Iterator[None]:
    with open(os.path.join(assets, '.lock'), 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
