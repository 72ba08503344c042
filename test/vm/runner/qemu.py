"""Which QEMU to use, and its command line for one shape and kernel."""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from .machines import Shape

# Takes out of a guest's start what costs time under emulation and no test looks at. nokaslr,
# mitigations and apparmor matter little; numa_balancing would move pages while tests look at them.
# The clock is the PM timer: on a busy machine the kernel measures the TSC against a timer that was not served, and its
# time then runs twenty times too fast ("PIT calibration deviates from HPET"), past the limits of all cases.
_TUNING = (
    'clocksource=acpi_pm tsc=reliable lpj=10400000 no_timer_check nokaslr mitigations=off nowatchdog '
    'rcupdate.rcu_cpu_stall_suppress=1 random.trust_cpu=on audit=0 apparmor=0 cryptomgr.notests '
    'i8042.noaux i8042.nokbd numa_balancing=disable'
)


class QemuError(RuntimeError):
    """No QEMU, or none that can run what is wanted."""


@dataclass(frozen=True)
class Qemu:
    """A QEMU: its program, its data directory ('' for the built-in one), its major version."""

    program: str
    data: str
    major: int

    def is_old(self) -> bool:
        """QEMU 7.2 has faults that 10 has not: see the README on the fall-back."""
        return self.major < 10


def qemu_version(program: str) -> int:
    output = subprocess.run([program, '--version'], capture_output=True, text=True).stdout
    found = re.search(r'version (\d+)\.', output)
    if not found:
        raise QemuError(f'{program} does not start')
    return int(found.group(1))


def find_qemu(assets: str) -> Qemu:
    """The fetched QEMU, or else the system's."""
    fetched = os.path.join(assets, 'qemu', 'usr', 'bin', 'qemu-system-x86_64')
    if os.path.exists(fetched):
        return Qemu(fetched, os.path.join(assets, 'qemu', 'usr', 'share', 'qemu'), qemu_version(fetched))
    system = shutil.which('qemu-system-x86_64')
    if not system:
        raise QemuError('no QEMU: neither fetched nor installed (Debian package qemu-system-x86)')
    return Qemu(system, '', qemu_version(system))


def require_support(qemu: Qemu, shape_name: str, kernel: str) -> None:
    if qemu.is_old() and shape_name == 'sparse' and kernel == '6.1':
        raise QemuError(f'QEMU {qemu.major} cannot start kernel 6.1 in the shape sparse; QEMU 10 can')


def kernel_arguments(qemu: Qemu, kernel: str) -> str:
    words = ['console=ttyS0', 'panic=-1', 'loglevel=4', _TUNING]
    if qemu.is_old() and kernel != '6.1':
        words.append('clearcpuid=cx16')
    return ' '.join(words)


def command_line(
    qemu: Qemu, shape: Shape, kernel: str, vmlinux: str, initramfs: str, console: str
) -> list[str]:
    """QEMU's arguments: kernel log to the file `console`, the cases' line to standard output.

    One emulating thread: with several, old QEMUs lose the guest now and then, and it is no faster.
    """
    command = [qemu.program]
    if qemu.data:
        command += ['-L', qemu.data]
    machine = 'pc,hmat=on' if shape.links else 'pc'
    command += ['-accel', 'tcg,thread=single', '-machine', machine, '-cpu', 'qemu64', '-bios', 'qboot.rom']
    command += ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot']
    command += ['-kernel', vmlinux, '-initrd', initramfs, '-append', kernel_arguments(qemu, kernel)]
    command += ['-serial', f'file:{console}', '-chardev', 'stdio,id=cases,signal=off']
    command += ['-serial', 'chardev:cases']
    return command + shape.qemu_arguments()
