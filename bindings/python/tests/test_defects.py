"""The verdict on the defects, and the page that shows it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from defects.marks import MARKS
from defects.verdict import Result, as_table, problems, read

pytestmark = pytest.mark.once

HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "defects.md"

FAILS, PASSES = Result("It is right.", "fails", "assert 1 == 0"), Result("It is right.", "passes")
ALL_FAIL, ALL_PASS = dict.fromkeys(MARKS, FAILS), dict.fromkeys(MARKS, PASSES)


def report(body: str) -> str:
    return f"<testsuites><testsuite>{body}</testsuite></testsuites>"


def case(name: str, body: str = "") -> str:
    right = '<properties><property name="right" value="It is right."/></properties>'
    return f'<testcase classname="tests" name="{name}">{right}{body}</testcase>'


def test_a_report_is_read() -> None:
    cases = [
        case("test_I1_it_works"),
        case("test_W10_it_works", '<failure message="assert 1 == 0&#10;more">trace</failure>'),
        case("test_X1_it_works", '<error message="no fixture">trace</error>'),
        case("test_X2_it_works", '<skipped message="not here">reason</skipped>'),
    ]
    assert read(report("".join(cases))) == {
        "I1": PASSES,
        "W10": FAILS,
        "X1": Result("It is right.", "is broken", "no fixture"),
        "X2": Result("It is right.", "is skipped", "not here"),
    }


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        (case("test_of_something"), "not named after a mark"),
        (case("test_I1_once") + case("test_I1_twice"), "I1 has two tests"),
    ],
)
def test_a_report_that_cannot_be_judged_is_refused(cases: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(report(cases))


def test_all_is_well_where_one_fails_and_the_other_passes() -> None:
    assert problems(ALL_FAIL, ALL_PASS) == []


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (PASSES, PASSES, "I1 passes on the predecessor, where it is to fail"),
        (Result("It.", "is broken"), PASSES, "I1 is broken on the predecessor"),
        (Result("It.", "is skipped"), PASSES, "I1 is skipped on the predecessor"),
        (Result("It.", "fails", "ImportError: no x"), PASSES, "I1 fails on the predecessor by acc"),
        (Result("It.", "fails", "TypeError: unexpected keyword argument"), PASSES, "by accident"),
        (FAILS, FAILS, "I1 fails on evercreds: assert 1 == 0"),
        (FAILS, Result("It.", "is skipped"), "I1 is skipped on evercreds"),
        (FAILS, Result("", "passes"), "I1 does not say what is right"),
        (None, PASSES, "I1 has no test"),
        (FAILS, None, "I1 has no test"),
    ],
)
def test_whatever_else_is_a_problem(before: Result | None, now: Result | None, said: str) -> None:
    predecessor = {mark: each for mark, each in (ALL_FAIL | {"I1": before}).items() if each}
    evercreds = {mark: each for mark, each in (ALL_PASS | {"I1": now}).items() if each}
    (problem,) = problems(predecessor, evercreds)
    assert said in problem
    assert as_table(predecessor, evercreds).count("\n") == len(MARKS)


def test_a_test_of_an_unknown_mark_is_a_problem() -> None:
    (problem,) = problems(ALL_FAIL | {"Z9": FAILS}, ALL_PASS | {"Z9": PASSES})
    assert "Z9 is not a mark" in problem


@pytest.mark.parametrize("well", [True, False])
def test_the_program_says_so_by_its_exit(tmp_path: Path, well: bool) -> None:
    failure = '<failure message="assert 1 == 0">trace</failure>'
    reports = []
    for number, body in enumerate([failure, "" if well else failure]):
        reports.append(tmp_path / f"{number}.xml")
        reports[-1].write_text(report("".join(case(f"test_{mark}_x", body) for mark in MARKS)))
    page = tmp_path / "page.md"
    done = subprocess.run(
        [sys.executable, "-m", "defects.verdict", *reports, "--write", page],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    passed = len(MARKS) if well else 0
    closing = f"defects: {len(MARKS)} marks, predecessor {len(MARKS)} fail, evercreds {passed} pass"
    assert done.stdout.splitlines()[-1] == closing, done.stderr
    assert done.returncode == (0 if well else 1)
    assert page.read_text().count("| It is right. |") == len(MARKS)


def sentences() -> dict[str, str]:
    """Collect what each test of a mark says is right."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob("defects/test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                mark = node.name.split("_")[1]
                assert mark not in found, f"{mark} has two tests"
                found[mark] = ast.get_docstring(node) or ""
    return found


def test_each_mark_has_a_test_and_says_in_a_sentence_what_is_right() -> None:
    said = sentences()
    assert set(said) == set(MARKS)
    assert [text for text in said.values() if not re.fullmatch(r"[^\n|]+\.", text)] == []


def test_the_page_shows_them_all() -> None:
    """How they end is for the task to find out, which writes the page."""
    rows = re.findall(r"^\| ([A-Z]\d+) \| (.+) \| fails \| \w+ \|$", PAGE.read_text("utf-8"), re.M)
    said = sentences()
    stale = "./task python:defects -- --write writes the page anew"
    assert rows == [(mark, said[mark]) for mark in MARKS], stale
