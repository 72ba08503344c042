#!/usr/bin/env python3
"""where_html_check.py ACRE CHROMIUM ACRE_COMMAND_TESTS DIRECTORY: pages of `acre where` as a browser lays them out.

Screenshots stay in DIRECTORY. Exit status 77 without Chromium.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "cmake"))
import chromium as browser  # noqa: E402

PROBE = """<script>addEventListener("load", () => {
  const box = e => e.getBoundingClientRect();
  const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg, script, .sr") &&
    (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != "inline" || box(e).right > innerWidth + 1));
  const flat = [...document.querySelectorAll("svg.bar, svg.cells")].filter(e => box(e).width < 60 || box(e).height < 5);
  // The numbers stand above their columns.
  const head = document.querySelector(".numbers"), cells = document.querySelector("svg.cells");
  const off = Math.abs(box(head).left - box(cells).left) + Math.abs(box(head).right - box(cells).right);
  document.body.dataset.rows = document.querySelectorAll("svg.cells").length;
  document.body.dataset.nodes = document.querySelectorAll("svg.bar").length;
  document.body.dataset.wide = wide.map(e => e.className || e.tagName).join(" ");
  document.body.dataset.flat = flat.length;
  document.body.dataset.off = Math.round(off);
});</script>"""


def browse(chromium, page, *args):
    shown, console = browser.browse(chromium, page.as_uri(), *args, timeout=100)
    if console:
        sys.exit(f"{page.name}: {console}")
    return shown


def check(chromium, page, nodes=None, rows=None):
    text = page.read_text()
    probed = page.with_suffix(".probe.html")
    probed.write_text(text.replace("</body>", PROBE + "</body>"))
    wanted = {"rows": str(rows or text.count('<svg class="cells"')), "nodes": str(nodes or text.count('<svg class="bar"')),
              "wide": "", "flat": "0", "off": "0"}
    for width in (1200, 640):
        size = f"--window-size={width},1600"
        found = dict(re.findall(r'data-(\w+)="([^"]*)"', browse(chromium, probed, size, "--dump-dom")))
        got = {name: found.get(name) for name in wanted}
        if got != wanted:
            sys.exit(f"{page.name} at {width}: {got}, expected {wanted}")
    picture = page.with_suffix(".png")
    browse(chromium, page, "--window-size=1000,1600", f"--screenshot={picture}")
    if picture.stat().st_size < 10000:
        sys.exit(f"{picture} is empty")


def main(acre, chromium, tests, directory):
    if not shutil.which(chromium):
        print("Chromium is not installed")
        return 77
    directory = pathlib.Path(directory)
    subprocess.run([tests, "--run_test=where_page*"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "ACRE_WHERE_PAGES": str(directory)})
    for name, nodes in (("one", 1), ("two", 2), ("sixteen", 16), ("sparse", 10)):
        check(chromium, directory / f"where_{name}.html", nodes, 40)
    check(chromium, directory / "where_many.html", 16, 501)
    if pathlib.Path("/proc/self/numa_maps").exists():
        page = directory / "where_real.html"
        subprocess.run([acre, "where", str(os.getpid()), "--html", str(page)], check=True, stdout=subprocess.DEVNULL)
        check(chromium, page)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
