"""Sources that ask each other: who would wait for itself is told at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from conftest import in_threads
from evercreds import EvercredsConfigurationError, RefreshableSession
from evercreds._host.flights import Flight
from evercreds._host.host import Host
from evercreds._host.marks import Inside, WaitingFor
from evercreds._library import abi_generated as abi
from evercreds._library.options import DEFAULTS, options_from
from evercreds._sources.custom import CustomSource

TIME_OUT_S = 300  # of a refresh: nobody is to wait for that
GOOD = {
    "access_key": "ASIAFIRST",
    "secret_key": "secret",
    "token": "token",
    "expiry_time": "2999-01-01T00:00:00Z",
}


def custom(method: Callable[[], Any]) -> Any:
    return RefreshableSession(
        method="custom",
        custom_credentials_method=method,
        stability="strict",
        refresh_timeout=TIME_OUT_S,
    )


def ring(count: int, kind: str, at_once: bool) -> list[Any]:
    """Make sessions of which each source asks the next session, and the last one the first."""
    sessions: list[Any] = []
    # Each has begun before one asks another.
    begun = threading.Barrier(count if at_once else 1)

    def source(at: int) -> Callable[[], Any]:
        def ask() -> Any:
            begun.wait(60)
            return sessions[(at + 1) % count].credentials

        async def ask_in_loop() -> Any:
            begun.wait(60)
            return await sessions[(at + 1) % count].async_credentials()

        return ask_in_loop if kind == "asyncio" else ask

    sessions += [custom(source(at)) for at in range(count)]
    return sessions


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_sources_that_ask_in_a_ring(kind: str, count: int) -> None:
    """`A asks; source asks its own session, by itself or by way of others`."""
    sessions = ring(count, kind, False)
    begun = time.monotonic()
    with pytest.raises(EvercredsConfigurationError) as caught:
        _ = sessions[0].credentials
    assert (caught.value.code, caught.value.message) == ("reentrant", abi.REENTRANT)
    assert time.monotonic() - begun < TIME_OUT_S / 5
    assert sessions[0].status().last_error_class == "permanent"
    for session in sessions:
        session.close()


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
@pytest.mark.parametrize("count", [2, 3])
def test_sources_that_ask_each_other_at_once(kind: str, count: int) -> None:
    """`A, B and C ask a session each; each source asks the next session`."""
    sessions = ring(count, kind, True)
    asking = iter(sessions)
    begun = time.monotonic()
    if kind == "asyncio":

        async def gather() -> list[Any]:
            asked = [session.async_credentials() for session in sessions]
            return await asyncio.gather(*asked, return_exceptions=True)

        errors = asyncio.run(gather())
    else:
        errors = in_threads(count, lambda: next(asking).credentials)
    assert [getattr(error, "code", error) for error in errors] == ["reentrant"] * count
    assert time.monotonic() - begun < TIME_OUT_S / 5
    for session in sessions:
        session.close()


def test_who_does_not_wait_any_more_makes_no_ring() -> None:
    """`source of A asks B, which serves, and refreshes beside it; source of B asks A`."""
    sessions: list[Any] = []
    released, asked = threading.Event(), threading.Event()

    def of_a() -> Any:
        with pytest.raises(TimeoutError):
            sessions[1].credentials_for(timeout=0.01)
        released.set()
        assert asked.wait(60)
        return GOOD

    def of_b() -> Any:
        assert released.wait(60)
        threading.Timer(0.3, asked.set).start()  # while it waits for A
        return sessions[0].credentials

    sessions += [custom(of_a), custom(of_b)]
    assert sessions[0].credentials["access_key"] == "ASIAFIRST"
    assert sessions[1].credentials["access_key"] == "ASIAFIRST"
    for session in sessions:
        session.close()


def test_a_client_within_a_ring_gets_the_error() -> None:
    """`source of A asks B; source of B signs with a client of A`: that is no part of A's own."""
    sessions: list[Any] = []

    def of_b() -> Any:
        return sessions[0].get_credentials().get_frozen_credentials()

    sessions += [custom(lambda: sessions[1].credentials), custom(of_b)]
    with pytest.raises(EvercredsConfigurationError) as caught:
        _ = sessions[0].credentials
    assert caught.value.code == "reentrant"


def test_notes_of_who_waits_are_taken_back() -> None:
    first, second = Flight(1, 0), Flight(2, 0)
    with Inside(1, lambda: None, first):
        for _ in range(2):
            with WaitingFor(second), WaitingFor(second):
                assert first.waits_for == [second, second]
        with pytest.raises(EvercredsConfigurationError), WaitingFor(first):
            pass
        with WaitingFor(None):
            assert first.waits_for == []
    with WaitingFor(first):  # who is no part of an attempt may wait for any
        assert second.waits_for == []


def test_an_attempt_where_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """`source of A asks B, whose attempt runs in the same thread, and asks A`."""
    from evercreds._host.workers import workers

    def refuse(work: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    def host(method: Callable[[], Any]) -> Host:
        made = Host(CustomSource(method, {}), options_from(abi.Method.CUSTOM, DEFAULTS))
        made.open()
        return made

    hosts: list[Host] = []
    hosts += [host(lambda: hosts[1].obtain() and GOOD), host(lambda: hosts[0].obtain() and GOOD)]
    monkeypatch.setattr(workers, "run", refuse)
    with pytest.raises(EvercredsConfigurationError) as caught:
        hosts[0].obtain()
    assert caught.value.code == "reentrant"
