"""Kernel locks on files, which fall when their process dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from evercreds._fork.children import forget_in_child, notice

__all__ = ["FileLocks", "is_locked"]

_PAUSE_S = 0.005
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class FileLocks:
    """The locks that this process has. A forked child closes its copies and never unlocks them."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._open: dict[int, None] = {}  # descriptors
        # By path and owner: descriptors, and the numbers of the turns.
        self._turns: dict[tuple[str, str], tuple[int, int]] = {}
        forget_in_child(self)

    def after_fork(self) -> None:
        """Close the copies in a child. To unlock them would unlock the parent's."""
        inherited, self._open, self._turns = list(self._open), {}, {}
        self._pid = os.getpid()
        for number in inherited:
            with contextlib.suppress(OSError):
                os.close(number)

    @contextlib.contextmanager
    def guarded(self, path: str, longest_s: float) -> Iterator[None]:
        """Hold the lock of a file for one step.

        Raises:
            TimeoutError: Others have it all the time.
        """
        number = self._taken(path, longest_s)
        if number is None:
            raise TimeoutError("the file is locked")
        try:
            yield
        finally:
            self._free(number)

    def take_turn(self, path: str, owner: str, turn: int, longest_s: float = 0.02) -> bool:
        """Take the lock of a turn for an owner, if nobody else has it. It stays."""
        notice()
        held = self._turns.get((path, owner))
        number = self._taken(path, longest_s) if held is None else held[0]
        if number is None:
            return False
        self._turns[path, owner] = number, turn
        return True

    def has_turn(self, path: str, owner: str) -> bool:
        """Tell whether this owner has the lock."""
        notice()
        return (path, owner) in self._turns

    def end_turn(self, path: str, owner: str, turn: int) -> None:
        """Give the lock of a turn back, unless it is of a later turn."""
        notice()
        held = self._turns.get((path, owner))
        if held is not None and held[1] <= turn:
            self._turns.pop((path, owner), None)
            self._free(held[0])

    def end_turns_of(self, owner: str) -> None:
        """Give all locks of an owner back."""
        notice()
        for (path, who), (_, turn) in list(self._turns.items()):
            if who == owner:
                self.end_turn(path, who, turn)

    def _taken(self, path: str, longest_s: float) -> int | None:
        notice()
        end = time.monotonic() + longest_s
        while True:
            number = self._tried(path)
            if number is not None:
                return number
            if time.monotonic() >= end:
                return None
            time.sleep(_PAUSE_S)

    def _tried(self, path: str) -> int | None:
        number = os.open(path, _FLAGS, 0o600)
        self._open[number] = None
        is_ours = False
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = _is_of(number, path)
        except BlockingIOError:
            pass
        finally:
            if not is_ours:
                self._free(number)
        return number if is_ours else None

    def _free(self, number: int) -> None:
        # In a child, where this is the rest of what the parent was at, it is forgotten already,
        # or will be.
        if self._pid == os.getpid() and self._open.pop(number, self) is None:
            with contextlib.suppress(OSError):
                # Not by closing alone: a child that is being born may have a copy still.
                fcntl.flock(number, fcntl.LOCK_UN)
            os.close(number)


def is_locked(path: str) -> bool:
    """Tell whether somebody has the lock of a file."""
    try:
        number = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        # Shared: of two who look at once neither finds the other.
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        fcntl.flock(number, fcntl.LOCK_UN)
        return False
    finally:
        os.close(number)


def _is_of(number: int, path: str) -> bool:
    """Tell whether a descriptor is that of the file which has the name now."""
    try:
        named = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    mine = os.fstat(number)
    return (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino)
