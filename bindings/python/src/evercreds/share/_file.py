"""The file store: the processes of one machine and user meet in a directory."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from evercreds.errors import EvercredsConfigurationError
from evercreds.share._directory import (
    checked_directory,
    data_key,
    default_directory,
    read_own,
    write_own,
)
from evercreds.share._machine_facts import boot_id, now_ms
from evercreds.share._records import LARGEST, Campaign, Entry, Publication, Record, Seen
from evercreds.share._rows import Row

if sys.platform != "win32":
    from evercreds.share._locks import FileLocks, is_locked

__all__ = ["FileStore"]

_KEY = re.compile("evercreds1:[0-9a-f]{32}")
_MARK_MS = 5 * 60 * 1000
_OLD_S = 600
_T = TypeVar("_T")


class FileStore:
    """Keeps records in a directory, with the kernel's locks. No network file system will do.

    A turn whose process is killed is over at once. The directory has the mode 0700, and belongs to
    the user of this process.

    Args:
        directory: Where; it is made if there is none. Default: ``$XDG_RUNTIME_DIR/evercreds``,
            or where that variable is not set, ``~/.cache/evercreds/share``.

    Raises:
        EvercredsValidationError: The directory is another user's, is open to others, is a symbolic
            link, or is on a network file system.
        EvercredsConfigurationError: It cannot be made; or this system has no such locks.
    """

    call_ms: int = 250
    poll_ms: int = 25
    is_lock: bool = True
    """A turn can be a lock, which falls when its process dies, and never before."""
    _ASK_AGAIN_MS = 1000  # where a lock has no end that could be told

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        if sys.platform == "win32":
            raise EvercredsConfigurationError(
                "share: there is no file store on Windows; give another store", param="share"
            )
        given = default_directory() if directory is None else directory
        self._directory: str = checked_directory(given)
        self._locks = FileLocks()
        self._sweep()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._directory!r})"

    def __reduce__(self) -> tuple[type[FileStore], tuple[str]]:
        """Have another process open the same directory."""
        return type(self), (self._directory,)

    def data_key(self) -> bytes:
        """Give the key of the directory's own, for who gives no ``share_key``.

        It protects a stray copy of a record, and not from whoever reads the directory.
        """
        return data_key(self._directory)

    def read(self, key: str) -> Record:
        """Read the record; see :class:`Store`."""
        path, now, row = self._path(key), now_ms(), self._row(key)
        if row.turn_ends_ms:
            row.turn_ends_ms = now + self._left_ms(row, now, is_locked(path + ".turn"))
        is_of_now = row.entry is None or (bool(row.boot) and row.entry_boot == row.boot)
        return row.record(now, now if is_of_now else 0)

    def campaign(
        self,
        key: str,
        owner: str,
        seen: int,
        saw: Seen,
        turn_ms: int,
        *,
        exclusive: bool = False,
    ) -> Campaign:
        """Try for the turn; see :class:`Store`.

        Args:
            key: As there.
            owner: As there.
            seen: As there.
            saw: As there.
            turn_ms: As there.
            exclusive: The lock is the turn: it has no end by time.
        """
        lock = self._path(key) + ".turn"
        had_lock = self._locks.has_turn(lock, owner)

        def change(row: Row, now: int) -> tuple[Campaign, bool]:
            is_mine, has_lock = row.owner == owner, self._locks.has_turn(lock, owner)
            is_held = has_lock or is_locked(lock)
            # An owner's own turn needs no lock, which is a hint; but for a turn that is a lock.
            left_ms = self._left_ms(row, now, is_held or (is_mine and not row.is_exclusive))
            if left_ms and is_mine and (has_lock or not (exclusive or row.is_exclusive)):
                row.turn_ends_ms = now + turn_ms
                row.is_locked = self._locks.take_turn(lock, owner, row.number, 0)
                return Campaign(True, row.number, turn_ms, now), True
            if left_ms or row.saw() != saw:
                return Campaign(False, row.number, left_ms, now), False
            has_lock = self._locks.take_turn(lock, owner, max(row.number, seen) + 1)
            if exclusive and not has_lock:
                return Campaign(False, row.number, self._ASK_AGAIN_MS, now), False
            row.win(owner, seen, now + turn_ms)
            row.is_locked, row.is_exclusive = has_lock, exclusive
            return Campaign(True, row.number, turn_ms, now), True

        is_won = False
        try:
            answer = self._changed(key, change)
            is_won = answer.won
        finally:
            if not had_lock and not is_won:
                self._locks.end_turn(lock, owner, LARGEST)  # it could not be written down
        return answer

    def _left_ms(self, row: Row, now: int, is_held: bool) -> int:
        """Tell what is left of the turn: none, where its lock is free."""
        if not row.turn_ends_ms or (row.is_locked and not is_held):
            return 0
        least_ms = self._ASK_AGAIN_MS if row.is_exclusive else 0
        return max(row.turn_ends_ms - now, least_ms)

    def publish(
        self,
        key: str,
        owner: str,
        number: int,
        entry: Entry,
        replaces: str,
        junk: Seen | None,
        ttl_ms: int,
    ) -> Publication:
        """Write an entry by the write rule; see :class:`Store`. A record stays for good."""

        def change(row: Row, now: int) -> tuple[Publication, bool]:
            stored, is_changed = row.publish(owner, number, entry, replaces, junk)
            return Publication(stored, now), is_changed

        return self._changed(key, change, (owner, number))

    def resign(
        self, key: str, owner: str, number: int, notice: bytes, notice_ms: int, ttl_ms: int
    ) -> None:
        """End the owner's turn; see :class:`Store`."""

        def change(row: Row, now: int) -> tuple[None, bool]:
            return None, row.resign(owner, number, notice, now + notice_ms)

        self._changed(key, change, (owner, number))

    def mark_age_ms(self, key: str, mark: str) -> int | None:
        """Write down that a one-time code is sent. It must not be, if it was before.

        Args:
            key: Of the record.
            mark: Names the code without telling it: 64 hex digits.

        Returns:
            How long ago it was sent; ``None``: it has not been.
        """

        def change(row: Row, now: int) -> tuple[int | None, bool]:
            sent_at = row.marks.get(mark)
            if sent_at is not None:
                return now - sent_at, False
            row.marks[mark] = now
            return None, True

        return self._changed(key, change)

    def forget(self, owner: str) -> None:
        """Give back the locks of an owner who has lost track of its turns."""
        self._locks.end_turns_of(owner)

    def _path(self, key: str) -> str:
        if _KEY.fullmatch(key) is None:
            raise ValueError("not a key of a record")
        return os.path.join(self._directory, key.replace(":", "-"))

    def _row(self, key: str) -> Row:
        """Read the record. In one of another boot no turn runs, and no notice counts."""
        row, boot = Row.parsed(read_own(self._path(key))), boot_id()
        if not boot or row.boot != boot:
            row.turn_ends_ms, row.notice, row.notice_ends_ms, row.marks = 0, b"", 0, {}
            row.boot = boot
        return row

    def _changed(
        self,
        key: str,
        change: Callable[[Row, int], tuple[_T, bool]],
        ended: tuple[str, int] | None = None,
    ) -> _T:
        """Change the record in one step.

        Args:
            key: Of the record.
            change: Changes it, and tells whether it has.
            ended: The owner, and the number of the turn of his that is over then.
        """
        path = self._path(key)
        try:
            try:
                return self._changed_at(path, key, change)
            except FileNotFoundError:  # somebody has removed the directory
                checked_directory(self._directory)
                return self._changed_at(path, key, change)
        finally:
            # Also where the record could not be written: who is done flies no more.
            if ended is not None:
                self._locks.end_turn(path + ".turn", *ended)

    def _changed_at(self, path: str, key: str, change: Callable[[Row, int], tuple[_T, bool]]) -> _T:
        with self._locks.guarded(path + ".guard", self.call_ms / 1000):
            row, now = self._row(key), now_ms()
            row.marks = {mark: at for mark, at in row.marks.items() if now - at < _MARK_MS}
            answer, is_changed = change(row, now)
            if is_changed:
                write_own(path, row.written())
        return answer

    def _sweep(self) -> None:
        """Remove what writers have left that were killed."""
        with contextlib.suppress(OSError), os.scandir(self._directory) as found:
            for each in found:
                if each.name.startswith((".evercreds1-", ".key.")):
                    with contextlib.suppress(OSError):
                        if time.time() - each.stat(follow_symlinks=False).st_mtime > _OLD_S:
                            os.unlink(each.path)
