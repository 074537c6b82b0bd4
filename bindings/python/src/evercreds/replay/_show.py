"""How a decision and a status are written."""

from __future__ import annotations

import enum

from evercreds import _abi_generated as abi
from evercreds.replay._text import BASE, format_span

__all__ = ["STATUS_FIELDS", "alias", "show", "status_value"]

STATUS_FIELDS = {field.name.lower().removesuffix("_ms"): field for field in abi.Status}

_TICKETS = (abi.Status.SET, abi.Status.FLIGHT, abi.Status.LAST_TICKET)
_SPANS = tuple(field for field in abi.Status if field.name.endswith("_MS"))
_NAMED: dict[abi.Status, type[enum.IntEnum]] = {
    abi.Status.PHASE: abi.Phase,
    abi.Status.LAST_CODE: abi.Code,
    abi.Status.LAST_CLASS: abi.ErrorClass,
}


def alias(ticket: int, issued: list[int]) -> str:
    """Write a ticket as #N."""
    return f"#{issued.index(ticket) + 1 if ticket in issued else ticket}"


def _bits(kind: type[enum.IntFlag], value: int) -> str:
    return "|".join(bit.name.lower() for bit in kind if value & bit and bit.name)


def show(decision: abi.Decision, issued: list[int]) -> str:
    """Write a decision: its kind, then the fields that are not at their default."""
    if decision.started and decision.started not in issued:
        issued.append(decision.started)
    out = [abi.Kind(decision.kind).name.lower()]

    def put(name: str, value: str, there: bool = True) -> None:
        if there:
            out.append(f"{name}={value}")

    def ticket(name: str, value: int) -> None:
        put(name, alias(value, issued), value != 0)

    def instant(name: str, value: int, begin: int = 0) -> None:
        put(name, format_span(value - begin), value != abi.NEVER)

    d = decision
    put("flags", _bits(abi.Flag, d.flags), d.flags != 0)
    put("code", abi.Code(d.code).name.lower(), d.code != 0)
    put("class", abi.ErrorClass(d.error_class).name.lower(), d.error_class != 0)
    ticket("ticket", d.ticket)
    ticket("set", d.set)
    instant("lease", d.lease_elapsed_ms)
    instant("lease_wall", d.lease_wall_ms, BASE)
    instant("expiry", d.expiry_ms, BASE)
    instant("deadline", d.deadline_ms)
    instant("retry_at", d.retry_at_ms)
    put("until", format_span(d.until_ms), d.until_ms != 0)
    ticket("error_ticket", d.error_ticket)
    put("epoch", str(d.epoch))
    ticket("started", d.started)
    put("cause", abi.Cause(d.start_cause).name.lower(), d.start_cause != 0)
    instant("start_deadline", d.start_deadline_ms)
    ticket("settled", d.settled)
    ticket("cancelled", d.cancelled)
    instant("wake", d.next_wake_ms)
    put("phase", abi.Phase(d.phase).name.lower())
    put("notes", _bits(abi.Note, d.notes), d.notes != 0)
    return " ".join(out)


def status_value(field: abi.Status, value: int, issued: list[int]) -> str:
    """Write one field of a status."""
    if field in _NAMED:
        return _NAMED[field](value).name.lower()
    if field in _TICKETS:
        return alias(value, issued)
    if field in _SPANS:
        return "never" if value == abi.NEVER else format_span(value)
    return str(value)
