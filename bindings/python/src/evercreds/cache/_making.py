"""Values that one thread is making, and others wait for."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from evercreds._waiting.bell import Bell

__all__ = ["Making", "is_making", "made_by"]


class Making:
    """A value that is being made."""

    def __init__(self) -> None:
        self._ended = Bell()
        self.is_made = False
        self.value: Any = None

    @property
    def has_ended(self) -> bool:
        """Whether it was made, or will not be."""
        return self._ended.has_rung

    def end(self) -> None:
        """Have those who wait go on."""
        self._ended.ring()

    def wait(self) -> None:
        """Wait for the end."""
        self._ended.wait(lambda: math.inf)


class _Here(threading.local):
    depth = 0


_here = _Here()


def is_making() -> bool:
    """Tell whether this thread is making something.

    Such a thread must not wait for another, which may be waiting for what this one is making.
    """
    return _here.depth > 0


def made_by(make: Callable[[], Any]) -> Any:
    """Make something, as a thread that is making something."""
    depth = _here.depth
    try:
        _here.depth = depth + 1
        return make()
    finally:
        _here.depth = depth  # not by counting down: an interrupt must not leave it off by one
