"""What passes between a session and the store where it meets others.

docs/reference/sharing-stores.md has the rules.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

__all__ = [
    "LARGEST",
    "NOTHING_SEEN",
    "Campaign",
    "DataKeys",
    "Entry",
    "Publication",
    "Record",
    "Seen",
    "Store",
]

DataKeys = bytes | Sequence[bytes] | Callable[[], bytes | Sequence[bytes]]
"""A data key of 32 bytes, a list of them, or a function that returns either."""

LARGEST = 2**53 - 1
"""The largest integer of a record."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One sealed set, and what a store compares of it."""

    sealed: bytes = dataclasses.field(repr=False)
    """At most 8 KiB. A store keeps it, and does not look into it."""
    generation: int
    """The highest number of a turn that its writer knew."""
    fingerprint: str
    """Of the set: 16 hex digits."""
    expiry_ms: int
    """The end of the set, in milliseconds since the Unix epoch, as its source wrote it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What a session's last look saw; or which entry it saw that does not open."""

    number: int
    """Of the turn; of such an entry: its generation."""
    fingerprint: str
    """Of the entry: 16 hex digits; ``""``: there was none."""


NOTHING_SEEN = Seen(0, "")


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """What a store has under one key, and what its clock says. The default is an empty one."""

    number: int = 0
    """The highest number of a turn; 0: there was none."""
    owner: str = ""
    """Who has, or had, that turn: 32 hex digits."""
    turn_left_ms: int = 0
    """What is left of the turn; 0: none runs."""
    entry: Entry | None = None
    notice: bytes = dataclasses.field(default=b"", repr=False)
    """A sealed notice of a failure; empty: there is none."""
    notice_left_ms: int = 0
    """For how long it counts."""
    clock_ms: int = 0
    """The store's clock, in milliseconds since any fixed instant of that store's; 0: it has none.
    A clock of whole seconds gives the beginning of its second."""
    clock_step_ms: int = 0
    """By how much the clock may be later than it says: 999 for one of whole seconds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Campaign:
    """What has become of a campaign."""

    won: bool
    number: int = 0
    """Of the turn that runs, or that was the last."""
    left_ms: int = 0
    """Of another's turn. 0, not won: none runs, but the record is not what was seen."""
    clock_ms: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Publication:
    """What has become of a publication."""

    stored: bool
    clock_ms: int = 0


@runtime_checkable
class Store(Protocol):
    """Where processes meet. Each call is atomic for one key, and may be repeated.

    The calls come from threads, several at a time. What they raise is a failure of the store, and
    reaches no caller of the session. An answer that comes late is taken all the same.
    docs/reference/sharing-stores.md has the whole contract, and :mod:`evercreds.share.testing`
    its test.

    A store may have figures of its own: ``call_ms``, after which a call counts as failed (25 to
    10000; default 250); ``poll_ms``, the first pause of a caller who follows (5 to 5000; default
    100); and ``is_lock``, whether a turn can be a lock that falls when its process dies, and never
    before (default False). Sessions that send one-time codes need the last one, with ``campaign``
    and ``mark_age_ms`` as :class:`FileStore` has them.
    """

    def read(self, key: str) -> Record:
        """Read what was written last. It changes nothing."""
        raise NotImplementedError

    def campaign(self, key: str, owner: str, seen: int, saw: Seen, turn_ms: int) -> Campaign:
        """Try for the turn.

        A turn that runs and is the owner's ends ``turn_ms`` from now, with the same number. One
        that is another's stays. Where none runs it is won if the record's number and the
        fingerprint of its entry are those of ``saw``; its number is ``max(stored, seen) + 1``.

        Args:
            key: Of the record: ``evercreds1:`` and 32 hex digits.
            owner: Who tries: 32 hex digits.
            seen: The highest number that the owner knows.
            saw: What the owner's last look saw.
            turn_ms: The length of the turn.
        """
        raise NotImplementedError

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
        """Write an entry by the write rule, and end the owner's turn.

        It is stored if there is none or what there is cannot be read; if it is the very same; if
        its generation is not lower and it expires later, or the stored one is ``replaces``; or if
        ``junk`` names the stored one. Then the notice goes. The turn ends in any case, unless its
        number is higher than ``number``.

        Args:
            key: Of the record.
            owner: Who writes.
            number: The number of the turn that ends.
            entry: What to write.
            replaces: The fingerprint in whose place this is; ``""``: of none.
            junk: The entry that the writer has seen, and that did not open.
            ttl_ms: For how long the record is kept, and for an hour at least.
        """
        raise NotImplementedError

    def resign(
        self, key: str, owner: str, number: int, notice: bytes, notice_ms: int, ttl_ms: int
    ) -> None:
        """End the owner's turn, unless its number is higher than ``number``.

        Args:
            key: Of the record.
            owner: Whose turn.
            number: The number of the turn that ends.
            notice: What to leave, if a turn has ended; empty: nothing.
            notice_ms: For how long the notice counts.
            ttl_ms: For how long the record is kept, and for an hour at least.
        """
        raise NotImplementedError
