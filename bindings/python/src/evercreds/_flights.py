"""Refresh attempts, and the threads that run them."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evercreds._fork import generation

__all__ = ["Flight", "inside", "launch", "running_inside"]


class _Mark:
    """That a context belongs to an attempt of a session's, for as long as that attempt runs."""

    __slots__ = ("generation", "is_running", "session")

    def __init__(self, session: int) -> None:
        self.session = session
        self.generation = generation()
        self.is_running = True

    def holds_for(self, session: int) -> bool:
        """Tell whether this is an attempt of that session's which runs in this process."""
        mine = self.session == session and self.generation == generation()
        return mine and self.is_running


_marks: contextvars.ContextVar[tuple[_Mark, ...]] = contextvars.ContextVar(
    "evercreds_attempts", default=()
)


class Flight:
    """One refresh attempt, as those see it who wait for it."""

    __slots__ = ("deadline_ms", "is_lost", "settled", "ticket")

    def __init__(self, ticket: int, deadline_ms: int) -> None:
        self.ticket = ticket
        self.deadline_ms = deadline_ms  # on the elapsed clock
        self.settled = threading.Event()
        self.is_lost = False  # the machine was restored, and knows nothing of it


@contextmanager
def inside(session: int) -> Iterator[None]:
    """Mark this context, and those copied from it, as part of an attempt of this session's."""
    mark = _Mark(session)
    token = _marks.set((*_marks.get(), mark))
    try:
        yield
    finally:
        # A thread that the attempt has left behind is part of it no longer.
        mark.is_running = False
        _marks.reset(token)


def running_inside(session: int) -> bool:
    """Tell whether this context is part of a running attempt of this session's."""
    return any(mark.holds_for(session) for mark in _marks.get())


def launch(run: Callable[[], None]) -> None:
    """Run an attempt in a thread of its own, with the context of this one.

    Who waits for an attempt waits outside of it. So an attempt that hangs keeps nobody past its
    deadline, and a caller who is interrupted takes nobody's refresh down with him. Where no thread
    can be had any more, as at the end of the interpreter, it runs here.
    """
    context = contextvars.copy_context()
    thread = threading.Thread(
        target=context.run, args=(run,), name="evercreds-refresh", daemon=True
    )
    try:
        thread.start()
    except RuntimeError:
        run()
