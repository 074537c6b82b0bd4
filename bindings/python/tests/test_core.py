"""The heart of a session, by a clock that is turned by hand."""

from __future__ import annotations

import functools
import itertools
import logging
import operator
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, get_args

import pytest

from conftest import HandClock, in_threads, until
from evercreds._host.events import Kind, SessionEvent
from evercreds._host.host import Host
from evercreds._host.said import NOTHING, Said
from evercreds._host.source import Failure, FrozenCredentials, Reply
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine
from evercreds._library.needs import ANY
from evercreds._library.options import DEFAULTS, SERVICE_TIMEOUT_S, options_from
from evercreds.errors import EvercredsCredentialError

HOUR = 3600


class Source:
    """Hands out sets of an hour, or fails, as the test says."""

    runs_user_code = False
    method: int = abi.Method.CUSTOM
    names: tuple[object, object] = (None, None)

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.calls = 0
        self.fails: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def fetch(self) -> Reply:
        self.calls += 1
        number = self.calls
        assert self.gate.wait(60)
        if self.fails is not None:
            raise self.fails
        expiry_ms = self.clock.wall_ns() // 10**6 + HOUR * 1000
        frozen = FrozenCredentials(f"A{number}", "secret", f"T{number}", None)
        return Reply(frozen, expiry_ms)

    def classify(self, error: Exception) -> Failure:
        return Failure()

    def said(self, error: BaseException) -> Said:
        return NOTHING

    def after_fork(self) -> None:
        pass


@pytest.fixture
def source(hand_clock: HandClock) -> Source:
    return Source(hand_clock)


def make(source: Source, told: list[SessionEvent] | None = None, **arguments: Any) -> Host:
    """Make a host of this source, which tells its events into a list."""
    options = options_from(abi.Method.CUSTOM, DEFAULTS | arguments)
    core = Host(source, options, clock=source.clock, seed=lambda: 7)
    if told is not None:
        for kind in get_args(Kind):
            core.on(kind, told.append)
    core.open()
    return core


def key(core: Host) -> str:
    return str(core.obtain().frozen.access_key)


@pytest.mark.parametrize("method", [abi.Method.STS, abi.Method.IOT])
def test_the_time_for_a_service_is_the_machines_own(hand_clock: HandClock, method: int) -> None:
    machine = Machine(options_from(method, DEFAULTS), hand_clock, lambda: 7)
    machine.open()
    deadline_ms = machine.ask(ANY).start_deadline_ms
    assert deadline_ms - hand_clock.elapsed_ns() // 10**6 == SERVICE_TIMEOUT_S * 1000


def test_the_log_names_a_background_error_without_its_text(
    source: Source, hand_clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    core = make(source)
    core.obtain()
    hand_clock.turn(2701)
    source.fails = LookupError("down")
    with caplog.at_level(logging.WARNING, logger="evercreds"):
        assert key(core) == "A1"
        until(lambda: "LookupError" in caplog.text)
    assert "down" not in caplog.text


def test_closing_frees_who_waits(source: Source) -> None:
    core = make(source)
    source.gate.clear()
    outcomes: list[Any] = []

    def ask() -> None:
        try:
            core.obtain()
        except EvercredsCredentialError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    until(lambda: core.status().refreshing)
    core.close()
    for thread in threads:
        thread.join(60)
    source.gate.set()
    assert outcomes == ["closed"] * 5
    until(lambda: core.loop.attempts == 0)
    assert len(core.loop.sets) == 0


def test_a_caller_runs_the_refresh_without_threads(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    core = make(source)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert key(core) == "A1"


def test_a_log_handler_may_use_the_session(source: Source, hand_clock: HandClock) -> None:
    core = make(source)
    used: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            used.append(core.status().phase)

    logger, handler = logging.getLogger("evercreds"), Handler()
    logger.addHandler(handler)
    try:
        source.fails = LookupError()
        with pytest.raises(LookupError):
            core.obtain()
        until(lambda: bool(used))
    finally:
        logger.removeHandler(handler)


def test_all_that_is_told_of_one_decision_agrees(
    source: Source, hand_clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[SessionEvent] = []
    core = make(source, told)
    key(core)
    hand_clock.turn(HOUR - 800)  # an early refresh is due
    wall_ms = itertools.count(hand_clock.wall_ns() // 10**6)
    hand_clock.wall_ns = lambda: next(wall_ms) * 10**6  # type: ignore[method-assign]
    source.fails = LookupError()
    with caplog.at_level(logging.DEBUG, "evercreds"):
        core.obtain()
        until(lambda: any(event.kind == "failure" for event in told))
    failure = next(event for event in told if event.kind == "failure")
    assert failure.next_attempt is not None
    # The thread of the test before may tell its failure now, to this test's handler.
    record = next(each for each in caplog.records if "no caller waited" in each.getMessage())
    assert record.__dict__["next_attempt"] == failure.next_attempt.isoformat()
    core.close()


def test_the_wall_clock_ends_a_lease_after_sleep(source: Source, hand_clock: HandClock) -> None:
    from evercreds._boto3.base import BaseCredentials
    from evercreds._boto3.credentials import LeasedCredentials
    from evercreds._boto3.sessions import new_session

    hand_clock.counts_sleep = False
    core = make(source)
    credentials = LeasedCredentials(core, "custom", BaseCredentials(new_session()))
    assert credentials.get_frozen_credentials().access_key == "A1"
    assert credentials.get_frozen_credentials().access_key == "A1"
    assert source.calls == 1
    slept = hand_clock.wall_ns() + 4000 * 10**9
    hand_clock.wall_ns = lambda: slept  # type: ignore[method-assign]
    assert credentials.get_frozen_credentials().access_key == "A2"


_HOST = os.path.join("evercreds", "_host", "")


class Strike:
    """Has something done once, at the given line that the core runs in this thread from now on."""

    def __init__(self, line: int, do: Callable[[], Any]) -> None:
        self._left = line
        self._do = do
        self.has_struck = False
        self.refused: str | None = None

    def __call__(self, frame: Any, event: str, argument: Any) -> Any:
        if _HOST not in frame.f_code.co_filename:
            return None
        if event == "line" and not self.has_struck:
            self._left -= 1
            if self._left < 0:
                self.has_struck = True
                try:
                    self._do()
                except EvercredsCredentialError as error:
                    self.refused = error.code
        return self


def traced(core: Host, trace: Any) -> str | None:
    sys.settrace(trace)
    try:
        return key(core)
    except EvercredsCredentialError as error:
        return error.code


@pytest.mark.parametrize("use", ["status", "invalidate", "obtain", "loop.wake"])
def test_a_signal_handler_may_use_the_session(hand_clock: HandClock, use: str) -> None:
    """As a signal handler and a finalizer do, which may come at every line."""
    # One set each: who is interrupted and who interrupts share one attempt.
    brought = ("A1", "A2", "A3", "rejected") if use == "invalidate" else ("A1", "A2")
    for line in range(1000):
        source = Source(hand_clock)
        core = make(source)
        key(core)
        hand_clock.turn(HOUR - 60)  # an attempt, its answer, a lease
        strike = Strike(line, operator.attrgetter(use)(core))
        answers = in_threads(1, functools.partial(traced, core, strike), 20)
        # Who has the set rejected that has just come may be told so.
        assert answers[0] in brought, f"struck at line {line}"
        assert strike.refused in (None, "interrupting", "rejected")
        hand_clock.turn(10)
        assert key(core) in brought
        assert core.status().phase == "fresh"
        core.close()
        assert source.calls <= len(brought), f"struck at line {line}"
        if not strike.has_struck:
            assert line > 40
            return
