#!/usr/bin/env python3
"""html_check.py CHROMIUM ACRE_DEMO ACRE_DEMO_TESTS DIRECTORY: the page as a browser lays it out, wide and narrow.

Screenshots stay in DIRECTORY. Exit status 77 without Chromium.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]
# Tables may be wider than the window: their box scrolls.
PROBE = """<script>addEventListener("load", () => {
  const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg, .scroll, script") &&
    (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != "inline"
     || e.getBoundingClientRect().right > innerWidth + 1));
  const flat = [...document.querySelectorAll("svg.bar")].filter(e => e.getBoundingClientRect().width < 20);
  document.body.dataset.bars = document.querySelectorAll("svg.bar").length;
  document.body.dataset.labels = document.querySelectorAll("svg.bar[aria-label^='node ']").length;
  document.body.dataset.wide = wide.map(e => e.className || e.tagName).join(" ");
  document.body.dataset.flat = flat.length;
});</script>"""


def browse(chromium, page, *args):
    with tempfile.TemporaryDirectory() as profile:
        return subprocess.run([chromium, *FLAGS, f"--user-data-dir={profile}", *args, page.as_uri()],
                              capture_output=True, text=True, timeout=60, check=True).stdout


def check(chromium, page, nodes_times_trials, trials):
    probed = page.with_suffix(".probe.html")
    probed.write_text(page.read_text().replace("</body>", PROBE + "</body>"))
    for width in (1200, 520):
        size = f"--window-size={width},1600"
        found = dict(re.findall(r'data-(\w+)="([^"]*)"', browse(chromium, probed, size, "--dump-dom")))
        wanted = {"bars": str(nodes_times_trials + 2 * trials), "labels": str(nodes_times_trials), "wide": "", "flat": "0"}
        got = {name: found.get(name) for name in wanted}
        if got != wanted:
            sys.exit(f"{page.name} at {width}: {got}, expected {wanted}")
        picture = page.with_name(f"{page.stem}-{width}.png")
        browse(chromium, page, size, f"--screenshot={picture}")
        if picture.stat().st_size < 10000:
            sys.exit(f"{picture} is empty")


def main(chromium, demo, tests, directory):
    if not shutil.which(chromium):
        print("Chromium is not installed")
        return 77
    directory = pathlib.Path(directory)
    subprocess.run([tests, "--run_test=report_of/any_machine_is_a_page*"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "ACRE_DEMO_PAGES": str(directory)})
    for nodes in (1, 4, 16):
        check(chromium, directory / f"made_up_{nodes}.html", 3 * nodes, 3)
    page = directory / "real.html"
    subprocess.run([demo, "--numbers", "1MiB", "--html", str(page), __file__], check=True, stdout=subprocess.DEVNULL)
    text = page.read_text()
    check(chromium, page, text.count('aria-label="node '), text.count('aria-label="build: '))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
