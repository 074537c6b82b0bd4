"""One session, as its callers see it: who is served, who waits, and for what."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from evercreds import _abi_generated as abi
from evercreds._attempts import Attempts
from evercreds._clock import NANOS, SYSTEM_CLOCK, Clock
from evercreds._flights import Flight
from evercreds._ledger import Outcome
from evercreds._machine import Machine, fresh_seed
from evercreds._needs import ANY, Need, Pause, patience_here_ms
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

    def obtain(self, need: Need = ANY) -> CredentialSet:
        """Give credentials that meet this need, refreshing them where that is due.

        Raises:
            ReentrantUseError: The caller is part of an attempt of this session's.
            Exception: What the source raised, or an EvercredsCredentialError.
        """
        until_ms = patience_here_ms()
        if until_ms < need.until_ms:
            need = dataclasses.replace(need, until_ms=until_ms)
        return self._follow(self._asked(need), need, forced=False)

    async def obtain_in_loop(self, need: Need = ANY) -> CredentialSet:
        """As ``obtain``, for a coroutine. Who is cancelled leaves the flight to the others."""
        if need is ANY and (served := self.leased()) is not None:
            return served
        return await self._follow_in_loop(self._asked(need), need, forced=False)

    def report(self, fingerprint: int, evidence: abi.Evidence) -> None:
        """Report that a service refused a set to a caller who waits for no other."""
        need = Need(other=fingerprint, evidence=evidence, until_ms=0)
        self._background(self._asked(need))

    def refresh(self) -> None:
        """Refresh now, whatever the phase. Raises as ``obtain`` does; what is held stays."""
        self._follow(self._forced(), ANY, forced=True)

    async def refresh_in_loop(self) -> None:
        """As ``refresh``, for a coroutine."""
        await self._follow_in_loop(self._forced(), ANY, forced=True)

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

    def _asked(self, need: Need) -> Outcome:
        self._refuse_reentrant_use()
        return self._event(lambda machine: machine.ask(need))

    def _forced(self) -> Outcome:
        self._refuse_reentrant_use()
        return self._event(lambda machine: machine.force())

    def _refuse_reentrant_use(self) -> None:
        if self._runs_here():
            raise ReentrantUseError

    def invalidate(self) -> None:
        """Take the user's word that the credentials held are of no use to anybody."""

        def reject(machine: Machine) -> abi.Decision:
            held = self._sets.get(machine.status(abi.Status.SET))
            return machine.invalidate(0 if held is None else held.fingerprint)

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
            need = Need(until_ms=patience_here_ms())
            self._follow(self._answer(flight, need, False), need, forced=False)
        except BaseException:
            self.close()
            raise

    def _follow(self, outcome: Outcome, need: Need, forced: bool) -> CredentialSet:
        """Do what a decision says, until there are credentials or an error."""
        self._background(outcome)
        while (awaited := outcome.awaited) is not None:
            need = need.after(outcome.decision)
            self._wait(awaited)
            outcome = self._heard(awaited, need, forced)
        return self._served(outcome)

    async def _follow_in_loop(self, outcome: Outcome, need: Need, forced: bool) -> CredentialSet:
        """As ``_follow``, for a coroutine: the event loop goes on while it waits."""
        self._background(outcome)
        while (awaited := outcome.awaited) is not None:
            need = need.after(outcome.decision)
            if isinstance(awaited, Flight):
                self._launch(awaited)
            left_s = awaited.deadline_ms / 1000 - self.clock.elapsed_ns() / 1e9
            await awaited.settled.wait_in_loop(left_s)
            outcome = self._heard(awaited, need, forced)
        return self._served(outcome)

    def _heard(self, awaited: Flight | Pause, need: Need, forced: bool) -> Outcome:
        """Ask what becomes of a caller who has waited."""
        if isinstance(awaited, Pause) or awaited.is_lost:
            outcome = self._event(lambda machine: machine.ask(need))
        else:
            outcome = self._answer(awaited, need, forced)
        self._background(outcome)
        return outcome

    def _served(self, outcome: Outcome) -> CredentialSet:
        """Give what an outcome serves, or raise its error."""
        if outcome.served is not None:
            return outcome.served
        now_ms = self.clock.elapsed_ns() // NANOS
        raise self._failures.error(outcome.decision, now_ms)

    def _answer(self, flight: Flight, need: Need, forced: bool) -> Outcome:
        return self._event(lambda machine: machine.answer(flight.ticket, need, forced))

    def _wait(self, awaited: Flight | Pause) -> None:
        # As Condition asks it. Nobody else can report while this thread has the lock.
        if self._lock._is_owned():  # type: ignore[attr-defined]
            raise EvercredsCredentialError(
                "a signal handler or a finalizer has come in the midst of what this thread does in "
                "the session, and cannot wait for credentials there",
                code="interrupting",
            )
        if isinstance(awaited, Flight):
            self._launch(awaited)
        self.clock.wait(awaited.settled, awaited.deadline_ms)
