"""The examples of caches."""

from __future__ import annotations

from pathlib import Path

from conftest import StandIn
from usage.conftest import Run


def test_caching_session(run: Run, stand_in: StandIn, role: str) -> None:
    assert run("caching_session") == [
        "client True",
        "another False",
        "resource True 25",
        "by key True True",
        "by key True",
        "not there None",
        "buckets 2 2",
    ]
    assert stand_in.calls(role)["successes"] == 1


def test_caching_sizes(run: Run) -> None:
    assert run("caching_sizes") == [
        "at first 10 0",
        "kept 3 3",
        "newest True",
        "region us-east-2",
        "region us-west-1",
        "region us-west-2",
        "kept 1",
        "kept 0",
    ]


def test_cache_high_level(run: Run, stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile reports]\nregion = us-west-2\n")
    assert run("cache_high_level") == [
        "client True",
        "resource True",
        "session True reports",
        "default True False eu-west-1",
        "buckets 2",
    ]


def test_cache_low_level(run: Run) -> None:
    assert run("cache_low_level") == [
        "client us-west-2 1 30",
        "frequent True LFUClientCache",
        "resource s3",
        "the same True",
        "oldest gone False 2",
        "regions ['us-east-2', 'us-west-1']",
        "popped us-east-2 1",
    ]


def test_cache_errors(run: Run) -> None:
    assert run("cache_errors") == [
        "exists True True",
        "not found True",
        "none None",
        "no key",
        "no client",
        "no policy",
        "no resource True",
    ]
