"""What must happen in a forked child before any of its code runs.

A child has only the thread that forked. A lock that another thread held stays held there for ever,
a flight that another thread ran never ends, a connection is shared with the parent, and the Go
runtime of the inherited library is dead. Objects that own such things register here, and are told
in the child, where nothing else runs yet: so no other path has to check for a fork.

What others have made cannot be replaced so: the locks inside a WebAssembly runtime, say. Who calls
such things does it under a lock of its own, which it registers here: a fork takes it first.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from typing import Protocol

from evercreds._quiet import Quiet

__all__ = ["HeldOverForks", "forget_in_child", "generation", "quiet"]

# A fork waits no longer for each: a thread that stays in there that long may never come out.
_LONGEST_S = 5.0


class Forgetful(Protocol):
    """Something that owns locks, threads, connections or handles."""

    def after_fork(self) -> None:
        """Replace what cannot be used in a child. Takes no lock and makes no call out."""


class Lock(Protocol):
    """A reentrant one (``threading.RLock``): only who has taken it can give it back."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...

    def release(self) -> None: ...


class HeldOverForks:
    """Has a lock taken by each fork, so that it takes place while no other thread holds it.

    Args:
        lock: The lock. In the child it is not to be used any more.
        longest_s: How long a fork waits for it at most. Default: five seconds.
    """

    def __init__(self, lock: Lock, longest_s: float = _LONGEST_S) -> None:
        self._lock = lock
        self._longest_s = longest_s
        # A list is copied at once; over a set that other threads change nobody can go.
        _held.append(self)

    def before_fork(self) -> None:
        """Take the lock, or let it be where its time has passed."""
        self._lock.acquire(timeout=self._longest_s)

    def after_fork(self) -> bool:
        """Give the lock back, in the parent and in the child; tell whether it had been taken."""
        with contextlib.suppress(RuntimeError):  # of who has not taken it
            self._lock.release()
            return True
        return False


class _Generation:
    """Counts the forks between this process and the one that imported the package."""

    number = 0


_owners: weakref.WeakSet[Forgetful] = weakref.WeakSet()
_held: list[HeldOverForks] = []
# Forks of several threads take their turns.
HeldOverForks(threading.RLock())
#: Has forks wait for threads that are in native code.
quiet = Quiet()


def generation() -> int:
    """Tell how many forks lie between this process and the one that imported the package."""
    return _Generation.number


def forget_in_child(owner: Forgetful) -> None:
    """Have ``owner.after_fork()`` called in every child, for as long as the owner lives."""
    _owners.add(owner)


def _before() -> None:
    for each in list(_held):
        each.before_fork()
    quiet.before_fork()


def _in_parent() -> None:
    quiet.after_fork()
    for each in list(_held):
        each.after_fork()


def _in_child() -> None:
    _Generation.number += 1
    quiet.after_fork_in_child()
    _held.clear()  # of what is used from now on, the owners make others
    HeldOverForks(threading.RLock())  # the turns of the child's own forks
    for owner in list(_owners):
        owner.after_fork()


if hasattr(os, "register_at_fork"):
    # What was registered last comes first before a fork: by then nobody begins an attempt
    # (_fork_gate), and those under way can go on until here.
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
