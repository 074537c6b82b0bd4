"""Tells what happens in a session, in the order in which it happens: the log, and listeners."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime
import logging
import threading
from collections.abc import Callable
from typing import Any, Literal

from evercreds._host.facts import Facts, Reader
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine
from evercreds._waiting.locks import reentrant_lock, system_lock

__all__ = ["Kind", "Listener", "SessionEvent", "Teller", "logger"]

logger = logging.getLogger("evercreds")
# A program that has not set up logging is not to find this on its standard error.
logger.addHandler(logging.NullHandler())

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_FAILED = abi.Note.FAILED | abi.Note.FAILED_QUIETLY
_INSTALLED = abi.Note.INSTALLED | abi.Note.LATE_INSTALLED
_REJECTED = abi.Note.REJECTED | abi.Note.REPORTED
_LINES = [(note, _LEVELS[level], text) for note, level, text in abi.LINES]
# What a handler that hangs keeps from being told is not to grow: the latest tell the state.
_MOST_UNTOLD = 256
_WINDOWS_SHRUNK = next(text for note, _, text in abi.LINES if note == abi.Note.WINDOWS_SHRUNK)


Kind = Literal["start", "refresh", "failure", "rejection", "degraded", "warning", "share", "close"]


@dataclasses.dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something that happened in a session. No secret is in it.

    What does not go with its kind, or is not known, is ``None``, or as the default says.
    """

    kind: Kind
    session_name: str | None = None
    """The session's name: RoleSessionName, or the thing's name at AWS IoT."""
    role: str | None = None
    """The role's ARN, the role alias, or the name of the function that gets credentials."""
    cause: str | None = None
    """Why the refresh began: ``"first"``, ``"advisory"``, ``"mandatory"``, ``"rejected"``,
    ``"reported"``, ``"forced"``, ``"idle"``, ``"min_ttl"`` or ``"degraded"``."""
    error_code: str | None = None
    """Of a failure, and of ``"degraded"``: why the refresh failed; see docs/concepts/errors.md."""
    error_class: str | None = None
    """Of the same: ``"recoverable"`` or ``"permanent"``."""
    aws_error_code: str | None = None
    """Of the same: the service's own error code, such as ``"AccessDenied"``; where no service
    answered, a word for what is wrong, such as ``"network"``."""
    expiry: datetime.datetime | None = None
    """When the credentials held expire; ``None`` also if they never do."""
    next_attempt: datetime.datetime | None = None
    """When the next attempt may start; ``None``: at once."""
    remaining: float | None = None
    """Of a refresh, and of ``"degraded"``: seconds that the credentials held have left;
    ``None``: they never expire."""
    waited: bool = False
    """Of a failure: callers waited for the refresh."""
    scope: Literal["caller", "all"] | None = None
    """Of a rejection: whom it concerns."""
    spaced: bool = False
    """Of a rejection: new credentials keep being rejected, and the next refresh is delayed."""
    message: str = ""
    """Of a warning and of a failure: what is wrong, and what to do."""
    share: str | None = None
    """Of ``"share"``: what sharing with other processes has come to: ``"led"``, ``"followed"``,
    ``"adopted"``, ``"alone"`` and so on; docs/reference/abi.md has the table."""
    reason: str | None = None
    """Of ``"share"`` where that tells ``"store_failed"``: why: ``"timeout"``, ``"store"``,
    ``"record"``, ``"key"`` or ``"principal"``."""


Listener = Callable[[SessionEvent], object]


class _Told:
    """What is to be told of one decision, and which thread has caused it."""

    __slots__ = ("events", "facts", "lines", "thread")

    def __init__(
        self, lines: tuple[tuple[int, str], ...], facts: Facts, events: tuple[SessionEvent, ...]
    ) -> None:
        self.lines = lines
        self.facts = facts
        self.events = events
        self.thread = threading.get_ident()


class Teller:
    """Takes down what is to be told, under the loop's lock, and tells it outside of that.

    Handlers and listeners are the user's: they may use the session, hang, or raise. Who finds
    another thread telling leaves that to it, and goes on. Who has nothing to tell leaves it too:
    an interrupt may leave a lock of logging's held, and most callers come nowhere near one.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader: Reader = reader
        self._listeners: dict[str, tuple[_Guarded, ...]] = {}
        self._is_closed = False
        self.after_fork()

    def after_fork(self) -> None:
        """Leave to the parent, in a child, what it had to tell."""
        self._untold: collections.deque[_Told] = collections.deque(maxlen=_MOST_UNTOLD)
        self._turn = reentrant_lock()
        self._changing = system_lock()

    def on(self, kind: Kind, listener: Listener) -> Callable[[], None]:
        """Have a listener told of all events of a kind from now on; see ``Session.on``."""
        own = _Guarded(kind, listener)
        with self._changing:
            self._listeners[kind] = (*self._listeners.get(kind, ()), own)

        def off() -> None:
            with self._changing:
                kept = tuple(each for each in self._listeners.get(kind, ()) if each is not own)
                self._listeners[kind] = kept

        return off

    def note(
        self, decision: abi.Decision, machine: Machine, because: str, trouble: str = ""
    ) -> None:
        """Take down what a decision tells. The lock is held.

        ``because`` names the error that was reported; ``trouble`` is why the store has failed,
        where it has.
        """
        notes = decision.notes
        if decision.started:
            self.reader.begun(decision.started, decision.start_cause)
        lines: tuple[tuple[int, str], ...] = ()
        events: list[SessionEvent] = []
        read = _Read(decision, machine, self.reader)
        facts = Facts()
        if notes:
            sentence = self.reader.sentence(machine) if notes & _FAILED else ""
            if notes & abi.Note.STORE_FAILED:
                sentence = abi.STORE_TROUBLES[trouble]
            why = _why(sentence, because)
            lines = tuple(
                (level, text + why if level == logging.WARNING else text)
                for note, level, text in _LINES
                if notes & note
            )
            facts = read.of_failure if notes & (_FAILED | abi.Note.DEGRADED) else read.of_set
        if self._listeners and (notes or decision.started):
            events = _events_of(decision, read, trouble)
            facts = facts if lines or not events else read.of_set
        if decision.code == abi.Code.CLOSED and not self._is_closed:
            self._is_closed = True
            events.append(_event("close", reader_facts := self.reader.of_now(machine)))
            facts = facts if lines else reader_facts
        if lines or events:
            self._untold.append(_Told(lines, facts, tuple(events)))

    def note_restored(self, complaint: str) -> None:
        """Take down that the library has failed."""
        text = f"the session was restored: {complaint}"
        facts = self.reader.of_nothing()
        warning = _event("warning", facts, message=text)
        self._untold.append(_Told(((logging.ERROR, text),), facts, (warning,)))

    def note_warning(self, text: str, machine: Machine) -> None:
        """Take down what a host notices by itself. The lock is held."""
        facts = self.reader.of_now(machine)
        warning = _event("warning", facts, message=text)
        self._untold.append(_Told(((logging.WARNING, text),), facts, (warning,)))

    def note_share(self, step: str, text: str, machine: Machine) -> None:
        """Take down what a host notices of sharing by itself. The lock is held."""
        facts = self.reader.of_now(machine)
        told = _event("share", facts, share=step)
        self._untold.append(_Told(((logging.WARNING, text),), facts, (told,)))

    def tell(self) -> None:
        """Tell all that was taken down, where this thread has, unless another does so."""
        mine = threading.get_ident()
        if not any(told.thread == mine for told in self._untold.copy()):
            return
        while self._untold:
            try:
                if not self._turn.acquire(blocking=False):
                    return
                self._tell_all()
            finally:
                # Of who has not got it, or was interrupted before.
                with contextlib.suppress(RuntimeError):
                    self._turn.release()

    def _tell_all(self) -> None:
        while True:
            try:
                told = self._untold.popleft()
            except IndexError:  # a signal handler may have come in between, and told the last
                return
            self._tell(told)

    def _tell(self, told: _Told) -> None:
        extra = _extra(told.facts)
        for level, text in told.lines:
            _log(level, text, extra)
        for event in told.events:
            for listener in self._listeners.get(event.kind, ()):
                listener.hear(event, extra)


class _Guarded:
    """A listener of the user's, whose failure harms nobody else. It is told once, by its name."""

    def __init__(self, kind: Kind, listener: Listener) -> None:
        self._kind = kind
        self._listener = listener
        self._has_failed = False

    def hear(self, event: SessionEvent, extra: dict[str, str | None]) -> None:
        try:
            self._listener(event)
        except Exception as error:
            if self._has_failed:
                return
            self._has_failed = True
            with contextlib.suppress(Exception):  # the name of a class may raise too
                name = type(error).__name__
                text = f"a listener of {self._kind!r} failed ({name}); this is told once"
                _log(logging.WARNING, text, extra)


def _log(level: int, text: str, extra: dict[str, str | None]) -> None:
    with contextlib.suppress(Exception):  # of a filter, say
        try:
            logger.log(level, "%s", text, extra=extra)
        except KeyError:  # the program's own records have an attribute of such a name already
            logger.log(level, "%s", text)


def _extra(facts: Facts) -> dict[str, str | None]:
    """Give the attributes of a record, by the names of the table. They are texts, as JSON has."""
    values = {name: getattr(facts, name) for name, _, _ in abi.FACTS}
    return {
        name: value.isoformat() if isinstance(value, datetime.datetime) else value
        for name, value in values.items()
    }


def _why(sentence: str, because: str) -> str:
    """Say why a refresh failed: what is known of it, and the type of what was raised."""
    return (f": {sentence}" if sentence else "") + (f" ({because})" if because else "")


def _event(kind: Kind, facts: Facts, **more: Any) -> SessionEvent:
    given = {name: getattr(facts, name) for name, _, _ in abi.FACTS}
    return SessionEvent(kind, **given, **more)


def _seconds(ms: int) -> float | None:
    return None if ms >= abi.NEVER else ms / 1000


class _Read:
    """What is read for one decision: each once, so that all that is told of it agrees.

    It keeps what it has read by hand: before Python 3.12 ``functools.cached_property`` has one lock
    for all objects of a class, which a child that is forked meanwhile has held for ever.
    """

    def __init__(self, decision: abi.Decision, machine: Machine, reader: Reader) -> None:
        self.machine = machine
        self.reader = reader
        self._held = decision.held
        self._of_set: Facts | None = None
        self._of_failure: Facts | None = None
        self._remaining_ms: int | None = None

    @property
    def of_set(self) -> Facts:
        if self._of_set is None:
            self._of_set = self.reader.of_set(self.machine, self._held)
        return self._of_set

    @property
    def of_failure(self) -> Facts:
        if self._of_failure is None:
            self._of_failure = self.reader.of_failure(self.machine)
        return self._of_failure

    @property
    def remaining(self) -> float | None:
        if self._remaining_ms is None:
            self._remaining_ms = self.machine.status(abi.Status.REMAINING_MS)
        return _seconds(self._remaining_ms)


def _events_of(decision: abi.Decision, read: _Read, trouble: str) -> list[SessionEvent]:
    """List what one decision tells, in the order of docs/reference/host.md."""
    notes, machine, reader = decision.notes, read.machine, read.reader
    events: list[SessionEvent] = []
    if notes & _REJECTED:
        scope = "all" if notes & abi.Note.REJECTED else "caller"
        spaced = bool(notes & abi.Note.SPACED)
        events.append(_event("rejection", read.of_set, scope=scope, spaced=spaced))
    if notes & _FAILED and machine.status(abi.Status.LAST_CODE):
        waited, why = bool(notes & abi.Note.FAILED), reader.sentence(machine)
        events.append(_event("failure", read.of_failure, waited=waited, message=why))
    if notes & abi.Note.DEGRADED:
        events.append(_event("degraded", read.of_failure, remaining=read.remaining))
    for note, step in abi.SHARE_STEPS:
        if notes & note:
            reason = trouble if note == abi.Note.STORE_FAILED else None
            events.append(_event("share", read.of_set, share=step, reason=reason))
    if notes & _INSTALLED:
        events.append(_event("refresh", read.of_set, remaining=read.remaining))
    if notes & abi.Note.WINDOWS_SHRUNK:
        events.append(_event("warning", read.of_set, message=_WINDOWS_SHRUNK))
    if decision.started:
        events.append(_event("start", reader.of_set(machine, decision.started)))
    return events
