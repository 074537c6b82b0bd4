"""Checks the built site: links, what a browser would load from elsewhere, and left-over markup.

Run it in the repository's root, after the build. Links that leave the site are listed in
build/docs/links-outside.txt; nothing follows them, since a check must not depend on other hosts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

SITE = Path("build/docs/site")
LINKINATOR = Path("tools/docs/node_modules/linkinator/build/src/cli.js")
OUTSIDE = Path("build/docs/links-outside.txt")

# By tag, the attributes whose address a browser loads without being asked.
LOADED = {
    "audio": ["src"],
    "embed": ["src"],
    "iframe": ["src"],
    "image": ["href", "xlink:href"],
    "img": ["src", "srcset"],
    "input": ["src"],
    "link": ["href"],
    "object": ["data"],
    "script": ["src"],
    "source": ["src", "srcset"],
    "track": ["src"],
    "use": ["href", "xlink:href"],
    "video": ["src", "poster"],
}
# Links that only name another page.
NAMED = {"canonical", "next", "prev", "alternate", "author", "license"}
FOREIGN = re.compile(r"(?:https?:)?//", re.I)
# What a docstring's markup looks like where nothing has made a page of it.
ROLE = re.compile(r":(?:class|meth|func|mod|attr|exc|data):(?:<code|`)")
IN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""", re.I)


class Page(HTMLParser):
    """What a page loads from other hosts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.foreign: list[str] = IN_STYLE.findall(text)
        self.components: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.components.add(given.get("data-md-component", ""))
        self.components.update(given.get("class", "").split())
        if tag == "link" and NAMED & set(given.get("rel", "").split()):
            return
        for name in LOADED.get(tag, []):
            for address in given.get(name, "").split(","):
                if FOREIGN.match(address.strip()):
                    self.foreign.append(address.strip())


def pages() -> list[str]:
    """List what a browser would load from another host, and markup that no page should show."""
    found = []
    for path in sorted(SITE.rglob("*")):
        if path.suffix == ".html":
            text = path.read_text("utf-8")
            if found_role := ROLE.search(text):
                found.append(f"{path}: shows the role {found_role.group()!r} of a docstring")
            page = Page(text)
            found += [f"{path}: a browser would load {address}" for address in page.foreign]
            # The theme's script asks a forge, or a CDN, where it meets these.
            for component in ("source", "mermaid", "asciinema"):
                if component in page.components:
                    found.append(
                        f"{path}: has {component!r}, for which the theme asks another host"
                    )
        elif path.suffix in {".css", ".svg"}:
            text = path.read_text("utf-8")
            found += [
                f"{path}: a browser would load {address}" for address in IN_STYLE.findall(text)
            ]
    return found


def links() -> list[dict[str, str]]:
    """Follow every link of the site, those into pages too; return each with what became of it."""
    how = ["--recurse", "--check-fragments", "--format", "json", "--verbosity", "info"]
    done = subprocess.run(
        ["node", str(LINKINATOR.absolute()), ".", *how, "--skip", r"^(?!http://localhost:\d+/)"],
        cwd=SITE,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found: list[dict[str, str]] = json.loads(done.stdout)["links"]
    except ValueError:
        sys.exit(f"docs: linkinator said no JSON:\n{done.stdout}{done.stderr}")
    return found


def main() -> None:
    by: dict[str, list[dict[str, str]]] = {}
    for link in links():
        by.setdefault(link["state"], []).append(link)
    outside = sorted({link["url"] for link in by.get("SKIPPED", ())})
    OUTSIDE.write_text("".join(f"{url}\n" for url in outside), "utf-8")
    broken = sorted({f"{link.get('parent')}: no {link['url']}" for link in by.get("BROKEN", ())})
    inside = len(by.get("OK", ()))
    wrong = broken + pages()
    print("\n".join([*wrong[:100], f"links: {inside} inside, {len(broken)} broken;"]), end=" ")
    print(f"{len(outside)} outside, listed in {OUTSIDE}")
    if wrong or not inside:
        sys.exit(1)


if __name__ == "__main__":
    main()
