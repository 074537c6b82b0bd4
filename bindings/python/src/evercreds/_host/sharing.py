"""The calls of a session's store, where its processes meet that share one refresh.

Each runs in a thread of its own, as attempts do, and is reported whenever its answer comes: the
machine knows which one it waits for. What the store, a callable for keys, or a question for the
base principal raises is a failure of that call.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import contextvars
import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from evercreds._fork.children import generation
from evercreds._host.flights import Flight
from evercreds._host.marks import Inside
from evercreds._host.source import CredentialSet
from evercreds._host.workers import launch
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine, PoisonedError
from evercreds._library.options import Options
from evercreds._waiting.bell import Bell
from evercreds._waiting.clock import NANOS, SYSTEM_CLOCK
from evercreds.errors import EvercredsLibraryError

if TYPE_CHECKING:
    from evercreds._host.loop import Loop

__all__ = ["BeforeStoreError", "Found", "Group", "Led", "Publishing", "Sharing", "UnreadableError"]

# A process that was stopped is not to take its own sleep for a store's failure.
_GRACE_S = 0.025
# A store that never answers holds so many threads of a session, and no more.
_MOST_CALLS = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What a look has found. Zeros stand for what is absent."""

    brought: CredentialSet | None = None
    expiry_ms: int = 0
    life_ms: int = 0
    left_ms: int = abi.NEVER
    generation: int = 0
    replaces: int = 0
    turn: int = 0
    turn_left_ms: int = 0
    notice: int = 0
    notice_left_ms: int = 0
    met: bool = False
    """Another process has had a turn there."""
    unopened: bool = False
    """There is an entry that cannot be opened, and that has not been told of."""


@dataclasses.dataclass(frozen=True, slots=True)
class Led:
    """What has become of a campaign."""

    number: int
    won: bool
    left_ms: int
    give_back: Callable[[], object] = lambda: None
    """Ends the turn, where nobody needs it any more."""


@dataclasses.dataclass(frozen=True, slots=True)
class Publishing:
    """A set for the group."""

    brought: CredentialSet
    generation: int
    left_ms: int
    life_ms: int
    replaces: int


class UnreadableError(Exception):
    """The store's answer is no record, or is none that this process may use.

    Args:
        is_new: Whether it is an entry that has not been told of. Default: False.
    """

    def __init__(self, is_new: bool = False) -> None:
        super().__init__("the store's answer is no record")
        self.is_new = is_new


class BeforeStoreError(Exception):
    """A group did not come as far as its store.

    Args:
        trouble: Why: one of ``abi.STORE_TROUBLES``.
    """

    def __init__(self, trouble: str) -> None:
        super().__init__("the store was not asked")
        self.trouble = trouble


class Group(Protocol):
    """The processes that mean the same credentials, by way of their store. Its calls may hang."""

    options: Options
    """Those of the machine that are about sharing."""

    def key(self) -> str:
        """Name the record."""
        raise NotImplementedError

    def look(self, flight: int) -> Found:
        """Read the record for a flight."""
        raise NotImplementedError

    def campaign(self, flight: int, seen: int, turn_ms: int) -> Led:
        """Try for a turn, or extend it."""
        raise NotImplementedError

    def publish(self, flight: int, given: Publishing) -> bool:
        """Write a set, and tell whether it was stored."""
        raise NotImplementedError

    def resign(self, number: int, notice: int, notice_ms: int) -> None:
        """End a turn."""
        raise NotImplementedError

    def renew(self) -> None:
        """Take another owner's name, and forget what flights have seen. It waits for nothing."""
        raise NotImplementedError


class Sharing:
    """The store calls of one session."""

    def __init__(self, loop: Loop, group: Group) -> None:
        self._loop = loop
        self._group = group
        self._trouble = abi.STORE_TIMEOUT
        self._fresh()
        _wait_at_exit()

    def _fresh(self) -> None:
        self._asked: collections.deque[_Call] = collections.deque()
        self._under_way: dict[int, _Call] = {}
        self._alone = 0  # refreshes in a row that led and met nobody
        self._counted = 0  # the flight that was counted last
        self._has_met = False

    def lose(self) -> None:
        """Forget all calls, where the machine does, and be another owner. It waits for nothing."""
        for call in (*self._asked, *self._under_way.values()):
            call.is_lost = True
        for call in self._asked:
            _partings.pop(call, None)
        self._fresh()
        with contextlib.suppress(Exception):
            self._group.renew()

    @property
    def asks(self) -> bool:
        """Tell whether a call is under way."""
        return bool(self._under_way)

    def key(self) -> str:
        """Name the record that this session's sets are in. Raises what that takes."""
        return self._group.key()

    def note(self, decision: abi.Decision, machine: Machine) -> None:
        """Take down the call that a decision asks for. The lock is held."""
        flight = Flight(0, abi.NEVER)
        if decision.share in (abi.Share.LOOK, abi.Share.CAMPAIGN):
            flight = self._loop.flights.get(machine.status(abi.Status.FLIGHT), abi.NEVER)
            # For its attempt: that of who brought its first look.
            flight.context = flight.context or contextvars.copy_context()
        ask = self._what(decision, machine, flight.ticket)
        call = _Call(self._loop, self, ask, decision, flight)
        if call.is_parting:
            # Now: who waits for this flight may end the program as soon as the lock is free.
            _partings[call] = None
        self._asked.append(call)

    def _what(self, decision: abi.Decision, machine: Machine, flight: int) -> Callable[[], Any]:
        """Make what is to be asked of the store."""
        group, number = self._group, decision.share_number
        if decision.share == abi.Share.LOOK:
            return functools.partial(group.look, flight)
        if decision.share == abi.Share.CAMPAIGN:
            return functools.partial(group.campaign, flight, number, decision.share_span_ms)
        if decision.share == abi.Share.RESIGN:
            span_ms = decision.share_span_ms
            return functools.partial(group.resign, number, decision.share_notice, span_ms)
        brought = self._loop.sets.get(decision.share_set)
        if brought is None:
            return _fail  # a signal handler has come in between, and it is replaced
        replaces = decision.replaces_high << 32 | decision.replaces_low
        life_ms = machine.status(abi.Status.LIFETIME_MS)
        given = Publishing(brought, number, decision.share_span_ms, life_ms, replaces)
        return functools.partial(group.publish, decision.share_set, given)

    def start(self) -> None:
        """Begin the calls that were taken down. No lock is held."""
        while True:
            try:
                call = self._asked.popleft()
            except IndexError:
                return
            if len(self._under_way) >= _MOST_CALLS:
                call.refuse()
            self._under_way[call.number] = call
            launch(call.run)

    def over(self, call: _Call) -> None:
        """Let go of a call that is over."""
        self._under_way.pop(call.number, None)

    def look_once_more(self) -> None:
        """Give calls whose time has just ended the chance to bring the answer that is there."""
        now_ms = self._loop.clock.elapsed_ns() // NANOS
        late = [call for call in list(self._under_way.values()) if call.until_ms <= now_ms]
        if late and not self._loop.is_mine:
            end_ns = SYSTEM_CLOCK.elapsed_ns() + int(_GRACE_S * 1e9)
            for call in late:
                call.ended.wait(lambda: (end_ns - SYSTEM_CLOCK.elapsed_ns()) / 1e9)

    def has_failed(self, trouble: str) -> None:
        """Keep why the call failed that the machine is told of now. The lock is held."""
        self._trouble = trouble

    def trouble(self) -> str:
        """Give why the last event made the store fail. Where no call was reported: its time."""
        trouble, self._trouble = self._trouble, abi.STORE_TIMEOUT
        return trouble

    def found(self, found: Found) -> None:
        """Note whether somebody else was there."""
        brought = found.brought
        is_others = brought is not None and not self._loop.sets.knows(brought)
        self._has_met = found.met or is_others

    def has_led(self, flight: int) -> bool:
        """Count a refresh, and tell whether it is to be told that there is nobody else.

        A flight counts once, however often it wins: it looks again after a turn that it won late.
        """
        is_new, self._counted = flight != self._counted, flight
        if self._has_met:
            self._alone = 0
        elif is_new:
            self._alone += 1
        return is_new and self._alone == abi.NOBODY_MET_AFTER


class _Call:
    """One call of the store, which is reported once."""

    def __init__(
        self,
        loop: Loop,
        sharing: Sharing,
        ask: Callable[[], Any],
        decision: abi.Decision,
        flight: Flight,
    ) -> None:
        self.number: int = decision.share_call
        self.until_ms: int = decision.share_until_ms
        self.is_parting: bool = decision.share in (abi.Share.PUBLISH, abi.Share.RESIGN)
        self.is_lost: bool = False
        self.ended: Bell = Bell()
        self._loop = loop
        self._sharing = sharing
        self._ask = ask
        self._flight = flight

    def refuse(self) -> None:
        """Ask nothing: too many calls have had no answer."""
        self._ask = _no_answer

    def run(self) -> None:
        """Ask, and report what came of it."""
        begun_in = generation()
        answer: Any = None
        error: BaseException | None = None
        try:
            # The store may be a client of this very session, which would wait for itself.
            with Inside(self._loop.number, _nothing, self._flight):
                answer = self._ask()
        except BaseException as raised:  # not even an exit may go on from here
            error = raised
        if generation() != begun_in:
            return  # the store has forked, and this is the child
        try:
            if self.is_lost:
                self._give_back(answer)
            else:
                self._report_any(answer, error)
        finally:
            self._sharing.over(self)
            _partings.pop(self, None)
            self.ended.ring()
            self._loop.tell()

    def _report_any(self, answer: Any, error: BaseException | None) -> None:
        try:
            self._report(answer, error)
        except PoisonedError:
            raise
        except EvercredsLibraryError:  # numbers that no record has
            self._report(None, UnreadableError())

    def _report(self, answer: Any, error: BaseException | None) -> None:
        loop, number = self._loop, self.number
        if error is not None:
            self._report_failure(error)
        elif isinstance(answer, Found):
            self._report_found(answer)
        elif isinstance(answer, Led):
            self._report_led(answer)
        else:
            loop.put(lambda machine: machine.share_done(number, answer is not False), tells=False)

    def _report_failure(self, error: BaseException) -> None:
        loop, number = self._loop, self.number
        if loop.clock.elapsed_ns() // NANOS >= self.until_ms:
            return  # the machine has given the call up by itself, or will
        kind, because, trouble = abi.StoreFailure.UNREACHABLE, _name_of(error), "store"
        if isinstance(error, BeforeStoreError):
            because, trouble = _name_of(error.__cause__), error.trouble
        elif isinstance(error, UnreadableError):
            kind, because, trouble = abi.StoreFailure.UNREADABLE, "", "record"
            if error.is_new:
                loop.tell_share("unopened", abi.UNOPENED)

        def share_failed(machine: Machine) -> abi.Decision:
            decision = machine.share_failed(number, kind)
            self._sharing.has_failed(trouble)
            return decision

        loop.put(share_failed, because, tells=False)

    def _report_led(self, led: Led) -> None:
        number, leads = self.number, []

        def share_led(machine: Machine) -> abi.Decision:
            decision = machine.share_led(number, led.number, led.won, led.left_ms)
            leads.append(machine.status(abi.Status.SHARE) == abi.ShareState.LEADING)
            return decision

        try:
            self._loop.put(share_led, tells=False)
        finally:
            if not any(leads):  # also where the machine cannot be told
                self._give_back(led)

    def _give_back(self, answer: Any) -> None:
        """End a turn that was won when nobody waited for it any more: a lock would never end."""
        if not isinstance(answer, Led) or not answer.won:
            return
        inside = Inside(self._loop.number, _nothing, self._flight)
        with contextlib.suppress(BaseException), inside:
            answer.give_back()

    def _report_found(self, found: Found) -> None:
        loop, number, brought = self._loop, self.number, found.brought
        self._sharing.found(found)
        if found.unopened:
            loop.tell_share("unopened", abi.UNOPENED)

        def share_found(machine: Machine) -> abi.Decision:
            if brought is None:
                return machine.share_found(number, found, 0)
            loop.sets.store(number, brought)
            try:
                return machine.share_found(number, found, brought.fingerprint)
            finally:
                loop.sets.arrived(number)

        loop.put(share_found, tells=False)


def _name_of(error: BaseException | None) -> str:
    try:
        return str(type(error).__name__)
    except BaseException:  # of a class whose own class raises
        return "an error"


def _fail() -> bool:
    raise LookupError("the set is gone")


def _no_answer() -> bool:
    raise BeforeStoreError(abi.STORE_TIMEOUT) from TimeoutError()


def _nothing() -> None:
    """Do nothing where a person has answered: a store asks none."""


# Publications and resignations under way, in all sessions.
_partings: dict[_Call, None] = {}


@functools.cache
def _wait_at_exit() -> None:
    atexit.register(_finish)


def _finish() -> None:
    """Allow what is under way for others the bound of its call, as the interpreter ends."""
    for call in list(_partings):
        until_ms = call.until_ms
        call.ended.wait(lambda until_ms=until_ms: until_ms / 1000 - SYSTEM_CLOCK.elapsed_ns() / 1e9)  # type: ignore[misc]
