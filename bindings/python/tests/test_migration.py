"""The page for those who come from boto3-refresh-session says what is so."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from conftest import ROOT
from evercreds import RefreshableSession
from evercreds._session.methods import METHODS

PAGE = ROOT / "docs" / "guides" / "migration.md"

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not PAGE.exists(), reason="the pages are not here"),
]

ROW = re.compile(r"^\| `(boto3_[\w.]+)` \| `(evercreds[\w.]*)` \|", re.MULTILINE)


def named(dotted: str) -> Any:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_every_name_in_its_table_exists() -> None:
    rows = ROW.findall(PAGE.read_text())
    assert len(rows) >= 20
    for old, new in rows:
        here = old.replace("boto3_refresh_session", "evercreds")
        here = here.replace("boto3_client_cache", "evercreds.cache")
        assert named(new) is named(here), f"{old} is another thing than {new}"


def test_its_command_changes_import_lines_alone(tmp_path: Path) -> None:
    if shutil.which("sed") is None or "GNU" not in version_of("sed"):
        pytest.skip("no GNU sed")
    (command,) = re.findall(r"(grep -rlE .*?)\n```", PAGE.read_text(), re.DOTALL)
    program = tmp_path / "job.py"
    program.write_text(
        "from boto3_refresh_session import RefreshableSession\n"
        "    from boto3_client_cache import ClientCacheKey\n"
        "import boto3_refresh_session as brs\n"
        "name = 'boto3_refresh_session'\n"
    )
    other = tmp_path / "notes.txt"
    other.write_text("from boto3_refresh_session import x\n")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, timeout=120)
    assert program.read_text() == (
        "from evercreds import RefreshableSession\n"
        "    from evercreds.cache import ClientCacheKey\n"
        "import evercreds as brs\n"
        "name = 'boto3_refresh_session'\n"
    )
    assert "boto3" in other.read_text()


def test_its_class_of_a_users_own_works() -> None:
    (program,) = re.findall(
        r"```python\n([^`]*class VaultSession.*?)```", PAGE.read_text(), re.DOTALL
    )
    lent = {
        "access_key": "ASIA",
        "secret_key": "s",
        "token": "t",
        "expiry_time": "2099-01-01T00:00:00Z",
    }
    names: dict[str, Any] = {
        "RefreshableSession": RefreshableSession,
        "read_vault": lambda path: lent | {"token": path},
    }
    with mock.patch.dict(METHODS):
        exec(program, names)
        with names["session"] as session:
            assert session.credentials["token"] == "aws/job"


def version_of(command: str) -> str:
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return done.stdout
