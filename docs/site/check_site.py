#!/usr/bin/env python3
"""check_site.py SITE [CHROMIUM]: is the site whole, and can its pages be read?

Each link and each anchor leads somewhere. In Chromium, at the width of a phone and of a desktop: no page is wider than
the window, text and code stand out from their background in both themes, each code block has its button to copy it,
no script fails. Pages are opened as files, as a package installs them, and so is the search. Screenshots of some stay
in SITE/../screenshots.
"""
import html.parser
import json
import pathlib
import re
import shutil
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "cmake"))
import chromium as browser  # noqa: E402

WIDTHS = (360, 1280)
# Pages of one form, and most of all: seen at the first width alone.
LISTINGS = ("examples", "source")
PICTURED = ("index", "search")
SEARCHED = "numa_allocator"
# The least contrast of text that W3C's guidelines (WCAG 2.1, 1.4.3) let pass.
CONTRAST = 4.5
PROBE = """<!DOCTYPE html><meta charset="utf-8"><iframe id="frame" style="border: 0; height: 900px"></iframe><script>
const frame = document.getElementById("frame");
const open = (page, width) => new Promise(done => {
  frame.style.width = width + "px"; frame.onload = done; frame.src = page; });
const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
  .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
function contrast(element, view) {
  let behind = element, colour;
  do { colour = numbers(view.getComputedStyle(behind).backgroundColor); behind = behind.parentElement; }
  while (behind && colour[3] === 0);
  const [a, b] = [luminance(numbers(view.getComputedStyle(element).color)), luminance(colour)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
function look(page, width, mistakes) {
  const view = frame.contentWindow, doc = view.document, root = doc.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...doc.querySelectorAll("article *")].find(e => e.getBoundingClientRect().right > width);
    mistakes.push(`${page}: wider than ${width} pixels: ${wide && wide.outerHTML.slice(0, 80)}`);
  }
  if (root.classList.contains("no-js")) mistakes.push(`${page}: the theme's script did not run`);
  for (const block of doc.querySelectorAll("div.highlight"))
    if (!block.querySelector("button.copybtn")) mistakes.push(`${page}: a code block cannot be copied`);
  for (const theme of ["light", "dark"]) {
    doc.body.dataset.theme = theme;
    const seen = new Set();
    for (const element of doc.querySelectorAll("div.highlight pre, div.highlight span, code, article p, .sig")) {
      const kind = element.tagName + element.className;
      if (seen.has(kind) || !element.textContent.trim()) continue;
      seen.add(kind);
      const found = contrast(element, view);
      if (found < CONTRAST)
        mistakes.push(`${theme}: contrast ${found.toFixed(2)} of ${kind} ${view.getComputedStyle(element).color}`);
    }
  }
}
addEventListener("load", async () => {
  const mistakes = [];
  let pages = 0;
  for (const [page, widths] of PAGES) {
    for (const width of widths) {
      await open(page, width);
      look(page, width, mistakes);
    }
    pages++;
  }
  document.body.dataset.found = JSON.stringify({pages, mistakes: [...new Set(mistakes)]});
});</script>"""


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links = []
        self.anchors = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src"):
                self.links.append(value)
            elif name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)


def dead_links(site):
    pages = {path: Page(path.read_text()) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            anchor = urllib.parse.unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                yield f"{path.relative_to(site)}: {link} leads nowhere"


def browse(chromium, url, *args):
    shown, console = browser.browse(chromium, url, *args, timeout=400)
    # The search shows a page's text beside its title where it may read pages, as of a server but not of files.
    errors = {line for line in console if "Uncaught" in line and "Failed to fetch" not in line}
    if errors:
        sys.exit("\n".join(sorted(errors)))
    return shown


def mistakes_in_browser(chromium, site, work):
    pages = [(path.as_uri(), WIDTHS[:1] if path.relative_to(site).parts[0] in LISTINGS else WIDTHS)
             for path in sorted(site.rglob("*.html"))]
    constants = f"const PAGES = {json.dumps(pages)}, CONTRAST = {CONTRAST};\n"
    probe = work / "probe.html"
    probe.write_text(PROBE.replace("<script>", "<script>" + constants, 1))
    shown = browse(chromium, probe.as_uri(), "--allow-file-access-from-files", "--dump-dom",
                   "--virtual-time-budget=100000000", f"--window-size={max(WIDTHS) + 40},1000")
    found = re.search(r'data-found="([^"]*)"', shown)
    if not found:
        sys.exit("check_site: the pages were not all opened")
    result = json.loads(html.unescape(found[1]))
    if result["pages"] != len(pages):
        sys.exit(f"check_site: {result['pages']} of {len(pages)} pages were opened")
    return result["mistakes"]


def search(chromium, site):
    shown = browse(chromium, f"{(site / 'search.html').as_uri()}?q={SEARCHED}", "--dump-dom",
                   "--virtual-time-budget=10000")
    found = shown.partition('id="search-results"')[2]
    links = re.findall(r'<a href="([^"]*)"', found)
    text = re.sub(r"<[^>]*>", "", found)
    named = re.search(rf"(?<!::)acre::{SEARCHED} \(", text)
    if not named or not any(f"reference/{SEARCHED}.html" in link for link in links):
        return [f"a search for {SEARCHED} does not find its reference, but {links[:10]}"]
    return []


def main(site, chromium):
    if not (site / "index.html").is_file():
        sys.exit(f"check_site: {site} has no index.html")
    work = site.parent / "screenshots"
    work.mkdir(exist_ok=True)
    mistakes = list(dead_links(site)) + mistakes_in_browser(chromium, site, work) + search(chromium, site)
    for name in PICTURED:
        for width in WIDTHS:
            browse(chromium, (site / f"{name}.html").as_uri(), f"--window-size={width},1600",
                   f"--screenshot={work / name}-{width}.png")
    if mistakes:
        sys.exit("\n".join(mistakes))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    chromium = next(filter(shutil.which, sys.argv[2:] or ("chromium", "chromium-browser", "google-chrome")), None)
    if not chromium:
        print("there is no Chromium")
        sys.exit(77)
    main(pathlib.Path(sys.argv[1]).resolve(), chromium)
