"""One session, as its callers see it: who is served, who waits, and for what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evercreds import _abi_generated as abi
from evercreds._attempts import Attempts
from evercreds._clock import NANOS, SYSTEM_CLOCK, Clock
from evercreds._flights import Flight
from evercreds._ledger import Outcome
from evercreds._machine import Machine, fresh_seed
from evercreds._options import Options
from evercreds._source import CredentialSet, Source
from evercreds._status import SessionStatus, status_of
from evercreds.errors import EvercredsConfigurationError, EvercredsCredentialError

__all__ = ["ReentrantUseError", "SessionCore"]


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


class SessionCore(Attempts):
    """Hands out credentials and keeps them fresh. Safe for use by many threads.

    It is used once it has been opened. A signal handler and a finalizer may use it too, also where
    they come in the midst of what this thread does in it.

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
        super().__init__(source, options, clock, seed)

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

    @property
    def are_of_role(self) -> bool:
        """Whether the credentials are known to be a role's."""
        return self._source.is_for_role

    def _asked(self, min_ttl_ms: int) -> Outcome:
        self._refuse_reentrant_use()
        return self._event(lambda machine: machine.ask(min_ttl_ms))

    def _forced(self) -> Outcome:
        self._refuse_reentrant_use()
        return self._event(lambda machine: machine.force())

    def _refuse_reentrant_use(self) -> None:
        if self._runs_here():
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
        self._check_the_process()
        with self._lock:
            status, revived = self._call(status_of)
        self._after_call(revived)
        return status

    def close(self) -> None:
        """End the session: whoever waits, or asks from now on, gets an error."""
        self._event(lambda machine: machine.close())
        with self._lock:
            self._sets.clear()

    def wake(self) -> None:
        """Do what is due with nobody asking."""
        self._background(self._event(lambda machine: machine.wake()))

    def _fetch_first(self, flight: Flight) -> None:
        """Get an eager session's first credentials, or fail as its constructor."""
        try:
            self._wait(flight)
            self._follow(self._answer(flight, 0, False), 0, forced=False)
        except BaseException:
            self.close()
            raise

    def _follow(self, outcome: Outcome, min_ttl_ms: int, forced: bool) -> CredentialSet:
        """Do what a decision says, until there are credentials or an error."""
        self._background(outcome)
        while (flight := outcome.awaited) is not None:
            self._wait(flight)
            outcome = self._heard(flight, min_ttl_ms, forced)
        return self._served(outcome)

    async def _follow_in_loop(
        self, outcome: Outcome, min_ttl_ms: int, forced: bool
    ) -> CredentialSet:
        """As ``_follow``, for a coroutine: the event loop goes on while it waits."""
        self._background(outcome)
        while (flight := outcome.awaited) is not None:
            self._launch(flight)
            left_s = flight.deadline_ms / 1000 - self.clock.elapsed_ns() / 1e9
            await flight.settled.wait_in_loop(left_s)
            outcome = self._heard(flight, min_ttl_ms, forced)
        return self._served(outcome)

    def _heard(self, flight: Flight, min_ttl_ms: int, forced: bool) -> Outcome:
        """Ask what becomes of a caller who has waited for this flight."""
        if flight.is_lost:
            outcome = self._event(lambda machine: machine.ask(min_ttl_ms))
        else:
            outcome = self._answer(flight, min_ttl_ms, forced)
        self._background(outcome)
        return outcome

    def _served(self, outcome: Outcome) -> CredentialSet:
        """Give what an outcome serves, or raise its error."""
        if outcome.served is not None:
            return outcome.served
        now_ms = self.clock.elapsed_ns() // NANOS
        raise self._failures.error(outcome.decision, now_ms)

    def _answer(self, flight: Flight, min_ttl_ms: int, forced: bool) -> Outcome:
        return self._event(lambda machine: machine.answer(flight.ticket, min_ttl_ms, forced))

    def _wait(self, flight: Flight) -> None:
        # As Condition asks it. Nobody else can report while this thread has the lock.
        if self._lock._is_owned():  # type: ignore[attr-defined]
            raise EvercredsCredentialError(
                "a signal handler or a finalizer has come in the midst of what this thread does in "
                "the session, and cannot wait for credentials there",
                code="interrupting",
            )
        self._launch(flight)
        self.clock.wait(flight.settled, flight.deadline_ms)
