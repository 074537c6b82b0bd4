"""The page of the defects, and the tests that it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from conftest import ROOT


@pytest.mark.once
def test_the_page_says_what_each_test_says_is_right() -> None:
    page = (ROOT / "docs" / "evidence" / "defects.md").read_text("utf-8")
    rows = re.findall(r"^\| ([A-Z]\d+) \| (.+?) \|", page, re.M)
    said = [
        (node.name.split("_")[1], ast.get_docstring(node))
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and re.match(r"test_[A-Z]\d+_", node.name)
    ]
    assert len(rows) >= 58
    assert sorted(rows) == sorted(said)
