"""Sets the reports of two runs of the defect tests side by side, and judges them.

It is given pytest's reports in JUnit's format: first of the run on the predecessor, in which every
test is to fail, then of the run on evercreds, in which every one is to pass.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from defects.marks import GROUPS, MARKS

__all__ = ["Result", "as_page", "as_table", "problems", "read"]

_NAME = re.compile(r"test_([A-Z]\d+)_\w+")
# A test that fails with one of these has not come to what it is to show.
_ACCIDENTS = re.compile(
    r"^(ImportError|ModuleNotFoundError|NameError|NotImplementedError|AttributeError: module)|"
    r"unexpected keyword argument"
)
_INTRODUCTION = """\
# What the predecessor gets wrong, and evercreds does not

This is about [boto3-refresh-session](https://pypi.org/project/boto3-refresh-session/) 10.0.3 with \
boto3-client-cache 2.1.8. Each defect that was measured there has a mark, and a test in \
`bindings/python/tests/defects/` named after it, which runs on both packages.

`./task python:defects` runs them and prints these tables; with `-- --write` it writes this page.
"""


@dataclasses.dataclass(frozen=True)
class Result:
    """How the test of one mark ended."""

    right: str
    """What is right, in the test's own words."""
    outcome: str
    """``"passes"``, ``"fails"``, ``"is skipped"`` or ``"is broken"``."""
    message: str = ""
    """The first line of what it failed with."""


def read(report: str) -> dict[str, Result]:
    """Read the report of a run: the result of each mark.

    Raises:
        ValueError: A test has no mark in its name, or a mark has two tests.
    """
    results: dict[str, Result] = {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        name = case.get("name", "")
        named = _NAME.fullmatch(name)
        if named is None:
            raise ValueError(f"{name} is not named after a mark")
        if named[1] in results:
            raise ValueError(f"{named[1]} has two tests")
        results[named[1]] = _result(case)
    return results


def _result(case: ElementTree.Element) -> Result:
    said = {each.get("name"): each.get("value", "") for each in case.iter("property")}
    right = said.get("right", "")
    outcomes = {"error": "is broken", "failure": "fails", "skipped": "is skipped"}
    for tag, outcome in outcomes.items():
        found = case.find(tag)
        if found is not None:
            return Result(right, outcome, found.get("message", "").partition("\n")[0])
    return Result(right, "passes")


def problems(predecessor: Mapping[str, Result], evercreds: Mapping[str, Result]) -> list[str]:
    """List what is not as it is to be; nothing, if all is well."""
    found = []
    for mark in {**predecessor, **evercreds}:
        if mark not in MARKS:
            found.append(f"{mark} is not a mark: see marks.py")
    for mark in MARKS:
        before, now = predecessor.get(mark), evercreds.get(mark)
        if before is None or now is None:
            found.append(f"{mark} has no test")
            continue
        if now.outcome != "passes":
            found.append(f"{mark} {now.outcome} on evercreds: {now.message}")
        if before.outcome != "fails":
            found.append(f"{mark} {before.outcome} on the predecessor, where it is to fail")
        elif _ACCIDENTS.search(before.message):
            found.append(f"{mark} fails on the predecessor by accident: {before.message}")
        if not now.right:
            found.append(f"{mark} does not say what is right")
    return found


def _rows(
    predecessor: Mapping[str, Result], evercreds: Mapping[str, Result], marks: str
) -> list[tuple[str, str, str, str]]:
    none = Result("", "no test")
    rows = []
    for mark in marks.split():
        before, now = predecessor.get(mark, none), evercreds.get(mark, none)
        rows.append((mark, now.right or before.right, before.outcome, now.outcome))
    return rows


def as_table(predecessor: Mapping[str, Result], evercreds: Mapping[str, Result]) -> str:
    """Show both runs as one table, for a terminal."""
    rows = [("mark", "what is right", "predecessor", "evercreds")]
    rows += _rows(predecessor, evercreds, " ".join(MARKS))
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def as_page(predecessor: Mapping[str, Result], evercreds: Mapping[str, Result]) -> str:
    """Show both runs as a page of the documentation."""
    page = _INTRODUCTION
    for title, marks in GROUPS.items():
        page += f"\n## {title}\n\n| mark | what is right | boto3-refresh-session | evercreds |\n"
        page += "|---|---|---|---|\n"
        for row in _rows(predecessor, evercreds, marks):
            page += f"| {' | '.join(row)} |\n"
    return page


def main() -> int:
    """Print the table and the closing line. Returns 0 if all is as it is to be, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("predecessor", type=Path, help="the report of the run on the predecessor")
    parser.add_argument("evercreds", type=Path, help="the report of the run on evercreds")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="write this page too")
    given = parser.parse_args()
    predecessor, evercreds = (
        read(report.read_text("utf-8")) for report in (given.predecessor, given.evercreds)
    )
    print(as_table(predecessor, evercreds))
    found = problems(predecessor, evercreds)
    if given.write is not None:
        given.write.write_text(as_page(predecessor, evercreds), "utf-8")
    for problem in found:
        print(f"problem: {problem}")
    before, now = (
        Counter(each.outcome for each in results.values()) for results in (predecessor, evercreds)
    )
    print(
        f"defects: {len(MARKS)} marks, predecessor {before['fails']} fail, "
        f"evercreds {now['passes']} pass"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
