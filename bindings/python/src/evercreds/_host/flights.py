"""Refresh attempts, and the threads that run them."""

from __future__ import annotations

import contextvars
import functools
import os
import sys
from collections.abc import Callable, Iterator

from evercreds._fork.children import generation, notice, quiet
from evercreds._fork.gate import ForkGate
from evercreds._host.workers import workers
from evercreds._waiting.bell import Bell

__all__ = ["Flight", "Flights", "Inside", "cancelled", "launch", "prompted", "running_inside"]


class _Mark:
    """That a context belongs to an attempt of a session's, for as long as that attempt runs."""

    __slots__ = ("cancelled", "generation", "has_answer", "is_running", "session")

    def __init__(self, session: int, has_answer: Callable[[], None], cancelled: Bell) -> None:
        self.session = session
        self.has_answer = has_answer
        self.cancelled = cancelled
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
    """One refresh, as those see it who wait for it and who run its attempt."""

    __slots__ = ("_claims", "bell", "cancelled", "deadline_ms", "is_launched", "is_lost", "ticket")

    def __init__(self, ticket: int, deadline_ms: int) -> None:
        self.ticket: int = ticket
        self.deadline_ms: int = deadline_ms  # on the elapsed clock
        self.bell: Bell = Bell()  # rings when it is settled
        self.cancelled: Bell = Bell()  # rings when its attempt is to end
        self.is_launched: bool = False  # a thread is sure to run it
        self.is_lost: bool = False  # the machine was restored, and knows nothing of it
        self._claims = [1]

    def claim(self) -> bool:
        """Tell an attempt whether it is the one: the first to ask, if there should be two."""
        try:
            self._claims.pop()
        except IndexError:
            return False
        return True


class Flights:
    """The flights under way, by ticket."""

    def __init__(self) -> None:
        self._flights: dict[int, Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __iter__(self) -> Iterator[Flight]:
        return iter(list(self._flights.values()))

    def get(self, ticket: int, deadline_ms: int) -> Flight:
        """Give the flight that a decision speaks of."""
        flight = self._flights.get(ticket)
        if flight is None:
            flight = self._flights[ticket] = Flight(ticket, deadline_ms)
        return flight

    def settle(self, ticket: int) -> None:
        """Wake all who wait for a flight.

        It may go on, where a late answer has settled it, and has a bell for who waits on. It stays
        until its attempt has reported, so that nobody makes another attempt for it.
        """
        flight = self._flights.get(ticket)
        if flight is not None:
            before, flight.bell = flight.bell, Bell()
            if not flight.is_launched:
                self._flights.pop(ticket, None)
            before.ring()

    def over(self, flight: Flight) -> None:
        """Let go of a flight whose attempt has reported."""
        if self._flights.get(flight.ticket) is flight:
            self._flights.pop(flight.ticket, None)

    def cancel(self, ticket: int) -> None:
        """Tell an attempt to end."""
        flight = self._flights.get(ticket)
        if flight is not None:
            flight.cancelled.ring()

    def have_all_ask_again(self) -> None:
        """Wake all who wait, although what they wait for may be under way still."""
        for flight in self:
            before, flight.bell = flight.bell, Bell()
            before.ring()

    def lose_all(self) -> None:
        """Wake all who wait: the machine knows nothing of these flights."""
        for flight in self:
            flight.is_lost = True
            flight.cancelled.ring()
            flight.bell.ring()


class Inside:
    """Mark this context, and those copied from it, as part of an attempt of this session's.

    It is no generator: contextlib would write into the error that comes through, which the class of
    one of the user's may refuse.

    Args:
        session: The session's number.
        has_answer: What :func:`prompted` is to do.
        cancelled: Rings when the attempt is to end.
    """

    def __init__(self, session: int, has_answer: Callable[[], None], cancelled: Bell) -> None:
        self._mark = _Mark(session, has_answer, cancelled)

    def __enter__(self) -> None:
        mark = self._mark
        self._token = _marks.set((*_marks.get(), mark))
        try:
            _gate.enter(mark, is_nested=bool(_running_around(mark)))
            quiet.watch(mark)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        mark = self._mark
        quiet.forget(mark)
        # A thread that the attempt has left behind is part of it no longer.
        mark.is_running = False
        _gate.leave(mark)
        _marks.reset(self._token)


def _running_around(inner: _Mark | None = None) -> list[_Mark]:
    """List the running attempts that this context is part of, but for the inner one."""
    return [mark for mark in _marks.get() if mark.is_running and mark is not inner]


_gate = ForkGate()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _gate.before_fork(_running_around()),
        after_in_parent=_gate.after_fork_in_parent,
    )


def prompted() -> None:
    """Tell that the person has answered whom the attempt that runs here has asked."""
    _marks.get()[-1].has_answer()


def cancelled() -> Bell | None:
    """Give the bell that rings when the attempt that runs here is to end; None where none runs."""
    marks = _marks.get()
    return marks[-1].cancelled if marks else None


def running_inside(session: int) -> bool:
    """Tell whether this context is part of a running attempt of this session's."""
    return any(mark.holds_for(session) for mark in _marks.get())


def launch(run: Callable[[], None]) -> None:
    """Run an attempt in another thread, with the context of this one.

    Who waits for an attempt waits outside of it. So an attempt that hangs keeps nobody past its
    deadline, and a caller who is interrupted takes nobody's refresh down with him. Where no thread
    can be had any more, as at the end of the interpreter, it runs here.
    """
    notice()
    context = contextvars.copy_context()
    if sys.is_finalizing():
        # Threads that wait for work do not run any more; and one may have stopped at the gate.
        _gate.after_fork()
        run()
        return
    try:
        workers.run(functools.partial(context.run, run))
    except RuntimeError:
        run()
