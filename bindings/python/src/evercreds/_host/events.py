"""Tells what happens in a session, in the order in which it happens: the log, and a listener."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import logging
import threading
from collections.abc import Callable
from typing import Literal

from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine
from evercreds._waiting.locks import reentrant_lock

__all__ = ["Event", "Listener", "Teller", "logger"]

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


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. What is not of its kind is as the default says."""

    kind: Literal["start", "refresh", "failure", "rejection", "degraded", "warning", "close"]
    cause: str = ""
    """Of a start: why it began."""
    remaining_ms: int = 0
    """Of a refresh, or where a session is degraded: what the credentials held have left."""
    code: str = ""
    """Of a failure."""
    waited: bool = False
    """Callers waited for what failed."""
    scope: str = ""
    """Of a rejection: ``"caller"`` or ``"all"``."""
    spaced: bool = False
    """Of a rejection: the next refresh is put off."""
    message: str = ""
    """Of a warning."""


Listener = Callable[[Event], None]


@dataclasses.dataclass(frozen=True, slots=True)
class _Told:
    """What is to be told of one decision."""

    lines: tuple[tuple[int, str], ...]
    events: tuple[Event, ...] = ()
    thread: int = dataclasses.field(default_factory=threading.get_ident)


class Teller:
    """Takes down what is to be told, under the loop's lock, and tells it outside of that.

    Handlers and listeners are the user's: they may use the session, hang, or raise. Who finds
    another thread telling leaves that to it, and goes on. Who has nothing to tell leaves it too:
    an interrupt may leave a lock of logging's held, and most callers come nowhere near one.
    """

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener
        self._is_closed = False
        self.after_fork()

    def after_fork(self) -> None:
        """Leave to the parent, in a child, what it had to tell."""
        self._untold: collections.deque[_Told] = collections.deque(maxlen=_MOST_UNTOLD)
        self._turn = reentrant_lock()

    def note(self, decision: abi.Decision, machine: Machine, because: str) -> None:
        """Take down what a decision tells. The lock is held."""
        notes = decision.notes
        why = f" ({because})" if because else ""
        lines = tuple(
            (level, text + why if level == logging.WARNING else text)
            for note, level, text in _LINES
            if notes & note
        )
        events = () if self._listener is None else tuple(_events_of(decision, machine))
        if decision.code == abi.Code.CLOSED and not self._is_closed:
            self._is_closed = True
            events += (Event("close"),)
        if lines or events:
            self._untold.append(_Told(lines, events))

    def note_restored(self, complaint: str) -> None:
        """Take down that the library has failed."""
        text = f"the session was restored: {complaint}"
        self._untold.append(_Told(((logging.ERROR, text),), (Event("warning", message=text),)))

    def note_warning(self, text: str) -> None:
        """Take down what a host notices by itself."""
        self._untold.append(_Told(((logging.WARNING, text),), (Event("warning", message=text),)))

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
        for level, text in told.lines:
            with contextlib.suppress(Exception):  # of a filter, say
                logger.log(level, "%s", text)
        if self._listener is not None:
            for event in told.events:
                with contextlib.suppress(Exception):
                    self._listener(event)


def _events_of(decision: abi.Decision, machine: Machine) -> list[Event]:
    """List what one decision tells, in the order of docs/HOST.md."""
    notes = decision.notes
    events: list[Event] = []
    if notes & _REJECTED:
        scope = "all" if notes & abi.Note.REJECTED else "caller"
        events.append(Event("rejection", scope=scope, spaced=bool(notes & abi.Note.SPACED)))
    if notes & _FAILED and (code := machine.status(abi.Status.LAST_CODE)):
        waited = bool(notes & abi.Note.FAILED)
        events.append(Event("failure", code=abi.REASONS[code][0], waited=waited))
    if notes & (abi.Note.DEGRADED | _INSTALLED):
        remaining_ms = machine.status(abi.Status.REMAINING_MS)
        if notes & abi.Note.DEGRADED:
            events.append(Event("degraded", remaining_ms=remaining_ms))
        if notes & _INSTALLED:
            events.append(Event("refresh", remaining_ms=remaining_ms))
    if notes & abi.Note.WINDOWS_SHRUNK:
        events.append(Event("warning", message=_WINDOWS_SHRUNK))
    if decision.started:
        cause = abi.Cause(decision.start_cause).name.lower()
        events.append(Event("start", cause=cause))
    return events
