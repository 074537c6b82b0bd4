"""The attempts of a session to get credentials: how they start, and what they report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evercreds._errors.frames import forget_variables
from evercreds._fork.children import generation
from evercreds._host.flights import Flight
from evercreds._host.marks import Inside
from evercreds._host.said import NOTHING, Said
from evercreds._host.source import CredentialSet, Failure, Reply
from evercreds._host.workers import launch
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine, PoisonedError
from evercreds.errors import EvercredsLibraryError

if TYPE_CHECKING:
    from evercreds._host.loop import Loop

__all__ = ["run_here", "start", "start_forsaken", "start_or_leave"]

_MALFORMED = Failure(reason=abi.Code.MALFORMED)


def start(loop: Loop, flight: Flight | None) -> None:
    """Have an attempt made for a flight, unless that is seen to already.

    Whoever waits for a flight sees to it too. The thread that a decision has told to start it may
    have been interrupted since, or goes on only when the signal handler ends that waits here. Where
    two do this at the same time, the first attempt to begin is the one.
    """
    if flight is not None and flight.may_fly and not flight.is_launched:
        launch(Attempt(loop, flight).run, flight.context)
        flight.is_launched = True


def start_or_leave(loop: Loop, flight: Flight | None) -> None:
    """Have an attempt made for a flight that no caller's own decision has started.

    Where attempts run in callers, one of those who wait for it runs it.
    """
    if flight is not None and loop.runs_in_callers and loop.followers:
        loop.flights.have_one_run(flight)
    else:
        start(loop, flight)


def start_forsaken(loop: Loop) -> None:
    """Have attempts made that were left to callers of whom none is there any more."""
    if loop.runs_in_callers and not loop.followers:
        for flight in loop.flights:
            start(loop, flight)


def run_here(loop: Loop, flight: Flight | None) -> None:
    """Run the attempt for a flight in this thread, a caller's, unless another is seen to run it.

    Raises:
        BaseException: What ended the attempt in place of an answer, such as an interrupt: it is
            this caller's. The others hear that the attempt died.
    """
    if flight is not None and flight.may_fly and not flight.is_launched:
        Attempt(loop, flight).run_in_caller()


class Attempt:
    """Runs the source for a flight, and reports once how it ended."""

    def __init__(self, loop: Loop, flight: Flight) -> None:
        self._loop = loop
        self._flight = flight
        self._ticket = flight.ticket
        self._died_of: BaseException | None = None
        self._has_reported = False

    def run(self) -> None:
        """Run one attempt and report how it ended, once."""
        if self._flight.claim():
            self._run()

    def run_in_caller(self) -> None:
        """Do the same for a caller, who may be interrupted at any step. See ``run_here``."""
        if not self._flight.claim():
            return
        try:
            self._flight.is_launched = True
            self._run()
        finally:
            if not self._has_reported and not self._flight.is_lost:
                self._loop.attempt_is_over(self)
                self._report(None, "interrupted")
                self._loop.flights.over(self._flight)
        if self._died_of is not None:
            raise self._died_of

    def _run(self) -> None:
        loop, source = self._loop, self._loop.source
        loop.attempt_begins(self)
        begun_in = generation()
        error = reply = None
        try:
            with Inside(loop.number, self._prompted, self._flight):
                reply = source.fetch()
        except BaseException as raised:
            # Not even an exit may go on from here: it would end this thread, and nothing else.
            error = raised
        if error is not None and not isinstance(error, Exception):
            self._died_of = error
        if generation() != begun_in:
            self._has_reported = True  # by the parent
            # The source has forked, and this is the child: the attempt is the parent's, and a
            # caller in this thread asks again.
            self._flight.is_lost = True
            self._flight.bell.ring()
            return
        try:
            if self._flight.is_lost:
                pass  # the machine that was restored since has never heard of it
            elif reply is not None:
                self._report_reply(reply)
            else:
                assert error is not None
                self._report_failure(error)
            self._has_reported = True
        finally:
            loop.flights.over(self._flight)
            loop.attempt_is_over(self)
            loop.tell()  # last: a log handler that hangs keeps this thread, and nothing else

    def _prompted(self) -> None:
        if not self._flight.is_lost:
            self._loop.put(lambda machine: machine.prompted(self._ticket))

    def _report_reply(self, reply: Reply) -> None:
        sets, ticket = self._loop.sets, self._ticket
        brought = CredentialSet(reply.frozen, reply.expiry_ms, reply.source_identity)

        def complete(machine: Machine) -> abi.Decision:
            sets.store(ticket, brought)
            try:
                return machine.complete(
                    ticket,
                    reply.expiry_ms,
                    brought.fingerprint,
                    reply.duration_ms,
                    reply.server_time_ms,
                )
            finally:
                sets.arrived(ticket)

        try:
            self._loop.put(complete, tells=False)
        except PoisonedError:
            raise
        except EvercredsLibraryError:  # times that no clock shows
            self._report(_MALFORMED, "")

    def _report_failure(self, error: BaseException) -> None:
        failure = self._classified(error)
        forget_variables(error)
        self._loop.failures.keep(self._ticket, error, self._said(error))
        self._report(failure, _name_of(error))

    def _report(self, failure: Failure | None, because: str) -> None:
        """Report a failure, or that the attempt died."""
        ticket = self._ticket

        def fail(machine: Machine) -> abi.Decision:
            if failure is None:
                return machine.abandon(ticket)
            return machine.fail(ticket, failure.error_class, failure.reason, failure.retry_after_ms)

        try:
            self._loop.put(fail, because, tells=False)
        except PoisonedError:
            raise
        except EvercredsLibraryError:
            if failure is None:
                raise
            self._report(None, because)

    def _classified(self, error: BaseException) -> Failure | None:
        """Sort an error; None: the attempt died."""
        if not isinstance(error, Exception):
            return None
        try:
            return self._loop.source.classify(error)
        except BaseException:
            # Users make errors that lack what the services' have, or that raise where they are
            # read, even an exit. Whatever happens here, the callers who wait must hear of it.
            return Failure()

    def _said(self, error: BaseException) -> Said:
        try:
            return self._loop.source.said(error)
        except BaseException:
            return NOTHING


def _name_of(error: BaseException) -> str:
    """Name an error by its type, for the log: its text is the source's."""
    try:
        return str(type(error).__name__)
    except BaseException:  # of a class whose own class raises
        return "an error"
