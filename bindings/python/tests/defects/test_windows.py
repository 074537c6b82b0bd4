"""When credentials are refreshed, and what becomes of those who wait."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import evercreds
from conftest import SessionMaker, StandIn, in_threads, until
from defects.sources import custom, good, is_refusal_of, outcome, session_in_advisory_window

CALLERS = 20


class Failing:
    """A source that takes its time and fails. It knows when it was called."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.calls: list[float] = []
        self._seconds = seconds

    def __call__(self) -> Any:
        self.calls.append(time.monotonic())
        threading.Event().wait(self._seconds)
        raise LookupError("no credentials today")


def test_W1_windows_count_in_a_deferred_session() -> None:
    """A deferred session refreshes by the windows that it was given."""
    calls: dict[int, int] = {}
    sessions = {}
    for window in (18, 1):

        def provider(window: int = window) -> dict[str, Any]:
            calls[window] = calls.get(window, 0) + 1
            return good(life_s=20)

        sessions[window] = custom(provider, advisory_timeout=window, mandatory_timeout=window)
        sessions[window].refreshable_credentials()
    threading.Event().wait(3)
    for session in sessions.values():
        session.refreshable_credentials()
    assert calls == {18: 2, 1: 1}


def test_W2_a_900_second_role_is_not_assumed_for_every_read(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """Ten reads of a role that lives 900 seconds, the least there is, are one AssumeRole."""
    session = sts_session(assume_role_kwargs={"RoleArn": role, "DurationSeconds": 900})
    for _ in range(10):
        session.refreshable_credentials()
    assert stand_in.calls(role)["attempts"] == 1


def test_W4_windows_are_checked() -> None:
    """Windows that are negative, no number, or the wrong way round are refused."""
    pairs: list[tuple[Any, Any]] = [
        (-1, None),
        (None, -1),
        ("900", None),
        (None, "600"),
        (float("nan"), None),
        (60, 120),
    ]
    accepted = []
    for advisory, mandatory in pairs:
        made = outcome(
            lambda a=advisory, m=mandatory: custom(good, advisory_timeout=a, mandatory_timeout=m)
        )
        params = ("advisory_timeout", "mandatory_timeout")
        if not any(is_refusal_of(param, made) for param in params):
            accepted.append((advisory, mandatory))
    assert accepted == []


def test_W5_defer_refresh_is_a_truth_value() -> None:
    """A defer_refresh that is not True or False is refused, not taken for one of them."""
    accepted = [
        value
        for value in (None, 0, "", "no")
        if not is_refusal_of(
            "defer_refresh", outcome(lambda value=value: custom(good, defer_refresh=value))
        )
    ]
    assert accepted == []


def test_W6_an_eager_session_is_fresh_with_nobody_asking() -> None:
    """An eager session refreshes ahead of need while nobody reads."""
    calls: list[int] = []

    def provider() -> dict[str, Any]:
        calls.append(1)
        return good(life_s=3)

    session = custom(provider, defer_refresh=False)
    until(lambda: len(calls) >= 2)
    assert session.refreshable_credentials()


def test_W7_nobody_waits_in_the_advisory_window() -> None:
    """A read in the advisory window returns while the refresh is still under way."""
    release, ended = threading.Event(), threading.Event()

    def slow() -> dict[str, Any]:
        release.wait(10)
        ended.set()
        return good()

    session = session_in_advisory_window(slow)
    session.get_credentials().get_frozen_credentials()
    had_to_wait = ended.is_set()
    release.set()
    assert not had_to_wait, "the read took as long as the source"


def test_W8_reads_with_a_failing_provider_are_held_off() -> None:
    """Forty reads in a row do not call a source forty times that fails."""
    failing = Failing()
    credentials = custom(failing).get_credentials()
    raised = [outcome(credentials.get_frozen_credentials) for _ in range(40)]
    assert all(isinstance(each, Exception) for each in raised)
    assert len(failing.calls) <= 20


def test_W10_callers_who_wait_share_one_failure() -> None:
    """Twenty threads that wait for a source that fails call it once, not twenty times."""
    failing = Failing(0.2)
    raised = in_threads(CALLERS, custom(failing).get_credentials().get_frozen_credentials)
    assert all(isinstance(each, Exception) for each in raised)
    assert len(failing.calls) <= CALLERS // 4


def test_W11_nobody_waits_for_the_failures_of_others() -> None:
    """A thread that waits for a source that fails waits for one attempt, not one per thread."""
    failing = Failing(0.2)
    credentials = custom(failing).get_credentials()

    def attempts_waited_for() -> int:
        begin = time.monotonic()
        outcome(credentials.get_frozen_credentials)
        end = time.monotonic()
        return sum(begin <= called <= end for called in failing.calls)

    assert max(in_threads(CALLERS, attempts_waited_for)) <= CALLERS // 4


def test_W12_a_clock_that_is_ahead_does_not_refresh_on_every_read(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """A clock 55 minutes ahead of the service's does not make each read a refresh."""
    stand_in.fault("clock_offset", role=role, offset_ms=-55 * 60 * 1000)
    session = sts_session()
    for _ in range(5):
        session.refreshable_credentials()
    assert stand_in.calls(role)["attempts"] == 1


def test_W15_a_clock_that_is_behind_does_not_serve_dead_credentials(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """A clock two hours behind the service's does not have ended credentials served."""
    stand_in.lifetime(role, 2)
    stand_in.fault("clock_offset", role=role, offset_ms=2 * 3600 * 1000)
    session = sts_session()
    first = session.refreshable_credentials()["access_key"]
    threading.Event().wait(2.5)
    assert session.refreshable_credentials()["access_key"] != first


def test_T2_an_exit_of_a_provider_reaches_nobody_who_can_be_served() -> None:
    """A source that is cancelled in the advisory window disturbs nobody."""

    def cancelled() -> Any:
        raise asyncio.CancelledError

    session = session_in_advisory_window(cancelled)
    try:
        frozen = session.get_credentials().get_frozen_credentials()
    except asyncio.CancelledError:
        frozen = None
    assert frozen is not None, "the read was cancelled although there were credentials"
    assert frozen.access_key == "ASIAFIRST"


def test_T3_a_hung_provider_does_not_hold_its_callers_for_ever() -> None:
    """Threads that wait for a source that hangs get an error when its time is over."""
    release = threading.Event()

    def hang() -> dict[str, Any]:
        release.wait(60)
        return good()

    credentials = custom(hang, refresh_timeout=1).get_credentials()
    try:
        raised = in_threads(5, credentials.get_frozen_credentials)
    finally:
        release.set()
    assert all(isinstance(each, evercreds.BRSError) for each in raised)
