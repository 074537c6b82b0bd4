"""How often a source is asked: when it fails for a day, and when it is well.

These histories need no turns: the source answers at once, and callers come one after the other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evercreds._host import attempts
from evercreds._host.host import Host
from evercreds._library import abi_generated as abi
from evercreds._library.options import DEFAULTS, options_from
from evercreds._sources.custom import CustomSource
from evercreds._waiting.bell import Bell
from properties.answers import FAILURES, MALFORMED, Reply
from properties.clocks import RoomClock
from properties.options import OPTIONS

pytestmark = pytest.mark.slow

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 24 * 3_600_000


@dataclasses.dataclass
class Office:
    """A session whose source answers at once, and the times at which it was asked."""

    clock: RoomClock
    options: dict[str, Any]
    life_ms: int = _HOUR
    failure: str | None = None
    asked_at: list[int] = dataclasses.field(default_factory=list)
    timer_at: int = abi.NEVER
    replies: int = 0

    def open(self, seed: int) -> Host:
        seeds = iter(range(seed, seed + 1000))
        core = Host(
            CustomSource(self._provide, {}),
            # Who waits for the next attempt lets time pass; here callers have their own times.
            options_from(abi.Method.CUSTOM, DEFAULTS | self.options | {"max_wait": 0}),
            clock=self.clock,
            seed=lambda: next(seeds),
        )
        core.open()
        return core

    def _provide(self) -> Any:
        self.asked_at.append(self.clock.elapsed_ms)
        self.replies += 1
        good = Reply(self.replies, self.clock.truth_ms + self.life_ms).fields("text")
        if self.failure in FAILURES:
            raise FAILURES[self.failure]()
        return good if self.failure is None else MALFORMED[self.failure](good)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt is over before the caller goes on, and no timer rings by itself."""
    monkeypatch.setattr(attempts, "launch", lambda run, context=None: run())
    monkeypatch.setattr("evercreds._host.timer.arm", _arm)


def _arm(alarm: Any, at_ms: int) -> None:
    alarm.at_ms = at_ms


def _ended(bell: Bell, until_ms: int) -> None:
    assert bell.has_rung, "an attempt has ended, and its flight has not"


def _told(error: Exception, now_ms: int) -> int:
    """Tell until when a caller was told that nothing is tried."""
    details = getattr(error, "details", None) or {}
    return now_ms + int(details.get("retry_in_seconds", 0) * 1000)


@contextlib.contextmanager
def _whatever_it_raises() -> Iterator[list[Exception]]:
    raised: list[Exception] = []
    try:
        yield raised
    except Exception as error:
        raised.append(error)


# An attempt that nobody waits for, 2.5 minutes apart at least once the ladder is climbed; under
# `static` every 5 to 10 minutes; and the steps of the ladder on the way.
_QUIET_ATTEMPTS_A_DAY = 24 * 60 / 2.5 + 20


@settings(max_examples=settings().max_examples // 5)
@given(
    options=OPTIONS,
    begins_well=st.booleans(),
    failure=st.sampled_from(sorted(FAILURES) + sorted(MALFORMED)),
    every_ms=st.sampled_from([90 * _SECOND, 5 * _MINUTE, _HOUR]),
    seed=st.integers(0, 2**32),
)
def test_a_source_that_fails_for_a_day_is_not_hammered(
    options: dict[str, Any], begins_well: bool, failure: str, every_ms: int, seed: int
) -> None:
    """8, 15: with callers who come now and then, and with nobody but the timer."""
    office = Office(RoomClock(True, _ended), options, failure=None if begins_well else failure)
    with _whatever_it_raises() as raised:
        core = office.open(seed)
        if begins_well:
            core.obtain()
    if raised:
        return  # an eager session that does not open
    office.failure, office.asked_at = failure, []
    end, caller_at, no_earlier = office.clock.elapsed_ms + _DAY, office.clock.elapsed_ms, 0
    steps = 0
    while office.clock.elapsed_ms < end:
        steps += 1
        assert steps < 100_000, "(15) the timer rings and rings"
        now = max(office.clock.elapsed_ms, min(caller_at, core.loop.alarm.at_ms, end))
        office.clock.turn(now - office.clock.elapsed_ms)
        if core.loop.alarm.at_ms <= now:
            core.loop.wake()
            assert core.loop.alarm.at_ms > now, "(15) the timer rings at once again"
        if caller_at <= now:
            caller_at = now + every_ms
            begun = len(office.asked_at)
            with _whatever_it_raises() as raised:
                core.obtain()
            assert len(office.asked_at) == begun or now >= no_earlier, "(8) inside a hold-off"
            for error in raised:
                no_earlier = max(no_earlier, _told(error, now))
                assert no_earlier - now < 16 * _MINUTE, "(8) a hold-off without end"
    callers = _DAY / every_ms
    assert len(office.asked_at) <= callers + _QUIET_ATTEMPTS_A_DAY
    core.close()


@settings(max_examples=settings().max_examples // 5)
@given(
    options=OPTIONS,
    failure=st.sampled_from(["value", "access-denied", "throttling", "naive", "exit"]),
    seed=st.integers(0, 2**32),
)
def test_impatient_callers_do_not_hammer_it_either(
    options: dict[str, Any], failure: str, seed: int
) -> None:
    """8: somebody asks ten times a second, for ten minutes."""
    office = Office(RoomClock(True, _ended), options | {"defer_refresh": True}, failure=failure)
    core = office.open(seed)
    for _ in range(6000):
        office.clock.turn(100)
        with _whatever_it_raises():
            core.obtain()
    # Ten minutes of attempts 2.5 s apart; permanent failures are told for a second at least.
    assert len(office.asked_at) <= 600 / (1 if failure == "access-denied" else 2.5) + 20
    core.close()


@given(
    options=OPTIONS.filter(lambda drawn: drawn.get("policy") != "aws2026"),
    life_ms=st.integers(2 * _SECOND, 12 * _HOUR),
    gaps=st.lists(st.floats(0, 0.4), min_size=20, max_size=60),
    seed=st.integers(0, 2**32),
)
def test_a_healthy_source_is_asked_as_seldom_as_can_be(
    options: dict[str, Any], life_ms: int, gaps: list[float], seed: int
) -> None:
    """9: half a lifetime apart, and a tenth of it where the user has set windows."""
    office = Office(RoomClock(True, _ended), options, life_ms=life_ms)
    core = office.open(seed)
    for gap in gaps:
        office.clock.turn(int(gap * life_ms))
        if core.loop.alarm.at_ms <= office.clock.elapsed_ms:
            core.loop.wake()
        served = core.obtain()
        assert served.expiry is not None
        now = datetime.datetime.fromtimestamp(office.clock.truth_ms / 1000, datetime.timezone.utc)
        assert served.expiry > now, "(1)"
    windows = (options.get("advisory_timeout", "auto"), options.get("mandatory_timeout", "auto"))
    is_explicit = windows != ("auto", "auto")
    least = life_ms // (10 if is_explicit else 2)
    asked = office.asked_at
    apart = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert all(each >= least for each in apart), f"(9) {min(apart)} ms apart, of {life_ms}"
    core.close()
