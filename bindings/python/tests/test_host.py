"""What docs/HOST.md asks of every host, where a test of Python's own says it best."""

from __future__ import annotations

import dataclasses
import datetime
import threading
from typing import Any

import pytest

from conftest import HandClock, until
from evercreds import EvercredsCredentialError, EvercredsValidationError, RefreshableSession
from evercreds._host.events import Event
from evercreds._host.host import Host
from evercreds._host.marks import cancelled
from evercreds._host.source import Reply
from evercreds._host.status import SessionStatus
from evercreds._library import abi_generated as abi
from evercreds._library.needs import Need, Patience
from evercreds._library.options import DEFAULTS, options_from
from test_core import HOUR, Source

MINUTE_MS = 60_000


@pytest.fixture
def source(hand_clock: HandClock) -> Source:
    return Source(hand_clock)


def make(source: Source, told: list[Event] | None = None, **arguments: Any) -> Host:
    options = options_from(abi.Method.CUSTOM, DEFAULTS | arguments)
    listener = None if told is None else told.append
    host = Host(source, options, clock=source.clock, seed=lambda: 7, listener=listener)
    host.open()
    return host


class Asking:
    """A caller in a thread of its own."""

    def __init__(self, host: Host, patience: Patience | None = None) -> None:
        self.answer: Any = None
        self._thread = threading.Thread(target=self._ask, args=(host, patience), daemon=True)
        self._thread.start()

    def _ask(self, host: Host, patience: Patience | None) -> None:
        try:
            self.answer = host.obtain(patience=patience).frozen.access_key
        except Exception as error:
            self.answer = type(error)

    def join(self) -> Any:
        self._thread.join(30)
        assert not self._thread.is_alive(), "a caller hangs"
        return self.answer


def test_the_status_has_the_fields_of_the_table(source: Source) -> None:
    fields = {name for name, unit in abi.FIELDS.values() if unit != "count"}
    counters = {name for name, unit in abi.FIELDS.values() if unit == "count"}
    assert {field.name for field in dataclasses.fields(SessionStatus)} == {*fields, "counters"}
    assert set(make(source).status().counters) == counters


def test_a_caller_gives_up_and_gets_nothing(source: Source, hand_clock: HandClock) -> None:
    """`A asks; B asks; A gives up; source answers`."""
    host = make(source)
    source.gate.clear()
    impatient = Asking(host, Patience(host.now_ms() + 1000))
    patient = Asking(host)
    until(lambda: sum(len(flight.bell._threads) for flight in host.loop.flights) == 2)
    hand_clock.turn(1)
    assert impatient.join() is TimeoutError
    source.gate.set()
    assert patient.join() == "A1"


def test_who_refreshes_inline_and_gives_up_gets_what_is_held(
    source: Source, hand_clock: HandClock
) -> None:
    """`A asks; source answers; clock +46m; A asks, and refreshes inline; A gives up`."""
    host = make(source, advisory_refresh="inline")
    host.obtain()
    hand_clock.turn(46 * 60)
    source.gate.clear()
    caller = Asking(host, Patience(host.now_ms() + 1000))
    until(lambda: source.calls == 2)
    hand_clock.turn(1)
    assert caller.join() == "A1"
    source.gate.set()


def test_who_forces_and_gives_up_gets_nothing(source: Source) -> None:
    host = make(source)
    host.obtain()
    with pytest.raises(TimeoutError):
        host._left(Need(), True)


def test_users_see_the_end_on_their_own_clock(source: Source, hand_clock: HandClock) -> None:
    """`A asks; source answers with life=1h, whose clock is 4 minutes ahead`."""
    fetch = source.fetch

    def ahead() -> Reply:
        reply, by_ms = fetch(), 4 * MINUTE_MS
        server_ms = hand_clock.wall_ns() // 10**6 + by_ms
        return dataclasses.replace(
            reply,
            expiry_ms=reply.expiry_ms + by_ms,
            duration_ms=HOUR * 1000,
            server_time_ms=server_ms,
        )

    source.fetch = ahead  # type: ignore[method-assign]
    expiry = make(source).obtain().expiry
    assert expiry is not None
    now = datetime.datetime.fromtimestamp(hand_clock.wall_ns() / 1e9, datetime.timezone.utc)
    assert expiry - now == datetime.timedelta(hours=1)


def test_what_happens_is_told_in_order(source: Source, hand_clock: HandClock) -> None:
    """`A asks; source answers; source fails; service rejects; close`."""
    told: list[Event] = []
    host = make(source, told)
    held = host.obtain()
    until(lambda: len(told) == 2)
    hand_clock.turn(55 * 60)
    source.fails = LookupError("down")
    assert host.obtain().frozen.access_key == "A1"
    until(lambda: len(told) == 5)
    hand_clock.turn(120)
    source.fails = None
    host.obtain(Need(other=held.fingerprint, evidence=abi.Evidence.STRONG))
    until(lambda: len(told) == 8)
    host.close()
    host.close()
    assert [(event.kind, event.cause) for event in told] == [
        ("start", "first"),
        ("refresh", ""),
        ("start", "mandatory"),
        ("failure", ""),
        ("degraded", ""),
        ("rejection", ""),
        ("start", "reported"),
        ("refresh", ""),
        ("close", ""),
    ]
    assert (told[1].remaining_ms, told[3].code, told[3].waited) == (HOUR * 1000, "source", True)
    assert (told[5].scope, told[5].spaced) == ("caller", False)


def test_an_attempt_is_told_to_end(source: Source) -> None:
    """`A asks; close`."""
    bells: list[Any] = []
    fetch = source.fetch

    def look() -> Reply:
        bells.append(cancelled())
        return fetch()

    source.fetch = look  # type: ignore[method-assign]
    source.gate.clear()
    host = make(source)
    caller = Asking(host)
    until(lambda: len(bells) == 1)
    assert not bells[0].has_rung
    host.close()
    assert bells[0].has_rung
    source.gate.set()
    caller.join()
    assert cancelled() is None


def test_a_flight_is_timed_out_with_nobody_asking(
    source: Source, hand_clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`A asks; source answers; clock +46m; A asks, and is served; clock +1m`."""
    armed: list[int] = []
    monkeypatch.setattr("evercreds._host.timer.arm", lambda _, at_ms: armed.append(at_ms))
    host = make(source, refresh_timeout=60)
    host.obtain()
    hand_clock.turn(46 * 60)
    source.gate.clear()
    assert host.obtain().frozen.access_key == "A1"
    hand_clock.turn(60)
    assert armed[-1] == host.now_ms()
    host.loop.wake()
    assert host.status().last_error_code == "timed_out"
    source.gate.set()


def test_times_that_no_clock_shows_are_a_failure(source: Source, hand_clock: HandClock) -> None:
    fetch = source.fetch
    source.fetch = lambda: dataclasses.replace(fetch(), duration_ms=-1)  # type: ignore[method-assign]
    told: list[Event] = []
    host = make(source, told, max_wait=0)
    with pytest.raises(EvercredsCredentialError, match="could not be used") as caught:
        host.obtain()
    assert caught.value.code == "malformed"
    until(lambda: len(told) == 2)
    assert (told[1].kind, told[1].code) == ("failure", "malformed")


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
        gate.wait(30)
        return provider()

    with RefreshableSession(method="custom", custom_credentials_method=slow) as session:
        with pytest.raises(TimeoutError):
            session.credentials_for(timeout=datetime.timedelta(milliseconds=10))
        asyncio.run(_asks(session))
        gate.set()
        assert session.credentials_for(timeout=20)["access_key"] == "ASIAFIRST"
