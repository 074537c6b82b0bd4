"""The two clocks of the machine: wall, and elapsed, which never goes back."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Protocol

from evercreds._waiting.bell import Bell

__all__ = ["SYSTEM_CLOCK", "Clock", "is_set_by_tests"]

NANOS = 1_000_000  # in a millisecond


class Clock(Protocol):
    """Where a session's time comes from. Tests bring their own."""

    @property
    def counts_sleep(self) -> bool:
        """Tell whether the elapsed clock goes on while the machine sleeps."""
        raise NotImplementedError

    elapsed_ns: Callable[[], int]

    def wall_ns(self) -> int:
        """Tell the instant of the wall clock."""
        raise NotImplementedError

    def wait(self, bell: Bell, until_ms: int) -> None:
        """Wait for the bell, at most until this instant of the elapsed clock."""


def _elapsed_source() -> tuple[Callable[[], int], bool]:
    """Choose the elapsed clock, and tell whether it counts sleep."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return functools.partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME), True
    if sys.platform == "darwin":
        # There CLOCK_MONOTONIC counts sleep, and what time.monotonic reads does not.
        return functools.partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC), True
    return time.monotonic_ns, False


def is_set_by_tests() -> bool:
    """Tell whether a test tool may set the wall clock at any moment.

    No lease may last then: on most systems who has one looks at the elapsed clock alone, which
    these tools leave as it is.
    """
    is_replaced = not isinstance(time.time_ns, BuiltinFunctionType)
    # This one sets the clock within the built-in functions.
    return is_replaced or "time_machine" in sys.modules or "freezegun" in sys.modules


class SystemClock:
    """The clocks of this machine, in nanoseconds."""

    def __init__(self) -> None:
        self.elapsed_ns, self.counts_sleep = _elapsed_source()

    def wall_ns(self) -> int:
        """Tell the wall clock's instant: that of a test's, where freezegun has frozen it."""
        return time.time_ns()  # looked up each time, or what freezegun puts there is not seen

    def wait(self, bell: Bell, until_ms: int) -> None:
        """Wait for the bell, at most until this instant of the elapsed clock."""
        bell.wait(lambda: (until_ms * NANOS - self.elapsed_ns()) / 1e9)


SYSTEM_CLOCK = SystemClock()
