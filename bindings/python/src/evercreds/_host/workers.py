"""Threads for what may hang: attempts, and what the timer wakes."""

from __future__ import annotations

import contextvars
import functools
import queue
import sys
from collections.abc import Callable

from evercreds._fork.children import forget_in_child, generation, notice
from evercreds._fork.gate import ForkGate
from evercreds._host.place import SYSTEM, new_queue, place, start
from evercreds._host.tracing import untraced

__all__ = ["gate", "launch", "workers", "workers_of"]

#: Keeps forks and the beginnings of attempts apart.
gate = ForkGate()


class Workers:
    """Threads that do one piece of work, and then wait for the next.

    They do not end with their work: a thread that ends takes a lock of OpenSSL's, and a program
    that forks at that moment, having just got its credentials, would leave that lock held in the
    child for ever.

    Args:
        where: The place of these threads.
    """

    _MOST_IDLE = 32

    def __init__(self, where: int) -> None:
        self._where = where
        self.idle: list[queue.SimpleQueue[Callable[[], None]]] = []
        forget_in_child(self)

    def after_fork(self) -> None:
        """Begin anew: the threads have stayed in the parent."""
        self.idle = []

    def run(self, work: Callable[[], None]) -> None:
        """Run this in a thread. Raises RuntimeError where none can be had."""
        try:
            inbox = self.idle.pop()
        except IndexError:
            inbox = new_queue(self._where)
            # Before it starts: no interrupt that comes out of start() leaves it without work.
            inbox.put(work)
            start(self._where, "evercreds-refresh", self._serve, inbox)
        else:
            inbox.put(work)

    def _serve(self, inbox: queue.SimpleQueue[Callable[[], None]]) -> None:
        begun_in = generation()
        while True:
            work = inbox.get()
            work()
            del work  # or this thread would keep a session that nobody uses any more
            if generation() != begun_in:
                return  # the source has forked, and this is the child
            if len(self.idle) >= self._MOST_IDLE:
                return
            self.idle.append(inbox)


workers = Workers(SYSTEM)
_elsewhere: dict[int, Workers] = {}


def workers_of(where: int) -> Workers:
    """Give the workers of a place."""
    if where == SYSTEM:
        return workers
    return _elsewhere.get(where) or _elsewhere.setdefault(where, Workers(where))


def launch(run: Callable[[], None], context: contextvars.Context | None = None) -> None:
    """Run an attempt in another thread, with a context: by default that of this one.

    Who waits for an attempt waits outside of it. So an attempt that hangs keeps nobody past its
    deadline, and a caller who is interrupted takes nobody's refresh down with him. Where no thread
    can be had any more, as at the end of the interpreter, it runs here.
    """
    notice()
    context = contextvars.copy_context() if context is None else context.copy()
    if sys.is_finalizing():
        # Threads that wait for work do not run any more; and one may have stopped at the gate.
        gate.after_fork()
        run()
        return
    try:
        workers_of(place()).run(functools.partial(context.run, functools.partial(untraced, run)))
    except RuntimeError:
        run()
