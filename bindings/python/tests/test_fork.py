"""A forked child goes on with the session, whatever the parent's threads were doing."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, SessionMaker, StandIn, ended_well, in_child, until
from evercreds import RefreshableSession
from evercreds._library.loading import library
from fork_counts import BUSY, EACH, PARKED, went_on
from running import PROGRAMS, run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def good() -> dict[str, str]:
    expiry = "2999-01-01T00:00:00Z"
    return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": expiry}


@contextmanager
def busy(session: Any, threads: int = 4) -> Iterator[None]:
    """Have threads use the session in every way, all the time."""
    stop = threading.Event()

    def work() -> None:
        at = 0
        while not stop.is_set():
            at += 1
            session.get_credentials().get_frozen_credentials()
            session.credentials_for(min_ttl=1)
            session.status()
            if at % 50 == 0:
                session.refresh()
            stop.wait(0.001)  # or the children would be waiting for the processor, and no more

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join(60)


def fork_often(count: int, work: Callable[[], None]) -> None:
    """Fork children that do this work, a few at a time, so that each is served within its time."""
    under_way: list[int] = []
    for _ in range(count):
        under_way.append(in_child(work, seconds=90))
        if len(under_way) == 4:
            assert ended_well(under_way.pop(0))
    assert [pid for pid in under_way if not ended_well(pid)] == []


@pytest.mark.slow
def test_forks_of_a_busy_parent(sts_session: SessionMaker, stand_in: StandIn, role: str) -> None:
    """Each child makes signed calls and refreshes; none hangs."""
    session = sts_session()
    client = functools.partial(session.client, "s3", endpoint_url=stand_in.endpoint)
    client().list_buckets()

    def work() -> None:
        before = session.credentials
        session.refresh()
        assert session.credentials["access_key"] != before["access_key"]
        assert client().list_buckets()["Buckets"]

    with busy(session):
        fork_often(BUSY, work)
    assert stand_in.calls(role)["successes"] > BUSY
    went_on("busy-parent", BUSY)


def test_forks_while_others_are_in_tls(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """The parent's refreshes each make a connection of their own, and so do the children's."""
    endpoint, ca = stand_in.introduction["tls_endpoint"], stand_in.introduction["ca"]
    session = sts_session(sts_client_kwargs={"endpoint_url": endpoint, "verify": ca})
    source = session._host.loop.source

    def connect_anew(stop: threading.Event) -> None:
        while not stop.is_set():
            source.after_fork()
            session.refresh()

    stop = threading.Event()
    threads = [threading.Thread(target=connect_anew, args=[stop], daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        fork_often(50, session.refresh)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert stand_in.calls(role)["successes"] > 50


def test_a_child_that_fails_says_why() -> None:
    def fail() -> None:
        raise LookupError("its own words")

    with pytest.raises(AssertionError, match=r"exited with 1, and said: (.|\n)*its own words"):
        ended_well(in_child(fail))
    with pytest.raises(AssertionError, match="was ended by SIGKILL, and said: nothing"):
        ended_well(in_child(lambda: os.kill(os.getpid(), signal.SIGKILL)))


def test_a_child_of_a_child(sts_session: SessionMaker) -> None:
    session = sts_session()
    session.refresh()

    def grandchild() -> None:
        session.refresh()

    def child() -> None:
        session.refresh()
        handle = library()._handle
        pid = in_child(grandchild)
        assert ended_well(pid)
        assert library()._handle == handle
        session.refresh()

    assert ended_well(in_child(child))
    session.refresh()


def test_the_child_has_a_library_of_its_own(sts_session: SessionMaker) -> None:
    session = sts_session()
    session.refresh()
    handle = library()._handle

    def child() -> None:
        session.refresh()
        assert library()._handle != handle

    assert ended_well(in_child(child))


def test_a_temporary_file_replaces_an_anonymous_one(
    sts_session: SessionMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = sts_session()
    session.refresh()
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    handle = library()._handle

    def child() -> None:
        session.refresh()
        assert library()._handle != handle

    assert ended_well(in_child(child))
    assert list(tmp_path.iterdir()) == [], "the copy is removed"


@pytest.mark.parametrize("form", ["shared", "wasm"])
def test_forks_that_python_is_not_told_of(form: str) -> None:
    """`A asks; B holds the locks; A's process is forked in C; the child asks, and refreshes`."""
    environment = {}
    if form == "wasm":
        module = ROOT / "build" / "evercreds.wasm"
        if not module.exists() or find_spec("wasmtime") is None:
            pytest.skip("build/evercreds.wasm is not built (./task build:wasm)")
        environment["EVERCREDS_LIBRARY"] = str(module)
    source = (PROGRAMS / "c_forks.py").read_text()
    done = run(source, str(EACH), seconds=600 + 5 * EACH, **environment)
    assert done.stdout == f"{EACH} forks in C, {EACH} well\n", done.stderr
    went_on(f"c-{form}", EACH)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="there is no parking lot yet")
def test_a_fork_in_c_forgets_parked_threads() -> None:
    """`threads of A's wait, ours and the user's; A is forked in C; the child's threads wait`."""
    source = (PROGRAMS / "parked.py").read_text()
    done = run(source, str(PARKED), "60", seconds=120 + PARKED)
    assert done.stdout == f"{PARKED} forks, {PARKED} well\n", done.stderr
    went_on("c-parked", PARKED)


@pytest.mark.parametrize("when", ["first", "advisory"])
def test_a_fork_during_a_fetch(
    sts_session: SessionMaker, stand_in: StandIn, role: str, when: str
) -> None:
    """The parent's fetch never ends in the child, which starts one of its own."""
    stand_in.lifetime(role, 10)
    session = sts_session(advisory_timeout=9, mandatory_timeout=0)
    credentials = session.get_credentials()
    if when == "advisory":
        session.refresh()
        threading.Event().wait(1.2)
    stand_in.fault("latency", role=role, latency_ms=3000, count=1)
    fetching = threading.Thread(target=credentials.get_frozen_credentials)
    fetching.start()
    until(lambda: session.status().refreshing)
    threading.Event().wait(0.2)  # so that the fault has taken the parent's call

    def child() -> None:
        assert not session.status().refreshing
        before = session.status().counters["installs"]
        credentials.get_frozen_credentials()
        until(lambda: session.status().counters["installs"] > before)

    pid = in_child(child)
    assert ended_well(pid)
    fetching.join(60)
    wanted = 1 if when == "first" else 2
    until(lambda: session.status().counters["installs"] == wanted)


SLOW_MODULE = """
import threading
threading.Event().wait(0.5)
expiry_time = "2999-01-01T00:00:00Z"
"""


def test_a_fork_while_an_attempt_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of a module that is being imported would be held in the child for ever."""
    (tmp_path / "slow_module_of_a_provider.py").write_text(SLOW_MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    begun = threading.Event()

    def provider() -> dict[str, str]:
        begun.set()
        expiry: str = importlib.import_module("slow_module_of_a_provider").expiry_time
        return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": expiry}

    session = RefreshableSession(method="custom", custom_credentials_method=provider)
    first = threading.Thread(target=session.refresh)
    first.start()
    assert begun.wait(60)
    assert ended_well(in_child(session.refresh))
    first.join(60)


def test_a_fork_while_another_thread_notes_what_is_to_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`A asks; the answer is being taken down; A's process is forked; the child asks`."""
    session = RefreshableSession(method="custom", custom_credentials_method=good)
    reader, parent = session._host.loop._teller.reader, os.getpid()
    read = reader.of_set
    begun, may_end = threading.Event(), threading.Event()

    def slow(*given: Any) -> Any:
        if os.getpid() == parent:
            begun.set()
            may_end.wait(60)
        return read(*given)

    monkeypatch.setattr(reader, "of_set", slow)
    first = threading.Thread(target=session.refresh)
    first.start()
    try:
        assert begun.wait(60)
        assert ended_well(in_child(session.refresh))
    finally:
        may_end.set()
        first.join(60)


def test_an_eager_session_stays_fresh_in_the_child(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.lifetime(role, 8)  # which is more than a busy machine takes to bring a set
    session = sts_session(defer_refresh=False)

    def child() -> None:
        session.status()  # the first use
        session.get_credentials().get_frozen_credentials()
        before = session.status().counters["installs"]
        until(lambda: session.status().counters["installs"] > before, seconds=60)

    assert ended_well(in_child(child))


def test_garbage_of_the_parent_is_not_touched_in_the_child(sts_session: SessionMaker) -> None:
    sessions = [sts_session() for _ in range(5)]

    def child() -> None:
        import gc

        sessions.clear()
        gc.collect()

    assert ended_well(in_child(child))


PROGRAM = """
import os, signal, threading, time
from evercreds import RefreshableSession

caught = []
signal.signal(signal.SIGTERM, lambda *_: caught.append(1))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
session = RefreshableSession(method="custom", custom_credentials_method=dict)
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGUSR1}, "the mask has changed"
blocked = sum(
    1
    for task in os.listdir("/proc/self/task")
    if int(task) != os.getpid()
    for line in open(f"/proc/self/task/{task}/status")
    if line.startswith("SigBlk:") and int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1 == 0
)
assert blocked == 0, f"{blocked} threads of the library take SIGTERM"
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(0.05)
assert not caught, "a blocked signal was delivered"
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
time.sleep(0.05)
assert caught == [1]
print("well")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_signals_stay_with_python() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "well\n", done.stderr
    assert done.returncode == 0
