"""A forked child goes on with the session, whatever the parent's threads were doing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn, ended_well, in_child, until
from evercreds._library import library

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

FORKS = 200


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

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join(20)


def test_200_forks_of_a_busy_parent(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """Each child makes a signed call and refreshes; none hangs."""
    session = sts_session()
    session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()

    def work() -> None:
        before = session.credentials
        assert session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]
        session.refresh()
        assert session.credentials["access_key"] != before["access_key"]
        assert session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]

    # Two at a time, so that the machine serves each within its time.
    with busy(session):
        under_way: list[int] = []
        for _ in range(FORKS):
            under_way.append(in_child(work, seconds=60))
            if len(under_way) == 2:
                assert ended_well(under_way.pop(0))
        assert all(ended_well(pid) for pid in under_way)
    assert stand_in.calls(role)["successes"] > FORKS


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


def test_where_there_are_no_anonymous_files_a_temporary_one_serves(
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
    stand_in.fault("latency", role=role, latency_ms=1500, count=1)
    fetching = threading.Thread(target=credentials.get_frozen_credentials)
    fetching.start()
    until(lambda: session.status().is_refreshing)
    threading.Event().wait(0.2)  # so that the fault has taken the parent's call

    def child() -> None:
        assert not session.status().is_refreshing
        before = session.status().counters["installs"]
        credentials.get_frozen_credentials()
        until(lambda: session.status().counters["installs"] > before)

    pid = in_child(child)
    assert ended_well(pid)
    fetching.join(10)
    wanted = 1 if when == "first" else 2
    until(lambda: session.status().counters["installs"] == wanted)


def test_an_eager_session_stays_fresh_in_the_child(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.lifetime(role, 3)
    session = sts_session(defer_refresh=False)

    def child() -> None:
        session.status()  # the first use
        session.get_credentials().get_frozen_credentials()
        before = session.status().counters["installs"]
        threading.Event().wait(2.5)
        assert session.status().counters["installs"] > before

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
