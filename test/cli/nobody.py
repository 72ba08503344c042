"""A program as another user runs it, for the tests beside this file."""
import os
import re
import shutil
import subprocess
import tempfile


def run_as_nobody(acre, *args):
    """A copy of the program: others may not enter the directory that it was built in, such as root's home."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        program = shutil.copy(acre, directory)
        for library in re.findall(r"=> (\S*/libacre\S*)", subprocess.check_output(["ldd", acre], text=True)):
            shutil.copy(library, directory)
        return subprocess.run([program, *map(str, args)], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "LD_LIBRARY_PATH": directory}, user=65534, group=65534, extra_groups=[])
