"""What this side knows of a session: the machine and its answers, under one lock."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable
from typing import TypeVar

from evercreds import _abi_generated as abi
from evercreds import _timer
from evercreds._bell import Bell
from evercreds._clock import NANOS, Clock
from evercreds._flights import Flight
from evercreds._fork import forget_in_child, notice
from evercreds._locks import reentrant_lock
from evercreds._machine import Machine, PoisonedError
from evercreds._needs import Pause
from evercreds._options import Options
from evercreds._outcome import Failures, log_notes, logger
from evercreds._source import CredentialSet, Source

__all__ = ["NO_LEASE", "Lease", "Ledger", "Outcome"]

# Its ends on the elapsed and on the wall clock, in nanoseconds, and what may be handed out until
# the earlier of them. One tuple, so that a thread reads all of it or none.
Lease = tuple[int, int, CredentialSet | None]
NO_LEASE: Lease = (-1, -1, None)

_WAITING = (abi.Kind.REFRESH, abi.Kind.REFRESH_INLINE, abi.Kind.WAIT)
_SERVING = (abi.Kind.SERVE, abi.Kind.SERVE_AND_REFRESH, abi.Kind.REFRESH_INLINE)

_T = TypeVar("_T")

_TRIES = 3  # of a call, where the library fails in it


@dataclasses.dataclass(slots=True)
class Outcome:
    """A decision, and what of it concerns this caller."""

    decision: abi.Decision
    started: Flight | None
    awaited: Flight | Pause | None
    served: CredentialSet | None


class Ledger:
    """Takes events to the machine, and keeps what its decisions speak of.

    A signal handler and a finalizer may come in the midst of what this thread does here: so the
    lock can be taken again by the thread that has it, and what an event has to say may be overtaken
    by what came later.

    What it takes, and raises, is said of ``SessionCore``.
    """

    def __init__(
        self, source: Source, options: Options, clock: Clock, seed: Callable[[], int]
    ) -> None:
        self.lease: Lease = NO_LEASE
        self.clock = clock
        self.wake_at_ms: int = abi.NEVER
        self._source = source
        self._wakes_itself = _wakes_itself(dict(options))
        self._lock = reentrant_lock()
        self._events = 0  # so far
        self._epoch = -1
        self._changed = Bell()  # rings when the epoch rises, and at the end
        self._sets: dict[int, CredentialSet] = {}
        self._arriving: set[int] = set()  # the tickets of those that the machine is being told of
        self._flights: dict[int, Flight] = {}
        self._attempts = 0  # that run now, lost ones included
        self._is_last = False  # the interpreter is ending, and no other thread runs any more
        self._failures = Failures()
        self._complaint: str | None = None
        self._machine = Machine(options, clock, seed)
        forget_in_child(self)

    def wake(self) -> None:
        """Do what is due with nobody asking."""
        raise NotImplementedError

    def _launch(self, flight: Flight | None) -> None:
        """Have an attempt made for a flight that a decision has started."""
        raise NotImplementedError

    def after_fork(self) -> None:
        """Forget, in a child, what belongs to the parent's threads and library."""
        self._lock = reentrant_lock()
        self.lease = NO_LEASE
        self._flights = {}
        self._changed = Bell()
        self._attempts = 0
        self.wake_at_ms = abi.NEVER
        self._machine.forget()
        self._source.after_fork()

    def _event(
        self, call: Callable[[Machine], abi.Decision], error: BaseException | None = None
    ) -> Outcome:
        """Take one event to the machine, and what it answers to this side."""
        self._check_the_process()
        with self._lock:
            outcome, revived = self._call(lambda machine: self._taken(machine, call))
        self._after_call(revived)
        if outcome.decision.kind in _SERVING and outcome.served is None:
            return self._event(call, error)  # overtaken: what was to be served has been replaced
        notes = outcome.decision.notes
        if notes & abi.Note.INSTALLED:
            self._failures.clear()
        if notes:
            # A filter that raises must not keep back what the decision says is to be done.
            with contextlib.suppress(Exception):
                log_notes(notes, error)
        return outcome

    def _taken(self, machine: Machine, call: Callable[[Machine], abi.Decision]) -> Outcome:
        self._events += 1
        number = self._events
        try:
            return self._absorb(call(machine), number)
        except BaseException:
            # Interrupted: what the machine has decided is not known here.
            self.lease = NO_LEASE
            for flight in list(self._flights.values()):
                flight.have_all_ask_again()
            self._tell_of_change()
            raise

    def _call(self, use: Callable[[Machine], _T]) -> tuple[_T, Flight | None]:
        """Use the machine, restored first where that is necessary. The lock is held.

        Returns what ``use`` gives, and the flight that the restored machine has started, if any.

        Raises:
            PoisonedError: The library fails in every try. The next call begins with a restore.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                revived = self._revive()
                return use(self._machine), revived
            except PoisonedError as failure:
                self._complaint = str(failure)
                self._machine.discard()
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    def _after_call(self, revived: Flight | None) -> None:
        """Do what a call has left to do without the lock. A log handler may use the session."""
        self._launch(revived)
        if self._complaint is not None:
            complaint, self._complaint = self._complaint, None
            logger.error("the session was restored: %s", complaint)

    def _revive(self) -> Flight | None:
        """Restore the machine where it was lost: in a forked child, or after a failure in it.

        Its flight is lost with it, and whoever waits for that asks again. Returns the flight that
        the restored machine has started, if any.
        """
        if self._machine.is_alive:
            return None
        lost, self._flights = self._flights, {}
        self._epoch = -1  # the snapshot's may be older
        try:
            return self._absorb(self._machine.restore(), self._events).started
        finally:
            for flight in lost.values():
                flight.is_lost = True
                flight.settled.ring()

    def _absorb(self, decision: abi.Decision, number: int) -> Outcome:
        """Carry out on this side what an event has done on the other. The lock is held.

        ``number`` is the event's: where it is not the last any more, this was overtaken.
        """
        changed = bool(decision.notes) or decision.code == abi.Code.CLOSED
        if decision.epoch > self._epoch:
            self._epoch, self.lease, changed = decision.epoch, NO_LEASE, True
            self._tell_of_change()
        elif decision.code == abi.Code.CLOSED:
            self._tell_of_change()
        if decision.settled:
            self.lease, changed = NO_LEASE, True
            ended = self._flights.get(decision.settled)
            if ended is not None:
                ended.settled.ring()
                self._flights.pop(decision.settled, None)
        started = awaited = served = None
        if decision.started:
            started, changed = self._flight(decision.started, decision.start_deadline_ms), True
        if decision.kind in _WAITING:
            awaited = self._awaited(decision)
        if decision.kind in _SERVING:
            served = self._grant(decision, number)
        if changed:
            self._machine.keep_snapshot()
            # Not earlier: a child may begin here, and go on from the snapshot before.
            self._drop_replaced()
        if self._wakes_itself and decision.next_wake_ms != self.wake_at_ms:
            if decision.next_wake_ms < abi.NEVER:
                _timer.arm(self, decision.next_wake_ms)
            self.wake_at_ms = decision.next_wake_ms
        return Outcome(decision, started, awaited, served)

    def _awaited(self, decision: abi.Decision) -> Flight | Pause:
        if decision.ticket:
            return self._flight(decision.ticket, decision.deadline_ms)
        return Pause(self._changed, decision.deadline_ms)

    def _tell_of_change(self) -> None:
        """Have all ask again who wait for an attempt that nobody has begun.

        They find the lock taken until what has changed is in place.
        """
        before, self._changed = self._changed, Bell()
        before.ring()

    def _flight(self, ticket: int, deadline_ms: int) -> Flight:
        flight = self._flights.get(ticket)
        if flight is None:
            flight = self._flights[ticket] = Flight(ticket, deadline_ms)
        return flight

    def _drop_replaced(self) -> None:
        """Let go of the sets that are not held any more."""
        known = list(self._sets)
        held = self._machine.status(abi.Status.SET)  # read later: it is no older than any of them
        for ticket in known:
            if ticket != held and ticket not in self._arriving:
                self._sets.pop(ticket, None)

    def _grant(self, decision: abi.Decision, number: int) -> CredentialSet | None:
        """Make a lease of a decision that serves.

        There is none while the user's own code gets credentials: it may sign with this session,
        and is then to be told so, which a lease would not.
        """
        served = self._sets.get(decision.set)
        if served is not None and not (self._attempts and self._source.runs_user_code):
            self.lease = (
                decision.lease_elapsed_ms * NANOS,
                decision.lease_wall_ms * NANOS,
                served,
            )
            if self._events != number:
                self.lease = NO_LEASE  # overtaken: it may be one that was ended since
        return served

    def _check_the_process(self) -> None:
        """Notice a fork, and the end of the interpreter, before anything is locked or called.

        At the end it goes on alone, as in a child: the other threads have stopped where they were,
        in an attempt or with the lock.
        """
        notice()
        if sys.is_finalizing() and not self._is_last:
            self._is_last = True
            self.after_fork()


def _wakes_itself(options: dict[int, float]) -> bool:
    """Tell whether a session may want to refresh with nobody asking, and needs a timer for that.

    Where refreshes are inline it does not: what it would be woken for, a caller waits for.
    """
    is_inline = options.get(abi.Option.ADVISORY_REFRESH) == abi.AdvisoryRefresh.INLINE
    return options.get(abi.Option.DEFER_REFRESH, 1) == 0 and not is_inline
