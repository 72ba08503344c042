#!/usr/bin/env python3
"""draw_rooms.py ROOT > docs/pictures/rooms.svg: the directories of lib/ and what they include, as a picture.
draw_rooms.py --check ROOT: does that picture show what the includes are now?

An arrow is left out where others lead to the same place. Drawn by Graphviz, which the check does without.
"""
import html
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "cmake"))
import check_layers  # noqa: E402

PICTURE = "docs/pictures/rooms.svg"


class Includes(check_layers.Tree):
    """Which room includes which."""

    def __init__(self, root):
        super().__init__(root)
        self.edges = set()
        self.check()

    def check_include(self, path, layer, target):
        name = target[1:-1]
        other = self.listed_headers.get(name.removeprefix("acre/")) if target[0] == "<" else name.split("/")[0]
        if other in check_layers.INCLUDED and layer in check_layers.INCLUDED and other != layer:
            self.edges.add((layer, other))

    def headers(self, room):
        return sorted(h.removesuffix(".hpp") for h, r in self.listed_headers.items() if r == room and "/" not in h)


def needed(edges):
    """Those of edges that no way of two or more others leads along."""
    def reached(start):
        found, left = set(), [start]
        while left:
            here = left.pop()
            for a, b in edges:
                if a == here and b not in found:
                    found.add(b)
                    left.append(b)
        return found
    return sorted((a, b) for a, b in edges if not any(b in reached(c) for x, c in edges if x == a and c != b))


def dot(tree):
    """The graph, and what its picture has to say: the set of its texts."""
    lines, texts = [], set()
    for room in check_layers.INCLUDED:
        headers = tree.headers(room)
        rows = [" ".join(headers[i:i + 2]) for i in range(0, len(headers), 2)]
        label = f"<b>{room}</b>" + "".join(f'<br/><font point-size="10">{row}</font>' for row in rows)
        lines.append(f"  {room} [label=<{label}>];")
        texts |= {room, *rows}
    for a, b in needed(tree.edges):
        lines.append(f"  {a} -> {b};")
        texts.add(f"{a}->{b}")
    return ('digraph rooms {\n  rankdir=TB; nodesep=0.3; ranksep=0.35;\n  node [shape=box, style="rounded,filled", '
            'fillcolor="#eef4fa", color="#0072b2", fontname="Helvetica", fontsize=13];\n  edge [color="#666666", '
            "arrowsize=0.7];\n" + "\n".join(lines) + "\n}\n"), texts


def main(check, root):
    text, wanted = dot(Includes(root))
    if not check:
        subprocess.run(["dot", "-Tsvg"], input=text, text=True, check=True)
        return
    picture = (root / PICTURE).read_text()
    drawn = {html.unescape(t).strip() for t in re.findall(r"<(?:title|text)[^>]*>([^<]*)<", picture)} - {"rooms", ""}
    if drawn != wanted:
        sys.exit(f"{PICTURE} shows {sorted(drawn - wanted)}, and not {sorted(wanted - drawn)}: draw it again by "
                 f"python3 docs/site/draw_rooms.py . > {PICTURE}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or (len(sys.argv) == 3 and sys.argv[1] != "--check"):
        sys.exit(__doc__)
    main(len(sys.argv) == 3, pathlib.Path(sys.argv[-1]).resolve())
