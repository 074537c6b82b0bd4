"""What is promised of every history, by the numbers of the machine's invariants.

 1. Expired credentials are handed out only under ``static``, and the status then says so.
 2. One attempt at a time, and at most one that has timed out beside it.
 3. An attempt ahead of need is nobody's: nobody waits for it, and nobody sees its error.
 4. What is handed out never ends earlier than what was before, but after a rejection, a report or a
    force.
 5. An attempt that the session has lost sight of changes nothing when it ends.
 6. A reply that cannot be used changes nothing that is held.
 7. Whoever waits is told the end of the flight, or goes on at its deadline.
 8. Hold-offs are kept and bounded (most of it in `test_pace.py`).
 9. A healthy source is not asked more often than needed (`test_pace.py`).
10. Access key, secret, token, account and expiry that are handed out come from one reply.
12. Where one of the clocks is right, whatever happens to the other, nothing is handed out past the
    server's expiry; and no step of a clock leaves a session stuck.
13. What a service has rejected is not handed out again, but under ``static``.
14. A session goes on in a forked child, or after a failure of the library, as if nothing had been;
    no ticket is given twice.
15. A timer that rings makes progress.

Not seen from here: 11, that a log of events replayed gives the same answers in every host, is for
`./task conformance` and the simulator of the core, as are 5 for arbitrary tickets, which a front
end never has, and 14 for old snapshots, of which a front end keeps none.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest

from evercreds import EvercredsError
from evercreds._library import abi_generated as abi
from evercreds._library.needs import Need
from evercreds._waiting.clock import NANOS
from properties.answers import Reply, number_of
from properties.clocks import Moment
from properties.watched import Seen

if TYPE_CHECKING:
    from properties.room import Attempt, Room

__all__ = ["Promises"]

_MINUTE_MS = 60_000
_WRITTEN_OFF_MS = 15 * _MINUTE_MS
_LONGEST_HOLD_OFF_MS = 16 * _MINUTE_MS
_SERVING = (abi.Kind.SERVE, abi.Kind.SERVE_AND_REFRESH, abi.Kind.REFRESH_INLINE)
_WAITING = (abi.Kind.REFRESH, abi.Kind.WAIT, abi.Kind.REFRESH_INLINE)
_CALM = (abi.Phase.FRESH, abi.Phase.ADVISORY)


class Promises:
    """Keeps the books of one history, and fails where a promise is broken."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = 0  # the ticket of the set that is held
        self._latest_end: dict[int, int] = {}  # of a set on the elapsed clock, by ticket
        self._well_timed: set[int] = set()  # tickets of sets that came by a right clock
        self._has_nothing_newer = False  # the source, when it was asked last
        self._highest = 0  # the expiry of what was handed out
        self._settled: list[int] = []
        self.rejected: list[int] = []  # numbers of replies

    @property
    def held(self) -> Reply | None:
        """What the session holds."""
        return self._room.brought.get(self._held)

    @property
    def _is_exempt(self) -> bool:
        return self._room.options.get("policy") == "aws2026"

    # After each event of the machine

    def hold_after(
        self, event: str, given: tuple[Any, ...], before: Seen, decision: abi.Decision, after: Seen
    ) -> None:
        """Check one event, and note what it means for later ones."""
        room, actor = self._room, self._room.stage.current
        if event == "force" and decision.kind in _WAITING:
            room.attempts[decision.ticket].is_forced = True
        if decision.kind in (abi.Kind.REFRESH, abi.Kind.WAIT) and decision.ticket:
            room.attempts[decision.ticket].is_required = True
        if actor is not None and event in ("ask", "answer", "force"):
            actor.notes["decision"] = decision
            actor.notes["restores"] = room.restores
            need = given[0] if event == "ask" else None
            is_plain = need is not None and not need.min_ttl_ms and not need.evidence
            actor.notes["takes_any"] = actor.notes.get("takes_any", is_plain) and event != "force"
        if event == "ask":
            self._calm_callers_are_served(before, decision, given[0])
        if decision.notes & abi.Note.REJECTED:
            reply = room.brought[before.set]
            self.rejected.append(reply.number)
            self._highest = 0
        if decision.notes & abi.Note.INSTALLED:
            self._installed(given[0], before)
        else:
            self._nothing_changed(event, before, after)
            is_unknown = after.unknown_tickets > before.unknown_tickets
            if is_unknown and not decision.notes & abi.Note.TIMED_OUT:
                assert before.flight in (0, after.flight), "(5) an unknown ticket ended a flight"
        if decision.notes & (abi.Note.INSTALLED | abi.Note.NO_PROGRESS):
            self._has_nothing_newer = bool(decision.notes & abi.Note.NO_PROGRESS)
        if decision.settled:
            self._settled.append(decision.settled)
        room.was_closed = room.was_closed or bool(after.is_closed)
        # 8
        assert after.hold_off_ms <= _LONGEST_HOLD_OFF_MS, "a hold-off without end"

    def _calm_callers_are_served(self, before: Seen, decision: abi.Decision, need: Need) -> None:
        """3: with time enough left, whatever the source does, an answer comes at once.

        Who has had the set refused by a service is not served it.
        """
        calm = before.phase in _CALM and before.remaining_ms >= need.min_ttl_ms
        calm = calm and need.evidence is abi.Evidence.NONE
        calm = calm and not (before.is_rejected or before.is_closed or self._is_exempt)
        actor = self._room.stage.current
        if actor is not None:
            actor.notes["is_calm"] = calm
        assert not calm or decision.kind in _SERVING, "(3) a caller who need not wait is not served"

    def _installed(self, ticket: int, before: Seen) -> None:
        room, now = self._room, self._room.clock.now
        reply, attempt = room.brought[ticket], room.attempts[ticket]
        had = room.brought.get(before.set)
        assert not attempt.is_foreign, "(5) a lost attempt's reply was taken"
        if reply.expiry_ms is not None:
            assert reply.expiry_ms > now.wall, "(6) an expired reply was taken"
            self._latest_end[ticket] = _latest_end(reply.expiry_ms, attempt.start, now)
        # 6; the machine remembers eight
        assert reply.number not in self.rejected[-8:], "(6) a rejected set was taken again"
        was_refused = before.is_rejected or before.is_reported
        may_go_back = was_refused or attempt.is_forced or self._is_exempt
        if had is not None and not may_go_back:
            assert _end(reply) > _end(had), "(4) the expiry went back"
        if may_go_back:
            self._highest = 0
        if attempt.clock_was_right and room.clock.counts_sleep:
            self._well_timed.add(ticket)
        self._held = ticket

    def _nothing_changed(self, event: str, before: Seen, after: Seen) -> None:
        """5, 6: what is held stays, whatever else happens."""
        names = ["installs"]
        if not after.is_closed:  # a closed session holds nothing
            names += ["set", "remaining_ms", "lifetime_ms", "advisory_ms", "mandatory_ms"]
        for name in names:
            was, is_now = getattr(before, name), getattr(after, name)
            assert was == is_now, f"(6) {event} changed {name} from {was} to {is_now}"

    def restored(self, seen: Seen) -> None:
        """Go on with what the snapshot says is held."""
        self._held = seen.set
        assert not seen.set or seen.set in self._room.brought, "(14) held is what never came"

    def goes_on(self, before: Seen, after: Seen | None, was_calm: bool) -> None:
        """14: compare a session in a child with what it was in the parent."""
        assert after is not None
        names = ["set", "phase", "remaining_ms", "lifetime_ms", "advisory_ms", "mandatory_ms"]
        names += ["is_rejected", "degraded", "installs", "is_closed"]
        if was_calm and not after.flight:
            names += ["hold_off_ms", "unknown_tickets"]
        for name in names:
            was, is_now = getattr(before, name), getattr(after, name)
            assert was == is_now, f"(14) {name} was {was}, and in the child is {is_now}"

    def new_ticket(self, ticket: int) -> None:
        assert ticket not in self._room.attempts, "(14) a ticket was given twice"

    # Attempts

    def launched(self, attempt: Attempt) -> None:
        assert attempt.times_launched == 1, "(2) one flight was started twice"

    def may_begin(self, attempt: Attempt) -> None:
        """2: look who is in the source already."""
        now, lost = self._room.clock.elapsed_ms, 0
        for call in self._room.calls:
            other = call.attempt
            if other.is_foreign or attempt.is_foreign:
                continue
            assert now >= other.deadline_ms, "(2) two attempts run at once"
            lost += now < other.deadline_ms + _WRITTEN_OFF_MS
        assert lost <= 1, f"(2) an attempt runs beside {lost} that have timed out"

    def ended(self, ticket: int) -> None:
        """7: however an attempt ends, its flight has ended too."""
        seen = self._room.look()
        assert seen is None or seen.flight != ticket, "(7) an attempt ended, and was not reported"

    def used_inside(self, session: Any) -> None:
        """Whoever gets credentials signs with the base credentials, and never waits for himself."""
        frozen = session.get_credentials().get_frozen_credentials()
        assert frozen.access_key == "AKIABASE", f"an attempt signs with {frozen.access_key}"
        for use in (session.refresh, lambda: session.credentials):
            with pytest.raises(EvercredsError) as caught:
                use()
            assert caught.value.code == "reentrant"

    # Callers

    def waits(self, until_ms: int) -> None:
        """3, 7: look at a caller who is about to wait."""
        actor = self._room.stage.current
        assert actor is not None
        actor.notes["until_ms"] = until_ms
        decision = actor.notes.get("decision")
        if decision is None:  # an eager session's constructor
            for attempt in self._room.attempts.values():
                attempt.is_required = True
            return
        assert decision.kind in _WAITING
        assert not (actor.notes.get("is_calm") and decision.kind != abi.Kind.REFRESH_INLINE), (
            "(3) a caller waits who need not"
        )
        assert until_ms <= decision.deadline_ms, "(7) a caller waits longer than the flight takes"
        actor.notes["awaited"] = decision.ticket
        if decision.kind == abi.Kind.REFRESH_INLINE:
            actor.notes["ran_inline"] = decision.ticket

    def given(self, what: str, given: Any, min_ttl_ms: int) -> None:
        """Check what a call came back with."""
        if what == "frozen":
            self._handed_out(given.access_key, given.secret_key, given.token, given.account_id)
        elif what in ("credentials", "min_ttl"):
            reply = self._handed_out(given["access_key"], given["secret_key"], given["token"])
            expiry = given["expiry_time"]
            told = expiry and datetime.datetime.fromisoformat(expiry).timestamp() * 1000
            is_same = told == reply.expiry_ms or abs(told - reply.expiry_ms) < 1
            # Where the wall clock was set in the midst of the attempt, the earlier end counts.
            may_be_earlier = not self._was_well_timed(reply)
            assert is_same or (may_be_earlier and told < reply.expiry_ms), "(10) another expiry"
        if what == "min_ttl" and min_ttl_ms:
            seen = self._room.look()
            assert seen is None or seen.remaining_ms >= min_ttl_ms, "min_ttl was not kept"
        if what == "status":
            assert given.phase in {phase.name.lower() for phase in abi.Phase}
            assert given.closed == self._room.was_closed

    def _was_well_timed(self, reply: Reply) -> bool:
        brought, attempts = self._room.brought, self._room.attempts
        return all(attempts[by].clock_was_right for by, each in brought.items() if each is reply)

    def _handed_out(
        self, access_key: str, secret_key: str, token: str, account_id: str | None = None
    ) -> Reply:
        number = number_of(access_key)
        torn = (secret_key, token) != (f"secret-{number}", f"token-{number}")
        torn = torn or account_id not in (None, f"{number:012d}")
        assert not torn, "(10) fields of several replies"
        assert not self._room.was_closed, "a closed session hands credentials out"
        actor = self._room.stage.current
        decision = actor.notes.get("decision") if actor is not None else None
        if decision is not None and decision.kind in _WAITING and decision.ticket == self._held:
            # Woken, it took the lease of what its own flight had brought.
            assert actor is not None
            assert actor.notes["takes_any"], "a lease is handed out to who wants more"
            assert actor.notes["restores"] == self._room.restores, (
                "a lost flight has brought something"
            )
            decision = None
        # Without a decision it came of a lease, which is about what is held.
        ticket = decision.set if decision is not None else self._held
        assert decision is None or decision.kind in _SERVING, "handed out against the decision"
        reply = self._room.brought[ticket]
        assert reply.number == number, f"(10, 13) {number} is handed out for {reply.number}"
        # A lease is kept by the elapsed clock alone, where that counts sleep.
        looks_at_wall = decision is not None or not self._room.clock.counts_sleep
        self._not_too_late(ticket, reply, looks_at_wall)
        if decision is None:
            self._lease_hides_nothing()
        return reply

    def _is_right(self) -> bool:
        """Tell whether both clocks are right, and were when the held set came."""
        return self._room.clock.offset_ms == 0 and self._held in self._well_timed

    def _lease_hides_nothing(self) -> None:
        """A lease ends before a caller must wait."""
        room, seen = self._room, self._room.look()
        is_strict = room.stability == "strict" and not self._has_nothing_newer
        if seen is not None and is_strict and self._is_right():
            assert seen.phase in _CALM, "a lease outlives its phase"

    def _not_too_late(self, ticket: int, reply: Reply, looks_at_wall: bool) -> None:
        room, now = self._room, self._room.clock.now
        is_static = room.stability == "static"
        assert reply.number not in self.rejected or is_static, "(13) rejected, and handed out"
        if reply.expiry_ms is None:
            return
        is_past_wall = looks_at_wall and reply.expiry_ms <= now.wall
        if is_past_wall or self._latest_end[ticket] <= now.elapsed:
            seen = room.look()
            assert is_static, "(1) expired, and handed out"
            assert seen is None or seen.phase == abi.Phase.EXPIRED, "(1) expired, and not marked"
        is_right = (looks_at_wall and room.clock.offset_ms == 0) or ticket in self._well_timed
        if is_right and not is_static:
            assert now.truth < reply.expiry_ms, "(12) handed out past the server's expiry"
        if not self._is_exempt:
            assert reply.expiry_ms >= self._highest, "(4) handed out after a later one"
            self._highest = reply.expiry_ms

    def raised(self, error: Exception) -> None:
        """3: find whose failure a caller is told."""
        room = self._room
        actor = room.stage.current
        assert actor is not None
        actor.notes["error"] = error
        decision = actor.notes.get("decision")
        source = error if hasattr(error, "ticket") else error.__cause__
        ticket = getattr(source, "ticket", None)
        if ticket is None and not isinstance(error, EvercredsError):
            raise error  # it is the test's own, or nobody's
        if decision is None:
            if getattr(error, "code", None) != "closed":
                assert room.session is None, f"(3) {error!r} came of no decision"
            return
        assert decision.kind == abi.Kind.ERROR, f"{error!r}, which nobody decided"
        if ticket is not None:
            assert decision.error_ticket == ticket, "a caller is told another attempt's failure"
        blamed = room.attempts.get(decision.error_ticket)
        if blamed is not None and not self._is_exempt:
            ran_it = actor.notes.get("ran_inline") == blamed.ticket
            assert blamed.is_required or ran_it, "(3) a failure ahead of need is shown"

    # Between turns

    def hold_between_turns(self) -> None:
        """7: whoever waited for a flight that has ended has been told."""
        ended, self._settled = set(self._settled), []
        for actor in self._room.stage.actors:
            attempt = self._room.attempts.get(actor.notes.get("awaited", 0))
            if actor.place != "wait" or attempt is None:
                continue
            if attempt.ticket in ended or attempt.is_foreign:
                assert actor.may_go_on(), "(7) a flight has ended, and a waiter was not told"

    def books_agree(self) -> None:
        """Compare what the session has put down with what the room knows."""
        core, seen = self._room.core, self._room.look()
        if core is None or seen is None:
            return
        until_ns, _, served = core.loop.lease
        if served is not None:
            assert not self._room.was_closed, "a lease on a closed session"
            held = self.held
            assert held is not None, "a lease on nothing"
            assert number_of(served.frozen.access_key) == held.number, "(10) a lease on another set"
            is_static = self._room.stability == "static"
            assert held.number not in self.rejected or is_static, "(13) a lease on a rejected set"
            if seen.phase == abi.Phase.FRESH and self._is_right():
                left_ns = until_ns - self._room.clock.elapsed_ns()
                ends_ns = (seen.remaining_ms - seen.advisory_ms) * NANOS
                assert left_ns <= ends_ns, "a lease outlives its phase"
        if not self._room.stage.actors:
            self.nothing_is_left_over()

    def nothing_is_left_over(self) -> None:
        """With nobody under way, nothing is either."""
        core = self._room.core
        if core is None:
            return
        assert core.loop.attempts == 0, "an attempt is counted that has ended"
        assert not len(core.loop.flights), "a flight is kept that has ended"
        seen = self._room.look()
        if seen is not None:
            assert not seen.flight, "a flight is under way that nobody flies"
            assert len(core.loop.sets) <= 1, "a set is kept that nobody holds"


def _end(reply: Reply) -> float:
    return float("inf") if reply.expiry_ms is None else reply.expiry_ms


def _latest_end(expiry_ms: int, start: Moment, now: Moment) -> int:
    """The end of a set on the elapsed clock, by the most generous reading in order."""
    began = now.wall - (now.elapsed - start.elapsed)
    return start.elapsed + expiry_ms - max(start.wall, began)
