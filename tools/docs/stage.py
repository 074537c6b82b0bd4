"""Lays the pages out for the site: from docs/ into build/docs/src.

The sources are Markdown as a forge shows it. Here

- links to files that are no pages go to the repository, and every link must lead somewhere;
- blocks of code in several languages that follow each other become one set of tabs;
- a few pages of the repository's root join the site.

Run it in the repository's root.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

REPOSITORY = "https://github.com/evercreds/evercreds"
OUT = Path("build/docs/src")

# Pages that lie elsewhere, and where the site has them.
ELSEWHERE = {
    "CHANGELOG.md": "reference/changes.md",
    "CONTRIBUTING.md": "policies/contributing.md",
    "SECURITY.md": "policies/reporting.md",
    "docs/RATIONALE.md": "policies/rationale.md",
}
# In the order of the tabs.
LANGUAGES = {"python": "Python", "py": "Python", "ts": "Node", "js": "Node", "go": "Go"}

FENCED = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,}|~{3,}).*?^(?P=indent)(?P=fence) *$", re.M | re.S
)
BLOCK = re.compile(r"^```(?P<language>[a-z]+)[^\n]*\n.*?^```$", re.M | re.S)
COMMENT = re.compile(r"^<!-- file: .*? -->\n", re.M)
Into = Callable[[re.Match[str]], str]

LINK = re.compile(r"(?P<before>\]\()(?P<to>[^)\s]+)(?P<after>\)| \")")


def pages() -> dict[str, str]:
    """Return the pages' sources, and where in the site each is."""
    found = {
        str(path): str(path.relative_to("docs")) for path in sorted(Path("docs").rglob("*.md"))
    }
    found.update((source, page) for source, page in ELSEWHERE.items() if Path(source).is_file())
    return {source: page for source, page in found.items() if "/snippets/" not in source}


class Broken(Exception):
    """A link leads nowhere."""


def link(to: str, source: str, page: str, where: dict[str, str]) -> str:
    """Return where a link of a page's source leads in the site."""
    for form in ("/blob/main/", "/tree/main/"):
        if to.startswith(REPOSITORY + form):
            to = relpath(to.removeprefix(REPOSITORY + form), dirname(source) or ".")
    if re.match(r"[a-z]+:|#", to):
        return to
    path, mark, anchor = to.partition("#")
    target = normpath(join(dirname(source), path))
    if target in where:
        return relpath(where[target], dirname(page) or ".") + mark + anchor
    if target.startswith(("docs/reference/python", "docs/reference/node", "docs/reference/go")):
        return to  # a page that is generated, which the check of the site looks for
    if not Path(target).exists():
        raise Broken(f"{source}: the link {to} leads nowhere")
    if target.startswith("docs/") and Path(target).suffix in {".svg", ".png"}:
        return relpath(target.removeprefix("docs/"), dirname(page) or ".")
    kind = "tree" if Path(target).is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{target}{mark}{anchor}"


def outside_code(text: str, change: re.Pattern[str], into: Into) -> str:
    """Replace what lies in no block of code."""
    parts, last = [], 0
    for block in FENCED.finditer(text):
        parts += [change.sub(into, text[last : block.start()]), block.group()]
        last = block.end()
    return "".join([*parts, change.sub(into, text[last:])])


def tabs(text: str) -> str:
    """Join blocks of different languages that follow each other into a set of tabs."""
    blocks = list(BLOCK.finditer(text))
    out, last, i = [], 0, 0
    while i < len(blocks):
        run = [blocks[i]]
        while (
            i + len(run) < len(blocks)
            and not text[run[-1].end() : blocks[i + len(run)].start()].strip()
            and (name := LANGUAGES.get(blocks[i + len(run)]["language"]))
            and name not in [LANGUAGES.get(b["language"]) for b in run]
            and run[0]["language"] in LANGUAGES
        ):
            run.append(blocks[i + len(run)])
        if len(run) > 1:
            out.append(text[last : run[0].start()])
            for block in run:
                code = re.sub(r"^(?=.)", "    ", block.group(), flags=re.M)
                out.append(f'=== "{LANGUAGES[block["language"]]}"\n\n{code}\n\n')
            last = run[-1].end()
        i += len(run)
    return "".join([*out, text[last:]])


def stage() -> list[str]:
    """Write all pages; return what is wrong with them."""
    wrong, where = [], pages()
    shutil.rmtree(OUT, ignore_errors=True)
    for source, page in where.items():
        text = COMMENT.sub("", Path(source).read_text("utf-8"))

        def rewritten(found: re.Match[str], source: str = source, page: str = page) -> str:
            try:
                return found["before"] + link(found["to"], source, page, where) + found["after"]
            except Broken as error:
                wrong.append(str(error))
                return found.group()

        target = OUT / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(tabs(outside_code(text, LINK, rewritten)), "utf-8")
    for picture in Path("docs").rglob("*"):
        if picture.suffix in {".svg", ".png", ".css"}:
            target = OUT / picture.relative_to("docs")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, target)
    return wrong + strangers(where)


def strangers(where: dict[str, str]) -> list[str]:
    """List pages that the navigation lacks: no reader finds them."""
    navigation = Path("mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    listed = set(re.findall(r"[\w/-]+\.md", navigation))
    return [
        f"{source}: add {page} to the navigation in mkdocs.yml"
        for source, page in where.items()
        if page not in listed
    ]


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    if problems := stage():
        sys.exit("\n".join(["docs: pages are wrong:", *problems]))
