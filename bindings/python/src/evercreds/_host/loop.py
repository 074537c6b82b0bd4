"""Takes events to the machine, and applies its decisions: all of that under one lock."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from evercreds._fork.children import forget_in_child, notice
from evercreds._host import attempts, timer
from evercreds._host.events import Kind, Listener, Teller
from evercreds._host.facts import Facts, Reader
from evercreds._host.failures import Failures
from evercreds._host.flights import Flight, Flights
from evercreds._host.sets import Sets
from evercreds._host.source import CredentialSet, Source
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine, PoisonedError
from evercreds._library.options import Options
from evercreds._waiting.bell import Bell
from evercreds._waiting.clock import NANOS, Clock, is_set_by_tests
from evercreds._waiting.locks import system_lock

if TYPE_CHECKING:
    from evercreds._host.sharing import Group, Sharing

__all__ = ["NO_LEASE", "Lease", "Loop", "Outcome", "Wait"]

# Its ends on the elapsed and on the wall clock, in nanoseconds, and what may be handed out until
# the earlier of them. One tuple, so that a thread reads all of it or none.
Lease = tuple[int, int, CredentialSet | None]
NO_LEASE: Lease = (-1, -1, None)

_WAITING = (abi.Kind.REFRESH, abi.Kind.REFRESH_INLINE, abi.Kind.WAIT)
_SERVING = (abi.Kind.SERVE, abi.Kind.SERVE_AND_REFRESH, abi.Kind.REFRESH_INLINE)

_T = TypeVar("_T")
_Put = Callable[[Machine], abi.Decision]

_numbers = itertools.count(1)
_TRIES = 3  # of a call, where the library fails in it


class Wait(NamedTuple):
    """What a caller sleeps on, taken under the lock, and until when on the elapsed clock."""

    bell: Bell
    deadline_ms: int
    flight: Flight | None
    """None: nobody has begun an attempt; the bell is the pause bell."""


class Outcome:
    """A decision, and what of it concerns this caller."""

    __slots__ = ("decision", "granted", "started", "wait")

    def __init__(
        self,
        decision: abi.Decision,
        started: Flight | None,
        wait: Wait | None,
        granted: CredentialSet | None,
    ) -> None:
        self.decision: abi.Decision = decision
        self.started: Flight | None = started
        self.wait: Wait | None = wait
        self.granted: CredentialSet | None = granted

    @property
    def is_waited_for(self) -> bool:
        """Tell whether the caller waits for what was started, and so sees to it."""
        return self.wait is not None and self.wait.flight is self.started


class Loop:
    """Puts events to the machine, and keeps what its decisions speak of.

    A signal handler and a finalizer may come in the midst of what this thread does here: so the
    lock can be taken again by the thread that has it, and what an event has to say may be overtaken
    by what came later.

    See ``Host`` for the arguments and exceptions.
    """

    def __init__(
        self,
        source: Source,
        options: Options,
        clock: Clock,
        seed: Callable[[], int],
        group: Group | None = None,
    ) -> None:
        self.number: int = next(_numbers)
        self.lease: Lease = NO_LEASE
        self.clock: Clock = clock
        self.source: Source = source
        self.sets: Sets = Sets()
        self.sharing: Sharing | None = None if group is None else _shared_by(self, group)
        self.flights: Flights = self._no_flights()
        self.followers: set[object] = set()  # threads that wait for flights
        self.failures: Failures = Failures(source)
        self.pause_bell: Bell = Bell()  # of those who wait for an attempt that nobody has begun
        self.runs_in_callers: bool = False  # who waits for an attempt runs it
        self._running: set[object] = set()  # attempts, lost ones included
        self.alarm: timer.Alarm = timer.Alarm(self)
        self._teller = Teller(Reader(source, clock, self.failures))
        self._lock = system_lock()
        # What is due at a store, no caller sleeps for.
        self._has_timer = group is not None or not _is_frozen(dict(options))
        self._events = 0  # so far
        self._is_last = False  # the interpreter is ending, and no other thread runs any more
        self._machine = Machine(options, clock, seed)
        forget_in_child(self)

    def after_fork(self) -> None:
        """Forget, in a child, what belongs to the parent's threads and library."""
        self._lock = system_lock()
        self.lease = NO_LEASE
        self.flights = self._no_flights()
        self.followers = set()
        if self.sharing is not None:
            self.sharing.lose()
        self.pause_bell = Bell()
        self._running = set()
        self.alarm.at_ms = abi.NEVER
        self._teller.after_fork()
        self._machine.forget()
        self.source.after_fork()

    def put(self, event: _Put, because: str = "", *, tells: bool = True) -> Outcome:
        """Take one event to the machine, and apply its decision.

        Args:
            event: Calls the machine.
            because: The name of the error that it reports, for the log.
            tells: Whether to tell of it. Who says no calls ``tell`` later.
        """
        self._check_the_process()
        with self._lock:
            outcome, revived = self._with_machine(
                lambda machine: self._taken(machine, event, because)
            )
        attempts.start(self, revived)
        if self.sharing is not None:
            self.sharing.start()
        if not self.runs_in_callers or not outcome.is_waited_for:
            attempts.start_or_leave(self, outcome.started)
        if tells:
            self.tell()
        decision = outcome.decision
        if decision.notes & abi.Note.INSTALLED:
            self.failures.forget_until(decision.held)
        if decision.kind in _SERVING and outcome.granted is None:
            return self.put(
                event, because, tells=tells
            )  # overtaken: what was to be served has been replaced
        return outcome

    def open(self) -> Outcome:
        """Start the machine. Whoever opens an eager session can wait for what that starts.

        Raises:
            OptionRefusedError: Options do not go together.
        """
        with self._lock:
            outcome = self._apply(self._machine.open(), self._events)
            if (flight := outcome.started) is not None:
                outcome.wait = Wait(flight.bell, flight.deadline_ms, flight)
        if self.sharing is not None:
            self.sharing.start()
        if not self.runs_in_callers:
            attempts.start(self, outcome.started)
        self.tell()
        return outcome

    def read(self, use: Callable[[Machine], _T]) -> _T:
        """Read something of the machine, which this changes nothing in."""
        self._check_the_process()
        with self._lock:
            value, revived = self._with_machine(use)
        attempts.start(self, revived)
        if self.sharing is not None:
            self.sharing.start()
        self.tell()
        return value

    def on(self, kind: Kind, listener: Listener) -> Callable[[], None]:
        """Have a listener told of all events of a kind. Returns what takes it out again."""
        return self._teller.on(kind, listener)

    def facts(self, machine: Machine) -> Facts:
        """Read what tells this session from others. It is used within ``read``."""
        return self._teller.reader.of_now(machine)

    def tell(self) -> None:
        """Tell what this thread has caused: to log handlers and a listener, which may hang."""
        self._teller.tell()

    def warn(self, text: str) -> None:
        """Tell a warning of the host's own."""
        self.read(lambda machine: self._teller.note_warning(text, machine))

    def tell_share(self, step: str, text: str) -> None:
        """Tell of sharing what no decision tells."""
        self.read(lambda machine: self._teller.note_share(step, text, machine))

    def wake(self) -> None:
        """Do what is due with nobody asking."""

        def wake(machine: Machine) -> abi.Decision:
            self.alarm.at_ms = abi.NEVER  # or it would not be armed again for the same instant
            return machine.wake()

        if self.sharing is not None:
            self.sharing.look_once_more()
        self.put(wake)

    def close(self) -> None:
        """Put the last event, and let go of all sets."""

        self.put(lambda machine: machine.close())

    @property
    def is_mine(self) -> bool:
        """Tell whether this thread is in the midst of something here, and has the lock.

        That is so in a signal handler and in a finalizer.
        """
        return self._lock._is_owned()  # type: ignore[attr-defined, no-any-return]

    @property
    def attempts(self) -> int:
        """Count the attempts that run."""
        return len(self._running)

    def attempt_begins(self, attempt: object) -> None:
        """Note that an attempt runs."""
        with self._lock:
            self._running.add(attempt)
            self._end_lease_of_user_code()

    def attempt_is_over(self, attempt: object) -> None:
        """Note that it runs no more; also once more, by who was interrupted."""
        with self._lock:
            self._running.discard(attempt)
            self._end_lease_of_user_code()

    def _end_lease_of_user_code(self) -> None:
        if self.source.runs_user_code:
            self.lease = NO_LEASE  # see _grant

    def _taken(self, machine: Machine, event: _Put, because: str) -> Outcome:
        self._events += 1
        number = self._events
        try:
            return self._apply(event(machine), number, because)
        except BaseException:
            # Interrupted: what the machine has decided is not known here.
            self.lease = NO_LEASE
            self.flights.have_all_ask_again()
            self._ring_pause_bell()
            if self.sharing is not None:
                # Nor whether a flight was started, or is at the store still: restored, it is over.
                machine.discard()
            raise

    def _apply(self, decision: abi.Decision, number: int, because: str = "") -> Outcome:
        """Do what a decision asks of the host. The lock is held.

        ``number`` is the event's: where it is not the last any more, this was overtaken.
        """
        if decision.is_void:
            self.lease = NO_LEASE
            self._ring_pause_bell()
        self.flights.cancel(decision.cancelled)
        self.flights.settle(decision.settled)
        started = wait = granted = None
        if decision.started:
            started = self.flights.begin(decision.started, decision.start_deadline_ms)
        if decision.kind in _WAITING:
            wait = self._wait(decision)
        if decision.kind in _SERVING:
            granted = self._grant(decision, number)
        if decision.is_void or decision.notes or decision.started:
            self._machine.keep_snapshot()
        if decision.share and self.sharing is not None:
            self.sharing.note(decision, self._machine)
        # Not earlier: a child may begin here, and go on from the snapshot before.
        self._forget(decision, number)
        self._arm(decision.next_wake_ms)
        trouble = "" if self.sharing is None else self.sharing.trouble()
        self._teller.note(decision, self._machine, because, trouble)
        if decision.notes & abi.Note.LED and self._is_lonely():
            self._teller.note_share("nobody_met", abi.NOBODY_MET, self._machine)
        return Outcome(decision, started, wait, granted)

    def _is_lonely(self) -> bool:
        flight = self._machine.status(abi.Status.FLIGHT)
        return self.sharing is not None and self.sharing.has_led(flight)

    def _wait(self, decision: abi.Decision) -> Wait:
        if not decision.ticket:
            return Wait(self.pause_bell, decision.deadline_ms, None)
        flight = self.flights.get(decision.ticket, decision.deadline_ms)
        return Wait(flight.bell, decision.deadline_ms, flight)

    def _ring_pause_bell(self) -> None:
        """Wake those who wait for an attempt to begin.

        They find the lock taken until what has changed is in place.
        """
        before, self.pause_bell = self.pause_bell, Bell()
        before.ring()

    def _grant(self, decision: abi.Decision, number: int) -> CredentialSet | None:
        """Make a lease of a decision that serves.

        There is none while the user's own code gets credentials: it may sign with this session,
        and is then to be told so, which a lease would not. Nor is there one where a test sets the
        clock.
        """
        granted = self.sets.granted(decision.set, decision.expiry_ms)
        is_asked_itself = self.attempts and self.source.runs_user_code
        if granted is not None and not is_asked_itself and not is_set_by_tests():
            self.lease = (
                decision.lease_elapsed_ms * NANOS,
                decision.lease_wall_ms * NANOS,
                granted,
            )
            if self._events != number:
                self.lease = NO_LEASE  # overtaken: it may be one that was ended since
        return granted

    def _forget(self, decision: abi.Decision, number: int) -> None:
        """Let go of the sets that are not held any more."""
        if decision.code == abi.Code.CLOSED:
            self.sets.clear()
        elif self._events == number:  # or a later event knows better which is held
            self.sets.hold(decision.held)

    def _arm(self, at_ms: int) -> None:
        """Set the one timer."""
        if self._has_timer and at_ms != self.alarm.at_ms:
            if at_ms < abi.NEVER:
                timer.arm(self.alarm, at_ms)
            self.alarm.at_ms = at_ms

    def _with_machine(self, use: Callable[[Machine], _T]) -> tuple[_T, Flight | None]:
        """Use the machine, restored first where that is necessary. The lock is held.

        Returns what ``use`` gives, and the flight that the restored machine has started, if any.

        Raises:
            PoisonedError: The library fails in every try. The next call begins with a restore.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                revived = None if self._machine.is_alive else self._restore()
                return use(self._machine), revived
            except PoisonedError as failure:
                self._teller.note_restored(str(failure))
                self._machine.discard()
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    def _restore(self) -> Flight | None:
        """Go on from the snapshot: in a forked child, or after a failure of the library.

        The flight is lost, and whoever waits for that asks again. Returns the flight that the
        restored machine has started, if any.
        """
        lost, self.flights = self.flights, self._no_flights()
        self.lease = NO_LEASE
        if self.sharing is not None:
            self.sharing.lose()
        try:
            return self._apply(self._machine.restore(), self._events).started
        finally:
            lost.lose_all()
            self._ring_pause_bell()

    def _no_flights(self) -> Flights:
        return Flights(ask_first=self.sharing is not None)

    def _check_the_process(self) -> None:
        """Notice a fork, and the end of the interpreter, before anything is locked or called.

        At the end it goes on alone, as in a child: the other threads have stopped where they were,
        in an attempt or with the lock.
        """
        notice()
        if sys.is_finalizing() and not self._is_last:
            self._is_last = True
            self.after_fork()


def _is_frozen(options: dict[int, float]) -> bool:
    """Tell whether nothing runs between two calls, as in AWS Lambda.

    What a timer would ring for, callers wait for there, each with a sleep of its own.
    """
    is_inline = options.get(abi.Option.ADVISORY_REFRESH) == abi.AdvisoryRefresh.INLINE
    return is_inline and "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def _shared_by(loop: Loop, group: Group) -> Sharing:
    from evercreds._host.sharing import Sharing  # here: most sessions do not share

    return Sharing(loop, group)
