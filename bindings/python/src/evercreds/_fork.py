"""What must happen in a forked child before any of its code runs.

A child has only the thread that forked. A lock that another thread held stays held there for ever,
a flight that another thread ran never ends, a connection is shared with the parent, and the Go
runtime of the inherited library is dead. Objects that own such things register here, and are told
in the child, where nothing else runs yet: so no other path has to check for a fork.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["forget_in_child", "generation"]


class Forgetful(Protocol):
    """Something that owns locks, threads, connections or handles."""

    def after_fork(self) -> None:
        """Replace what cannot be used in a child. Takes no lock and makes no call out."""


class _Generation:
    """Counts the forks between this process and the one that imported the package."""

    number = 0


_owners: weakref.WeakSet[Forgetful] = weakref.WeakSet()


def generation() -> int:
    """Tell how many forks lie between this process and the one that imported the package."""
    return _Generation.number


def forget_in_child(owner: Forgetful) -> None:
    """Have ``owner.after_fork()`` called in every child, for as long as the owner lives."""
    _owners.add(owner)


def _in_child() -> None:
    _Generation.number += 1
    for owner in list(_owners):
        owner.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
