"""What docs/reference/host.md asks of every host, where a test of Python's own says it best."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import threading
from typing import Any

import pytest

from conftest import HandClock, until
from evercreds import EvercredsCredentialError, EvercredsValidationError, RefreshableSession
from evercreds._host.events import SessionEvent
from evercreds._host.status import SessionStatus
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine
from evercreds._library.needs import Need
from test_core import Source, make


@pytest.fixture
def source(hand_clock: HandClock) -> Source:
    return Source(hand_clock)


def test_the_status_has_the_fields_of_the_table(source: Source) -> None:
    fields = {name for name, unit in abi.FIELDS.values() if unit != "count"}
    counters = {name for name, unit in abi.FIELDS.values() if unit == "count"}
    facts = {own for _, own, _ in abi.FACTS}
    names = {field.name for field in dataclasses.fields(SessionStatus)}
    assert names == {*fields, *facts, "counters"}
    assert set(make(source).status().counters) == counters


def test_times_that_no_clock_shows_are_a_failure(source: Source, hand_clock: HandClock) -> None:
    fetch = source.fetch
    source.fetch = lambda: fetch()._replace(duration_ms=-1)  # type: ignore[method-assign]
    told: list[SessionEvent] = []
    host = make(source, told, max_wait=0)
    with pytest.raises(EvercredsCredentialError, match="could not be used") as caught:
        host.obtain()
    assert caught.value.code == "malformed"
    until(lambda: len(told) == 2)
    assert (told[1].kind, told[1].error_code) == ("failure", "malformed")


def test_the_first_who_wakes_asks_for_all(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    # callers A wait, B waits with a need, C refreshes; source answers: one asks for all of A, and
    # B and C for themselves
    asked: list[bool] = []
    answer = Machine.answer

    def counted(machine: Machine, ticket: int, need: Need, forced: bool) -> abi.Decision:
        asked.append(forced)
        return answer(machine, ticket, need, forced)

    monkeypatch.setattr(Machine, "answer", counted)
    source.gate.clear()
    host = make(source)

    async def main() -> list[Any]:
        calls = [host.obtain_in_loop() for _ in range(50)]
        calls += [host.obtain_in_loop(Need(min_ttl_ms=7_200_000)), host.refresh_in_loop()]
        waiting = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0)  # they have begun to wait
        source.gate.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    *plain, short, forced = asyncio.run(asyncio.wait_for(main(), 60))
    assert {each.frozen.access_key for each in (*plain, forced)} == {"A1"}
    assert isinstance(short, EvercredsCredentialError)
    assert short.code == "min_ttl"
    assert len(asked) <= 3


def provider() -> dict[str, str]:
    return {
        "access_key": "ASIAFIRST",
        "secret_key": "secret",
        "token": "token",
        "expiry_time": "2999-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("given", [129_601, -1, "1", float("nan"), float("inf"), True])
def test_min_ttl_is_at_most_36_hours(given: Any) -> None:
    with RefreshableSession(method="custom", custom_credentials_method=provider) as session:
        assert session.credentials_for(min_ttl=129_600)["access_key"] == "ASIAFIRST"
        with pytest.raises(EvercredsValidationError, match="min_ttl must be seconds") as caught:
            session.credentials_for(min_ttl=given)
    assert caught.value.param == "min_ttl"


@pytest.mark.parametrize("given", [-1, "1", float("nan"), True, datetime.timedelta(seconds=-1)])
def test_timeout_is_a_time(given: Any) -> None:
    with RefreshableSession(method="custom", custom_credentials_method=provider) as session:
        with pytest.raises(EvercredsValidationError, match="timeout must be seconds") as caught:
            session.credentials_for(timeout=given)
        assert caught.value.param == "timeout"
        assert session.credentials_for(timeout=float("inf"))["access_key"] == "ASIAFIRST"


async def _asks(session: Any) -> None:
    with pytest.raises(TimeoutError):
        await session.async_credentials(timeout=0.01)


def test_a_timeout_ends_the_wait_of_threads_and_coroutines() -> None:
    import asyncio

    gate = threading.Event()

    def slow() -> dict[str, str]:
        gate.wait(60)
        return provider()

    with RefreshableSession(method="custom", custom_credentials_method=slow) as session:
        with pytest.raises(TimeoutError):
            session.credentials_for(timeout=datetime.timedelta(milliseconds=10))
        asyncio.run(_asks(session))
        gate.set()
        assert session.credentials_for(timeout=60)["access_key"] == "ASIAFIRST"
