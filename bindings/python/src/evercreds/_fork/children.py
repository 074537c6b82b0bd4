"""What must happen in a forked child before any of its code runs.

A child has only the thread that forked. A lock that another thread held stays held there for ever,
a flight that another thread ran never ends, a connection is shared with the parent, and the Go
runtime of the inherited library is dead. Objects that own such things register here, and are told
in the child, where nothing else runs yet.

Python is not told of each fork. uWSGI's workers, and those of other programs that embed it, come
out of a plain ``fork()`` in C, after which no hook is called. So whatever is a first step to the
library, or to a lock that a fork may have left held, calls :func:`notice`: where this is another
process than it was, the same is done there and then. What the lease allows looks at no process.

What others have made cannot be replaced so: the locks inside a WebAssembly runtime, say. Who calls
such things does it under a lock of its own, which it registers here: a fork takes it first.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from typing import Protocol

from evercreds._fork.lot import clear_in_each_child
from evercreds._fork.quiet import Quiet
from evercreds._waiting.bell import Bell
from evercreds._waiting.locks import reentrant_lock

__all__ = ["HeldOverForks", "forget_in_child", "generation", "notice", "quiet"]

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
        self._is_asked_for = False
        # A list is copied at once; over a set that other threads change nobody can go.
        _held.append(self)

    def before_fork(self) -> None:
        """Take the lock, or let it be where its time has passed."""
        self._is_asked_for = True  # first: an interrupt may come as it is acquired
        self._lock.acquire(timeout=self._longest_s)

    def after_fork(self) -> bool:
        """Give the lock back, in the parent and in the child; tell whether it had been taken."""
        has = False
        if self._is_asked_for:
            with contextlib.suppress(RuntimeError):  # of who has not taken it
                self._lock.release()
                has = True
            self._is_asked_for = False
        return has


class _Process:
    """The process that what is registered here is fit for."""

    pid = os.getpid()
    generation = 0


_owners: weakref.WeakSet[Forgetful] = weakref.WeakSet()
_held: list[HeldOverForks] = []
# Forks of several threads take their turns.
HeldOverForks(reentrant_lock())
#: Has forks wait for threads that are in native code.
quiet = Quiet()
#: The threads of a child that was not told of, of which the first does for all what there is to do.
_catching_up: dict[int, tuple[int, Bell]] = {}


def notice() -> None:
    """See to it that this process is known, where it is a child that Python was not told of."""
    if os.getpid() != _Process.pid:
        _catch_up()


def _catch_up() -> None:
    mine = threading.get_ident(), Bell()
    while (pid := os.getpid()) != _Process.pid:
        thread, done = first = _catching_up.setdefault(pid, mine)
        if first is not mine:
            if thread == mine[0]:
                return  # a finalizer or a signal handler, in the midst of this
            end = time.monotonic() + _LONGEST_S
            done.wait(lambda end=end: end - time.monotonic())  # type: ignore[misc]
            continue
        try:
            _in_child()
        finally:
            _catching_up.pop(pid, None)
            done.ring()


def generation() -> int:
    """Tell how many forks lie between this process and the one that imported the package."""
    notice()
    return _Process.generation


def forget_in_child(owner: Forgetful) -> None:
    """Have ``owner.after_fork()`` called in every child, for as long as the owner lives."""
    _owners.add(owner)


def _before() -> None:
    notice()
    for each in list(_held):
        each.before_fork()
    quiet.before_fork()


def _in_parent() -> None:
    quiet.after_fork()
    try:
        _give_back()
    finally:
        _give_back()  # once more: an interrupt may have cut the first short


def _give_back() -> None:
    for each in list(_held):
        each.after_fork()


def _in_child() -> None:
    _Process.generation += 1
    quiet.after_fork_in_child()
    _held.clear()  # of what is used from now on, the owners make others
    HeldOverForks(reentrant_lock())  # the turns of the child's own forks
    for owner in list(_owners):
        # Some are of classes that a user derives from; what fails there must not keep the others.
        with contextlib.suppress(Exception):
            owner.after_fork()
    # Last: where this was interrupted, it is done again.
    _Process.pid = os.getpid()


if hasattr(os, "register_at_fork"):
    # What was registered last comes first before a fork: by then nobody begins an attempt
    # (_fork_gate), and those under way can go on until here.
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
    clear_in_each_child()
