"""Wakes eager sessions when they want to refresh with nobody asking."""

from __future__ import annotations

import heapq
import itertools
import threading
import weakref
from typing import Protocol

from evercreds._clock import NANOS, SYSTEM_CLOCK
from evercreds._fork import forget_in_child
from evercreds._outcome import logger

__all__ = ["arm"]

# A wait does not count the time that the machine sleeps, so none is long.
_LONGEST_WAIT_S = 30.0

_FEW = 64


class Sleeper(Protocol):
    """A session that is to be woken."""

    wake_at_ms: int

    def wake(self) -> None:
        """Do what is due."""


class _Timer:
    """One thread for all sessions of the process, started with the first that needs it."""

    def __init__(self) -> None:
        self._reset()
        forget_in_child(self)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[int, int, weakref.ref[Sleeper]]] = []
        self._most = _FEW
        self._order = itertools.count()
        self._running = False

    def after_fork(self) -> None:
        """Start anew: the thread has stayed in the parent."""
        self._reset()

    def arm(self, sleeper: Sleeper, at_ms: int) -> None:
        """Wake the sleeper at this instant of the elapsed clock, and at no earlier-given one."""
        with self._changed:
            sleeper.wake_at_ms = at_ms
            if len(self._due) >= self._most:
                self._forget_unwanted()
            heapq.heappush(self._due, (at_ms, next(self._order), weakref.ref(sleeper)))
            if not self._running:
                self._running = self._start()
            self._changed.notify()

    def _forget_unwanted(self) -> None:
        """Let go of the times that sessions no longer want, before they come.

        Each refresh leaves some behind, and so does each session that ends: for hours, where
        credentials last for hours.
        """
        many = len(self._due)
        wanted = [entry for entry in tuple(self._due) if _wants(entry[2](), entry[0])]
        heapq.heapify(wanted)
        # A finalizer or signal handler may have added one meanwhile; the next call sees to it then.
        if len(self._due) == many:
            self._due = wanted
        self._most = 2 * len(self._due) + _FEW

    def _start(self) -> bool:
        try:
            threading.Thread(target=self._run, name="evercreds-timer", daemon=True).start()
        except RuntimeError:
            return False  # the interpreter is ending; refreshes still happen when asked for
        return True

    def _run(self) -> None:
        while True:
            sleeper = self._next()
            if sleeper is not None:
                try:
                    sleeper.wake()
                except Exception as error:
                    logger.error("waking a session failed: %s", type(error).__name__)
            del sleeper  # or this thread would keep a session that nobody uses any more

    def _next(self) -> Sleeper | None:
        """Wait for whoever is due next; None when that has gone, or has another time by now."""
        with self._changed:
            while not self._due or self._wait_s() > 0:
                self._changed.wait(self._wait_s() if self._due else None)
            at_ms, _, reference = heapq.heappop(self._due)
        sleeper = reference()
        return sleeper if _wants(sleeper, at_ms) else None

    def _wait_s(self) -> float:
        left = self._due[0][0] / 1000 - SYSTEM_CLOCK.elapsed_ns() / (1000 * NANOS)
        return min(left, _LONGEST_WAIT_S)


def _wants(sleeper: Sleeper | None, at_ms: int) -> bool:
    """Tell whether there still is a session, and this is when it is to be woken."""
    return sleeper is not None and sleeper.wake_at_ms == at_ms


_timer = _Timer()


def arm(sleeper: Sleeper, at_ms: int) -> None:
    """Wake the sleeper at this instant of the elapsed clock, in milliseconds."""
    _timer.arm(sleeper, at_ms)
