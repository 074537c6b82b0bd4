"""Forked children, and event loops."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

import pytest

from conftest import ended_well, in_child, until
from defects.sources import custom, good, session_in_advisory_window

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


class Held:
    """A source that answers nobody in the process that made it, and everybody in a child."""

    def __init__(self) -> None:
        self.release, self.entered = threading.Event(), threading.Event()
        self.calls_in_child = 0
        self._pid = os.getpid()

    def __call__(self) -> dict[str, Any]:
        if os.getpid() == self._pid:
            self.entered.set()
            self.release.wait(60)
        else:
            self.calls_in_child += 1
        return good(access_key="ASIASECOND")


@needs_fork
def test_F1_a_fork_during_a_first_fetch_does_not_hang_the_child() -> None:
    """A child that was forked during the first fetch fetches by itself."""
    held = Held()
    session = custom(held)
    threading.Thread(target=session.refreshable_credentials, daemon=True).start()
    assert held.entered.wait(60)

    def child() -> None:
        assert session.refreshable_credentials()["access_key"] == "ASIASECOND"

    try:
        assert ended_well(in_child(child)), "the child hangs"
    finally:
        held.release.set()


@needs_fork
def test_F2_a_fork_during_an_advisory_refresh_leaves_a_child_that_refreshes() -> None:
    """A child that was forked during an advisory refresh refreshes by itself."""
    held = Held()
    session = session_in_advisory_window(held)
    threading.Thread(target=session.refreshable_credentials, daemon=True).start()
    assert held.entered.wait(60)

    def child() -> None:
        def is_refreshed() -> bool:
            return session.refreshable_credentials()["access_key"] == "ASIASECOND"

        until(is_refreshed)

    try:
        assert ended_well(in_child(child)), "the child does not refresh"
    finally:
        held.release.set()


def test_A1_a_read_does_not_stall_an_event_loop() -> None:
    """While an advisory refresh is under way, an event loop that read credentials goes on."""
    went_on = threading.Event()
    waited: list[bool] = []

    def slow() -> dict[str, Any]:
        waited.append(went_on.wait(10))
        return good()

    session = session_in_advisory_window(slow)

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.05, went_on.set)
        session.get_credentials().get_frozen_credentials()
        await asyncio.sleep(0.2)

    asyncio.run(main())
    until(lambda: bool(waited))
    assert waited[0], "nothing else ran in the loop until the source had answered"
