"""The session's own classes, which tell the room what happens in them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from evercreds import _abi_generated as abi
from evercreds._flights import Flight
from evercreds._machine import Machine
from evercreds._session_core import SessionCore

if TYPE_CHECKING:
    from properties.room import Room

__all__ = ["Seen", "WatchedCore", "WatchedMachine"]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the machine says of itself at one instant."""

    set: int
    flight: int
    phase: int
    remaining_ms: int
    lifetime_ms: int
    advisory_ms: int
    mandatory_ms: int
    is_rejected: int
    is_reported: int
    degraded: int
    hold_off_ms: int
    installs: int
    unknown_tickets: int
    is_closed: int

    @classmethod
    def of(cls, machine: Machine) -> Seen:
        return cls(
            **{
                field.name: machine.status(abi.Status[field.name.upper()])
                for field in dataclasses.fields(cls)
            }
        )


class WatchedMachine(Machine):
    """The machine, each of whose events is told with what was before and what is after it."""

    room: ClassVar[Room]

    def restore(self) -> abi.Decision:
        decision = super().restore()
        self.room.restored(decision, Seen.of(self))
        return decision

    def open(self) -> abi.Decision:
        decision = super().open()
        self.room.happened("open", (), Seen.of(self), decision, Seen.of(self))
        return decision

    def keep_snapshot(self) -> None:
        self.room.before_snapshot(self)
        super().keep_snapshot()


def _watch(name: str) -> None:
    event = getattr(Machine, name)

    def watched(self: WatchedMachine, *arguments: Any) -> abi.Decision:
        before = Seen.of(self)
        decision: abi.Decision = event(self, *arguments)
        self.room.happened(name, arguments, before, decision, Seen.of(self))
        return decision

    setattr(WatchedMachine, name, watched)


for _name in (
    "ask",
    "answer",
    "complete",
    "fail",
    "abandon",
    "invalidate",
    "force",
    "wake",
    "close",
):
    _watch(_name)


class WatchedCore(SessionCore):
    """A session's core whose lock makes way, and whose attempts are known by their tickets."""

    room: ClassVar[Room]

    # Whoever sets another lock, as a forked child does, gets the room's again.
    _lock = property(  # type: ignore[assignment]
        lambda self: self.room.lock, lambda self, ignored: None
    )

    def _launch(self, flight: Flight | None) -> None:
        if flight is not None and not flight.is_launched:
            self.room.launched(flight.ticket)
        super()._launch(flight)

    def _attempt(self, flight: Flight) -> None:
        actor = self.room.stage.current
        assert actor is not None
        actor.notes["ticket"] = flight.ticket
        super()._attempt(flight)
        self.room.ended(flight.ticket)
