"""Coroutines get credentials without ever blocking their event loop."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import SessionMaker, StandIn, ended_well, in_child, until
from evercreds import (
    EvercredsCredentialError,
    EvercredsValidationError,
    RefreshableSession,
)

MANY = 1000


class Held:
    """A source that gives its answer only when it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.asked = threading.Event()
        self.let_go = threading.Event()
        self.session = RefreshableSession(
            method="custom", custom_credentials_method=self._give, refresh_timeout=60
        )

    def _give(self) -> dict[str, Any]:
        self.calls += 1
        self.asked.set()
        assert self.let_go.wait(60), "the loop did not go on while the source hung"
        if self.error is not None:
            raise self.error
        now = datetime.datetime.now(datetime.timezone.utc)
        number = str(self.calls)
        return {
            "access_key": "AK" + number,
            "secret_key": "secret",
            "token": "token" + number,
            "expiry_time": now + datetime.timedelta(hours=1),
        }


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.let_go.set()
    made.session.close()


async def begun(held: Held) -> None:
    while not held.asked.is_set():
        await asyncio.sleep(0.005)


def waiting_in_loops(session: Any) -> int:
    """How many coroutines wait for the flight under way."""
    flights = list(session._host.loop.flights)
    return sum(len(flight.bell._coroutines) for flight in flights)


def test_the_loop_goes_on_while_the_source_hangs(held: Held) -> None:
    """Measured by the loop itself: the source answers only after a hundred turns of it."""

    async def tick() -> None:
        await begun(held)
        for _ in range(100):
            await asyncio.sleep(0.001)
        held.let_go.set()

    async def main() -> Any:
        return await asyncio.gather(held.session.async_credentials(), tick())

    credentials, _ = asyncio.run(main())
    assert credentials["access_key"] == "AK1"


def test_a_lease_suspends_no_coroutine(held: Held) -> None:
    held.let_go.set()
    held.session.refresh()
    with pytest.raises(StopIteration) as ended:
        held.session.async_credentials().send(None)
    assert ended.value.value == held.session.credentials


def test_coroutines_wait_without_a_thread_each(held: Held) -> None:
    async def main() -> list[Any]:
        before = threading.active_count()
        waiting = [asyncio.create_task(held.session.async_credentials()) for _ in range(MANY)]
        await begun(held)
        while waiting_in_loops(held.session) < MANY:
            await asyncio.sleep(0.005)
        assert threading.active_count() <= before + 1, "no more than the one that fetches"
        held.let_go.set()
        return await asyncio.gather(*waiting)

    served = asyncio.run(main())
    assert len(served) == MANY
    assert {each["access_key"] for each in served} == {"AK1"}
    assert held.calls == 1


def test_threads_and_event_loops_share_one_flight(held: Held) -> None:
    served: list[str] = []

    def in_a_loop() -> None:
        async def main() -> list[Any]:
            return await asyncio.gather(*(held.session.async_credentials() for _ in range(20)))

        served.extend(each["access_key"] for each in asyncio.run(main()))

    def in_a_thread() -> None:
        served.append(held.session.credentials["access_key"])

    threads = [
        threading.Thread(target=run, daemon=True) for run in [in_a_loop] * 5 + [in_a_thread] * 5
    ]
    for thread in threads:
        thread.start()
    until(lambda: waiting_in_loops(held.session) == 100)
    held.let_go.set()
    for thread in threads:
        thread.join(60)
    assert served == ["AK1"] * 105
    assert held.calls == 1


def test_who_is_cancelled_leaves_the_flight_to_the_others(held: Held) -> None:
    async def main() -> list[Any]:
        tasks = [asyncio.create_task(held.session.async_credentials()) for _ in range(3)]
        forced = asyncio.create_task(held.session.async_refresh())
        await begun(held)
        while waiting_in_loops(held.session) < 4:
            await asyncio.sleep(0.005)
        tasks[0].cancel()  # the one that set it off
        forced.cancel()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(tasks[1], 0.05)
        await asyncio.wait(tasks[:2])
        assert waiting_in_loops(held.session) == 1
        held.let_go.set()
        return await asyncio.gather(*tasks, forced, return_exceptions=True)

    first, second, third, forced = asyncio.run(main())
    assert all(isinstance(each, asyncio.CancelledError) for each in (first, second, forced))
    assert third["access_key"] == "AK1"
    assert held.calls == 1
    assert held.session.status().counters["installs"] == 1


def test_a_loop_that_has_gone_is_nobody_to_wait_for(held: Held) -> None:
    """Coroutines that were left behind in a closed loop do not keep others from their answer."""
    loop = asyncio.new_event_loop()
    abandoned = loop.create_task(held.session.async_credentials())
    loop.run_until_complete(begun(held))
    assert waiting_in_loops(held.session) == 1
    loop.close()
    held.let_go.set()
    assert held.session.credentials["access_key"] == "AK1"
    until(lambda: not held.session.status().refreshing)
    abandoned.get_coro().close()  # type: ignore[union-attr]
    abandoned._log_destroy_pending = False  # type: ignore[attr-defined]


def test_a_hanging_source_frees_all_at_the_deadline() -> None:
    let_go = threading.Event()
    session = RefreshableSession(
        method="custom", custom_credentials_method=let_go.wait, refresh_timeout=1, max_wait=0
    )

    async def main() -> list[Any]:
        waiting = [session.async_credentials() for _ in range(50)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    try:
        outcomes = asyncio.run(asyncio.wait_for(main(), 30))
    finally:
        let_go.set()
    assert [each.code for each in outcomes] == ["timed_out"] * 50
    assert session.status().counters["time_outs"] == 1
    session.close()


def test_a_failure_is_one_outcome_for_all(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.fault("access_denied", role=role, latency_ms=300)
    session = sts_session()

    async def main() -> list[Any]:
        waiting = [session.async_credentials() for _ in range(200)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    outcomes = asyncio.run(main())
    assert all(isinstance(each, ClientError) for each in outcomes)
    assert len(set(map(id, outcomes))) == len(outcomes), "each has an error of its own"
    assert len({id(each.__cause__) for each in outcomes}) == 1
    assert stand_in.calls(role)["attempts"] == 1


def test_a_refresh_now(held: Held) -> None:
    held.let_go.set()

    async def main() -> None:
        await held.session.async_refresh()
        assert held.session.credentials["access_key"] == "AK1"
        held.error = ValueError("the source is down")
        with pytest.raises(ValueError, match="the source is down"):
            await held.session.async_refresh()
        assert (await held.session.async_credentials())["access_key"] == "AK1"

    asyncio.run(main())


def test_min_ttl_for_a_coroutine(held: Held) -> None:
    held.let_go.set()

    async def main() -> None:
        half = datetime.timedelta(minutes=30)
        assert (await held.session.async_credentials(min_ttl=half))["access_key"] == "AK1"
        with pytest.raises(EvercredsCredentialError) as caught:
            await held.session.async_credentials(min_ttl=7200)
        assert caught.value.code == "min_ttl"
        with pytest.raises(EvercredsValidationError, match="min_ttl"):
            await held.session.async_credentials(min_ttl=-1)

    asyncio.run(main())


def test_the_end_of_an_async_with_answers_those_who_wait(held: Held) -> None:
    async def main() -> list[Any]:
        async with held.session as session:
            tasks = [asyncio.create_task(session.async_credentials()) for _ in range(3)]
            await begun(held)
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert [each.code for each in asyncio.run(main())] == ["closed"] * 3
    with pytest.raises(EvercredsCredentialError, match="closed: make a new session"):
        asyncio.run(held.session.async_credentials())


def test_a_coroutine_asks_again_after_a_restore(held: Held) -> None:
    async def main() -> Any:
        waiting = asyncio.create_task(held.session.async_credentials())
        await begun(held)
        while waiting_in_loops(held.session) < 1:
            await asyncio.sleep(0.005)
        held.session._host.loop._machine.forget()  # as after a failure of the library
        held.session.status()
        held.let_go.set()
        return await waiting

    assert asyncio.run(main())["access_key"] in ("AK1", "AK2")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_of_a_process_with_waiting_coroutines(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session()
    source, process, may_go = session._host.loop.source, os.getpid(), threading.Event()
    fetch = source.fetch

    def held() -> Any:
        if os.getpid() == process:
            may_go.wait(120)
        return fetch()

    source.fetch = held
    served: list[Any] = []

    async def main() -> list[Any]:
        return await asyncio.gather(*(session.async_credentials() for _ in range(50)))

    parent = threading.Thread(target=lambda: served.extend(asyncio.run(main())), daemon=True)
    parent.start()
    until(lambda: waiting_in_loops(session) == 50)

    def child() -> None:
        assert not session.status().refreshing
        credentials = asyncio.run(main())
        assert len({each["access_key"] for each in credentials}) == 1
        assert session.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]

    try:
        assert ended_well(in_child(child))
    finally:
        may_go.set()
        parent.join(60)
    assert len({each["access_key"] for each in served}) == 1
    assert len(served) == 50
    assert stand_in.calls(role)["successes"] == 2


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aiobotocore", "aiobotocore.config"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "evercreds.aio", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'evercreds\[aio\]'"):
        importlib.import_module("evercreds.aio")
