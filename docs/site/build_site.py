#!/usr/bin/env python3
"""build_site.py ROOT OUT: the documentation as a site, OUT/html/index.html, out of docs/ and the headers.

By Doxygen, Breathe and Sphinx. A warning of one of them is an error, as is a public name that no comment tells of or no
example uses, and a link to a file that is not there.
"""
import pathlib
import shutil
import subprocess
import sys

import make_pages
import make_reference

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "cmake"))
import check_release  # noqa: E402


def run_doxygen(root, out):
    text = (root / "docs/site/Doxyfile").read_text()
    text += "INPUT = include/acre\nSTRIP_FROM_PATH = include\nSTRIP_FROM_INC_PATH = include\n"
    text += f'INPUT_FILTER = "awk -f docs/site/header_filter.awk"\nOUTPUT_DIRECTORY = "{out}"\n'
    if subprocess.run(["doxygen", "-"], input=text, text=True, cwd=root).returncode != 0:
        sys.exit("build_site: Doxygen has something to say about the headers")


def bundle_scripts(static):
    """Puts the theme's two scripts into one. The one imports the other, which browsers let only modules do, and not
    those of files: Debian's package of Furo 2022.12 has them as they are written, and not as its authors bundle them.
    """
    script = static / "scripts/furo.js"
    text = script.read_text()
    imports = 'import Gumshoe from "./gumshoe-patched.js";\n'
    if text.startswith(imports):
        script.write_text((static / "scripts/gumshoe-patched.js").read_text() + text.removeprefix(imports))


def main(root, out):
    for program in ("doxygen", "awk", "sphinx-build"):
        if not shutil.which(program):
            sys.exit(f"build_site: there is no {program} on the PATH; sh cmake/bootstrap.sh docs installs it")
    out.mkdir(parents=True, exist_ok=True)
    for part in ("xml", "pages", "html", "doctrees"):
        shutil.rmtree(out / part, ignore_errors=True)
    run_doxygen(root, out)

    pages = make_pages.Pages(root, out / "pages")
    pages.add(pathlib.PurePosixPath("docs/site/index.md"))
    for page in sorted((root / "docs").glob("*.md")):
        pages.add(page.relative_to(root))
    examples = [path for path in sorted((root / "docs/examples").rglob("*.cpp"), key=lambda p: (len(p.parts), p))
                if "demo" not in path.parts]
    pages.add_index([path.relative_to(root) for path in examples])
    texts = [(make_pages.page_of(path.relative_to(root)), path.read_text()) for path in examples]
    mistakes = pages.mistakes + make_reference.make_reference(
        out / "xml", [*(root / "include/acre").glob("*.hpp")], make_reference.Examples(texts), out / "pages/reference")
    if mistakes:
        sys.exit("\n".join(mistakes))

    version = check_release.version_of((root / check_release.HEADER).read_text())
    done = subprocess.run(["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "-c", root / "docs/site",
                           "-D", f"release={version}", "-D", f"html_title=acre {version}",
                           "-D", f"breathe_projects.acre={out}/xml",
                           "-d", out / "doctrees", out / "pages", out / "html"])
    if done.returncode != 0:
        sys.exit("build_site: Sphinx has something to say about the pages")
    bundle_scripts(out / "html/_static")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
