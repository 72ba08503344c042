"""The reference's pages, one for each public header, out of Doxygen's XML, where each is a group (header_filter.awk).

Private members are left out, and each class, function, type and enumeration gets links to the examples that use it.
"""
import collections
import re
import xml.etree.ElementTree as ET

PAGE = """\
# acre/{name}

{says}

```{{cpp:namespace}} acre
```
"""
CLASS = """
## {name}

```{{doxygen{kind}}} acre::{name}
:members:
:undoc-members:
```
"""
OTHERS = """
## {title}

```{{doxygengroup}} {group}
:content-only:
```
"""
# Comments and strings: no name in them is a use.
NO_CODE = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
LINKS = 4
# Functions that a loop calls, and those of one name for many types.
UNNAMED = ("begin", "end", "to_string")


def first_comment(text):
    """What a file says at its beginning, its lines joined."""
    lines = re.match(r"((?://[^\n]*\n)*)", text)[1].splitlines()
    return " ".join(line.lstrip("/ ") for line in lines if line != "/// \\file")


class Examples:
    def __init__(self, texts):
        """texts: (page that shows it, without suffix; its source text) of each"""
        self.texts = [(page, NO_CODE.sub("", text)) for page, text in texts]

    def using(self, name):
        """The pages of the examples that use acre::name."""
        return self.matching(rf"\bacre::{re.escape(name)}\b")

    def with_member(self, names):
        """The pages of the examples that set one of names: members of one struct alone, which they need not name."""
        return self.matching(rf"(?<!\w)\.({'|'.join(names)})\b") if names else []

    def matching(self, pattern):
        """Those with most matches first."""
        found = [(-len(re.findall(pattern, text)), page) for page, text in self.texts]
        return [page for count, page in sorted(found, key=lambda f: f[0]) if count]


def has_comment(member):
    return any("".join(member.find(part).itertext()).strip() for part in ("briefdescription", "detaileddescription"))


def is_public(member):
    # A friend without a comment is no interface: it is one file of the library that another one trusts.
    return member.get("prot") == "public" and (member.get("kind") != "friend" or has_comment(member))


def add_links(entity, pages):
    """Adds a paragraph with links to the comment of entity, a memberdef or compounddef."""
    section = ET.SubElement(ET.SubElement(entity.find("detaileddescription"), "para"), "simplesect", kind="par")
    ET.SubElement(section, "title").text = "Used in"
    para = ET.SubElement(section, "para")
    for page in pages[:LINKS]:
        link = ET.SubElement(para, "ulink", url=f"../{page}.html")
        link.text = page.rsplit("/", 1)[1].replace("_cpp", ".cpp")
        link.tail = ", " if page is not pages[:LINKS][-1] else ""


def variables(compound):
    return [m.findtext("name") for m in compound.iter("memberdef") if m.get("kind") == "variable"]


def where(entity):
    location = entity.find("location")
    return f"{location.get('declfile') or location.get('file')}:{location.get('declline') or location.get('line')}"


def make_reference(xml, headers, examples, out):
    """Changes the XML in xml, and writes pages about headers to out, both directories. Returns what is wrong."""
    mistakes = []
    # How many structs have a member of that name.
    of_structs = collections.Counter(
        name for path in xml.glob("struct*.xml") for name in variables(ET.parse(path).getroot()))

    def link(entity, name):
        pages = examples.using(name) or examples.with_member([m for m in variables(entity) if of_structs[m] == 1])
        if pages:
            add_links(entity, pages)
        else:
            mistakes.append(f"include/{where(entity)}: no example uses acre::{name}")

    classes = {}  # header -> (name, "class" or "struct") of each
    in_classes = {member.get("id") for path in [*xml.glob("class*.xml"), *xml.glob("struct*.xml")]
                  for member in ET.parse(path).getroot().iter("memberdef")}
    for path in sorted([*xml.glob("class*.xml"), *xml.glob("struct*.xml"), *xml.glob("group*.xml")]):
        tree = ET.parse(path)
        compound = tree.getroot()[0]
        if compound.get("kind") == "group":
            # Each has a part of the page; those within others are shown there.
            inner = compound.findall("innerclass")
            classes[compound.findtext("title")] = [
                (c.text.removeprefix("acre::"), c.get("refid").partition("acre_1_1")[0])
                for c in inner if c.text.count("::") == 1]
            for element in inner:
                compound.remove(element)
            # What an inline namespace has is a part of the one around it.
            for element in compound.findall("innernamespace"):
                compound.remove(element)
                if element.get("inline") == "yes":
                    compound.extend(ET.parse(xml / f"{element.get('refid')}.xml").getroot()[0].findall("sectiondef"))
        for section in compound.findall("sectiondef"):
            for member in section.findall("memberdef"):
                # Doxygen has friends in both.
                if not is_public(member) or (compound.get("kind") == "group" and member.get("id") in in_classes):
                    section.remove(member)
            if not section.findall("memberdef"):
                compound.remove(section)
        if compound.get("kind") == "group":
            linked = set()  # of functions of one name the first has the links
            for member in compound.iter("memberdef"):
                name = member.findtext("name")
                if name not in linked and name not in UNNAMED and not name.startswith("operator"):
                    link(member, name)
                linked.add(name)
        elif (title := compound.find("compoundname")).text.startswith("acre::"):
            # The page says the namespace.
            title.text = title.text.removeprefix("acre::")
            if "::" not in title.text:
                link(compound, title.text)
        tree.write(path)

    out.mkdir(parents=True)
    names = []
    for header in sorted(headers):
        group = re.sub(r"[^a-z]", "_", f"acre/{header.name}")
        compound = ET.parse(xml / f"group__{group.replace('_', '__')}.xml").getroot()[0]
        file_xml = xml / f"{header.name.replace('_', '__').replace('.', '_8')}.xml"
        # What a header is called for comes first.
        parts = sorted(classes[f"acre/{header.name}"], key=lambda c: c[0] != header.stem)
        others = compound.find("sectiondef") is not None
        if not parts and not others:
            continue
        says = first_comment(header.read_text())
        if not says:
            mistakes.append(f"include/acre/{header.name}:1: says not what it is for")
        macros = [member.findtext("name") for member in ET.parse(file_xml).getroot().iter("memberdef")
                  if member.get("kind") == "define"]
        (out / f"{header.stem}.md").write_text("".join([
            PAGE.format(name=header.name, says=says),
            *(CLASS.format(name=name, kind=kind) for name, kind in parts),
            OTHERS.format(group=group, title="Functions and enumerations" if parts else "Functions") if others else "",
            *(f"\n```{{doxygendefine}} {name}\n```\n" for name in macros)]))
        names.append((header, says))
    rows = "".join(f"| [acre/{header.name}]({header.stem}.md) | {says} |\n" for header, says in names)
    toctree = "\n".join(header.stem for header, _ in names)
    (out / "index.md").write_text(f"""\
# Reference

`#include <acre/acre.hpp>` has all of it. An index of all names: {{ref}}`genindex`.

| header | what is in it |
|---|---|
{rows}
```{{toctree}}
:hidden:

{toctree}
```
""")
    return mistakes
