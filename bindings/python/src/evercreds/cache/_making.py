"""Values that one thread is making, and others wait for."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from typing import Any

from evercreds._clock import wait_in_steps

__all__ = ["Making", "is_making", "making"]


class Making:
    """A value that is being made."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.is_made = False
        self.value: Any = None

    @property
    def has_ended(self) -> bool:
        """Whether it was made, or will not be."""
        return self._ended.is_set()

    def end(self) -> None:
        """Have those who wait go on."""
        self._ended.set()

    def wait(self) -> None:
        """Wait for the end."""
        wait_in_steps(self._ended, lambda: math.inf)


class _Here(threading.local):
    depth = 0


_here = _Here()


def is_making() -> bool:
    """Tell whether this thread is making something.

    Such a thread must not wait for another, which may be waiting for what this one is making.
    """
    return _here.depth > 0


@contextlib.contextmanager
def making() -> Iterator[None]:
    """Say that this thread is making something."""
    _here.depth += 1
    try:
        yield
    finally:
        _here.depth -= 1
