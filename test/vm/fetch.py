#!/usr/bin/env python3
"""Fetches the guests' kernels and QEMU once into a directory; instantaneous when they are there."""
import argparse
import sys

sys.dont_write_bytecode = True

from runner.assets import KERNELS, FetchError, fetch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('directory', help='where to, <build>/vm as a rule')
    parser.add_argument('--kernel', action='append', choices=list(KERNELS), help='default: all')
    arguments = parser.parse_args()
    try:
        fetch(arguments.directory, arguments.kernel or list(KERNELS))
    except FetchError as error:
        print(f'acre-vm: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
