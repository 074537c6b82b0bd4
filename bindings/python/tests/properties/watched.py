"""The session's own classes, which tell the room what happens in them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from evercreds._host.attempts import Attempt
from evercreds._host.flights import Flight
from evercreds._host.loop import Loop
from evercreds._library import abi_generated as abi
from evercreds._library.machine import Machine

if TYPE_CHECKING:
    from properties.room import Room

__all__ = ["Seen", "WatchedAttempt", "WatchedLoop", "WatchedMachine"]


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
    "leave",
    "prompted",
    "invalidate",
    "force",
    "wake",
    "close",
):
    _watch(_name)


class WatchedLoop(Loop):
    """A session's loop whose lock makes way."""

    room: ClassVar[Room]

    # Whoever sets another lock, as a forked child does, gets the room's again.
    _lock = property(  # type: ignore[assignment]
        lambda self: self.room.lock, lambda self, ignored: None
    )


class WatchedAttempt(Attempt):
    """An attempt that is known by its ticket."""

    def __init__(self, loop: Loop, flight: Flight) -> None:
        super().__init__(loop, flight)
        WatchedLoop.room.launched(flight.ticket)

    def run(self) -> None:
        room = WatchedLoop.room
        actor = room.stage.current
        assert actor is not None
        actor.notes["ticket"] = self._ticket
        super().run()
        room.ended(self._ticket)
