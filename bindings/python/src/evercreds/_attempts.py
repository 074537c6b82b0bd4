"""The attempts of a session to get credentials, and what they report."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

from evercreds import _abi_generated as abi
from evercreds._clock import Clock
from evercreds._flights import Flight, Inside, launch, running_inside
from evercreds._fork import generation
from evercreds._frames import forget_variables
from evercreds._ledger import NO_LEASE, Ledger, Outcome
from evercreds._machine import Machine
from evercreds._options import Options
from evercreds._source import Failure, Reply, Source

__all__ = ["Attempts"]

_REMEMBERED = 15  # tokens of sets that were replaced

_numbers = itertools.count(1)


class Attempts(Ledger):
    """Runs the source for each flight, in a thread of its own, and reports once how it ended.

    What it takes, and raises, is said of ``SessionCore``.
    """

    def __init__(
        self, source: Source, options: Options, clock: Clock, seed: Callable[[], int]
    ) -> None:
        self._number = next(_numbers)
        # Which tokens were ours: a set that was replaced may still be on its way in a request.
        self._tokens: tuple[tuple[int, int], ...] = ()
        super().__init__(source, options, clock, seed)

    def _runs_here(self) -> bool:
        """Tell whether the caller is part of an attempt of this session's."""
        return self._attempts > 0 and running_inside(self._number)

    def _background(self, outcome: Outcome) -> None:
        self._launch(outcome.started)

    def _launch(self, flight: Flight | None) -> None:
        """Have an attempt made, unless that is seen to already.

        Whoever waits for a flight sees to it too. The thread that a decision has told to start it
        may have been interrupted since, or goes on only when the signal handler ends that waits
        here. Where two do this at the same time, the first attempt to begin is the one.
        """
        if flight is not None and not flight.is_launched:
            launch(lambda: self._attempt(flight))
            flight.is_launched = True

    def _attempt(self, flight: Flight) -> None:
        """Run one attempt and report how it ended, once."""
        if not flight.claim():
            return
        ticket = flight.ticket
        self._count_attempt(1)
        begun_in = generation()
        try:
            with Inside(self._number, lambda: self._prompted(ticket)):
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
        forget_variables(error)
        self._failures.keep(ticket, error)
        self._background(self._event(fail, error))

    def _classified(self, error: Exception) -> Failure:
        try:
            return self._source.classify(error)
        except BaseException:
            # Users make errors that lack what the services' have, or that raise where they are
            # read, even an exit. Whatever happens here, the callers who wait must hear of it.
            return Failure()
