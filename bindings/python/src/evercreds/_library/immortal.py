"""Things whose destructors must not run."""

from __future__ import annotations

import ctypes
from typing import TypeVar

__all__ = ["keep_for_ever"]

_T = TypeVar("_T")


def keep_for_ever(thing: _T) -> _T:
    """Have a thing's destructor never run, not even at the end of the process.

    In a forked child it would wait for threads that have stayed in the parent, or end what the
    parent still uses. At the end of a process it may come so late that the modules it needs have
    been cleared.

    Returns:
        The thing.
    """
    if thing is not None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
    return thing
