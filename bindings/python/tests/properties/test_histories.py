"""Random histories of a session: who asks when, what the source answers, what the clocks do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from evercreds._library import loading as _library
from properties.answers import ANSWERS, LIVES_MS, Answer
from properties.options import OPTIONS
from properties.room import Room

pytestmark = pytest.mark.slow

_SECOND, _MINUTE, _HOUR = 1000, 60_000, 3_600_000
_ANY = st.integers(0, 1000)
_SPANS = st.sampled_from([1, 10, 60, 199, _SECOND, _SECOND, 6 * _SECOND, _MINUTE, 16 * _MINUTE])
_SLEEPS = st.sampled_from([_SECOND, _MINUTE, 16 * _MINUTE, _HOUR])
_INSTANTS = ["advisory", "mandatory", "expiry", "hold-off", "lease", "timer", "deadline", "middle"]
_TTLS = st.sampled_from([0, 1, _SECOND, _MINUTE, 10 * _MINUTE, _HOUR, 12 * _HOUR])
_OFFSETS = st.sampled_from([0, 0, -1, -_HOUR, _HOUR, 90, -10 * 365 * 24 * _HOUR, 24 * _HOUR])
_LIVES = st.sampled_from(LIVES_MS)


class Histories(RuleBasedStateMachine):
    """What may happen to a session, in any order."""

    room: Room

    @initialize(
        options=OPTIONS,
        counts_sleep=st.booleans(),
        seed=st.integers(0, 2**32),
        first_life_ms=st.one_of(st.none(), _LIVES, _LIVES),
    )
    def open(
        self, options: dict[str, Any], counts_sleep: bool, seed: int, first_life_ms: int | None
    ) -> None:
        self.room = Room(options, counts_sleep, seed)
        self.room.open()
        if first_life_ms is not None:
            if self._is_open():
                self.room.call("frozen")
            self.room.answer_well(first_life_ms)

    def _is_open(self) -> bool:
        return self.room.session is not None

    @precondition(_is_open)
    @rule(what=st.sampled_from(["frozen", "frozen", "credentials"]), at_once=st.booleans())
    def ask(self, what: str, at_once: bool) -> None:
        self._begin(what, 0, at_once)

    @precondition(_is_open)
    @rule(count=st.integers(2, 5))
    def ask_together(self, count: int) -> None:
        for _ in range(count):
            self.room.call("frozen")

    @precondition(_is_open)
    @rule(min_ttl_ms=_TTLS, at_once=st.booleans())
    def ask_for_time(self, min_ttl_ms: int, at_once: bool) -> None:
        self._begin("min_ttl", min_ttl_ms, at_once)

    @precondition(_is_open)
    @rule(
        what=st.sampled_from(
            [
                "refresh",
                "invalidate",
                "invalidate",
                "invalidate-old",
                "invalidate-unknown",
                "status",
                "wake",
                "wake",
            ]
        ),
        at_once=st.booleans(),
    )
    def do(self, what: str, at_once: bool) -> None:
        self._begin(what, 0, at_once)

    def _begin(self, what: str, min_ttl_ms: int, at_once: bool) -> None:
        actor = self.room.call(what, min_ttl_ms)
        while at_once and not actor.is_over and actor.may_go_on():
            self.room.turn(actor)

    @precondition(lambda self: bool(self.room.stage.waiting()))
    @rule(which=_ANY)
    def go_on(self, which: int) -> None:
        waiting = self.room.stage.waiting()
        self.room.turn(waiting[which % len(waiting)])

    @rule()
    def all_go_on(self) -> None:
        self.room.turn_all()

    @precondition(lambda self: bool(self.room.calls))
    @rule(which=_ANY, answer=ANSWERS, all_hear=st.booleans())
    def answer(self, which: int, answer: Answer, all_hear: bool) -> None:
        self.room.tell(self.room.calls[which % len(self.room.calls)], answer)
        if all_hear:
            self.room.turn_all()

    @precondition(_is_open)
    @rule(what=st.sampled_from(["frozen", "frozen", "refresh"]), life_ms=_LIVES)
    def all_is_well(self, what: str, life_ms: int) -> None:
        self.room.call(what)
        self.room.answer_well(life_ms)
        self._begin("frozen", 0, at_once=True)  # with nothing under way this may leave a lease

    @precondition(_is_open)
    @rule(
        name=st.sampled_from(["advisory", "mandatory", "expiry"]),
        whats=st.lists(st.sampled_from(["frozen", "frozen", "refresh"]), max_size=3),
        answer=st.one_of(st.none(), ANSWERS),
    )
    def it_is_time(self, name: str, whats: list[str], answer: Answer | None) -> None:
        self._turn_to(name, 0)
        for what in whats:
            self.room.call(what)
        self.room.turn_all()
        for call in list(self.room.calls):
            if answer is not None and call in self.room.calls:
                self.room.tell(call, answer)
        self.room.turn_all()

    @rule(ms=_SPANS)
    def time_passes(self, ms: int) -> None:
        self.room.clock.turn(ms)

    @rule(name=st.sampled_from(_INSTANTS), more_ms=st.sampled_from([-1, 0, 0, 1]))
    def something_is_due(self, name: str, more_ms: int) -> None:
        self._turn_to(name, more_ms)

    def _turn_to(self, name: str, more_ms: int) -> None:
        at = self.room.instants().get(name)
        if at is not None:
            self.room.clock.turn(max(0, at + more_ms - self.room.clock.elapsed_ms))

    @rule(offset_ms=_OFFSETS, sleep_ms=_SLEEPS, sleeps=st.booleans(), some_ask=st.booleans())
    def a_clock_is_odd(self, offset_ms: int, sleep_ms: int, sleeps: bool, some_ask: bool) -> None:
        if sleeps:
            self.room.clock.sleep(sleep_ms)
        else:
            self.room.step_wall(offset_ms)
        if some_ask and self._is_open():
            self._begin("frozen", 0, at_once=True)

    @precondition(lambda self: self._is_open() and self.room.is_eager)
    @rule()
    def the_timer_rings(self) -> None:
        self.room.ring()

    @precondition(_is_open)
    @rule()
    def go_on_in_a_child(self) -> None:
        self.room.fork()

    @precondition(lambda self: self._is_open() and has_panics())
    @rule(at_next_snapshot=st.booleans())
    def the_library_fails(self, at_next_snapshot: bool) -> None:
        self.room.poison(at_next_snapshot)

    @precondition(_is_open)
    @rule(at_once=st.booleans(), is_meant=st.sampled_from([False] * 3 + [True]))
    def close(self, at_once: bool, is_meant: bool) -> None:
        if is_meant:  # there is little to see after it
            self._begin("close", 0, at_once)

    @invariant()
    def books_agree(self) -> None:
        if hasattr(self, "room"):
            self.room.promises.books_agree()

    def teardown(self) -> None:
        if not hasattr(self, "room"):
            return
        try:
            if not self.room.has_failed:
                self.room.wind_up()
        finally:
            self.room.leave()


def has_panics() -> bool:
    """Tell whether this build of the library fails on demand."""
    return hasattr(_library.library(), "evercreds_test_panic")


@pytest.mark.usefixtures("library_that_fails")
def test_histories() -> None:
    usual = settings()
    run_state_machine_as_test(
        Histories, settings=settings(usual, max_examples=3 * usual.max_examples)
    )
