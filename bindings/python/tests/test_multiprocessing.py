"""Sessions in the processes of multiprocessing, however these are started."""

from __future__ import annotations

import multiprocessing
import subprocess

import pytest

from conftest import StandIn
from running import addresses, started


@pytest.fixture(params=multiprocessing.get_all_start_methods())
def how(request: pytest.FixtureRequest) -> str:
    start_method: str = request.param
    return start_method


def run(stand_in: StandIn, role: str, *arguments: str) -> tuple[int, str, str]:
    """Run the program with these arguments: its exit code, and what it said."""
    with started(
        ["-W", "ignore::DeprecationWarning", "pools.py", *arguments],
        environment=addresses(stand_in, role),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        output, errors = process.communicate(timeout=200)
    return process.returncode, output, errors


@pytest.mark.parametrize("where", ["module", "initializer"])
def test_pools(stand_in: StandIn, role: str, how: str, where: str) -> None:
    code, output, errors = run(stand_in, role, how, where)
    assert (code, output) == (0, "well\n"), errors


def test_a_session_as_an_argument(stand_in: StandIn, role: str, how: str) -> None:
    """A forked process has it as it is; any other makes one of its own, with the same arguments."""
    code, output, errors = run(stand_in, role, how, "argument")
    assert (code, output) == (0, "0 well\n"), errors
