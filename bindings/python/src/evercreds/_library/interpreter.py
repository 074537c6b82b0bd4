"""Which interpreters of a process can have sessions: the main one alone."""

from __future__ import annotations

import sys

from evercreds.errors import EvercredsLibraryError

__all__ = ["refuse_subinterpreters"]

_TEXT = (
    "evercreds cannot be used in a subinterpreter: its threads would outlive it, and what it does "
    "in a forked child is done for the main interpreter alone; use it in the main interpreter, or "
    "in a process of its own"
)


def _refusal() -> EvercredsLibraryError:
    return EvercredsLibraryError(_TEXT, code="subinterpreter")


try:
    import ctypes
except ImportError as error:
    if "subinterpreter" not in str(error):
        raise
    raise _refusal() from error  # Python 3.12 has no ctypes in those with a GIL of their own


def refuse_subinterpreters() -> None:
    """Raise an EvercredsLibraryError in any other interpreter than the main one."""
    if sys.implementation.name != "cpython":
        return
    current = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyInterpreterState_Get", ctypes.pythonapi))
    number_of = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(
        ("PyInterpreterState_GetID", ctypes.pythonapi)
    )
    if number_of(current()) != 0:
        raise _refusal()
