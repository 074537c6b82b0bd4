"""Which attempt a context is part of, and which attempts wait for which.

What would wait for itself, directly or by way of other sessions, is told so at once, and not at its
time-out. As everywhere here, each who waits notes that before it looks at the notes of others, and
there is no lock that one of them, interrupted, could leave held.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Iterator

from evercreds._fork.children import generation, quiet
from evercreds._host.failures import RingError
from evercreds._host.flights import Flight
from evercreds._host.workers import gate
from evercreds._waiting.bell import Bell

__all__ = ["Inside", "WaitingFor", "cancelled", "prompted", "running_inside"]


class _Mark:
    """That a context belongs to an attempt of a session's, for as long as that attempt runs."""

    __slots__ = (
        *("around", "flight", "generation", "has_answer", "is_running", "session", "thread"),
    )

    def __init__(self, session: int, has_answer: Callable[[], None], flight: Flight) -> None:
        self.session = session
        self.has_answer = has_answer
        self.flight = flight
        self.generation = generation()
        self.thread = threading.get_ident()
        self.is_running = True
        # Those of the attempts that have led to this one. They may wait for it, or not.
        self.around = tuple(mark for mark in _marks.get() if mark.is_running)


_marks: contextvars.ContextVar[tuple[_Mark, ...]] = contextvars.ContextVar(
    "evercreds_attempts", default=()
)


class Inside:
    """Mark this context, and those copied from it, as part of an attempt of this session's.

    It is no generator: contextlib would write into the error that comes through, which the class of
    one of the user's may refuse.

    Args:
        session: The session's number.
        has_answer: What :func:`prompted` is to do.
        flight: What the attempt is made for.
    """

    def __init__(self, session: int, has_answer: Callable[[], None], flight: Flight) -> None:
        self._mark = _Mark(session, has_answer, flight)

    def __enter__(self) -> None:
        mark = self._mark
        # Where no other thread can be had, an attempt runs within another's.
        outer = [each for each in mark.around if each.thread == mark.thread]
        self._token = _marks.set((*outer, mark))
        try:
            gate.enter(mark, is_nested=bool(mark.around))
            quiet.watch(mark)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        mark = self._mark
        quiet.forget(mark)
        # A thread that the attempt has left behind is part of it no longer.
        mark.is_running = False
        gate.leave(mark)
        _marks.reset(self._token)


class WaitingFor:
    """Note that the attempt which this context is part of, if it is of one, waits for a flight.

    Args:
        flight: The flight. ``None``: it waits for none.

    Raises:
        RingError: At the beginning: that flight waits for this attempt.
    """

    def __init__(self, flight: Flight | None) -> None:
        self._flight = flight
        self._own = [] if flight is None else [mark.flight for mark in _own_marks()]

    def __enter__(self) -> None:
        flight = self._flight
        if flight is None or not self._own:  # as for all callers but sources
            return
        for own in self._own:
            own.waits_for.append(flight)
        if any(own is each for own in self._own for each in _all_ahead(flight)):
            self.__exit__()
            raise RingError

    def __exit__(self, *_: object) -> None:
        for own in self._own:
            own.waits_for.remove(self._flight)  # type: ignore[arg-type]


def _all_ahead(flight: Flight) -> list[Flight]:
    """List a flight and all that it waits for, directly or by way of others."""
    found = [flight]
    for each in found:
        found += [one for one in dict.fromkeys(each.waits_for.copy()) if one not in found]
    return found


def _own_marks() -> list[_Mark]:
    """List the attempts that run in this process, and that this context is part of."""
    marks = _marks.get()
    if not marks:
        return []
    here = generation()
    return [mark for mark in marks if mark.is_running and mark.generation == here]


def _all_running(marks: tuple[_Mark, ...]) -> Iterator[_Mark]:
    """List running attempts, and those that have led to them."""
    for mark in marks:
        if mark.is_running:
            yield mark
        yield from _all_running(mark.around)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: gate.before_fork([*_all_running(_marks.get())]),
        after_in_parent=gate.after_fork_in_parent,
    )


def prompted() -> None:
    """Tell that the person has answered whom the attempt that runs here has asked."""
    _marks.get()[-1].has_answer()


def cancelled() -> Bell | None:
    """Give the bell that rings when the attempt that runs here is to end; None where none runs."""
    marks = _marks.get()
    return marks[-1].flight.cancelled if marks else None


def running_inside(session: int) -> bool:
    """Tell whether this context is part of a running attempt of this session's."""
    return any(mark.session == session for mark in _own_marks())
