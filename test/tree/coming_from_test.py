"""docs/coming_from.md names every function and global of the libnuma that is installed, and every system call and policy."""
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/coming_from.md"
NAMES = {
    "numa.h": r"\b(?:numa_|nodemask_|copy_)\w+",
    "numaif.h": r"\bMPOL_(?!MAX\b)\w+|(?<=extern long )\w+|(?<=extern int )\w+",
}


def text_of(compiler, header):
    """The header where the compiler finds it; None where it does not."""
    made = subprocess.run([compiler, "-M", "-x", "c++", "-"], input=f"#include <{header}>\n", capture_output=True, text=True)
    found = re.search(rf"\S+/{re.escape(header)}\b", made.stdout)
    return pathlib.Path(found.group()).read_text() if made.returncode == 0 and found else None


def main(compiler):
    said = set(re.findall(r"\w+", PAGE.read_text()))
    missing = set()
    for header, pattern in NAMES.items():
        text = text_of(compiler, header)
        if text is None:
            print(f"{compiler} finds no {header}: libnuma-dev is not installed")
            return 77
        names = set(re.findall(pattern, text))
        if not names:
            print(f"{header} declares nothing that this test knows")
            return 1
        missing |= names - said
    for name in sorted(missing):
        print(f"{PAGE.name} does not say what acre has for {name}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
