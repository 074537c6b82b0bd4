"""A record as JSON, and what the four calls do to it: for stores that can compare and swap."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import Any

from evercreds.share._records import LARGEST, Entry, Record, Seen

__all__ = ["Row", "left_of"]

_FORMAT = 1
_OWNER = re.compile("[0-9a-f]{32}")
_FINGERPRINT = re.compile("[0-9a-f]{16}")
_MOST = 2**52  # numbers from here on are no one's
_LONGEST = 8192
_LONGEST_ROW = 32768


@dataclasses.dataclass(slots=True)
class Row:
    """The fields of a record. What cannot be read is as if it were not there."""

    number: int = 0
    owner: str = ""
    turn_ends_ms: int = 0
    entry: Entry | None = None
    notice: bytes = b""
    notice_ends_ms: int = 0
    boot: str = ""
    entry_boot: str = ""
    """The boot in which the entry was written."""
    is_locked: bool = True
    """Of the turn: its lock tells whether its process lives. Else it ends by time alone."""
    is_exclusive: bool = False
    """Of the turn: it runs for as long as its lock is held."""
    marks: dict[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def parsed(cls, content: bytes | None) -> Row:
        """Read a record. It raises nothing."""
        try:
            if content is None or len(content) > _LONGEST_ROW:
                return cls()
            given = json.loads(content)
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(given, dict) or given.get("format") != _FORMAT:
            return cls()
        entry, notice = _bytes(given.get("entry")), _bytes(given.get("notice"))
        return cls.of_fields(given, entry, notice)

    @classmethod
    def of_fields(cls, given: dict[str, Any], entry: bytes | None, notice: bytes | None) -> Row:
        """Read a record's fields, of which two have bytes."""
        boot, marks = given.get("boot"), given.get("marks")
        entry_boot = given.get("entry_boot", boot)
        row = cls(
            **_turn(given),
            entry=_entry(given, entry),
            boot=boot if isinstance(boot, str) else "",
            entry_boot=entry_boot if isinstance(entry_boot, str) else "",
            is_locked=given.get("locked") is not False,
            is_exclusive=given.get("exclusive") is True,
        )
        notice_ends_ms = _integer(given.get("notice_ends_ms", 0))
        if notice and len(notice) <= _LONGEST and notice_ends_ms is not None:
            row.notice, row.notice_ends_ms = notice, notice_ends_ms
        if isinstance(marks, dict):
            row.marks = {name: at for name, at in marks.items() if _integer(at) is not None}
        return row

    def written(self) -> bytes:
        """Give the record as it is kept."""
        entry = self.entry or Entry(b"", 0, "", 0)
        fields: dict[str, Any] = {
            "format": _FORMAT,
            "number": self.number,
            "owner": self.owner,
            "turn_ends_ms": self.turn_ends_ms,
            "entry": base64.b64encode(entry.sealed).decode(),
            "generation": entry.generation,
            "fingerprint": entry.fingerprint,
            "expiry_ms": entry.expiry_ms,
            "notice": base64.b64encode(self.notice).decode(),
            "notice_ends_ms": self.notice_ends_ms,
        }
        if self.boot:  # of the file store
            fields.update(
                boot=self.boot,
                entry_boot=self.entry_boot,
                marks=self.marks,
                locked=self.is_locked,
                exclusive=self.is_exclusive,
            )
        return json.dumps(fields, separators=(",", ":")).encode()

    def record(self, clock_ms: int, told_ms: int, step_ms: int = 0) -> Record:
        """Show it at an instant of the clock that its ends are on, with the clock to be told."""
        left_ms = left_of(self.turn_ends_ms, clock_ms, step_ms) if self.owner else 0
        notice_left_ms = left_of(self.notice_ends_ms, clock_ms, step_ms) if self.notice else 0
        return Record(
            *(self.number, self.owner, left_ms, self.entry, self.notice, notice_left_ms),
            *(told_ms, step_ms),
        )

    def saw(self) -> Seen:
        """Give what a look sees."""
        return Seen(self.number, "" if self.entry is None else self.entry.fingerprint)

    def win(self, owner: str, seen: int, ends_ms: int) -> None:
        """Begin a turn."""
        self.number = max(self.number, seen) + 1
        self.owner = owner
        self.turn_ends_ms, self.is_locked, self.is_exclusive = ends_ms, True, False

    def ends_turn(self, owner: str, number: int) -> bool:
        """End the owner's turn, and tell whether there was one to end."""
        has_turn = self.owner == owner and self.turn_ends_ms > 0 and self.number <= number
        if has_turn:
            self.turn_ends_ms, self.is_locked, self.is_exclusive = 0, True, False
        return has_turn

    def publish(
        self, owner: str, number: int, entry: Entry, replaces: str, junk: Seen | None
    ) -> tuple[bool, bool]:
        """Take an entry by the write rule; tell whether it is stored, and what has changed."""
        has_ended = self.ends_turn(owner, number)
        stored = self.takes(entry, replaces, junk)
        if stored:
            self.entry, self.notice, self.notice_ends_ms = entry, b"", 0
            self.entry_boot = self.boot
        return stored, stored or has_ended

    def resign(self, owner: str, number: int, notice: bytes, ends_ms: int) -> bool:
        """End the owner's turn, leave a notice if there was one, and tell whether there was."""
        has_ended = self.ends_turn(owner, number)
        if has_ended and notice:
            self.notice, self.notice_ends_ms = notice, ends_ms
        return has_ended

    def takes(self, entry: Entry, replaces: str, junk: Seen | None) -> bool:
        """Tell whether an entry is stored: the write rule."""
        mine = self.entry
        if mine is None:
            return True
        if (mine.generation, mine.fingerprint) == (entry.generation, entry.fingerprint):
            return True
        if junk is not None and (mine.generation, mine.fingerprint) == (
            junk.number,
            junk.fingerprint,
        ):
            return True
        is_better = entry.expiry_ms > mine.expiry_ms or mine.fingerprint == replaces
        return entry.generation >= mine.generation and is_better


def left_of(ends_ms: int, clock_ms: int, step_ms: int) -> int:
    """Tell what is left until an instant, by a clock that may be later than it says.

    What is over is so by the early reading, and what is left by the late one.
    """
    return 0 if ends_ms <= clock_ms else max(1, ends_ms - clock_ms - step_ms)


def _turn(given: dict[str, Any]) -> dict[str, Any]:
    """Read the turn, whole or not at all."""
    number, ends_ms = _integer(given.get("number", 0)), _integer(given.get("turn_ends_ms", 0))
    owner = given.get("owner", "")
    if number is None or number >= _MOST or ends_ms is None or not isinstance(owner, str):
        return {}
    if owner and _OWNER.fullmatch(owner) is None:
        return {}
    return {"number": number, "owner": owner, "turn_ends_ms": ends_ms}


def _integer(given: object) -> int | None:
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= LARGEST:
        return given
    return None


def _bytes(given: object) -> bytes | None:
    try:
        return base64.b64decode(given, validate=True) if isinstance(given, str) else None
    except ValueError:
        return None


def _entry(given: dict[str, Any], sealed: bytes | None) -> Entry | None:
    """Read the entry; none, too, where one of its fields cannot be read."""
    fingerprint = given.get("fingerprint")
    generation = _integer(given.get("generation", 0))
    expiry_ms = _integer(given.get("expiry_ms", 0))
    if not sealed or len(sealed) > _LONGEST or expiry_ms is None:
        return None
    if generation is None or generation >= _MOST:
        return None
    if not isinstance(fingerprint, str) or _FINGERPRINT.fullmatch(fingerprint) is None:
        return None
    return Entry(sealed, generation, fingerprint, expiry_ms)
