"""A caller with nothing to be served waits for the next attempt, at most ``max_wait``."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from conftest import HandClock, until
from evercreds import RefreshableSession
from evercreds._host.host import Host
from evercreds._library.needs import Need
from test_core import Source, make

pytestmark = pytest.mark.waits


@pytest.fixture
def source(hand_clock: HandClock) -> Source:
    made = Source(hand_clock)
    made.fails = LookupError("down")
    return made


class Callers:
    """Threads that ask, and what each was told."""

    def __init__(self, core: Host, count: int, need: Need | None = None) -> None:
        self.core = core
        self.told: list[Any] = []
        self.threads = [
            threading.Thread(target=self._ask, args=(need or Need(),), daemon=True)
            for _ in range(count)
        ]
        for thread in self.threads:
            thread.start()

    def _ask(self, need: Need) -> None:
        try:
            self.told.append(str(self.core.obtain(need).frozen.access_key))
        except Exception as error:
            self.told.append(type(error))

    def pausing(self) -> int:
        """Count those who wait for an attempt that nobody has begun."""
        return len(self.core.loop.pause_bell._threads)

    def all_pause(self) -> None:
        until(lambda: self.pausing() + len(self.told) == len(self.threads), 60)

    def join(self) -> list[Any]:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a caller hangs"
        return self.told


def test_an_attended_session_tells_at_once(source: Source) -> None:
    with pytest.raises(LookupError):
        make(source, attended=True).obtain()


def test_a_thread_of_an_event_loop_does_not_wait(source: Source) -> None:
    """What blocks a loop's thread blocks all that runs there, so it is told at once."""
    core = make(source)

    async def main() -> None:
        core.obtain()

    with pytest.raises(LookupError):
        asyncio.run(main())


def test_a_coroutine_waits_and_can_be_cancelled(source: Source, hand_clock: HandClock) -> None:
    core = make(source)

    async def main() -> list[Any]:
        waiting = [asyncio.ensure_future(core.obtain_in_loop()) for _ in range(5)]
        while len(core.loop.pause_bell._coroutines) < 5:
            await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0)
        assert len(core.loop.pause_bell._coroutines) == 4
        source.fails = None
        core.loop.put(lambda machine: machine.invalidate(0))
        hand_clock.turn(6)
        return await asyncio.gather(*waiting, return_exceptions=True)

    told = asyncio.run(asyncio.wait_for(main(), 60))
    assert isinstance(told[0], asyncio.CancelledError)
    assert len({each.frozen.access_key for each in told[1:]}) == 1


def test_an_interrupt_ends_the_wait_of_one(source: Source, hand_clock: HandClock) -> None:
    core = make(source)
    others = Callers(core, 2)
    others.all_pause()

    def strike(*_: Any) -> None:
        raise KeyboardInterrupt

    hand_clock.wait = strike  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        core.obtain()
    del hand_clock.wait
    calls, source.fails = source.calls, None
    hand_clock.turn(6)
    assert others.join() == [f"A{calls + 1}"] * 2


def test_max_wait_is_half_a_minute_by_default() -> None:
    """By the system's clock: the source fails twice, and the caller is served all the same."""
    failures = iter([LookupError("down"), LookupError("down")])

    def fetch() -> dict[str, str]:
        for failure in failures:
            raise failure
        return {
            "access_key": "A",
            "secret_key": "s",
            "token": "t",
            "expiry_time": "2099-01-01T00:00:00Z",
        }

    with RefreshableSession(
        method="custom", custom_credentials_method=fetch, region_name="us-east-1"
    ) as session:
        assert session.credentials["access_key"] == "A"
        assert session.status().counters["failures"] == 2


def test_aws_lambda_tells_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")

    def fetch() -> None:
        raise LookupError("down")

    with (
        RefreshableSession(
            method="custom", custom_credentials_method=fetch, region_name="us-east-1"
        ) as session,
        pytest.raises(LookupError),
    ):
        session.credentials  # noqa: B018
    assert session.status().counters["starts"] == 1
