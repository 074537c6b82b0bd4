"""Tests that set the clock: freezegun and time-machine, around sessions."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

import running

pytestmark = pytest.mark.once

CASES = {
    "around_construction": {1},
    "around_first_use": {2},
    "moved_in_steps": {4},
    "moved_back": {2},
    "from_real_to_frozen": {2},
    "waits_end": {1, 2},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("tool", ["freezegun", "time_machine"])
def test_a_clock_that_a_test_sets_is_heeded(tool: str, case: str) -> None:
    if find_spec(tool) is None:
        pytest.skip(f"{tool} is not for this Python")
    program = (running.PROGRAMS / "frozen.py").read_text()
    done = running.run(program, tool, case)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) in CASES[case]
