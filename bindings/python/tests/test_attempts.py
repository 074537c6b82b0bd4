"""However an attempt ends, those who wait hear of it, and nothing is left behind."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import ended_well, in_child, until
from evercreds import EvercredsCredentialError, RefreshableSession
from evercreds._host.workers import workers

GOOD = {
    "access_key": "ASIAFIRST",
    "secret_key": "secret",
    "token": "token",
    "expiry_time": "2999-01-01T00:00:00Z",
}


def custom(method: Any, **more: Any) -> Any:
    more.setdefault("refresh_timeout", 20)
    return RefreshableSession(method="custom", custom_credentials_method=method, **more)


class HalfError(ClientError):  # type: ignore[misc]
    """An error of a service without what those have."""

    def __init__(self) -> None:
        Exception.__init__(self, "half")
        self.response = {"Error": None, "ResponseMetadata": None}


def test_an_error_that_cannot_be_sorted_is_still_told() -> None:
    def fail() -> None:
        raise HalfError

    session = custom(fail)
    with pytest.raises(HalfError):
        session.refresh()
    assert session.status().last_error_class == "recoverable"


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exit_ends_the_attempt_and_nothing_else(kind: type[BaseException]) -> None:
    def leave() -> None:
        raise kind("its text is the function's own")

    session = custom(leave)
    with pytest.raises(EvercredsCredentialError, match="without an answer") as caught:
        session.refresh()
    assert isinstance(caught.value.__cause__, kind)
    assert "function's own" not in str(caught.value)
    session.invalidate()
    assert not session.status().refreshing


def test_a_thread_does_not_end_with_its_attempt() -> None:
    """A fork while it ends would leave a lock of OpenSSL's held in the child."""
    threads: list[threading.Thread] = []

    def provider() -> dict[str, str]:
        threads.append(threading.current_thread())
        return GOOD

    session = custom(provider)
    for _ in range(3):
        session.refresh()
        until(lambda: len(workers.idle) > 0)
    assert all(thread.is_alive() for thread in threads)


@pytest.fixture
def raising_filter() -> Iterator[None]:
    def refuse(record: logging.LogRecord) -> bool:
        raise LookupError

    logger = logging.getLogger("evercreds")
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addFilter(refuse)
    yield
    logger.removeFilter(refuse)
    logger.setLevel(level)


@pytest.mark.usefixtures("raising_filter")
def test_a_log_that_fails_holds_nothing_up() -> None:
    gate = threading.Event()
    session = custom(lambda: gate.wait(20), refresh_timeout=0.2)
    with pytest.raises(EvercredsCredentialError, match="refresh_timeout"):
        session.refresh()
    gate.set()


class Large:
    """What a caller has in its frame."""


def test_a_success_lets_go_of_the_callers_of_a_failure() -> None:
    replies: list[Any] = [{}, GOOD]
    session = custom(lambda: replies.pop(0))

    def call() -> weakref.ref[Large]:
        large = Large()
        with contextlib.suppress(EvercredsCredentialError):
            session.refresh()
        return weakref.ref(large)

    large = call()
    session.refresh()
    # The thread of the first attempt may still be on its way out.
    until(lambda: gc.collect() >= 0 and large() is None)


QUIET = """
from evercreds import RefreshableSession

def fail():
    raise ValueError("secret")

session = RefreshableSession(method="custom", custom_credentials_method=fail)
try:
    session.refresh()
except ValueError:
    pass
"""


def test_a_program_without_logging_sees_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=180, check=True
    )
    assert done.stdout + done.stderr == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
class TestForkInside:
    """A source that forks."""

    def test_the_child_is_no_part_of_the_attempt(self) -> None:
        children: list[int] = []
        started, gate = threading.Event(), threading.Event()

        def provider() -> dict[str, str]:
            if not children:
                children.append(0)  # in the child too, which is to fork no further
                children[0] = in_child(work)
            return GOOD

        def hanging() -> dict[str, str]:
            started.set()
            gate.wait(20)
            return GOOD

        def work() -> None:
            assert session.credentials["token"] == "token"
            # While another attempt runs, this one's caller asks for what is held.
            session._host.loop.source._method = hanging
            forcing = threading.Thread(target=session.refresh, daemon=True)
            forcing.start()
            assert started.wait(60)
            assert session.credentials["token"] == "token"
            gate.set()
            forcing.join(60)

        session = custom(provider)
        session.refresh()
        assert ended_well(children[0])

    def test_the_child_does_not_report_the_attempt(self) -> None:
        """It would load the library, whose threads keep a child alive that has ended."""
        children: list[int] = []

        def judge(attempt: int) -> None:
            signal.alarm(20)
            # Not by is_alive(): from Python 3.14 on a child's first thread counts as its main one.
            until(lambda: attempt not in sys._current_frames())
            untouched = (
                session._host.loop.attempts == 0 and not session._host.loop._machine.is_alive
            )
            os._exit(0 if untouched else 1)

        def provider() -> dict[str, str]:
            if not children:
                pid = os.fork()
                if pid:
                    children.append(pid)
                else:
                    attempt = threading.get_ident()
                    threading.Thread(target=judge, args=(attempt,)).start()
            return GOOD

        session = custom(provider)
        session.refresh()
        assert ended_well(children[0])
