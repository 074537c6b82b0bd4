"""A forked child forgets the threads of its parent that were waiting, also where nobody tells it.

From Python 3.13 on threads that wait, as in ``SimpleQueue.get`` or, from 3.14 on, for any lock, are
noted in CPython's parking lot: a table of lists whose entries lie on their stacks. In a child none
of them is left, and new threads get their stacks. Python clears the table in a child that it is
told of. In others, as uWSGI's, threads of any program then crash or spin in there, once the program
has had a thread that waited. So the system is asked to clear it in each child, by the very function
that Python calls itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import Any

__all__ = ["clear_in_each_child"]


class _Symbol(ctypes.Structure):
    """Where a function comes from (``Dl_info`` of dladdr(3))."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def clear_in_each_child() -> bool:
    """Have the table cleared in each child from now on; tell whether there is one, and it will be.

    It runs in the child before anything else, and does nothing but write to the table.
    """
    try:
        clear = ctypes.cast(ctypes.pythonapi._PyParkingLot_AfterFork, ctypes.c_void_p)
        libc: Any = ctypes.CDLL(None)
        _keep_loaded(libc, clear)
        # In glibc the function of pthread_atfork(3) is a part of each program, and calls this one.
        if hasattr(libc, "__register_atfork"):
            return libc.__register_atfork(None, None, clear, None) == 0  # type: ignore[no-any-return]
        return libc.pthread_atfork(None, None, clear) == 0  # type: ignore[no-any-return]
    except (AttributeError, OSError, TypeError):  # an older Python, or a system without forks
        return False


def _keep_loaded(libc: Any, function: ctypes.c_void_p) -> None:
    """Keep the library with this function in the process, also where who embeds it is done."""
    found = _Symbol()
    if not libc.dladdr(function, ctypes.byref(found)) or not found.file:
        return
    with contextlib.suppress(OSError):  # it is the program itself, which stays
        ctypes.CDLL(os.fsdecode(found.file), mode=os.RTLD_NOW | os.RTLD_NOLOAD | os.RTLD_NODELETE)
