#!/usr/bin/env python3
"""Compares a libacre.so with the binary interface of the last tag, which cmake/abi keeps; or writes it down there.

    check_abi.py compare LIBRARY      exit status 0 if programs built with that tag can run with LIBRARY
    check_abi.py write LIBRARY        at a tag: puts LIBRARY's interface into cmake/abi, in place of the one before

LIBRARY is a libacre.so with debug information (-g). What is added is allowed: while the tag is a candidate anywhere in
lib/acre.map, afterwards in the node of a later minor version. Needs abidw and abidiff (Debian: abigail-tools).
"""
import argparse
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import check_release

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / 'cmake' / 'abi'
DUMP = ['--headers-dir', str(ROOT / 'include'), '--drop-private-types', '--exported-interfaces-only', '--drop-undefined-syms',
        '--no-architecture', '--no-comp-dir-path', '--no-corpus-path', '--no-elf-needed', '--no-parameter-names',
        '--no-show-locs', '--type-id-style', 'hash']
SUPPRESSED = ['--suppressions', str(KEPT / 'suppressions.ini')]
SKIPPED = 77


class Failure(Exception):
    pass


def dump(library: Path, to: Path) -> None:
    subprocess.run(['abidw', *DUMP, *SUPPRESSED, '--out-file', str(to), str(library)], check=True)
    text = to.read_text(encoding='utf-8')
    if '<class-decl' not in text:
        raise Failure(f'{library} has no debug information: build it with -g')
    # Where it was built is nobody's business.
    to.write_text(re.sub(r"(<abi-instr [^>]*path=')[^']*/", r'\1', text), encoding='utf-8')


def kept_dump(machine: str, kept: Path = KEPT) -> Path | None:
    dumps = sorted(kept.glob(f'libacre-*.{machine}.abi'))
    if len(dumps) > 1:
        raise Failure(f'{kept} keeps more than the last tag: {", ".join(path.name for path in dumps)}')
    return dumps[0] if dumps else None


def symbols(path: Path) -> dict[str, str]:
    """Exported symbols and the nodes of lib/acre.map that they are in."""
    return {symbol.get('name'): symbol.get('version', '') for symbol in ElementTree.parse(path).iter('elf-symbol')}


def misplaced(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Added symbols in nodes that a released library has: a program that needs one would not say so."""
    released = set(before.values())
    return sorted(name for name, node in now.items() if name not in before and node in released)


def compare(library: Path, old: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        new = Path(directory) / 'now.abi'
        dump(library, new)
        result = subprocess.run(['abidiff', '--no-added-syms', str(old), str(new)], stdout=subprocess.PIPE, text=True, check=False)
        # Bits 1 and 2 are errors of abidiff's own, all others are changes; a signal is negative.
        if result.returncode < 0 or result.returncode & 3:
            raise Failure(f'abidiff itself failed with {result.returncode}')
        if result.returncode:
            raise Failure(f'the binary interface is not the one of {old.name}:\n{result.stdout}')
        before, now = symbols(old), symbols(new)
        if not re.search(r'-rc\d+\.', old.name) and (names := misplaced(before, now)):
            raise Failure(f'new since {old.name}, so they belong into a node of their own in lib/acre.map: {" ".join(names)}')
        print(f'{library.name}: as {old.name}, {len(before)} symbols, and {len(now.keys() - before.keys())} more')


def write(library: Path, machine: str) -> None:
    old = kept_dump(machine)
    version = check_release.version_of((ROOT / check_release.HEADER).read_text(encoding='utf-8'))
    new = KEPT / f'libacre-{version}.{machine}.abi'
    dump(library, new)
    if old and old != new:
        old.unlink()
    print(new)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('act', choices=('compare', 'write'))
    parser.add_argument('library', type=Path)
    arguments = parser.parse_args()
    machine = platform.machine()
    try:
        if not arguments.library.is_file():
            raise Failure(f'there is no {arguments.library}')
        if not shutil.which('abidw') or not shutil.which('abidiff'):
            raise Failure('abidw and abidiff are needed (Debian: abigail-tools)')
        if arguments.act == 'write':
            write(arguments.library, machine)
        elif old := kept_dump(machine):
            compare(arguments.library, old)
        else:
            print(f'skipped: no interface of a {machine} machine is kept in cmake/abi')
            return SKIPPED
    except (Failure, subprocess.CalledProcessError) as failure:
        print(f'check_abi: {failure}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
