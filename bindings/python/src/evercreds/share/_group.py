"""The processes that mean the same credentials, as a session meets them: by a store, sealed."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from evercreds._host.sharing import BeforeStoreError, Found, Led, Publishing, UnreadableError
from evercreds._host.source import CredentialSet, FrozenCredentials
from evercreds._host.workers import launch
from evercreds._library import abi_generated as abi
from evercreds._library.options import Options
from evercreds._sources.replies import is_account_id, is_key
from evercreds._waiting.bell import Bell
from evercreds._waiting.clock import NANOS, Clock
from evercreds.share._keys import KeyRing
from evercreds.share._records import (
    LARGEST,
    NOTHING_SEEN,
    Campaign,
    Entry,
    Publication,
    Record,
    Seen,
    Store,
)
from evercreds.share._sealing import (
    ENDLESS,
    ForeignError,
    Header,
    Opened,
    open_entry,
    open_notice,
    seal_entry,
    seal_notice,
)

__all__ = ["StoreGroup"]

_FLIGHTS = 4  # whose visits are kept
_TOLD = 16  # entries that did not open
_LONGEST_TTL_MS = 10 * 365 * 86_400_000


@dataclasses.dataclass(slots=True)
class _Visit:
    """What one flight knows of the record."""

    key: str
    saw: Seen = NOTHING_SEEN
    junk: Seen | None = None
    is_foreign: bool = False
    turn: int = 0
    clock_ms: int = 0  # of the store, in its last answer
    at_ms: int = 0  # when that was there, on the elapsed clock


class StoreGroup:
    """The group of one session.

    Args:
        store: Where it meets.
        ring: The data keys.
        inputs: Tells what the credentials are for. It may ask AWS.
        options: The machine's, about sharing.
        clock: The session's.
        asks_aws: Whether ``inputs`` may ask AWS the next time.
        is_exclusive: Whether a turn is a lock.
        first_ms: The bound of the store's part of a look that asks AWS first.
    """

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        inputs: Callable[[], Mapping[str, Any]],
        options: Options,
        clock: Clock,
        *,
        asks_aws: Callable[[], bool],
        is_exclusive: bool,
        first_ms: int,
    ) -> None:
        self.options: Options = options
        self._store: Any = store
        self._ring = ring
        self._inputs = inputs
        self._clock = clock
        self._asks_aws = asks_aws
        self._more = {"exclusive": True} if is_exclusive else {}
        self._first_ms = first_ms
        self._told: list[str] = []
        self._owner = secrets.token_hex(16)
        self._visits: dict[int, _Visit] = {}

    def renew(self) -> None:
        """Take another owner's name, and forget what flights have seen."""
        before, self._owner = self._owner, secrets.token_hex(16)
        self._visits = {}
        self._ring.after_fork()
        forget = getattr(self._store, "forget", None)
        if forget is not None and type(self._store).__module__.startswith("evercreds."):
            forget(before)

    def key(self) -> str:
        """Name the record. Raises ``BeforeStoreError``."""
        naming = self._ring.naming()
        try:
            inputs = self._inputs()
        except Exception as error:
            raise BeforeStoreError("principal") from error
        return naming.name_of(inputs)

    def look(self, flight: int) -> Found:
        """Read the record for a flight."""
        asks_aws = self._asks_aws()
        before = self._visits.get(flight)
        visit = self._visit(flight, _Visit(self.key(), turn=before.turn if before else 0))
        record = self._bounded(visit.key) if asks_aws else self._store.read(visit.key)
        if not _is_sound(record):
            raise UnreadableError
        self._heard(visit, record.clock_ms)
        entry = record.entry if record.entry is not None and len(record.entry.sealed) else None
        visit.saw = Seen(record.number, "" if entry is None else entry.fingerprint)
        found = Found(
            turn=record.number,
            turn_left_ms=0 if record.owner == self._owner else record.turn_left_ms,
            met=record.owner not in ("", self._owner),
        )
        notice = open_notice(self._ring, visit.key, record.notice) if record.notice else None
        if notice is not None:
            found = dataclasses.replace(
                found,
                notice=notice.notice,
                notice_left_ms=min(record.notice_left_ms, notice.notice_ms),
            )
        return found if entry is None else self._found(found, visit, record, entry)

    def _found(self, found: Found, visit: _Visit, record: Record, entry: Entry) -> Found:
        try:
            opened = open_entry(self._ring, visit.key, entry)
        except ForeignError:
            visit.is_foreign = True
            raise UnreadableError(self._is_new(entry)) from None
        if opened is None or not _is_usable(opened):
            visit.junk = Seen(entry.generation, entry.fingerprint)
            return dataclasses.replace(found, unopened=self._is_new(entry))
        header = opened.header
        brought = _set_of(opened)
        left_ms = abi.NEVER
        if header.ends_ms and record.clock_ms:
            left_ms = max(0, header.ends_ms - record.clock_ms - record.clock_step_ms)
        return dataclasses.replace(
            found,
            brought=brought,
            expiry_ms=brought.source_expiry_ms,
            life_ms=min(header.life_ms, abi.NEVER),
            left_ms=min(left_ms, abi.NEVER),
            generation=header.generation,
            replaces=header.replaces,
        )

    def _is_new(self, entry: Entry) -> bool:
        if entry.fingerprint in self._told:
            return False
        self._told = [*self._told[-_TOLD:], entry.fingerprint]
        return True

    def campaign(self, flight: int, seen: int, turn_ms: int) -> Led:
        """Try for a turn, or extend it."""
        visit = self._visits.get(flight)
        if visit is None:
            raise LookupError("no look came before")
        owner = self._owner
        answer: Campaign = self._store.campaign(
            visit.key, owner, seen, visit.saw, turn_ms, **self._more
        )
        if not isinstance(answer, Campaign) or not isinstance(answer.won, bool):
            raise UnreadableError
        if not _are_numbers(answer.number, answer.left_ms, answer.clock_ms):
            raise UnreadableError
        self._heard(visit, answer.clock_ms)
        if answer.won:
            visit.turn = answer.number
        give_back = functools.partial(
            self._store.resign, visit.key, owner, answer.number, b"", 0, 0
        )
        return Led(answer.number, answer.won, answer.left_ms, give_back)

    def publish(self, flight: int, given: Publishing) -> bool:
        """Write a set, and tell whether it was stored."""
        visit = self._visits.get(flight) or self._visit(flight, _Visit(self.key()))
        if visit.is_foreign:
            raise UnreadableError  # two halves of a fleet would fight over the key
        brought, frozen = given.brought, given.brought.frozen
        ends_ms = 0
        if visit.clock_ms and given.left_ms < abi.NEVER:
            ends_ms = visit.clock_ms + (self._now_ms() - visit.at_ms) + given.left_ms
        header = Header(
            generation=given.generation,
            fingerprint=brought.fingerprint,
            replaces=given.replaces,
            expiry_ms=_endless(brought.source_expiry_ms),
            ends_ms=ends_ms,
            life_ms=_endless(given.life_ms),
        )
        fields = {
            "access_key": str(frozen.access_key),
            "secret_key": str(frozen.secret_key),
            "token": str(frozen.token or ""),
            "account": str(frozen.account_id or ""),
            "source_identity": brought.source_identity,
        }
        try:
            sealed = seal_entry(self._ring.sealing(), visit.key, header, fields)
        except Exception:
            # It is too long, say. The turn is over all the same: a lock would never fall.
            self._store.resign(visit.key, self._owner, given.generation, b"", 0, 0)
            raise
        entry = Entry(sealed, given.generation, f"{brought.fingerprint:016x}", header.expiry_ms)
        answer: Publication = self._store.publish(
            visit.key,
            self._owner,
            given.generation,
            entry,
            f"{given.replaces:016x}" if given.replaces else "",
            visit.junk,
            min(given.left_ms, _LONGEST_TTL_MS),
        )
        if not isinstance(answer, Publication) or not isinstance(answer.stored, bool):
            raise UnreadableError
        if not _are_numbers(answer.clock_ms):
            raise UnreadableError
        self._heard(visit, answer.clock_ms)
        return answer.stored

    def resign(self, number: int, notice: int, notice_ms: int) -> None:
        """End a turn."""
        visits = list(self._visits.values())
        visit = next((each for each in reversed(visits) if each.turn == number), None)
        if visit is None:
            return  # of a process, or a machine, before this
        sealed = b""
        if notice:
            with contextlib.suppress(Exception):  # the turn ends without it, then
                sealed = seal_notice(self._ring.sealing(), visit.key, notice, notice_ms)
        self._store.resign(visit.key, self._owner, number, sealed, notice_ms, notice_ms)

    def mark_age_ms(self, serial: str, code: str) -> int | None:
        """Write down that a code is sent; its age, where it was sent before.

        Raises:
            Exception: It could not be written: the code must not be sent.
        """
        mark = self._ring.naming().mark_of(serial, code)
        age_ms: int | None = self._store.mark_age_ms(self.key(), mark)
        return age_ms

    def _visit(self, flight: int, visit: _Visit) -> _Visit:
        self._visits.pop(flight, None)
        self._visits[flight] = visit
        for oldest in list(self._visits)[:-_FLIGHTS]:
            self._visits.pop(oldest, None)
        return visit

    def _heard(self, visit: _Visit, clock_ms: int) -> None:
        if clock_ms:
            visit.clock_ms, visit.at_ms = clock_ms, self._now_ms()

    def _now_ms(self) -> int:
        return self._clock.elapsed_ns() // NANOS

    def _bounded(self, key: str) -> Record:
        """Read the record where the machine allows more time, since AWS was asked before."""
        answers: list[Record | BaseException] = []
        done = Bell()

        def read() -> None:
            try:
                answers.append(self._store.read(key))
            except BaseException as error:
                answers.append(error)
            done.ring()

        launch(read)
        end_ms = self._now_ms() + self._first_ms
        done.wait(lambda: (end_ms - self._now_ms()) / 1000)
        if not answers:
            raise TimeoutError("the store has not answered in time")
        answer = answers.pop()
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _is_usable(opened: Opened) -> bool:
    """Tell whether a source may have given this: who has the key may have sealed anything."""
    fields = opened.fields
    keys = fields["access_key"], fields["secret_key"], fields["token"]
    account = fields["account"]
    return all(is_key(key) for key in keys) and (not account or is_account_id(account))


def _set_of(opened: Opened) -> CredentialSet:
    fields, expiry_ms = opened.fields, opened.header.expiry_ms
    frozen = FrozenCredentials(
        fields["access_key"], fields["secret_key"], fields["token"], fields["account"] or None
    )
    return CredentialSet(frozen, min(expiry_ms, abi.NEVER), fields["source_identity"])


def _endless(ms: int) -> int:
    return ENDLESS if ms >= abi.NEVER else ms


def _are_numbers(*given: object) -> bool:
    return all(
        isinstance(each, int) and not isinstance(each, bool) and 0 <= each <= LARGEST
        for each in given
    )


def _is_sound(record: object) -> bool:
    """Tell whether this is a record whose numbers are numbers, and whose bytes are bytes."""
    if not isinstance(record, Record) or not isinstance(record.owner, str):
        return False
    return (
        _are_numbers(
            *(record.number, record.turn_left_ms, record.notice_left_ms),
            *(record.clock_ms, record.clock_step_ms),
        )
        and _are_bytes(record.notice)
        and (record.entry is None or _is_entry(record.entry))
    )


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, Entry)
        and isinstance(entry.fingerprint, str)
        and _are_numbers(entry.generation, entry.expiry_ms)
        and _are_bytes(entry.sealed)
    )


def _are_bytes(given: object) -> bool:
    return isinstance(given, (bytes, bytearray, memoryview))
