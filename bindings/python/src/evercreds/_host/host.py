"""One session, as its callers see it: who is served, who waits, and for what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evercreds._host import attempts
from evercreds._host.events import Kind, Listener
from evercreds._host.failures import ReentrantUseError
from evercreds._host.loop import Loop, Outcome, Wait
from evercreds._host.marks import WaitingFor, running_inside
from evercreds._host.source import CredentialSet, Source
from evercreds._host.status import SessionStatus, status_of
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine, fresh_seed
from evercreds._library.needs import ANY, Need, Patience, patience_here_ms
from evercreds._library.options import Options
from evercreds._waiting.clock import NANOS, SYSTEM_CLOCK, Clock
from evercreds.errors import EvercredsCredentialError

if TYPE_CHECKING:
    from evercreds._host.sharing import Group

__all__ = ["Host"]


class Host:
    """Hands out credentials and keeps them fresh. Safe for use by many threads.

    docs/reference/host.md tells how. It is used once it has been opened. A signal handler and a
    finalizer may use it too, also where they come in the midst of what this thread does in it.

    Args:
        source: Where credentials come from.
        options: The machine's options.
        clock: Where the time comes from.
        seed: Gives a fresh random number of 64 bits.
        runs_in_callers: Whether an attempt runs in the thread of the first caller who waits for
            it. Where nobody waits, or a coroutine does, it has a thread of its own.
        group: The processes that this session shares its refreshes with. Default: none.

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
        runs_in_callers: bool = False,
        group: Group | None = None,
    ) -> None:
        self.loop: Loop = Loop(source, options, clock, seed, group)
        self.loop.runs_in_callers = runs_in_callers
        self.clock: Clock = clock
        is_deferred = dict(options).get(abi.Option.DEFER_REFRESH, True)
        self._is_eager_at_store = group is not None and not is_deferred

    def open(self) -> None:
        """Start the machine; an eager session gets its first credentials here.

        Raises:
            OptionRefusedError: Options do not go together.
            Exception: As ``obtain``, where the session is eager.
        """
        first = self.loop.open().wait
        if first is None and not self._is_eager_at_store:
            return
        try:
            if first is None:
                self.obtain()
                return
            need = Need(until_ms=patience_here_ms())
            self._sleep(first, Patience())
            self._follow(self._heard(first, need, Patience(), False), need, Patience(), False)
        except BaseException:
            self.close()
            raise

    def on(self, kind: Kind, listener: Listener) -> Callable[[], None]:
        """Have a listener told of all events of a kind. Returns what takes it out again."""
        return self.loop.on(kind, listener)

    def obtain(self, need: Need = ANY, patience: Patience | None = None) -> CredentialSet:
        """Give credentials that meet this need, refreshing them where that is due.

        Args:
            need: What the caller needs.
            patience: How long the caller waits at all. Default: as long as the session lets.

        Raises:
            ReentrantUseError: The caller is part of an attempt of this session's.
            RingError: The caller is part of an attempt that an attempt of this session's waits for.
            TimeoutError: The caller's patience has ended.
            Exception: What the source raised, or an EvercredsCredentialError.
        """
        patience = patience or Patience()
        until_ms = min(need.until_ms, patience_here_ms(), patience.end_ms)
        if until_ms < need.until_ms:
            need = need._replace(until_ms=until_ms)
        return self._follow(self._asked(need), need, patience, False)

    async def obtain_in_loop(
        self, need: Need = ANY, patience: Patience | None = None
    ) -> CredentialSet:
        """As ``obtain``, for a coroutine. Who is cancelled leaves the flight to the others."""
        if need is ANY and (leased := self.leased()) is not None:
            return leased
        patience = patience or Patience()
        if patience.end_ms < need.until_ms:
            need = need._replace(until_ms=patience.end_ms)
        return await self._follow_in_loop(self._asked(need), need, patience, False)

    def refresh(self, patience: Patience | None = None) -> CredentialSet:
        """Refresh now, whatever the phase. Raises as ``obtain`` does; what is held stays."""
        return self._follow(self._forced(), ANY, patience or Patience(), True)

    async def refresh_in_loop(self) -> CredentialSet:
        """As ``refresh``, for a coroutine."""
        return await self._follow_in_loop(self._forced(), ANY, Patience(), True)

    def report(self, fingerprint: int, evidence: abi.Evidence) -> None:
        """Report that a service refused a set to a caller who waits for no other."""
        outcome = self._asked(Need(other=fingerprint, evidence=evidence, until_ms=0))
        attempts.start(self.loop, outcome.started)  # in a thread of its own: nobody waits here

    def invalidate(self, fingerprint: int | None = None) -> None:
        """Take the user's word that credentials are of no use to anybody.

        Args:
            fingerprint: Of which. Default: those held.
        """

        def invalidate(machine: Machine) -> abi.Decision:
            held = self.loop.sets.fingerprint_held
            return machine.invalidate(held if fingerprint is None else fingerprint)

        self.loop.put(invalidate)

    def leased(self) -> CredentialSet | None:
        """Give what may be handed out without asking, if anything may."""
        until, until_wall, leased = self.loop.lease
        lasts = self.clock.elapsed_ns() < until
        if lasts and not self.clock.counts_sleep:
            lasts = self.clock.wall_ns() < until_wall
        return leased if lasts else None

    @property
    def are_of_role(self) -> bool:
        """Whether the credentials are known to be a role's."""
        return self.loop.source.is_for_role

    def fingerprint_of(self, token: str) -> int | None:
        """Tell which of this session's latest sets has this session token, if one has."""
        return self.loop.sets.fingerprint_of(token)

    def hint(self) -> None:
        """Say that something may have changed at the store: who follows looks soon."""
        self.loop.put(lambda machine: machine.share_hint())

    def status(self) -> SessionStatus:
        """Tell the session's state."""
        loop = self.loop
        return loop.read(lambda machine: status_of(machine, loop.facts(machine)))

    def close(self) -> None:
        """End the session: whoever waits, or asks from now on, gets an error."""
        self.loop.close()

    def _asked(self, need: Need) -> Outcome:
        self._refuse_reentrant_use()
        return self.loop.put(lambda machine: machine.ask(need))

    def _forced(self) -> Outcome:
        self._refuse_reentrant_use()
        return self.loop.put(lambda machine: machine.force())

    def _refuse_reentrant_use(self) -> None:
        loop = self.loop
        is_asking = loop.attempts > 0 or (loop.sharing is not None and loop.sharing.asks)
        if is_asking and running_inside(loop.number):
            raise ReentrantUseError

    def _follow(
        self, outcome: Outcome, need: Need, patience: Patience, forced: bool
    ) -> CredentialSet:
        """Do what a decision says, until there are credentials or an error."""
        if outcome.wait is None:
            return self._granted(outcome)
        follower = object()
        self.loop.followers.add(follower)
        try:
            while (wait := outcome.wait) is not None:
                need = need.after(outcome.decision)
                self._sleep(wait, patience)
                if not forced and (brought := self._brought(wait, need)) is not None:
                    return brought
                outcome = self._heard(wait, need, patience, forced)
            return self._granted(outcome)
        finally:
            self.loop.followers.discard(follower)
            attempts.start_forsaken(self.loop)

    async def _follow_in_loop(
        self, outcome: Outcome, need: Need, patience: Patience, forced: bool
    ) -> CredentialSet:
        """As ``_follow``, for a coroutine: the event loop goes on while it waits."""
        while (wait := outcome.wait) is not None:
            need = need.after(outcome.decision)
            attempts.start(self.loop, wait.flight)
            end_ms = min(wait.deadline_ms, patience.end_ms)
            with WaitingFor(wait.flight):
                await wait.bell.wait_in_loop(end_ms / 1000 - self.clock.elapsed_ns() / 1e9)
            if not forced and (brought := self._brought(wait, need)) is not None:
                return brought
            outcome = self._heard(wait, need, patience, forced)
        return self._granted(outcome)

    def _sleep(self, wait: Wait, patience: Patience) -> None:
        # Nobody else can report while this thread has the lock.
        if self.loop.is_mine:
            attempts.start(self.loop, wait.flight)  # the others are not to wait in vain
            raise EvercredsCredentialError(
                "a signal handler or a finalizer interrupted this thread inside the session, and "
                "cannot wait for credentials there",
                code="interrupting",
            )
        with WaitingFor(wait.flight):
            if self.loop.runs_in_callers:
                attempts.run_here(self.loop, wait.flight)
            attempts.start(self.loop, wait.flight)
            self.clock.wait(wait.bell, min(wait.deadline_ms, patience.end_ms))

    def _brought(self, wait: Wait, need: Need) -> CredentialSet | None:
        """Give what the flight has brought, to a caller without needs, while it has a valid lease.

        The machine would serve the same; so those who wake at once do not queue for the lock.
        """
        flight = wait.flight
        if flight is None or flight.is_lost or need.min_ttl_ms or need.evidence:
            return None
        leased = self.leased()
        return leased if leased is self.loop.sets.get(flight.ticket) else None

    def _heard(self, wait: Wait, need: Need, patience: Patience, forced: bool) -> Outcome:
        """Ask what becomes of a caller who has waited."""
        flight = wait.flight
        if not wait.bell.has_rung and patience.end_ms <= self.now_ms() < wait.deadline_ms:
            return self._left(need, forced)
        if flight is not None and not flight.is_lost:
            outcome = self.loop.put(lambda machine: machine.answer(flight.ticket, need, forced))
            if not flight.is_lost:
                return outcome  # else the machine was restored in that very call
        # Who forces is not to be served what a restored machine holds.
        return self.loop.put(lambda machine: machine.force() if forced else machine.ask(need))

    def _left(self, need: Need, forced: bool) -> Outcome:
        """Stop waiting: the caller has what is good for it without an attempt, if anything is."""
        if not forced:
            outcome = self.loop.put(lambda machine: machine.leave(need))
            if outcome.granted is not None or outcome.decision.kind == abi.Kind.ERROR:
                return outcome
        raise TimeoutError("no credentials came within timeout")

    def _granted(self, outcome: Outcome) -> CredentialSet:
        """Give what an outcome grants, or raise its error."""
        if outcome.granted is not None:
            return outcome.granted
        raise self.loop.failures.error(outcome.decision, self.now_ms())

    def now_ms(self) -> int:
        """Tell the instant of the elapsed clock."""
        return self.clock.elapsed_ns() // NANOS
