"""What a session tells about itself."""

from __future__ import annotations

import dataclasses

from evercreds import _abi_generated as abi
from evercreds._machine import Machine

__all__ = ["SessionStatus", "status_of"]

_COUNTERS = (
    abi.Status.STARTS,
    abi.Status.INSTALLS,
    abi.Status.FAILURES,
    abi.Status.TIME_OUTS,
    abi.Status.UNKNOWN_TICKETS,
    abi.Status.LATE_ANSWERS,
    abi.Status.NO_PROGRESS,
    abi.Status.REJECTIONS,
)


@dataclasses.dataclass(frozen=True)
class SessionStatus:
    """A session's state at one instant. Spans are in seconds."""

    phase: str
    """``"empty"``, ``"fresh"``, ``"advisory"``, ``"mandatory"`` or ``"expired"``."""
    seconds_left: float | None
    """Until the held credentials expire; 0 without any, ``None`` if they never do."""
    lifetime: float | None
    """The held credentials' life when they came; ``None`` if they never expire."""
    advisory_timeout: float
    """The advisory window in force for the held credentials."""
    mandatory_timeout: float
    """The mandatory window in force for the held credentials."""
    is_degraded: bool
    """A required refresh has failed, and the held credentials are served on."""
    is_rejected: bool
    """``invalidate()`` was called for the held credentials."""
    is_reported: bool
    """A service refused the held credentials to a client; the others are served on."""
    is_refreshing: bool
    """A refresh is under way."""
    is_closed: bool
    """The session was closed."""
    last_error_code: str | None
    """Why the last attempt failed; ``None`` once one has succeeded."""
    last_error_class: str | None
    """``"recoverable"`` or ``"permanent"``; ``None`` once an attempt has succeeded."""
    hold_off: float
    """Until an attempt may start that nobody waits for; 0: at once."""
    counters: dict[str, int]
    """Since the session was opened: ``starts``, ``installs``, ``failures``, ``time_outs``,
    ``unknown_tickets``, ``late_answers``, ``no_progress``, ``rejections``."""


def status_of(machine: Machine) -> SessionStatus:
    """Read the status of an opened machine."""

    def span(field: abi.Status) -> float | None:
        value = machine.status(field)
        return None if value >= abi.NEVER else value / 1000

    code = abi.Code(machine.status(abi.Status.LAST_CODE))
    kind = abi.ErrorClass(machine.status(abi.Status.LAST_CLASS))
    return SessionStatus(
        phase=abi.Phase(machine.status(abi.Status.PHASE)).name.lower(),
        seconds_left=span(abi.Status.REMAINING_MS),
        lifetime=span(abi.Status.LIFETIME_MS),
        advisory_timeout=machine.status(abi.Status.ADVISORY_MS) / 1000,
        mandatory_timeout=machine.status(abi.Status.MANDATORY_MS) / 1000,
        is_degraded=bool(machine.status(abi.Status.DEGRADED)),
        is_rejected=bool(machine.status(abi.Status.IS_REJECTED)),
        is_reported=bool(machine.status(abi.Status.IS_REPORTED)),
        is_refreshing=bool(machine.status(abi.Status.FLIGHT)),
        is_closed=bool(machine.status(abi.Status.IS_CLOSED)),
        last_error_code=code.name.lower() if code else None,
        last_error_class=kind.name.lower() if kind else None,
        hold_off=machine.status(abi.Status.HOLD_OFF_MS) / 1000,
        counters={field.name.lower(): machine.status(field) for field in _COUNTERS},
    )
