"""Many callers at once: one refresh for all of them, and nobody waits for an advisory one."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import SessionMaker, StandIn, in_threads, until
from evercreds import RefreshableSession
from evercreds._waiting.clock import SYSTEM_CLOCK

CALLERS = 200


def test_one_call_serves_all_who_wait(
    sts_session: SessionMaker, stand_in: StandIn, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is turned: on a busy machine a crowd takes longer than a short life."""
    turned_ns, elapsed_ns = 0, SYSTEM_CLOCK.elapsed_ns
    monkeypatch.setattr(SYSTEM_CLOCK, "elapsed_ns", lambda: elapsed_ns() + turned_ns)
    monkeypatch.setattr(SYSTEM_CLOCK, "wall_ns", lambda: time.time_ns() + turned_ns)
    session = sts_session()
    credentials = session.get_credentials()
    for refreshes in (1, 2, 3):
        frozen = in_threads(CALLERS, credentials.get_frozen_credentials)
        assert len({each.access_key for each in frozen}) == 1
        counts = stand_in.calls(role)
        assert counts["attempts"] == counts["successes"] == refreshes
        assert counts["concurrent_max"] == 1
        turned_ns += int((session.status().remaining + 1) * 1e9)


def test_one_failure_is_told_to_all_who_wait(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.fault("access_denied", role=role, latency_ms=300)
    credentials = sts_session().get_credentials()
    outcomes = in_threads(CALLERS, credentials.get_frozen_credentials)
    assert all(isinstance(each, ClientError) for each in outcomes)
    assert stand_in.calls(role)["attempts"] == 1


class WatchedClock:
    """Tells how often callers have waited: by no clock, since a busy machine makes all wait."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.waits = 0

    def wait(self, bell: Any, until_ms: int) -> None:
        self.waits += 1
        self._inner.wait(bell, until_ms)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_nobody_waits_or_fails_in_an_advisory_outage(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.lifetime(role, 60)
    session = sts_session(advisory_timeout=58, mandatory_timeout=1)
    s3 = session.client("s3", endpoint_url=stand_in.endpoint)
    credentials = session.get_credentials()
    first = credentials.get_frozen_credentials()
    stand_in.fault("http", role=role, latency_ms=2000)
    called, is_over = [0], threading.Event()
    watched = session._host.clock = WatchedClock(session._host.clock)

    def call() -> None:
        while not is_over.is_set():
            credentials.get_frozen_credentials()
            if threading.current_thread().name.endswith("-call"):
                s3.list_buckets()
                called[0] += 1
            time.sleep(0.01)

    def counted(name: str, count: int) -> bool:
        return bool(session.status().counters[name] >= count)

    callers = [threading.Thread(target=call) for _ in range(16)]
    callers.append(threading.Thread(target=call, name="one-call"))
    for caller in callers:
        caller.start()
    try:
        until(lambda: counted("failures", 1))
        stand_in.clear_faults()
        until(lambda: counted("installs", 2))
    finally:
        is_over.set()
        for caller in callers:
            caller.join()
    assert not watched.waits, "a caller waited for the source"
    assert called[0] > 0
    assert credentials.get_frozen_credentials() != first
    counts = stand_in.calls(role)
    assert counts["concurrent_max"] == 1


def test_the_hot_path_asks_nobody(
    sts_session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sts_session()
    credentials = session.get_credentials()
    first = credentials.get_frozen_credentials()
    monkeypatch.setattr(session._host, "obtain", None)  # a call of it would fail
    assert all(credentials.get_frozen_credentials() is first for _ in range(100))


def test_a_caller_who_is_interrupted_takes_nobody_down(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.fault("latency", role=role, latency_ms=600)
    session = sts_session()

    class Interrupted(BaseException):
        pass

    def interrupted_wait(bell: object, until_ms: int) -> None:
        raise Interrupted

    outcome: list[object] = []
    waiter = threading.Thread(target=lambda: outcome.append(session.credentials))
    patient = session._host.clock

    class Impatient:
        def __getattr__(self, name: str) -> object:
            return getattr(patient, name)

        wait = staticmethod(interrupted_wait)

    session._host.clock = Impatient()
    with pytest.raises(Interrupted):
        session._host.obtain()
    session._host.clock = patient
    waiter.start()
    waiter.join(60)
    assert outcome
    assert stand_in.calls(role)["attempts"] == 1


def test_everything_at_once(sts_session: SessionMaker, stand_in: StandIn, role: str) -> None:
    """Whatever threads do at the same time, each gets what it asked for."""
    stand_in.lifetime(role, 30)  # a busy machine takes seconds to bring a set
    session = sts_session(policy="adaptive")
    numbers = itertools.count()

    def reply() -> dict[str, str]:
        return {
            "access_key": f"A{next(numbers)}",
            "secret_key": "s",
            "token": "t",
            "expiry_time": "2999-01-01T00:00:00Z",
        }

    def work() -> int:
        calls = 0
        for at in range(12):
            policy = "LRU" if at % 2 else "LFU"
            region = f"us-east-{1 + at % 3}"
            client = session.client(
                "s3",
                endpoint_url=stand_in.endpoint,
                region_name=region,
                eviction_policy=policy,
                max_size=2,
            )
            assert client.meta.region_name == region
            if region == "us-east-1":
                calls += len(client.list_buckets()["Buckets"]) > 0
            if at % 4 == 0:
                session.refresh()
            else:
                assert session.credentials_for(min_ttl=0.01)["token"]
            assert session.status().counters["installs"] > 0
            # One that comes and goes, and gives its handle back in any of the threads.
            with RefreshableSession(method="custom", custom_credentials_method=reply) as other:
                other.refresh()
                assert other.credentials["access_key"].startswith("A")
        return calls

    assert in_threads(8, work) == [4] * 8
    assert stand_in.calls(role)["concurrent_max"] == 1
