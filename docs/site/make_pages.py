"""The site's pages out of the tree's: Markdown as it is, other files that pages link to as listings.

A page of docs/ or the top is called as it is there, an example examples/NAME, anything else source/PATH. Links follow.
"""
import os
import pathlib
import re
import shutil

from make_reference import first_comment

# Code, where nothing is a link; or a link's target.
CODE_OR_TARGET = re.compile(r"^( *)(```+).*?^\1\2[^\n]*$|(`+)[^`].*?\3|(?<=\]\()[^)\s]+(?=[)\s])", re.M | re.S)
PICTURES = (".svg", ".png")
LISTING = """\
---
orphan: true
---

# {title}

{says}

``````{{code-block}} {language}
{text}
``````
"""
EXAMPLES = """\
# Examples

Each is a whole program, compiled and run by the tests; many include [require.hpp](require_hpp.md), which ends them
where something does not hold. Those of the [cookbook](../cookbook.md) are the shortest.

| program | what it shows |
|---|---|
"""
LANGUAGES = {".cpp": "cpp", ".hpp": "cpp", ".py": "python", ".sh": "sh", ".cmake": "cmake"}


def page_of(path):
    """The page that shows path, a file of the tree, without suffix."""
    if path.as_posix() in ("docs/site/index.md", "README.md"):
        return "index"
    name = path.with_suffix("") if path.suffix == ".md" else path.with_name(path.name.replace(".", "_"))
    if path.is_relative_to("docs/examples"):
        return name.relative_to("docs").as_posix()
    if path.parent.as_posix() in ("docs", "."):
        return name.name
    return f"source/{name.as_posix()}"


class Pages:
    def __init__(self, root, out):
        self.root = root
        self.out = out
        self.mistakes = []
        self.written = set()

    def add(self, path):
        """Writes the page of path, relative to the root, and those of what it links to."""
        page = page_of(path)
        if page in self.written:
            return
        self.written.add(page)
        target = self.out / f"{page}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (self.root / path).read_text()
        if path.suffix == ".md":
            orphan = "---\norphan: true\n---\n\n" if page.startswith("source/") else ""
            target.write_text(orphan + CODE_OR_TARGET.sub(lambda m: self.follow(path, page, m), text))
        else:
            title = path.relative_to("docs/examples") if path.is_relative_to("docs/examples") else path
            target.write_text(LISTING.format(
                title=title, says=first_comment(text) if path.suffix in (".cpp", ".hpp") else "",
                language=LANGUAGES.get(path.suffix, "text"), text=text.rstrip()))

    def add_index(self, examples):
        """Writes the list of examples, files of the tree."""
        rows = []
        self.add(pathlib.PurePosixPath("docs/examples/require.hpp"))
        for path in examples:
            self.add(path)
            says = first_comment((self.root / path).read_text())
            page = page_of(path).removeprefix("examples/")
            rows.append(f"| [{path.relative_to('docs/examples')}]({page}.md) | {says} |\n")
        (self.out / "examples/index.md").write_text(EXAMPLES + "".join(rows))

    def follow(self, path, page, match):
        """What a link's target is on the site."""
        link = match[0]
        if link.startswith(("`", " ", "http:", "https:", "mailto:", "#")):
            return link
        name, anchor = re.fullmatch(r"([^#]*)(#.*)?", link).groups(default="")
        linked = pathlib.PurePosixPath(os.path.normpath(path.parent / name))
        if not (self.root / linked).is_file():
            self.mistakes.append(f"{path}: links to {link}, which is no file")
            return link
        here = pathlib.PurePosixPath(page).parent
        if linked.suffix in PICTURES:
            picture = linked.relative_to("docs")
            (self.out / picture).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.root / linked, self.out / picture)
            return os.path.relpath(picture, here)
        if linked.as_posix() == "README.md":
            linked = pathlib.PurePosixPath("docs/site/index.md")
        self.add(linked)
        return os.path.relpath(f"{page_of(linked)}.md", here) + anchor
