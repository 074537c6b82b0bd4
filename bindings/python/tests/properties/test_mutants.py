"""Sessions that are broken on purpose, each in one way: the histories find every one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from evercreds._boto3.credentials import LeasedCredentials
from evercreds._host import attempts, flights, host
from evercreds._host.attempts import Attempt
from evercreds._host.failures import Failures
from evercreds._host.flights import Flight, Flights
from evercreds._host.host import Host
from evercreds._host.loop import NO_LEASE, Loop
from evercreds._host.said import Said
from evercreds._host.sets import Sets
from evercreds._host.source import CredentialSet, FrozenCredentials
from evercreds._library.machine import Machine
from evercreds._waiting.bell import Bell
from properties.test_histories import Histories

pytestmark = pytest.mark.slow

Mutant = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, Mutant] = {}


def mutant(break_it: Mutant) -> Mutant:
    MUTANTS[break_it.__name__] = break_it
    return break_it


@mutant
def a_lease_outlives_its_epoch(patch: pytest.MonkeyPatch) -> None:
    apply = Loop._apply

    def keep(self: Any, *given: Any) -> Any:
        before, outcome = self.lease, apply(self, *given)
        if self.lease == NO_LEASE:
            self.lease = before
        return outcome

    patch.setattr(Loop, "_apply", keep)


@mutant
def a_lease_is_a_second_too_long(patch: pytest.MonkeyPatch) -> None:
    grant = Loop._grant

    def longer(self: Any, decision: Any, number: int) -> CredentialSet | None:
        decision.lease_elapsed_ms += 1000
        decision.lease_wall_ms += 1000
        return grant(self, decision, number)

    patch.setattr(Loop, "_grant", longer)


@mutant
def a_lease_is_kept_while_the_source_runs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Loop, "_end_lease_of_user_code", lambda self: None)


@mutant
def waiters_are_not_told(patch: pytest.MonkeyPatch) -> None:
    class Deaf(Bell):
        def ring(self) -> None:
            pass

    class Silent(Flight):
        def __init__(self, ticket: int, deadline_ms: int) -> None:
            super().__init__(ticket, deadline_ms)
            self.bell = Deaf()

    patch.setattr(flights, "Flight", Silent)


@mutant
def waiters_of_a_lost_flight_are_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Flights, "lose_all", lambda self: None)


@mutant
def sets_are_torn(patch: pytest.MonkeyPatch) -> None:
    grant = Loop._grant

    def torn(self: Any, decision: Any, number: int) -> CredentialSet | None:
        served = grant(self, decision, number)
        first = self.__dict__.setdefault("first", served)
        frozen = FrozenCredentials(*served.frozen._replace(secret_key=first.frozen.secret_key))
        return CredentialSet(frozen).with_expiry(decision.expiry_ms)

    patch.setattr(Loop, "_grant", torn)


@mutant
def the_set_before_is_served(patch: pytest.MonkeyPatch) -> None:
    grant = Loop._grant

    def late(self: Any, decision: Any, number: int) -> CredentialSet | None:
        last = self.__dict__.get("last")
        self.last = grant(self, decision, number)
        return last or self.last

    patch.setattr(Loop, "_grant", late)


@mutant
def callers_wait_for_a_refresh_ahead_of_need(patch: pytest.MonkeyPatch) -> None:
    follow = Host._follow

    def wait(self: Any, outcome: Any, *given: Any) -> CredentialSet:
        if outcome.started is not None and outcome.granted is not None:
            flight = outcome.started
            self._sleep(host.Wait(flight.bell, flight.deadline_ms, flight), host.Patience())
        return follow(self, outcome, *given)

    patch.setattr(Host, "_follow", wait)


@mutant
def a_failure_ahead_of_need_is_shown(patch: pytest.MonkeyPatch) -> None:
    follow = Host._follow

    def show(self: Any, *given: Any, **more: Any) -> CredentialSet:
        served = follow(self, *given, **more)
        for kept in self.loop.failures._raised.values():
            raise kept.error
        return served

    patch.setattr(Host, "_follow", show)


@mutant
def another_attempts_failure_is_shown(patch: pytest.MonkeyPatch) -> None:
    keep = Failures.keep

    def first_only(self: Any, ticket: int, error: BaseException, said: Said) -> None:
        kept = next(iter(self._raised.values()), None)
        keep(self, ticket, error if kept is None else kept.error, said)

    patch.setattr(Failures, "keep", first_only)


@mutant
def a_flight_is_started_twice(patch: pytest.MonkeyPatch) -> None:
    start = attempts.start

    def twice(loop: Any, flight: Any) -> None:
        start(loop, flight)
        if flight is not None:
            flight.is_launched = False
            start(loop, flight)

    patch.setattr(attempts, "start", twice)


@mutant
def every_caller_gets_an_attempt(patch: pytest.MonkeyPatch) -> None:
    wait = Loop._wait

    def own(self: Any, decision: Any) -> Any:
        if decision.ticket:
            attempts.start(self, Flight(decision.ticket, decision.deadline_ms))
        return wait(self, decision)

    patch.setattr(Loop, "_wait", own)


@mutant
def an_exit_is_not_reported(patch: pytest.MonkeyPatch) -> None:
    report = Attempt._report_failure

    def ignore(self: Any, error: BaseException) -> None:
        if isinstance(error, Exception):
            report(self, error)

    patch.setattr(Attempt, "_report_failure", ignore)


@mutant
def an_odd_error_ends_the_attempt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Attempt, "_classified", lambda self, error: self._loop.source.classify(error))


@mutant
def an_attempt_waits_for_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(host, "running_inside", lambda session: False)


@mutant
def a_refresh_ahead_of_need_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    start = attempts.start

    def forget(loop: Any, flight: Any) -> None:
        if flight is not None and not loop.room.attempts[flight.ticket].is_required:
            return
        start(loop, flight)

    patch.setattr(attempts, "start", forget)


@mutant
def only_the_first_snapshot_is_kept(patch: pytest.MonkeyPatch) -> None:
    keep = Machine.keep_snapshot

    def once(self: Any) -> None:
        if not self._snapshot:
            keep(self)

    patch.setattr(Machine, "keep_snapshot", once)


@mutant
def a_child_counts_the_parents_attempts(patch: pytest.MonkeyPatch) -> None:
    after_fork = Loop.after_fork

    def count(self: Any) -> None:
        running = self.attempts
        after_fork(self)
        self.attempts = running

    patch.setattr(Loop, "after_fork", count)


@mutant
def a_child_keeps_the_lease_and_no_set(patch: pytest.MonkeyPatch) -> None:
    after_fork = Loop.after_fork

    def forget(self: Any) -> None:
        after_fork(self)
        self.sets = Sets()

    patch.setattr(Loop, "after_fork", forget)


@mutant
def sleep_is_not_noticed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LeasedCredentials, "_when_awake", LeasedCredentials.get_frozen_credentials)


@mutant
def who_wants_more_takes_the_lease(patch: pytest.MonkeyPatch) -> None:
    def brought(self: Any, wait: Any, need: Any) -> CredentialSet | None:
        leased = self.leased()
        of_the_flight = wait.flight and self.loop.sets.get(wait.flight.ticket)
        return leased if leased is of_the_flight else None

    patch.setattr(Host, "_brought", brought)


@mutant
def close_leaves_the_lease(patch: pytest.MonkeyPatch) -> None:
    def close(self: Any) -> None:
        lease = self.loop.lease
        self.loop.put(Machine.close)
        self.loop.lease = lease

    patch.setattr(Host, "close", close)


@mutant
def the_clocks_are_mixed_up(patch: pytest.MonkeyPatch) -> None:
    def now(self: Any) -> tuple[int, int]:
        return self._clock.wall_ns() // 10**6, self._clock.wall_ns() // 10**6

    patch.setattr(Machine, "_now", now)


@pytest.mark.usefixtures("library_that_fails")
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_session_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    quick = settings(phases=[Phase.generate], max_examples=8000, report_multiple_bugs=False)
    # Whichever promise is broken first: what one breaks of them, and how, is not the point.
    with pytest.raises(Exception):  # noqa: PT011, B017
        _play(quick)


def _play(quick: settings) -> None:
    try:
        run_state_machine_as_test(Histories, settings=quick)
    except BaseException as error:
        raise AssertionError("a promise is broken") from error
