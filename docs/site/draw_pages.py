#!/usr/bin/env python3
"""draw_pages.py < OUTPUT > docs/pictures/pages.svg: what docs/examples/where_pages_lie.cpp prints, as a picture.

    python3 test/vm/run.py --shape ring4 --kernel 6.12 --add build/ci/bin/example-where_pages_lie \\
        -- example-where_pages_lie | python3 docs/site/draw_pages.py > docs/pictures/pages.svg
"""
import re
import sys

# Okabe and Ito's colours, which those who do not see all colours tell apart, too.
COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999"]
CELL, STEP, LEFT, TOP, COLUMNS = 17, 19, 8, 40, 32
BETWEEN = 34


def rows(lines):
    """(placement, nodes) of each line."""
    for line in lines:
        found = re.fullmatch(r"(\S.*?) {2,}(\d+(?: \d+)*)", line.rstrip())
        if not found:
            sys.exit(f"draw_pages: a line is no placement with the nodes of its pages: {line!r}")
        yield found[1], [int(node) for node in found[2].split()]


def main():
    width = LEFT * 2 + COLUMNS * STEP
    body, y, seen = [], TOP, set()
    for name, nodes in rows(sys.stdin):
        body.append(f'<text x="{LEFT}" y="{y}">{name}</text>')
        for page, node in enumerate(nodes):
            x, row = LEFT + page % COLUMNS * STEP, y + 8 + page // COLUMNS * STEP
            body.append(f'<rect x="{x}" y="{row}" width="{CELL}" height="{CELL}" rx="2" fill="{COLOURS[node]}"/>')
            seen.add(node)
        y += BETWEEN + (len(nodes) + COLUMNS - 1) // COLUMNS * STEP
    legend = ""
    for i, node in enumerate(sorted(seen)):
        x = width - (len(seen) - i) * 76
        legend += (f'<rect x="{x}" y="6" width="14" height="14" rx="2" fill="{COLOURS[node]}"/>'
                   f'<text x="{x + 20}" y="18">node {node}</text>')
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y - BETWEEN + 16}" role="img" '
          'font-family="ui-monospace, DejaVu Sans Mono, monospace" font-size="13" fill="#222">')
    print("<title>The node of each page of an array, for several placements</title>")
    print(f'<rect width="100%" height="100%" fill="#fff"/>{legend}')
    print("\n".join(body))
    print("</svg>")


if __name__ == "__main__":
    main()
