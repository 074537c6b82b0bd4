"""method="iot" in forked children: no thread, connection or destructor of the parent's."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
import weakref
from typing import Any

import pytest

from conftest import SessionMaker, StandIn, ended_well, in_child, until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

ALIAS = "stand-in-alias"
FORKS = 40


def test_a_child_after_a_refresh(iot_session: SessionMaker, stand_in: StandIn) -> None:
    """The parent's connection is kept, and goes on after the child has had its own."""
    session = iot_session()
    session.refresh()

    def work() -> None:
        first = session.credentials
        session.refresh()
        assert session.credentials["access_key"] != first["access_key"]
        assert session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]

    for _ in range(3):
        assert ended_well(in_child(work))
        session.refresh()
    assert stand_in.alias_calls()["successes"] == 7


def test_a_child_during_the_first_refresh(iot_session: SessionMaker, stand_in: StandIn) -> None:
    stand_in.fault("latency", alias=ALIAS, latency_ms=1500, count=1)
    session = iot_session()
    caller = threading.Thread(target=session.refresh, daemon=True)
    caller.start()
    until(lambda: stand_in.alias_calls()["attempts"] == 1)
    assert ended_well(in_child(lambda: session.refresh()))
    caller.join(60)
    assert not caller.is_alive()
    assert stand_in.alias_calls()["successes"] == 2


def test_children_of_a_busy_parent(iot_session: SessionMaker, stand_in: StandIn) -> None:
    """The forks come at any point of an attempt: while loop, context or connection are made."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def keep_busy() -> None:
        while not stop.is_set():
            try:
                session = iot_session()
                session.refresh()
                session.refresh()
                session.close()
                shared.refresh()
            except BaseException as error:
                failures.append(error)
                return

    shared = iot_session()
    worker = threading.Thread(target=keep_busy, daemon=True)
    worker.start()
    try:
        for _ in range(FORKS):
            assert ended_well(in_child(shared.refresh))
    finally:
        stop.set()
        worker.join(60)
    assert not failures


def test_nothing_of_the_parents_is_destroyed_in_a_child(
    iot_session: SessionMaker, stand_in: StandIn
) -> None:
    """A destructor may wait for threads that are not there, or end what the parent still uses."""
    session = iot_session()
    session.refresh()
    connection, context, _ = session._https._idle
    inherited = [
        weakref.ref(each) for each in (session._https._loop._bootstrap, connection, context)
    ]
    del connection, context

    def work() -> None:
        session.close()
        session._https = session._tls_identity = session._host.loop.source = None
        gc.collect()
        assert all(each() is not None for each in inherited)

    assert ended_well(in_child(work))
    session.refresh()
    assert stand_in.alias_calls()["successes"] == 2


def refresh_in_a_process(session: Any) -> None:
    session.refresh()


def test_a_child_that_ends_as_python_ends(iot_session: SessionMaker, stand_in: StandIn) -> None:
    """Not by os._exit: its modules are torn down, and its objects destroyed."""
    session = iot_session()
    session.refresh()
    child = multiprocessing.get_context("fork").Process(
        target=refresh_in_a_process, args=(session,)
    )
    child.start()
    child.join(60)
    assert child.exitcode == 0
    session.refresh()
    assert stand_in.alias_calls()["successes"] == 3


def test_a_child_of_a_child(iot_session: SessionMaker) -> None:
    session = iot_session()
    session.refresh()

    def child() -> None:
        session.refresh()
        assert ended_well(in_child(session.refresh))
        session.refresh()

    assert ended_well(in_child(child))
