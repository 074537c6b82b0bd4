"""Wakes sessions when something is due with nobody asking."""

from __future__ import annotations

import heapq
import itertools
import queue
import sys
import threading
import weakref
from typing import Any, Protocol

from evercreds._fork.children import forget_in_child
from evercreds._host.events import logger
from evercreds._waiting.clock import NANOS, SYSTEM_CLOCK

__all__ = ["arm"]

# A wait does not count the time that the machine sleeps, so none is long.
_LONGEST_WAIT_S = 30.0

_FEW = 64


class Sleeper(Protocol):
    """A session that is to be woken."""

    wake_at_ms: int

    def wake(self) -> None:
        """Do what is due."""


_Entry = tuple[int, int, "weakref.ref[Sleeper]"]


class _Timer:
    """One thread for all sessions of the process, started with the first that needs it.

    Callers put what they want into its queue and go on. They share no lock with it that one of
    them, interrupted, could leave held.
    """

    def __init__(self) -> None:
        self.after_fork()
        forget_in_child(self)

    def after_fork(self) -> None:
        """Start anew: the thread has stayed in the parent."""
        self._inbox: dict[None, queue.SimpleQueue[_Entry]] = {}  # one, once it is needed
        self._times = _Times()
        self._claims = [1]
        self._is_running = False
        self._order = itertools.count()

    def arm(self, sleeper: Sleeper, at_ms: int) -> None:
        """Wake the sleeper at this instant of the elapsed clock, and at no earlier-given one."""
        if sys.is_finalizing():
            return  # no thread starts any more, and waiting for it to start would never end
        entry = (at_ms, next(self._order), weakref.ref(sleeper))
        # Of the kind that it is now: gevent and eventlet put their own there.
        inbox = self._inbox.get(None)
        if inbox is None:
            inbox = self._inbox.setdefault(None, queue.SimpleQueue())
        is_sent = False
        try:
            sleeper.wake_at_ms = at_ms  # before: it may be due at once
            inbox.put(entry)
            is_sent = True
        finally:
            if not is_sent:
                inbox.put(entry)  # an interrupt has come in between
        if not self._is_running:
            self._is_running = self._start(inbox)

    def _start(self, inbox: queue.SimpleQueue[_Entry]) -> bool:
        """Start the thread, and tell whether there is one. Of two the first to run is the one."""
        arguments = (inbox, self._times, self._claims)
        try:
            threading.Thread(
                target=_run, args=arguments, name="evercreds-timer", daemon=True
            ).start()
        except RuntimeError:
            return False  # the interpreter is ending; refreshes still happen when asked for
        return True


def _run(inbox: queue.SimpleQueue[_Entry], times: _Times, claims: list[int]) -> None:
    try:
        claims.pop()
    except IndexError:
        return
    while True:
        try:
            times.add(inbox.get(timeout=times.wait_s()))
            continue  # what else is in there, first
        except queue.Empty:
            sleeper = times.next_due()
        if sleeper is not None:
            try:
                sleeper.wake()
            except Exception as error:
                logger.error("waking a session failed: %s", type(error).__name__)
        del sleeper  # or this thread would keep a session that nobody uses any more


class _Times:
    """Who is to be woken, and when. It is the timer's thread that uses it, and nobody else."""

    def __init__(self) -> None:
        self._due: list[_Entry] = []
        self._most = _FEW

    def add(self, entry: _Entry) -> None:
        """Note one more."""
        if len(self._due) >= self._most:
            self._forget_unwanted()
        heapq.heappush(self._due, entry)

    def wait_s(self) -> float | None:
        """Tell for how long there is nothing to do; ``None``: until there is one more."""
        if not self._due:
            return None
        left = self._due[0][0] / 1000 - SYSTEM_CLOCK.elapsed_ns() / (1000 * NANOS)
        return min(max(left, 0.0), _LONGEST_WAIT_S)

    def next_due(self) -> Sleeper | None:
        """Give whoever is due; ``None`` where nobody is, or has another time by now."""
        if self.wait_s() != 0:
            return None
        at_ms, _, reference = heapq.heappop(self._due)
        sleeper = reference()
        return sleeper if _wants(sleeper, at_ms) else None

    def _forget_unwanted(self) -> None:
        """Let go of the times that sessions no longer want, before they come.

        Each refresh leaves some behind, and so does each session that ends: for hours, where
        credentials last for hours.
        """
        self._due = [entry for entry in self._due if _wants(entry[2](), entry[0])]
        heapq.heapify(self._due)
        self._most = 2 * len(self._due) + _FEW


def _wants(sleeper: Any, at_ms: int) -> bool:
    """Tell whether there still is a session, and this is when it is to be woken."""
    return sleeper is not None and sleeper.wake_at_ms == at_ms


_timer = _Timer()


def arm(sleeper: Sleeper, at_ms: int) -> None:
    """Wake the sleeper at this instant of the elapsed clock, in milliseconds."""
    _timer.arm(sleeper, at_ms)
