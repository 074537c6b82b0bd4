"""The page's program with aiobotocore runs as it stands."""

from __future__ import annotations

from pathlib import Path

from conftest import StandIn
from test_snippets import OTHERS, run_snippets


def test_the_program_of_the_page_runs(stand_in: StandIn, tmp_path: Path) -> None:
    run_snippets(sorted(OTHERS), stand_in, tmp_path)
