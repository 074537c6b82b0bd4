"""Time in a history: what the source's server says, and the two clocks of the host."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from evercreds._waiting.bell import Bell
from evercreds._waiting.clock import NANOS

__all__ = ["Moment", "RoomClock"]

_BEGIN_MS = 1_800_000_000_000


@dataclasses.dataclass(frozen=True)
class Moment:
    """What the clocks say at one instant, in milliseconds."""

    truth: int  # the server's clock, which is right by definition
    wall: int
    elapsed: int


class RoomClock:
    """Clocks that stand still until they are turned.

    Args:
        counts_sleep: The elapsed clock goes on while the machine sleeps.
        wait: What a caller does who waits for a flight.
    """

    def __init__(self, counts_sleep: bool, wait: Callable[[Bell, int], None] | None = None) -> None:
        self.counts_sleep = counts_sleep
        self.truth_ms = _BEGIN_MS
        self.elapsed_ms = 10**9
        self.offset_ms = 0  # how far the wall clock is ahead
        self._wait = wait

    def elapsed_ns(self) -> int:
        return self.elapsed_ms * NANOS

    def wall_ns(self) -> int:
        return (self.truth_ms + self.offset_ms) * NANOS

    def wait(self, bell: Bell, until_ms: int) -> None:
        assert self._wait is not None, "nobody waits here"
        self._wait(bell, until_ms)

    @property
    def now(self) -> Moment:
        return Moment(self.truth_ms, self.truth_ms + self.offset_ms, self.elapsed_ms)

    def turn(self, ms: int) -> None:
        self.truth_ms += ms
        self.elapsed_ms += ms

    def sleep(self, ms: int) -> None:
        """Let time pass with the machine suspended."""
        self.truth_ms += ms
        if self.counts_sleep:
            self.elapsed_ms += ms
