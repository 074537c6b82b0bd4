"""The conformance host gives what the scenarios expect."""

from __future__ import annotations

import subprocess
import sys

import pytest

from conftest import ROOT
from evercreds.replay._scenario import replay
from evercreds.replay._text import NotAnEventError, format_span, parse_span

SCENARIOS = sorted((ROOT / "core" / "testdata").glob("*.trace"))


def test_every_scenario() -> None:
    assert SCENARIOS
    for scenario in SCENARIOS:
        lines = scenario.read_text().split("\n")
        expected = [line for line in lines if line.strip() and not line.startswith("#")]
        assert list(replay(lines)) == expected, scenario.name


def test_the_command() -> None:
    command = [sys.executable, "-m", "evercreds.replay"]
    for text, out, status in (
        ("# words\ncache new lru 2\n", "cache new lru 2\n  cache 0 order=\n", 0),
        ("cache new lru 2\nnonsense\n", "cache new lru 2\n  cache 0 order=\n", 2),
    ):
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout, done.returncode) == (out, status)
        assert done.stderr.startswith("line 2: ") == (status == 2)


@pytest.mark.parametrize(
    "line",
    [
        "ask",
        "open",
        "+1x ask",
        "rule colour red",
        "cache",
        "cache get 1",
        "clock colour=red",
        "open seed=1 policy=loud",
        "open seed=1 colour=red",
    ],
)
def test_what_is_no_event_is_told_with_its_line(line: str) -> None:
    with pytest.raises(NotAnEventError, match="line 1: "):
        list(replay([line]))


@pytest.mark.parametrize("ms", [0, 1, -1, 999, 60000, 3661001, -90061001, 86400000 * 400])
def test_spans_are_read_as_they_are_written(ms: int) -> None:
    assert parse_span(format_span(ms)) == ms
