"""One session, and everybody around it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest

import evercreds.session
from evercreds import RefreshableSession
from evercreds._fork import children as _fork
from evercreds._host import attempts, host, loop, workers
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine, PoisonedError
from evercreds._waiting.bell import Bell
from evercreds._waiting.clock import NANOS
from properties.answers import FAILURES, MALFORMED, Answer, Reply
from properties.clocks import Moment, RoomClock
from properties.options import stability_of
from properties.promises import Promises
from properties.stage import Actor, Stage, TurnLock
from properties.watched import Seen, WatchedAttempt, WatchedLoop, WatchedMachine

__all__ = ["Attempt", "Call", "Room"]

_base = botocore.session.Session()
_base.set_credentials("AKIABASE", "secret-base")


@dataclasses.dataclass
class Attempt:
    """One flight, as the room sees it."""

    ticket: int
    start: Moment
    deadline_ms: int
    is_forced: bool
    clock_was_right: bool
    is_required: bool = False  # somebody was told to wait for it
    is_foreign: bool = False  # the session knows nothing of it any more
    times_launched: int = 0
    is_over: bool = False


@dataclasses.dataclass
class Call:
    """One call of the source, under way."""

    attempt: Attempt
    actor: Actor
    answer: Answer | None = None


class Room:
    """A session by the room's clock, whose source waits to be told its answers.

    Args:
        options: Keyword arguments of the session.
        counts_sleep: Its elapsed clock goes on while the machine sleeps.
        seed: What its random draws begin with.
    """

    def __init__(self, options: dict[str, Any], counts_sleep: bool, seed: int) -> None:
        self.options = options
        self.stability = stability_of(options)
        self.is_eager = options["defer_refresh"] is False
        self.stage = Stage()
        self.lock = TurnLock(self.stage)
        self.clock = RoomClock(counts_sleep, self._wait)
        self.session: Any = None
        self.core: host.Host | None = None
        self.attempts: dict[int, Attempt] = {}
        self.calls: list[Call] = []
        self.replies = 0
        self.brought: dict[int, Reply] = {}  # by ticket
        self.was_closed = False
        self.restores = 0
        self.has_failed = False
        self.broken: BaseException | None = None
        self.promises = Promises(self)
        self._seed = seed
        self._poison_next_snapshot = False
        self._patch = pytest.MonkeyPatch()

    # Coming and going

    def open(self) -> None:
        """Make the session; an eager one first gets its credentials."""
        WatchedMachine.room = WatchedLoop.room = self
        self._patch.setattr(loop, "Machine", WatchedMachine)
        self._patch.setattr(host, "Loop", WatchedLoop)
        self._patch.setattr(attempts, "Attempt", WatchedAttempt)
        self._patch.setattr(attempts, "launch", self._in_a_thread)
        self._patch.setattr("evercreds._host.timer.arm", _arm)
        self._patch.setattr(evercreds.session, "Host", self._make_core)
        self.turn(self.stage.enter("constructor", self._construct))

    def leave(self) -> None:
        """Take everything down, whatever state it is in."""
        try:
            self.stage.vanish()
        finally:
            self._patch.undo()

    def _make_core(self, source: Any, options: Any, **given: Any) -> host.Host:
        return host.Host(source, options, clock=self.clock, seed=self._next_seed, **given)

    def _next_seed(self) -> int:
        self._seed += 1
        return self._seed * 0x9E3779B97F4A7C15 % 2**64

    def _construct(self) -> None:
        try:
            session = RefreshableSession(
                method="custom",
                custom_credentials_method=self._provide,
                botocore_session=_base,
                **self.options,
            )
        except Exception as error:
            self.promises.raised(error)
        else:
            self.session, self.core = session, session._host

    def _in_a_thread(self, run: Callable[[], None], context: Any = None) -> None:
        self.stage.begin("attempt", run, lambda work: workers.launch(work, context))

    def look(self) -> Seen | None:
        """What the machine says of itself; None: it is to be restored first."""
        if self.core is None or not self.core.loop._machine.is_alive:
            return None
        try:
            return Seen.of(self.core.loop._machine)
        except PoisonedError:
            return None

    # Callers

    def call(self, what: str, min_ttl_ms: int = 0) -> Actor:
        """Have somebody use the session, when his turn comes."""
        work = self._errand(what, min_ttl_ms)

        def run() -> None:
            try:
                given = work()
            except Exception as error:
                self.promises.raised(error)
            else:
                self.promises.given(what, given, min_ttl_ms)

        return self.stage.enter(what, run)

    def _errand(self, what: str, min_ttl_ms: int) -> Callable[[], Any]:
        session = self.session
        return {
            "frozen": lambda: session.get_credentials().get_frozen_credentials(),
            "credentials": lambda: session.credentials,
            "min_ttl": lambda: session.credentials_for(min_ttl_ms / 1000),
            "refresh": session.refresh,
            "invalidate": session.invalidate,
            "invalidate-old": self._invalidate_old,
            "invalidate-unknown": lambda: session._host.report(12345, abi.Evidence.STRONG),
            "status": session.status,
            "close": session.close,
            "wake": session._host.loop.wake,
        }[what]

    def _invalidate_old(self) -> None:
        """A service rejects a token which the session may have replaced meanwhile."""
        for reply in list(self.brought.values())[-3:-1]:
            known = self.session._host.fingerprint_of(f"token-{reply.number}")
            if known is not None:
                self.session._host.report(known, abi.Evidence.STRONG)

    def _wait(self, bell: Bell, until_ms: int) -> None:
        self.promises.waits(until_ms)
        self.stage.park("wait", lambda: bell.has_rung or self.clock.elapsed_ms >= until_ms)

    # The source

    def _provide(self) -> Any:
        """The user's function."""
        actor = self.stage.current
        assert actor is not None, "the source is called in no thread of its own"
        attempt = self.attempts[actor.notes["ticket"]]
        self.promises.may_begin(attempt)
        call = Call(attempt, actor)
        self.calls.append(call)
        self.stage.park("source", lambda: call.answer is not None)
        self.calls.remove(call)
        assert call.answer is not None
        if call.answer.uses_session and self.session is not None:
            try:
                self.promises.used_inside(self.session)
            except (Exception, pytest.fail.Exception) as error:
                self.broken = error  # as a failure of the source it might be nobody's
                raise
        return self._give(call.answer, attempt)

    def _give(self, answer: Answer, attempt: Attempt) -> Any:
        if answer.kind in FAILURES:
            error: Any = FAILURES[answer.kind]()
            error.ticket = attempt.ticket
            raise error
        reply = self._reply(answer)
        if answer.kind in MALFORMED:
            return MALFORMED[answer.kind](reply.fields("text"))
        self.brought[attempt.ticket] = reply
        fields = reply.fields(answer.form)
        return _soon(fields) if answer.is_async else fields

    def _reply(self, answer: Answer) -> Reply:
        self.replies += 1
        new = Reply(self.replies, self.clock.truth_ms + answer.life_ms)
        held = self.promises.held
        if answer.kind == "same" and held is not None:
            return held
        if answer.kind == "shorter" and held is not None and held.expiry_ms is not None:
            new.expiry_ms = held.expiry_ms - answer.life_ms
        if answer.kind == "expired":
            new.expiry_ms = self.clock.now.wall - answer.life_ms
        if answer.kind == "rejected" and self.promises.rejected:
            new.number = self.promises.rejected[-1]
        if answer.kind == "endless":
            new.expiry_ms = None
        return new

    def tell(self, call: Call, answer: Answer) -> None:
        """Have a call of the source end so."""
        call.answer = answer
        self.turn(call.actor)

    def answer_well(self, life_ms: int) -> None:
        """Have all that the source is asked for end well."""
        for _ in range(1000):
            self.turn_all()
            if not self.calls:
                return
            self.tell(self.calls[0], Answer("good", life_ms=life_ms))
        raise AssertionError("the source is asked for ever")

    # Time and turns

    def turn(self, actor: Actor) -> None:
        """Let this one go on until he gives his turn up."""
        try:
            self.stage.turn(actor)
            self.promises.hold_between_turns()
            if self.broken is not None:
                raise self.broken
        except BaseException:
            self.has_failed = True
            raise

    def turn_all(self) -> None:
        """Let everybody go on who can, in the order in which they came."""
        for _ in range(10_000):
            waiting = self.stage.waiting()
            if not waiting:
                return
            self.turn(waiting[0])
        raise AssertionError("it goes on for ever")

    def instants(self) -> dict[str, int]:
        """The instants of the elapsed clock at which something is due."""
        core, now, seen = self.core, self.clock.now.elapsed, self.look()
        if core is None or seen is None:
            return {}
        end = now + seen.remaining_ms
        due = {
            "expiry": end,
            "advisory": end - seen.advisory_ms,
            "mandatory": end - seen.mandatory_ms,
            "hold-off": now + seen.hold_off_ms,
            "lease": core.loop.lease[0] // NANOS,
            "timer": core.loop.alarm.at_ms,
            "middle": now + min(seen.remaining_ms, seen.lifetime_ms) // 2,
        }
        deadlines = [each.deadline_ms for each in self.attempts.values() if not each.is_over]
        if deadlines:
            due["deadline"] = min(deadlines)
        return {name: at for name, at in due.items() if now <= at < abi.NEVER // 2}

    def step_wall(self, offset_ms: int) -> None:
        """Set the wall clock."""
        self.clock.offset_ms = offset_ms
        if offset_ms:
            for attempt in self.attempts.values():
                if not attempt.is_over:
                    attempt.clock_was_right = False

    def ring(self) -> None:
        """Have the timer wake an eager session, if that is due."""
        assert self.core is not None
        for _ in range(4):
            if self.core.loop.alarm.at_ms > self.clock.elapsed_ms:
                return
            begun = len(self.attempts)
            actor = self.call("wake")
            while not actor.is_over:
                self.turn(actor)
            if len(self.attempts) > begun:
                return
        raise AssertionError("(15) the timer rings and rings, and nothing happens")

    # The end

    def wind_up(self) -> None:
        """See that nobody is left waiting, that nothing is left over, and that all can be well."""
        self._let_all_waits_end()
        for _ in range(1000):
            if not self.calls:
                break
            self.tell(self.calls[0], Answer("value"))
            self.turn_all()
        assert not self.stage.actors, "somebody never comes to an end"
        self.promises.nothing_is_left_over()
        if self.core is not None and not self.was_closed:
            self._recover()

    def _let_all_waits_end(self) -> None:
        """7: with a source that is silent, and no timer."""
        for _ in range(1000):
            self.turn_all()
            ends = [each.notes["until_ms"] for each in self.stage.actors if each.place == "wait"]
            if not ends:
                return
            self.clock.turn(max(0, min(ends) - self.clock.elapsed_ms))
        raise AssertionError("(7) somebody waits for ever")

    def _recover(self) -> None:
        """12: with right clocks and a source that is well, the session is, too."""
        self.step_wall(0)
        self.clock.turn(40 * 60_000)
        caller = self.call("frozen")
        self.answer_well(12 * 3_600_000)
        assert caller.is_over, "(7) somebody waits for ever"
        error = caller.notes.get("error")
        assert error is None, f"(12) all is well, but the session says {error!r}"

    # Processes and faults

    def fork(self) -> None:
        """Go on in a child: with this thread alone, and with what the session kept."""
        core = self.core
        assert core is not None
        if not self.stage.actors:
            core.loop.wake()  # as the restore does: what is due is then no difference
        was_calm = not self.stage.actors
        before = self.look()
        handle = core.loop._machine._handle
        number, lib = handle.number, handle.lib
        _fork._Process.generation += 1
        core.loop.after_fork()
        self.session._own_client.after_fork()
        self.stage.vanish()
        self.calls.clear()
        if number:
            lib.evercreds_session_free(number)  # the parent's own, which nobody plays on
        self.session.status()
        self.promises.hold_between_turns()
        if before is not None:
            self.promises.goes_on(before, self.look(), was_calm)

    def poison(self, at_next_snapshot: bool) -> None:
        """Have the library fail: now, or in the middle of an event."""
        core = self.core
        assert core is not None
        if at_next_snapshot:
            self._poison_next_snapshot = True
        elif core.loop._machine.is_alive:
            _panic(core.loop._machine)

    def before_snapshot(self, machine: Machine) -> None:
        if self._poison_next_snapshot and self.session is not None:
            self._poison_next_snapshot = False
            _panic(machine)

    # What the session's classes tell

    def happened(
        self, event: str, given: tuple[Any, ...], before: Seen, decision: abi.Decision, after: Seen
    ) -> None:
        self._started(decision)
        self.promises.hold_after(event, given, before, decision, after)

    def restored(self, decision: abi.Decision, seen: Seen) -> None:
        self.restores += 1
        for attempt in self.attempts.values():
            attempt.is_foreign = attempt.is_foreign or not attempt.is_over
        self._started(decision)
        self.promises.restored(seen)

    def _started(self, decision: abi.Decision) -> None:
        ticket = decision.started
        if not ticket:
            return
        self.promises.new_ticket(ticket)
        self.attempts[ticket] = Attempt(
            ticket,
            self.clock.now,
            decision.start_deadline_ms,
            decision.start_cause == abi.Cause.FORCED,
            self.clock.offset_ms == 0,
        )

    def launched(self, ticket: int) -> None:
        self.attempts[ticket].times_launched += 1
        self.promises.launched(self.attempts[ticket])

    def ended(self, ticket: int) -> None:
        self.attempts[ticket].is_over = True
        self.promises.ended(ticket)


async def _soon(given: Any) -> Any:
    return given


def _arm(alarm: Any, at_ms: int) -> None:
    """The room's timer: it is the test that wakes."""
    alarm.at_ms = at_ms


def _panic(machine: Machine) -> None:
    result = machine._handle.lib.evercreds_test_panic(machine._handle.number)
    assert result in (abi.Result.ERR_PANIC, abi.Result.ERR_POISONED)
