"""Wakes sessions when something is due with nobody asking.

All sessions share one thread for that, or one in each place where threads are greenlets. It does
nothing but wait: whatever a session does may hang, as in a log handler, in a finalizer, or in a
source where no other thread can be had. So each is woken in a thread of its own.
"""

from __future__ import annotations

import contextlib
import functools
import heapq
import itertools
import queue
import sys
import time
import weakref
from typing import Protocol

from evercreds._fork.children import forget_in_child
from evercreds._host.events import logger
from evercreds._host.place import SYSTEM, new_queue, place, start
from evercreds._host.workers import Workers, workers_of
from evercreds._library import abi_generated as abi
from evercreds._waiting.clock import NANOS, SYSTEM_CLOCK

__all__ = ["Alarm", "arm"]

# A wait does not count the time that the machine sleeps, so none is long.
_LONGEST_WAIT_S = 30.0

# Until a thread may be had again.
_PAUSE_S = 0.5

_FEW = 64


class Sleeper(Protocol):
    """A session that is to be woken."""

    def wake(self) -> None:
        """Do what is due."""


class Alarm:
    """When a session is to be woken.

    The session has this, and the timer knows of this alone. Or the session could end in the timer's
    thread, and with it what is the user's.

    Args:
        sleeper: The session.
    """

    __slots__ = ("__weakref__", "_sleeper", "at_ms")

    def __init__(self, sleeper: Sleeper) -> None:
        self.at_ms: int = abi.NEVER
        """On the elapsed clock."""
        self._sleeper = weakref.ref(sleeper)

    def ring(self) -> None:
        """Wake the session, if there still is one."""
        sleeper = self._sleeper()
        if sleeper is None:
            return
        try:
            sleeper.wake()
        except Exception as error:
            with contextlib.suppress(Exception):  # of a filter, say
                logger.error("waking a session failed: %s", type(error).__name__)


_Entry = tuple[int, int, "weakref.ref[Alarm]"]


class _Timer:
    """One thread for all sessions, started with the first that needs it.

    Callers put what they want into its queue and go on. They share no lock with it that one of
    them, interrupted, could leave held.

    Args:
        where: The place of the thread.
    """

    def __init__(self, where: int) -> None:
        self._where = where
        self.after_fork()
        forget_in_child(self)

    def after_fork(self) -> None:
        """Start anew: the thread has stayed in the parent."""
        self._inbox: dict[None, queue.SimpleQueue[_Entry]] = {}  # one, once it is needed
        self._times = _Times()
        self._claims = [1]
        self._is_running = False
        self._order = itertools.count()

    def arm(self, alarm: Alarm, at_ms: int) -> None:
        """Ring the alarm at this instant of the elapsed clock, and at no earlier-given one."""
        if sys.is_finalizing():
            return  # no thread starts any more, and waiting for it to start would never end
        entry = (at_ms, next(self._order), weakref.ref(alarm))
        inbox = self._inbox.get(None)
        if inbox is None:
            inbox = self._inbox.setdefault(None, new_queue(self._where))
        is_sent = False
        try:
            alarm.at_ms = at_ms  # before: it may be due at once
            inbox.put(entry)
            is_sent = True
        finally:
            if not is_sent:
                inbox.put(entry)  # an interrupt has come in between
        if not self._is_running:
            self._is_running = self._start(inbox)

    def _start(self, inbox: queue.SimpleQueue[_Entry]) -> bool:
        """Start the thread, and tell whether there is one. Of two the first to run is the one."""
        crew = workers_of(self._where)
        try:
            start(self._where, "evercreds-timer", _run, inbox, self._times, self._claims, crew)
        except RuntimeError:
            return False  # the interpreter is ending; refreshes still happen when asked for
        return True


def _run(inbox: queue.SimpleQueue[_Entry], times: _Times, claims: list[int], crew: Workers) -> None:
    try:
        claims.pop()
    except IndexError:
        return
    while True:
        try:
            times.add(inbox.get(timeout=times.wait_s()))
            continue  # what else is in there, first
        except queue.Empty:
            due = times.next_due()
        if due is not None and not _has_rung(due[2](), crew):
            times.add(due)
            time.sleep(_PAUSE_S)


def _has_rung(alarm: Alarm | None, crew: Workers) -> bool:
    """Have another thread ring the alarm. False: none can be had."""
    if alarm is not None:
        try:
            crew.run(functools.partial(Alarm.ring, alarm))
        except RuntimeError:
            return False
    return True


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

    def next_due(self) -> _Entry | None:
        """Take out what is due; ``None`` where nothing is, or nobody wants it any more."""
        if self.wait_s() != 0:
            return None
        due = heapq.heappop(self._due)
        return due if _is_wanted(due) else None

    def _forget_unwanted(self) -> None:
        """Let go of the times that sessions no longer want, before they come.

        Each refresh leaves some behind, and so does each session that ends: for hours, where
        credentials last for hours.
        """
        self._due = [entry for entry in self._due if _is_wanted(entry)]
        heapq.heapify(self._due)
        self._most = 2 * len(self._due) + _FEW


def _is_wanted(entry: _Entry) -> bool:
    """Tell whether there still is a session, and this is when it is to be woken."""
    at_ms, _, reference = entry
    alarm = reference()
    return alarm is not None and alarm.at_ms == at_ms


_timer = _Timer(SYSTEM)
_elsewhere: dict[int, _Timer] = {}


def arm(alarm: Alarm, at_ms: int) -> None:
    """Ring the alarm at this instant of the elapsed clock, in milliseconds."""
    _timer_of(place()).arm(alarm, at_ms)


def _timer_of(where: int) -> _Timer:
    if where == SYSTEM:
        return _timer
    return _elsewhere.get(where) or _elsewhere.setdefault(where, _Timer(where))
