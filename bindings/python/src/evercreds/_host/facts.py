"""What events, records of the log and a status tell of a session, by names of its own."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from evercreds._host.failures import Failures, names_of
from evercreds._host.source import Source
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine
from evercreds._waiting.clock import NANOS, Clock

__all__ = ["Facts", "Reader"]

_LAST_MS = 253_402_300_799_999  # a datetime shows no later instant
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_KEPT = 16  # more than the outcomes that the machine remembers


class Facts(NamedTuple):
    """What tells one session from another, and one failure from another."""

    session_name: str | None = None
    role: str | None = None
    cause: str | None = None
    error_code: str | None = None
    error_class: str | None = None
    aws_error_code: str | None = None
    expiry: datetime.datetime | None = None
    next_attempt: datetime.datetime | None = None


class Reader:
    """Reads the facts of one session. The loop's lock is held."""

    def __init__(self, source: Source, clock: Clock, failures: Failures) -> None:
        self._source = source
        self._clock = clock
        self._failures = failures
        self._causes: dict[int, str] = {}  # why the last refreshes began, by ticket
        self._last_cause: str | None = None

    def begun(self, ticket: int, cause: int) -> None:
        """Keep why a refresh began."""
        self._last_cause = self._causes[ticket] = abi.Cause(cause).name.lower()
        for oldest in list(self._causes)[:-_KEPT]:
            self._causes.pop(oldest, None)

    def of_now(self, machine: Machine) -> Facts:
        """Read them for a status: the cause is that of the last refresh."""
        if machine.status(abi.Status.IS_CLOSED):
            return self.of_nothing()
        return self._read(machine, self._last_cause, failed=True)

    def of_nothing(self) -> Facts:
        """Give the names alone, where the library has failed."""
        session_name, role = names_of(self._source)
        return Facts(session_name, role)

    def of_failure(self, machine: Machine) -> Facts:
        """Read them for what is told of the last failure."""
        cause = self._causes.get(machine.status(abi.Status.LAST_TICKET))
        return self._read(machine, cause, failed=True)

    def of_set(self, machine: Machine, ticket: int) -> Facts:
        """Read them for what is told of a set, or of a refresh that has begun."""
        return self._read(machine, self._causes.get(ticket), failed=False)

    def sentence(self, machine: Machine) -> str:
        """Say what was wrong with the last attempt that failed."""
        code = abi.Code(machine.status(abi.Status.LAST_CODE))
        if code is abi.Code.NONE:
            return ""  # the late reply of an attempt that timed out: one decision tells both
        return self._failures.sentence(code, machine.status(abi.Status.LAST_TICKET))

    def _read(self, machine: Machine, cause: str | None, *, failed: bool) -> Facts:
        now_ms = self._clock.wall_ns() // NANOS
        remaining_ms = machine.status(abi.Status.REMAINING_MS)
        hold_off_ms = machine.status(abi.Status.HOLD_OFF_MS)
        has_expiry = machine.status(abi.Status.SET) and remaining_ms < abi.NEVER
        code = machine.status(abi.Status.LAST_CODE) if failed else 0
        kind = machine.status(abi.Status.LAST_CLASS) if code else 0
        said = self._failures.said(machine.status(abi.Status.LAST_TICKET))
        session_name, role = names_of(self._source)
        return Facts(
            session_name=session_name,
            role=role,
            cause=cause,
            error_code=abi.REASONS[code][0] if code else None,
            error_class=abi.ErrorClass(kind).name.lower() if kind else None,
            aws_error_code=_shown(code, said.code),
            expiry=_instant(now_ms + remaining_ms) if has_expiry else None,
            next_attempt=_instant(now_ms + hold_off_ms) if hold_off_ms else None,
        )


def _shown(code: int, said: str | None) -> str | None:
    if not code:
        return None
    return abi.TIMED_OUT if code == abi.Code.TIMED_OUT else said


def _instant(ms: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(milliseconds=min(ms, _LAST_MS))
