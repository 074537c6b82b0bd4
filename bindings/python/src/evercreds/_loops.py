"""Waiting in event loops: no thread waits for each coroutine that does."""

from __future__ import annotations

import asyncio
import contextlib
import threading

__all__ = ["Bell"]

_Waiters = set["asyncio.Future[None]"]


class Bell:
    """Rings once, and wakes the coroutines that wait for it, in whichever loops they run."""

    __slots__ = ("_lock", "_waiting")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.AbstractEventLoop, _Waiters] | None = {}

    def ring(self) -> None:
        """Wake all who wait. Called from any thread; waits for none of the loops."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        for loop, waiters in (waiting or {}).items():
            # A loop that has been closed has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_wake, waiters)

    async def wait(self, timeout_s: float) -> None:
        """Wait until it has rung, or this many seconds at most."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._waiting is None:
                return
            self._waiting.setdefault(loop, set()).add(waiter)
        timer = loop.call_later(max(timeout_s, 0.0), _wake, {waiter})
        try:
            await waiter
        finally:
            timer.cancel()
            self._forget(loop, waiter)

    def _forget(self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[None]) -> None:
        """Let go of one who waits no longer: cancelled, perhaps, with the flight still on."""
        with self._lock:
            waiting = self._waiting
            waiters = None if waiting is None else waiting.get(loop)
            if waiting is None or waiters is None:
                return
            waiters.discard(waiter)
            if not waiters:
                del waiting[loop]


def _wake(waiters: _Waiters) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
