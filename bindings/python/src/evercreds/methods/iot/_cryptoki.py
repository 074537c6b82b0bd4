"""The two calls of a PKCS#11 library that awscrt cannot be asked for when they are needed."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["Cryptoki"]

_OK, _ALREADY_INITIALIZED = 0x0, 0x191
_OS_LOCKING_OK = 2
# Of the functions in the list that a library hands out (PKCS #11 2.40, pkcs11f.h).
_INITIALIZE, _FINALIZE = 0, 1
# The list begins with a version of two bytes. On Windows structures are packed.
_LIST_BEGINS = 2 if os.name == "nt" else ctypes.sizeof(ctypes.c_void_p)

_Call = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)


class _InitializeArgs(ctypes.Structure):
    if os.name == "nt":
        _pack_, _layout_ = 1, "ms"  # elsewhere Python 3.14 refuses any _pack_
    _fields_ = [
        ("functions", ctypes.c_void_p * 4),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    ]


class Cryptoki:
    """A PKCS#11 library, which stays loaded to the end of the process.

    Raises:
        OSError: It cannot be loaded, or is no such library.
    """

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        functions = ctypes.c_void_p()
        try:
            result = library.C_GetFunctionList(ctypes.byref(functions))
        except AttributeError:
            raise OSError("it has no C_GetFunctionList") from None
        if result != _OK or not functions.value:
            raise OSError(f"C_GetFunctionList gave {result:#x}")
        self._functions = functions.value + _LIST_BEGINS

    def initialize(self) -> bool:
        """Begin to use the library; tell whether nobody in this process had begun before.

        Raises:
            OSError: It refuses.
        """
        arguments = _InitializeArgs(flags=_OS_LOCKING_OK)
        result = self._call(_INITIALIZE)(ctypes.addressof(arguments))
        if result not in (_OK, _ALREADY_INITIALIZED):
            raise OSError(f"C_Initialize gave {result:#x}")
        return result == _OK

    def finalize(self) -> bool:
        """End all use of the library in this process; tell whether that was so."""
        return self._call(_FINALIZE)(None) == _OK

    def _call(self, at: int) -> Callable[[int | None], int]:
        address = self._functions + at * ctypes.sizeof(ctypes.c_void_p)
        return _Call(ctypes.c_void_p.from_address(address).value or 0)
