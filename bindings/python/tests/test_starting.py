"""A signal handler raises while a thread starts: the caller hears that, and nothing else."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable

import pytest

from evercreds import RefreshableSession
from evercreds._sources.command import _start

OURS = ("evercreds-refresh", "evercreds-command")
NO_THREAD = "can't start new thread"


class Interrupt(BaseException):
    """As KeyboardInterrupt and SystemExit."""


class Alarm(Exception):
    """As the handlers of alarms raise."""


class Source:
    """Hands out sets of an hour."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def __call__(self) -> dict[str, object]:
        self.threads.append(threading.get_ident())
        expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return {"access_key": "A", "secret_key": "s", "token": "t", "expiry_time": expiry}


def ask(session: RefreshableSession, *, within: bool) -> None:
    """Ask, also while an error is handled, which is nobody's interrupt."""
    if within:
        try:
            raise KeyError
        except KeyError:
            assert session.credentials["access_key"] == "A"
    else:
        assert session.credentials["access_key"] == "A"


@pytest.fixture
def strike(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Strike the next of our threads that this one starts, in the words of CPython's Condition."""
    monkeypatch.setattr("evercreds._host.workers.workers.idle", [])
    start, mine = threading.Thread.start, threading.get_ident()

    def strike(raised: BaseException) -> None:
        left = [raised]

        def struck(self: threading.Thread) -> None:
            start(self)
            if left and threading.get_ident() == mine and self.name in OURS:
                try:
                    raise left.pop()
                finally:  # a ``with`` gives back the lock that is not there
                    raise RuntimeError("cannot release un-acquired lock")

        monkeypatch.setattr(threading.Thread, "start", struck)

    return strike


@pytest.mark.parametrize("raised", [Interrupt(), Alarm()], ids=["interrupt", "alarm"])
@pytest.mark.parametrize("within", [False, True], ids=["outside", "within-another-error"])
def test_what_a_signal_handler_raises_while_a_thread_starts(
    strike: Callable[[BaseException], None], raised: BaseException, within: bool
) -> None:
    source = Source()
    session = RefreshableSession(method="custom", custom_credentials_method=source)
    strike(raised)
    with pytest.raises(type(raised)) as caught:
        ask(session, within=within)
    assert caught.value is raised
    assert session.credentials["access_key"] == "A"
    assert len(source.threads) == 1
    assert source.threads != [threading.get_ident()]


def test_a_command_whose_thread_is_struck(strike: Callable[[BaseException], None]) -> None:
    done = threading.Event()
    strike(Interrupt())
    with pytest.raises(Interrupt):
        _start(done.set)
    assert done.wait(60)


def test_where_no_thread_can_be_had_the_caller_runs_the_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError(NO_THREAD)

    source = Source()
    session = RefreshableSession(method="custom", custom_credentials_method=source)
    monkeypatch.setattr("evercreds._host.workers.workers.idle", [])
    monkeypatch.setattr(threading.Thread, "start", refuse)
    ask(session, within=True)
    assert source.threads == [threading.get_ident()]
