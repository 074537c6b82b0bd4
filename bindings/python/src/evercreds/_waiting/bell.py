"""Waiting for something that happens once: for threads, and for coroutines.

Nothing here is a lock that several threads take. An interrupt (Ctrl-C, or whatever a signal handler
raises) may come at any step of who waits, and inside an ``Event`` or ``Condition`` it would leave
their lock held, with everybody else before it. So each who waits has a lock of its own.

That lock is made when the wait begins, of the kind that ``threading.Lock`` is then. Where gevent or
eventlet have put theirs there, it makes way for their other work; the system's would stop it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

__all__ = ["Bell"]

_LONGEST_STEP_S = 1.0


class Bell:
    """Rings once, and wakes all who wait for it."""

    __slots__ = ("_coroutines", "_threads", "has_rung")

    def __init__(self) -> None:
        self.has_rung: bool = False
        # No list: the last of many would look at all before it to leave.
        self._threads: dict[threading.Lock, None] = {}
        self._coroutines: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}

    def ring(self) -> None:
        """Wake all who wait. Called from any thread, also again; waits for nobody."""
        # First: who comes from now on looks at this after it has put itself into the list.
        self.has_rung = True
        try:
            self._wake()
        finally:
            self._wake()  # once more: an interrupt may have cut the first short

    def _wake(self) -> None:
        for lock in self._threads.copy():
            with contextlib.suppress(RuntimeError, ValueError):  # it is free already
                lock.release()
        loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for waiter, loop in self._coroutines.copy().items():
            loops.setdefault(loop, []).append(waiter)
        for loop, waiters in loops.items():
            # A loop that has been closed has nobody left who waits; and others wait in loops of
            # other kinds, which may raise anything.
            with contextlib.suppress(Exception):
                loop.call_soon_threadsafe(_end, waiters)

    def wait(self, left_s: Callable[[], float]) -> None:
        """Wait in a thread until it has rung, or no time is left.

        Args:
            left_s: Gives the time that is left for that, in seconds.
        """
        lock = threading.Lock()
        lock.acquire()
        self._threads[lock] = None
        try:
            if not self.has_rung:
                _acquire(lock, left_s)
        finally:
            self._threads.pop(lock, None)

    async def wait_in_loop(self, timeout_s: float) -> None:
        """Wait in a coroutine until it has rung, or this many seconds at most."""
        import asyncio  # here: it takes a tenth of the time of importing boto3

        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(max(timeout_s, 0.0), _end, [waiter])
        self._coroutines[waiter] = loop
        try:
            if not self.has_rung:
                await waiter
        finally:
            timer.cancel()
            self._coroutines.pop(waiter, None)


def _acquire(lock: threading.Lock, left_s: Callable[[], float]) -> None:
    """Wait for a lock.

    With the system's lock that goes in steps of a second. A wait for it does not count the time
    that the machine sleeps; and it does not end for a signal that another thread gets, or that
    comes when this one is about to wait: Ctrl-C would not be heeded. With any other lock it is one
    wait: who waits again in the turn in which such a lock is given back may be forgotten.
    """
    if type(lock).__module__ == "_thread":
        while (left := left_s()) > 0 and not lock.acquire(timeout=min(left, _LONGEST_STEP_S)):
            pass
    elif (left := left_s()) > 0:
        lock.acquire(timeout=min(left, threading.TIMEOUT_MAX))


def _end(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
