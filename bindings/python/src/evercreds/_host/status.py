"""What a session tells about itself."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from evercreds._host.facts import Facts
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine

__all__ = ["SessionStatus", "status_of"]


@dataclasses.dataclass(frozen=True)
class SessionStatus:
    """A session's state at one instant. Spans are in seconds."""

    phase: str
    """``"empty"``, ``"fresh"``, ``"advisory"``, ``"mandatory"`` or ``"expired"``."""
    remaining: float | None
    """Until the held credentials expire; 0 without any, ``None`` if they never do."""
    lifetime: float | None
    """The held credentials' life when they came; ``None`` if they never expire."""
    advisory_timeout: float
    """The advisory window in force for the held credentials."""
    mandatory_timeout: float
    """The mandatory window in force for the held credentials."""
    degraded: bool
    """A required refresh has failed, and the held credentials are served on."""
    rejected: bool
    """``invalidate()`` was called for the held credentials."""
    reported: bool
    """A service refused the held credentials to a client; the others are served on."""
    refreshing: bool
    """A refresh is under way."""
    closed: bool
    """The session was closed: it holds nothing then, and its counters stay."""
    last_error_code: str | None
    """Why the last attempt failed; ``None`` once one has succeeded."""
    last_error_class: str | None
    """``"recoverable"``, as throttling is too, or ``"permanent"``; ``None`` once an attempt has
    succeeded."""
    hold_off: float
    """Until an attempt may start that nobody waits for; 0: at once."""
    share: str
    """What the session is to the processes that share its credentials: ``"off"``, ``"solo"`` (the
    store has failed), ``"idle"``, ``"following"`` or ``"leading"``."""
    session_name: str | None
    """RoleSessionName, or the thing's name at AWS IoT."""
    role: str | None
    """The role's ARN, the role alias, or the name of the function that gets credentials."""
    last_cause: str | None
    """Why the last refresh began; ``None``: none has."""
    last_aws_error_code: str | None
    """The error code of the service that the last refresh failed with, such as
    ``"AccessDenied"`` or ``"Throttling"``; where no service answered, a word for what is wrong,
    such as ``"network"`` or ``"timeout"``. docs/concepts/errors.md lists them. ``None`` once a
    refresh has succeeded, and where neither is known."""
    expiry: datetime.datetime | None
    """When the held credentials expire; ``None`` without any, and if they never do."""
    next_attempt: datetime.datetime | None
    """When the next attempt may start; ``None``: at once."""
    counters: dict[str, int]
    """Since the session was opened: ``starts``, ``installs``, ``failures``, ``time_outs``,
    ``late_answers``, ``unknown_tickets``, ``no_progress``, ``rejections``; of sharing
    ``share_adopted``, ``share_published``, ``share_refused``, ``share_calls``, ``share_failures``,
    ``share_alone``."""


def _name(field: int, value: int) -> str | None:
    if field == abi.Status.PHASE:
        return abi.Phase(value).name.lower()
    if field == abi.Status.SHARE:
        return abi.ShareState(value).name.lower()
    if field == abi.Status.LAST_CLASS:
        return abi.ErrorClass(value).name.lower() if value else None
    return abi.REASONS[value][0] if value else None


def _span(_: int, value: int) -> float | None:
    return None if value >= abi.NEVER else value / 1000


_READ: dict[str, Any] = {
    "name": _name,
    "span": _span,
    "truth": lambda _, value: bool(value),
    "count": lambda _, value: value,
}


def status_of(machine: Machine, facts: Facts) -> SessionStatus:
    """Read the status of an opened machine."""
    fields: dict[str, Any] = {own: getattr(facts, name) for name, own, _ in abi.FACTS}
    counters: dict[str, int] = {}
    for field, (name, unit) in abi.FIELDS.items():
        into = counters if unit == "count" else fields
        into[name] = _READ[unit](field, machine.status(field))
    return SessionStatus(**fields, counters=counters)
