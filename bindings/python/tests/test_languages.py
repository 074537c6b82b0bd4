"""The names of Python in the table of docs/reference/names.md, each of which must exist."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import boto3
import pytest

import evercreds
from evercreds._library.options import DEFAULTS
from evercreds.methods.custom import CustomRefreshableSession
from evercreds.methods.iot.x509 import IOTX509RefreshableSession
from evercreds.methods.sts import STSRefreshableSession

_PAGE = Path(__file__).parents[3] / "docs" / "reference" / "names.md"
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not _PAGE.is_file(), reason="the project's docs are not there"),
]
_NAMESPACE = {**vars(evercreds), "IOTX509RefreshableSession": IOTX509RefreshableSession}
_SESSIONS = (STSRefreshableSession, CustomRefreshableSession, IOTX509RefreshableSession)


def _column() -> list[str]:
    text = _PAGE.read_text() if _PAGE.is_file() else ""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [row.strip("| ").split(" | ")[1] for row in rows]
    return [name for cell in cells for name in re.findall("`([^`]+)`", cell)]


def _parameters(of: Any) -> set[str]:
    return set(inspect.signature(of).parameters)


def _arguments_of_sessions() -> set[str]:
    """What the factory takes: the method's own, those of all, and those of boto3."""
    own = set.union(*(_parameters(session.__init__) for session in _SESSIONS)) - {"kwargs"}
    return own | set(DEFAULTS) | {"method", "source"} | _parameters(boto3.Session)


def _has(found: Any, attribute: str) -> bool:
    """Tell whether a class has it, or its instances do by what the class declares."""
    declared = (inspect.get_annotations(each) for each in found.__mro__)
    return hasattr(found, attribute) or any(attribute in each for each in declared)


@pytest.mark.parametrize("name", sorted(set(_column())))
def test_the_name_exists(name: str) -> None:
    if name == "evercreds":  # the logger's
        return
    path, _, parameter = name.rstrip(")").partition("(")
    found: Any = _NAMESPACE[path.split(".")[0]]
    for attribute in path.split(".")[1:]:
        assert _has(found, attribute)
        found = getattr(found, attribute, None)
    if parameter and found is evercreds.RefreshableSession:
        assert parameter in _arguments_of_sessions()
    elif parameter:
        assert parameter in _parameters(found)


def test_the_table_has_names() -> None:
    assert len(set(_column())) > 60
