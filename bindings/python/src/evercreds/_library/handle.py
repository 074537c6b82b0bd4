"""Handles of the library."""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any

__all__ = ["Handle"]


class Handle:
    """A handle, the library that gave it, and the process that may use it.

    Args:
        owner: The handle is given back when the owner is collected.
        free: The library's function for that, without its prefix.
    """

    def __init__(self, owner: object, free: str) -> None:
        self.lib: Any = None
        self.number = 0
        self._pid = 0
        self._free = f"evercreds_{free}"
        weakref.finalize(owner, self.free).atexit = False

    def adopt(self, lib: ctypes.PyDLL, number: int) -> None:
        """Take over a new handle; the one before is forgotten."""
        self.lib, self.number, self._pid = lib, number, os.getpid()

    def forget(self) -> None:
        """Give the handle up without a call: it lives in another process."""
        self.number = 0

    def free(self) -> None:
        """Give the handle back."""
        # Garbage may be collected in a child before it knows that it is one.
        if self.number and self._pid == os.getpid():
            getattr(self.lib, self._free)(self.number)
        self.number = 0
