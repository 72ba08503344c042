#!/usr/bin/env python3
"""check_no_skips.py JUNIT_FILE: fails if any test that CTest knows did not run: skipped, disabled, not run."""
import re
import sys
import xml.etree.ElementTree


def main(path):
    cases = list(xml.etree.ElementTree.parse(path).getroot().iter("testcase"))
    not_run = [c for c in cases if c.get("status") != "run" and c.find("failure") is None]
    for case in not_run:
        why = case.find("skipped")
        print(f"did not run: {case.get('name')} ({case.get('status')}: "
              f"{why.get('message', '') if why is not None else ''})")
        for reason in re.findall(r"^skipped: .*", case.findtext("system-out") or "", re.M):
            print(f"  {reason}")
    if not cases:
        print(f"{path}: no tests at all")
    return 1 if not_run or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
