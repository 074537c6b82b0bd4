"""Refreshes that run in the thread of the caller who waits for them (``refresh_in="caller"``)."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import running
from conftest import ROOT, StandIn, in_threads, until
from evercreds import EvercredsCredentialError, EvercredsValidationError, RefreshableSession


class Source:
    """Gives a set when it is let, and notes the threads in which it was asked."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.error: BaseException | None = None
        self.expiry_time = "never"

    def __call__(self) -> dict[str, str]:
        self.threads.append(threading.current_thread())
        assert self.may_answer.wait(60)
        if self.error is not None:
            raise self.error
        number = len(self.threads)
        return {
            "access_key": f"A{number}",
            "secret_key": "S",
            "token": "T",
            "expiry_time": self.expiry_time,
        }


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def session(source: Source) -> Iterator[Any]:
    with made(source) as session:
        yield session


def made(source: Any, **more: Any) -> Any:
    return RefreshableSession(
        method="custom", custom_credentials_method=source, refresh_in="caller", **more
    )


def test_the_first_caller_runs_the_attempt(session: Any, source: Source) -> None:
    """A asks; the source is called in A's thread; A gets #1."""
    assert session.credentials["access_key"] == "A1"
    session.refresh()
    assert source.threads == [threading.current_thread()] * 2


def test_an_eager_session_fetches_in_its_constructor(source: Source) -> None:
    made(source, defer_refresh=False).close()
    assert source.threads == [threading.current_thread()]


def test_others_wait_for_it(session: Any, source: Source) -> None:
    """A to H ask; one of them calls the source; it answers; all get #1."""
    given = in_threads(8, lambda: session.credentials["access_key"])
    assert given == ["A1"] * 8
    assert len(source.threads) == 1
    assert not source.threads[0].name.startswith("evercreds")


def test_an_error_is_everybodys(session: Any, source: Source) -> None:
    """A and B ask; the source fails; A and B get an error of their own each."""
    source.error = ValueError("no")
    source.may_answer.clear()
    threading.Timer(0.3, source.may_answer.set).start()
    errors = in_threads(2, lambda: session.credentials)
    assert [type(error) for error in errors] == [ValueError] * 2
    assert errors[0] is not errors[1]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_its_death_is_an_abandon(session: Any, source: Source, kind: Any) -> None:
    """A asks; B asks; the source dies in A; B fails: abandoned; C asks; C gets #2."""
    source.error = kind()
    source.may_answer.clear()
    ended: list[Any] = []

    def first() -> None:
        try:
            session.refresh()
        except BaseException as error:
            ended.append(type(error))

    def second() -> None:
        try:
            session.refresh()
        except EvercredsCredentialError as error:
            ended.append(error.code)

    a = threading.Thread(target=first, daemon=True)
    a.start()
    until(lambda: bool(source.threads))
    b = threading.Thread(target=second, daemon=True)
    b.start()
    until(lambda: len(next(iter(session._host.loop.flights)).bell._threads) == 1)
    source.may_answer.set()
    a.join(60)
    b.join(60)
    assert sorted(map(str, ended)) == sorted(map(str, [kind, "abandoned"]))
    source.error = None
    assert session.credentials["access_key"] == "A2"


@pytest.fixture
def usual_interrupts() -> Iterator[None]:
    """Have SIGINT raise KeyboardInterrupt, also where a shell's background job ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_call_that_it_hits(
    session: Any, source: Source, usual_interrupts: None
) -> None:
    """A asks, in the main thread; an interrupt comes; A is interrupted; A asks again and gets."""
    source.may_answer.clear()
    main = threading.get_ident()

    def interrupt() -> None:
        until(lambda: bool(source.threads))
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        session.refresh()
    thread.join(60)
    assert session._host.loop.attempts == 0
    source.may_answer.set()
    assert session.credentials["access_key"] == "A2"


def test_a_signal_handler_that_cannot_wait_leaves_nobody_in_vain(
    session: Any, source: Source
) -> None:
    """A is interrupted inside the session; the handler asks: an error; the source is called."""
    with session._host.loop._lock, pytest.raises(EvercredsCredentialError) as caught:
        _ = session.credentials
    assert caught.value.code == "interrupting"
    until(lambda: bool(source.threads))
    assert source.threads[0] is not threading.current_thread()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_source_that_forks(session: Any, source: Source) -> None:
    """A asks; the source forks, and answers in both; A gets #1; in the child A asks again."""
    reading, writing = os.pipe()
    parent = os.getpid()
    children: list[int] = []

    def fork() -> dict[str, str]:
        if not children:
            children.append(os.fork())
        return source()

    try:
        with made(fork) as forked:
            key = forked.credentials["access_key"]
            if os.getpid() != parent:
                os.write(writing, key.encode())
                return
        assert key == "A1"
        assert select.select([reading], [], [], 60)[0], "the child waits for the parent's attempt"
        assert os.read(reading, 9) == b"A2"
    finally:
        if os.getpid() != parent:
            os._exit(0)
        os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)
        os.close(reading)
        os.close(writing)


def test_the_time_out_frees_the_others(source: Source) -> None:
    """A asks; the source hangs; B asks; the flight times out: B has an error, A hangs on."""
    with made(source, refresh_timeout=3, max_wait=0) as session:
        source.may_answer.clear()
        a = threading.Thread(target=session.refresh, daemon=True)
        a.start()
        until(lambda: bool(source.threads))
        with pytest.raises(EvercredsCredentialError) as caught:
            session.refresh()
        assert caught.value.code == "timed_out"
        assert a.is_alive()
        source.may_answer.set()
        a.join(60)
        assert not a.is_alive()
        assert session.credentials["access_key"] == "A1"  # the late answer is still good


def test_a_coroutine_does_not_run_it(session: Any, source: Source) -> None:
    assert asyncio.run(session.async_credentials())["access_key"] == "A1"
    assert source.threads[0] is not threading.current_thread()


def test_a_source_may_use_its_session_and_another(session: Any, source: Source) -> None:
    """The source of A asks B, which is fetched in the same thread; asking A is refused there."""
    seen: list[Any] = []

    def outer() -> Any:
        seen.append(session.credentials["access_key"])
        with pytest.raises(Exception, match="own session"):
            other.refreshable_credentials()
        return {"access_key": "O", "secret_key": "S", "token": "T", "expiry_time": "never"}

    with made(outer) as other:
        assert other.credentials["access_key"] == "O"
    assert seen == ["A1"]
    assert source.threads == [threading.current_thread()]


@pytest.mark.parametrize("wrong", ["callers", None, True, b"caller"])
def test_other_values_are_refused(source: Source, wrong: Any) -> None:
    with pytest.raises(EvercredsValidationError, match="refresh_in must be") as caught:
        RefreshableSession(method="custom", custom_credentials_method=source, refresh_in=wrong)
    assert caught.value.param == "refresh_in"


@pytest.mark.once
def test_the_scenarios_of_callers() -> None:
    """Those of testdata/host-callers, as ./task hosts plays the others (docs/reference/host.md)."""
    # Relative: the runner splits the command at blanks, which the project's path may have.
    program = [sys.executable, str(Path(__file__).with_name("host_executor.py"))]
    executor = " ".join(os.path.relpath(each, ROOT) for each in program)
    scenarios = sorted((ROOT / "testdata" / "host-callers").glob("*.trace"))
    assert len(scenarios) >= 10
    played = subprocess.run(
        ["go", "run", "./internal/conformance", "-scenarios", "-patience", "60s"]
        + ["-executor", f"{executor} --refresh-in-callers"]
        + [str(each.relative_to(ROOT)) for each in scenarios],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    wanted = f"host scenarios: {len(scenarios)} scenarios, 1 hosts, 0 differences"
    assert played.stdout.splitlines()[-1:] == [wanted], played.stdout + played.stderr


XRAY = """
import logging, os, sys
from aws_xray_sdk.core import patch, xray_recorder

errors = []
class Handler(logging.Handler):
    def emit(self, record):
        errors.append(record.getMessage())
logging.getLogger("aws_xray_sdk").addHandler(Handler())
xray_recorder.configure(context_missing=sys.argv[1], sampling=False)
sent = []
class Emitter:
    def send_entity(self, entity):
        sent.append(entity)
xray_recorder.emitter = Emitter()
patch(["botocore"])
from evercreds import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={"RoleArn": os.environ["ROLE"]},
    sts_client_kwargs={"endpoint_url": os.environ["STAND_IN"]},
    refresh_in=sys.argv[2], max_wait=0,
)
xray_recorder.begin_segment("request")
session.refresh()
session.refresh()
xray_recorder.end_segment()
assert not errors, errors
names = [each.name for each in sent[0].subsegments]
print(len(sent), names.count("sts"))
"""


@pytest.mark.once
@pytest.mark.parametrize("missing", ["RUNTIME_ERROR", "LOG_ERROR"])
@pytest.mark.parametrize(("refresh_in", "traced"), [("worker", 0), ("caller", 2)])
def test_xray(stand_in: StandIn, role: str, missing: str, refresh_in: str, traced: int) -> None:
    """The calls of a worker are not traced, and X-Ray says nothing; those of a caller are."""
    done = running.run(XRAY, missing, refresh_in, **running.addresses(stand_in, role))
    assert done.stdout == f"1 {traced}\n", done.stderr
