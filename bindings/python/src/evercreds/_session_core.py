"""One session: the machine, the credentials it speaks of, and the callers who wait for them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from evercreds import _abi_generated as abi
from evercreds import _timer
from evercreds._clock import NANOS, SYSTEM_CLOCK, Clock
from evercreds._flights import Flight, inside, launch, running_inside
from evercreds._fork import forget_in_child, generation
from evercreds._machine import Machine, PoisonedError, fresh_seed
from evercreds._options import Options
from evercreds._outcome import Failures, log_notes, logger
from evercreds._source import CredentialSet, Failure, Reply, Source
from evercreds._status import SessionStatus, status_of
from evercreds.errors import EvercredsConfigurationError, EvercredsCredentialError

__all__ = ["NO_LEASE", "Lease", "ReentrantUseError", "SessionCore"]

# Its ends on the elapsed and on the wall clock, in nanoseconds, and what may be handed out until
# the earlier of them. One tuple, so that a thread reads all of it or none.
Lease = tuple[int, int, CredentialSet | None]
NO_LEASE: Lease = (-1, -1, None)

_WAITING = (abi.Kind.REFRESH, abi.Kind.REFRESH_INLINE, abi.Kind.WAIT)
_SERVING = (abi.Kind.SERVE, abi.Kind.SERVE_AND_REFRESH, abi.Kind.REFRESH_INLINE)

_T = TypeVar("_T")

_REMEMBERED = 15  # tokens of sets that were replaced
_TRIES = 3  # of a call, where the library fails in it

_numbers = itertools.count(1)


class ReentrantUseError(EvercredsConfigurationError):
    """Code that gets credentials for a session asks that very session for some."""

    def __init__(self) -> None:
        super().__init__(
            "a session was asked for its credentials by the code that is getting them: only its "
            "clients can be used there, which then sign with the base credentials",
            code="reentrant",
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()


@dataclasses.dataclass(slots=True)
class _Outcome:
    """A decision, and what of it concerns this caller."""

    decision: abi.Decision
    started: Flight | None
    awaited: Flight | None
    served: CredentialSet | None


class SessionCore:
    """Hands out credentials and keeps them fresh. Safe for use by many threads.

    It is used once it has been opened. A signal handler and a finalizer may use it too, also where
    they come in the midst of what this thread does in it: so its lock can be taken again by the
    thread that has it, and what an event has to say may be overtaken by what came later.

    Args:
        source: Where credentials come from.
        options: The machine's options.
        clock: Where the time comes from.
        seed: Gives a fresh random number of 64 bits.

    Raises:
        OptionRefusedError: The machine refuses an option.
    """

    def __init__(
        self,
        source: Source,
        options: Options,
        *,
        clock: Clock = SYSTEM_CLOCK,
        seed: Callable[[], int] = fresh_seed,
    ) -> None:
        self.lease: Lease = NO_LEASE
        self.clock = clock
        self.wake_at_ms: int = abi.NEVER
        self._number = next(_numbers)
        self._source = source
        self._wakes_itself = _wakes_itself(dict(options))
        self._lock = threading.RLock()
        self._events = 0  # so far
        self._epoch = -1
        self._sets: dict[int, CredentialSet] = {}
        self._arriving: set[int] = set()  # the tickets of those that the machine is being told of
        # Which tokens were ours: a set that was replaced may still be on its way in a request.
        self._tokens: tuple[tuple[int, int], ...] = ()
        self._flights: dict[int, Flight] = {}
        self._attempts = 0  # that run now, lost ones included
        self._is_last = False  # the interpreter is ending, and no other thread runs any more
        self._failures = Failures()
        self._complaint: str | None = None
        self._machine = Machine(options, clock, seed)
        forget_in_child(self)

    def open(self) -> None:
        """Start the machine; an eager session gets its first credentials here.

        Raises:
            OptionRefusedError: Options do not go together.
            Exception: As ``obtain``, where the session is eager.
        """
        with self._lock:
            opened = self._absorb(self._machine.open(), self._events)
        if opened.started is not None:
            self._fetch_first(opened.started)

    def obtain(self, min_ttl_ms: int = 0) -> CredentialSet:
        """Give credentials with this much time left, refreshing them where that is due.

        Raises:
            ReentrantUseError: The caller is part of an attempt of this session's.
            Exception: What the source raised, or an EvercredsCredentialError.
        """
        return self._follow(self._asked(min_ttl_ms), min_ttl_ms, forced=False)

    async def obtain_in_loop(self, min_ttl_ms: int = 0) -> CredentialSet:
        """As ``obtain``, for a coroutine. Who is cancelled leaves the flight to the others."""
        if min_ttl_ms == 0 and (served := self.leased()) is not None:
            return served
        return await self._follow_in_loop(self._asked(min_ttl_ms), min_ttl_ms, forced=False)

    def refresh(self) -> None:
        """Refresh now, whatever the phase. Raises as ``obtain`` does; what is held stays."""
        self._follow(self._forced(), 0, forced=True)

    async def refresh_in_loop(self) -> None:
        """As ``refresh``, for a coroutine."""
        await self._follow_in_loop(self._forced(), 0, forced=True)

    def leased(self) -> CredentialSet | None:
        """Give what may be handed out without asking, if anything may."""
        until, until_wall, served = self.lease
        lasts = self.clock.elapsed_ns() < until
        if lasts and not self.clock.counts_sleep:
            lasts = self.clock.wall_ns() < until_wall
        return served if lasts else None

    def _asked(self, min_ttl_ms: int) -> _Outcome:
        self._refuse_reentrant_use()
        return self._event(lambda machine: machine.ask(min_ttl_ms))

    def _forced(self) -> _Outcome:
        self._refuse_reentrant_use()
        return self._event(Machine.force)

    def _refuse_reentrant_use(self) -> None:
        if self._attempts and running_inside(self._number):
            raise ReentrantUseError

    def invalidate(self, fingerprint: int | None = None) -> None:
        """Report that a service rejected these credentials; ``None``: those held."""

        def reject(machine: Machine) -> abi.Decision:
            held = self._sets.get(machine.status(abi.Status.SET))
            named = fingerprint if fingerprint is not None else held and held.fingerprint
            return machine.invalidate(named or 0)

        self._background(self._event(reject))

    def fingerprint_of(self, token: str) -> int | None:
        """Tell which of this session's latest sets has this session token, if one has."""
        named = hash(token)
        for known, fingerprint in self._tokens:
            if known == named:
                return fingerprint
        return None

    def status(self) -> SessionStatus:
        """Tell the session's state."""
        self._check_for_the_end()
        with self._lock:
            status, revived = self._call(status_of)
        self._after_call(revived)
        return status

    def close(self) -> None:
        """End the session: whoever waits, or asks from now on, gets an error."""
        self._event(Machine.close)
        with self._lock:
            self._sets.clear()

    def wake(self) -> None:
        """Do what is due with nobody asking."""
        self._background(self._event(Machine.wake))

    def after_fork(self) -> None:
        """Forget, in a child, what belongs to the parent's threads and library."""
        self._lock = threading.RLock()
        self.lease = NO_LEASE
        self._flights = {}
        self._attempts = 0
        self.wake_at_ms = abi.NEVER
        self._machine.forget()
        self._source.after_fork()

    def _check_for_the_end(self) -> None:
        """Go on alone at the end of the interpreter, as in a forked child.

        The other threads have stopped where they were, in an attempt or with the lock.
        """
        if sys.is_finalizing() and not self._is_last:
            self._is_last = True
            self.after_fork()

    def _fetch_first(self, flight: Flight) -> None:
        """Get an eager session's first credentials, or fail as its constructor."""
        try:
            self._launch(flight)
            self._wait(flight)
            self._follow(self._answer(flight, 0, False), 0, forced=False)
        except BaseException:
            self.close()
            raise

    def _follow(self, outcome: _Outcome, min_ttl_ms: int, forced: bool) -> CredentialSet:
        """Do what a decision says, until there are credentials or an error."""
        self._background(outcome)
        while (flight := outcome.awaited) is not None:
            self._wait(flight)
            outcome = self._heard(flight, min_ttl_ms, forced)
        return self._served(outcome)

    async def _follow_in_loop(
        self, outcome: _Outcome, min_ttl_ms: int, forced: bool
    ) -> CredentialSet:
        """As ``_follow``, for a coroutine: the event loop goes on while it waits."""
        self._background(outcome)
        while (flight := outcome.awaited) is not None:
            await flight.bell.wait(flight.deadline_ms / 1000 - self.clock.elapsed_ns() / 1e9)
            outcome = self._heard(flight, min_ttl_ms, forced)
        return self._served(outcome)

    def _heard(self, flight: Flight, min_ttl_ms: int, forced: bool) -> _Outcome:
        """Ask what becomes of a caller who has waited for this flight."""
        if flight.is_lost:
            outcome = self._event(lambda machine: machine.ask(min_ttl_ms))
        else:
            outcome = self._answer(flight, min_ttl_ms, forced)
        self._background(outcome)
        return outcome

    def _served(self, outcome: _Outcome) -> CredentialSet:
        """Give what an outcome serves, or raise its error."""
        if outcome.served is not None:
            return outcome.served
        now_ms = self.clock.elapsed_ns() // NANOS
        raise self._failures.error(outcome.decision, now_ms)

    def _answer(self, flight: Flight, min_ttl_ms: int, forced: bool) -> _Outcome:
        return self._event(lambda machine: machine.answer(flight.ticket, min_ttl_ms, forced))

    def _wait(self, flight: Flight) -> None:
        # As Condition asks it. Nobody else can report while this thread has the lock.
        if self._lock._is_owned():  # type: ignore[attr-defined]
            raise EvercredsCredentialError(
                "a signal handler or a finalizer has come in the midst of what this thread does in "
                "the session, and cannot wait for credentials there",
                code="interrupting",
            )
        if not flight.has_begun():
            self._launch(flight)
        self.clock.wait(flight.settled, flight.deadline_ms)

    def _background(self, outcome: _Outcome) -> None:
        self._launch(outcome.started)

    def _launch(self, flight: Flight | None) -> None:
        if flight is not None:
            launch(lambda: self._attempt(flight))

    def _attempt(self, flight: Flight) -> None:
        """Run one attempt and report how it ended, once."""
        if not flight.claim():
            return
        ticket = flight.ticket
        self._count_attempt(1)
        begun_in = generation()
        try:
            with inside(self._number, lambda: self._prompted(ticket)):
                reply = self._source.fetch()
        except BaseException as error:
            # Not even an exit may go on from here: it would end this thread, and nothing else.
            report = functools.partial(self._report_failure, ticket, error)
        else:
            report = functools.partial(self._report_reply, ticket, reply)
        if generation() != begun_in:
            return  # the source has forked, and this is the child: the attempt is the parent's
        try:
            report()
        finally:
            self._count_attempt(-1)

    def _prompted(self, ticket: int) -> None:
        self._background(self._event(lambda machine: machine.prompted(ticket)))

    def _count_attempt(self, change: int) -> None:
        with self._lock:
            self._attempts += change
            if self._source.runs_user_code:
                self.lease = NO_LEASE  # see _grant

    def _report_reply(self, ticket: int, reply: Reply) -> None:
        fingerprint = reply.credentials.fingerprint

        def complete(machine: Machine) -> abi.Decision:
            self._arriving.add(ticket)
            self._sets[ticket] = reply.credentials
            named = hash(reply.credentials.frozen.token)
            self._tokens = (*self._tokens[-_REMEMBERED:], (named, fingerprint))
            try:
                return machine.complete(
                    ticket, reply.expiry_ms, fingerprint, reply.duration_ms, reply.server_time_ms
                )
            finally:
                self._arriving.discard(ticket)

        self._background(self._event(complete))

    def _report_failure(self, ticket: int, error: BaseException) -> None:
        def fail(machine: Machine) -> abi.Decision:
            if not isinstance(error, Exception):
                return machine.abandon(ticket)
            return machine.fail(ticket, failure.error_class, failure.reason, failure.retry_after_ms)

        failure = self._classified(error) if isinstance(error, Exception) else Failure()
        self._failures.keep(ticket, error)
        self._background(self._event(fail, error))

    def _classified(self, error: Exception) -> Failure:
        try:
            return self._source.classify(error)
        except Exception:
            # Users make errors of the services' classes that lack what those have. Whatever
            # happens here, the callers who wait must hear of the failure.
            return Failure()

    def _event(
        self, call: Callable[[Machine], abi.Decision], error: BaseException | None = None
    ) -> _Outcome:
        """Take one event to the machine, and what it answers to this side."""
        self._check_for_the_end()
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

    def _taken(self, machine: Machine, call: Callable[[Machine], abi.Decision]) -> _Outcome:
        self._events += 1
        number = self._events
        return self._absorb(call(machine), number)

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
                flight.settle()

    def _absorb(self, decision: abi.Decision, number: int) -> _Outcome:
        """Carry out on this side what an event has done on the other. The lock is held.

        ``number`` is the event's: where it is not the last any more, this was overtaken.
        """
        changed = bool(decision.notes) or decision.code == abi.Code.CLOSED
        if decision.epoch > self._epoch:
            self._epoch, self.lease, changed = decision.epoch, NO_LEASE, True
        if decision.settled:
            self.lease, changed = NO_LEASE, True
            settled = self._flights.pop(decision.settled, None)
            if settled is not None:
                settled.settle()
        started = awaited = served = None
        if decision.started:
            started, changed = self._flight(decision.started, decision.start_deadline_ms), True
        if decision.kind in _WAITING:
            awaited = self._flight(decision.ticket, decision.deadline_ms)
        if decision.kind in _SERVING:
            served = self._grant(decision, number)
        if changed:
            self._machine.keep_snapshot()
            # Not earlier: a child may begin here, and go on from the snapshot before.
            self._drop_replaced()
        if self._wakes_itself and decision.next_wake_ms != self.wake_at_ms:
            self.wake_at_ms = decision.next_wake_ms
            if decision.next_wake_ms < abi.NEVER:
                _timer.arm(self, decision.next_wake_ms)
        return _Outcome(decision, started, awaited, served)

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


def _wakes_itself(options: dict[int, float]) -> bool:
    """Tell whether a session may want to refresh with nobody asking, and needs a timer for that.

    Where refreshes are inline it does not: what it would be woken for, a caller waits for.
    """
    is_inline = options.get(abi.Option.ADVISORY_REFRESH) == abi.AdvisoryRefresh.INLINE
    return options.get(abi.Option.DEFER_REFRESH, 1) == 0 and not is_inline
