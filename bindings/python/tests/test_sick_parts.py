"""One sick part harms itself alone: what hangs in one session holds no other up."""

from __future__ import annotations

import datetime
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conftest import ended_well, in_child, until
from evercreds import RefreshableSession
from evercreds._host.host import Host
from evercreds._library import abi_generated as abi
from evercreds._library.options import DEFAULTS, options_from
from evercreds._sources.custom import CustomSource
from evercreds._waiting.bell import Bell
from evercreds.cache import ClientCache

LONG_S = 60  # a test that fails ends by then


class Sick:
    """Hangs whoever enters, until the test is over."""

    def __init__(self) -> None:
        self.visitors: list[str] = []
        self.recovery = threading.Event()

    def enter(self) -> None:
        self.visitors.append(threading.current_thread().name)
        self.recovery.wait(4 * LONG_S)


@pytest.fixture
def sick() -> Iterator[Sick]:
    made = Sick()
    yield made
    made.recovery.set()


def a_set(life_s: float = 2) -> dict[str, Any]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=life_s)
    token = expiry.isoformat()  # another set each time
    return {"access_key": "a", "secret_key": "b", "token": token, "expiry_time": expiry}


def eager(method: Callable[[], Any]) -> Any:
    return RefreshableSession(
        method="custom", custom_credentials_method=method, defer_refresh=False, refresh_timeout=1
    )


def count(session: Any, name: str) -> int:
    return int(session.status().counters[name])


class Healthy:
    """A session whose sets last two seconds, and whom nobody asks."""

    def __init__(self) -> None:
        self._gate = threading.Event()
        self._gate.set()
        self.session = eager(self._fetch)

    def _fetch(self) -> dict[str, Any]:
        self._gate.wait(4 * LONG_S)
        return a_set()

    def check(self) -> None:
        """Assert that the timer wakes it: its sets are replaced, and a hung refresh ends."""
        installs, time_outs = count(self.session, "installs"), count(self.session, "time_outs")
        until(lambda: count(self.session, "installs") >= installs + 2, LONG_S)
        self._gate.clear()
        try:
            until(lambda: count(self.session, "time_outs") > time_outs, LONG_S)
        finally:
            self._gate.set()


@pytest.fixture
def healthy() -> Iterator[Healthy]:
    made = Healthy()
    yield made
    made.session.close()


def with_a_sick_source(sick: Sick) -> Any:
    """Make a session whose second set never comes: its refresh times out with nobody asking."""
    answers: list[Callable[[], Any]] = [a_set]
    return eager(lambda: (answers.pop() if answers else sick.enter)())


@pytest.fixture
def sick_log() -> Iterator[Sick]:
    """Hangs the first who logs that a refresh did not end."""
    made = Sick()

    def look(record: logging.LogRecord) -> bool:
        if "did not end" in record.getMessage() and not made.visitors:
            made.enter()
        return True

    logger = logging.getLogger("evercreds")
    logger.addFilter(look)
    yield made
    logger.removeFilter(look)
    made.recovery.set()


def test_a_log_handler_that_hangs(healthy: Healthy, sick: Sick, sick_log: Sick) -> None:
    """`the source of A hangs; clock +1s; the log hangs as it is told; B goes on`."""
    with with_a_sick_source(sick) as session:
        until(lambda: bool(sick_log.visitors), LONG_S)
        healthy.check()
        assert count(session, "time_outs") >= 1


def test_a_signal_handler_that_hangs(healthy: Healthy) -> None:
    """`a signal comes in the midst of what A does, and its handler hangs; B goes on`."""
    with eager(a_set) as session:
        loop = session._host.loop
        with loop._lock:  # as the thread has it into which the signal comes
            due_ms = loop.alarm.at_ms
            until(lambda: bool(session._host.now_ms() > due_ms), LONG_S)
            healthy.check()


def test_a_source_that_hangs_where_no_thread_can_be_had(
    healthy: Healthy, sick: Sick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`no thread can be had; A, whose source hangs, is to be woken; B goes on`."""
    from evercreds._host.workers import workers

    refused: list[str] = []

    def refuse(work: Callable[[], None]) -> None:
        refused.append(threading.current_thread().name)
        raise RuntimeError("can't start new thread")

    with with_a_sick_source(sick), monkeypatch.context() as patched:
        patched.setattr(workers, "run", refuse)
        until(lambda: "evercreds-timer" in refused, LONG_S)
        patched.undo()
        healthy.check()
    assert "evercreds-timer" not in sick.visitors


class HasTheLast:
    """Hangs the thread that lets go of it last."""

    def __init__(self, sick: Sick) -> None:
        self.sick = sick

    def __call__(self) -> Any:
        return a_set()

    def __del__(self) -> None:
        self.sick.enter()


def test_a_finalizer_that_hangs(
    healthy: Healthy, sick: Sick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`A is to be woken, when its last user lets go of it; its source's finalizer hangs`."""
    from evercreds._host import timer

    host = Host(
        CustomSource(HasTheLast(sick), {}),
        options_from(abi.Method.CUSTOM, DEFAULTS | {"defer_refresh": False}),
    )
    host.open()
    users, alarm, is_wanted = [host], host.loop.alarm, timer._is_wanted
    del host

    def look(entry: Any) -> bool:
        wanted = is_wanted(entry)
        if users and entry[2]() is alarm:
            user = threading.Thread(target=users.clear, daemon=True)
            user.start()
            user.join(0.5)  # it may hang, where it is the last
            return False  # or an attempt would be the last
        return wanted

    monkeypatch.setattr(timer, "_is_wanted", look)
    until(lambda: bool(sick.visitors), LONG_S)
    assert "evercreds-timer" not in sick.visitors
    healthy.check()


def test_a_hanging_log_stops_no_other_caller(sick: Sick) -> None:
    """`A invalidates, and the log hangs; B invalidates, time after time`."""
    logger = logging.getLogger("evercreds")

    def look(record: logging.LogRecord) -> bool:
        if not sick.visitors:
            sick.enter()
        return True

    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addFilter(look)
    try:
        with RefreshableSession(method="custom", custom_credentials_method=a_set) as session:
            threading.Thread(target=session.invalidate, daemon=True).start()
            until(lambda: bool(sick.visitors), LONG_S)
            for _ in range(1000):
                session.invalidate()
            assert len(session._host.loop._teller._untold) < 500
            assert session.credentials["access_key"] == "a"
            sick.recovery.set()
    finally:
        logger.removeFilter(look)
        logger.setLevel(level)


class ForksBadly(RefreshableSession):
    """A session class of the user's, with a method of a name that the package uses."""

    def fetch_credentials(self) -> Any:
        return a_set()

    def after_fork(self) -> None:
        raise LookupError

    def __hash__(self) -> int:
        raise LookupError


class BadCache(ClientCache):
    """A cache class of the user's, as above."""

    def after_fork(self) -> None:
        raise LookupError


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_hook_that_fails() -> None:
    """`A's lock is held; a fork; hooks of users' classes fail in the child; A goes on`."""
    sick_ones = [ForksBadly(), BadCache()]
    with RefreshableSession(method="custom", custom_credentials_method=a_set) as session:
        session.refresh()
        holds, done = threading.Event(), threading.Event()

        def hold() -> None:
            with session._host.loop._lock:
                holds.set()
                done.wait(LONG_S)

        threading.Thread(target=hold, daemon=True).start()
        assert holds.wait(LONG_S)
        pid = in_child(session.refresh)
        done.set()
        assert ended_well(pid)
    del sick_ones


def test_a_token_library_that_hangs_as_it_is_loaded(
    sick: Sick, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`the library of A hangs as it is loaded; B loads another`."""
    from evercreds.methods.iot import _libraries

    def load(path: Path) -> Path:
        if path.name == "sick":
            sick.enter()
        return path

    monkeypatch.setattr(_libraries, "Library", load)
    libraries = _libraries._Libraries()
    threading.Thread(target=libraries.get, args=(Path("sick"),), daemon=True).start()
    until(lambda: bool(sick.visitors), LONG_S)
    with ThreadPoolExecutor() as pool:
        assert pool.submit(libraries.get, Path("well")).result(LONG_S) == Path("well")


def test_a_login_to_a_token_that_hangs(sick: Sick) -> None:
    """`A logs in to a token, which hangs; B logs in to one of another library with its PIN`."""
    from evercreds.methods.iot._pins import one_login
    from evercreds.methods.iot._pkcs11 import Token

    def log_in(library: str) -> str:
        with one_login(Token(Path(library), "1234", None, "token", None)):
            if library == "sick":
                sick.enter()
            return library

    threading.Thread(target=log_in, args=("sick",), daemon=True).start()
    until(lambda: bool(sick.visitors), LONG_S)
    with ThreadPoolExecutor() as pool:
        assert pool.submit(log_in, "well").result(LONG_S) == "well"


def test_an_event_loop_that_fails() -> None:
    """`A waits in an event loop that cannot be woken; B waits in a thread`."""

    class Loop:
        def call_soon_threadsafe(self, *_: Any) -> None:
            raise LookupError

    bell = Bell()
    bell._coroutines[Future()] = Loop()  # type: ignore[index, assignment]
    bell.ring()
    assert bell.has_rung
