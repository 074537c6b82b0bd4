"""The sealed entry of docs/reference/sharing-stores.md.

It imports the extra's package ``cryptography``.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
import struct
from typing import Any

from cryptography.exceptions import InvalidTag

from evercreds._host.source import fingerprint_of
from evercreds._library import abi_generated as abi
from evercreds.share._keys import DataKey, KeyRing, canonical
from evercreds.share._records import Entry

__all__ = [
    "ENDLESS",
    "ForeignError",
    "Header",
    "Opened",
    "open_entry",
    "open_notice",
    "seal_entry",
    "seal_notice",
]

ENDLESS = abi.NEVER
"""The end and the lifetime of a set that has none."""

_MAGIC = b"EVCS"
_FORMAT = 1
_SET, _NOTICE = 0, 1
_HEADER = struct.Struct(">4sBBH8sQQQQQQII")
_NONCE, _TAG, _BLOCK = 12, 16, 256
_LONGEST = 8192
_FIELDS = ("access_key", "secret_key", "token", "account", "source_identity")


class ForeignError(Exception):
    """An entry of an unknown key or a newer format: it is none, and is not junk either."""


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """What is in clear, and what nobody can change."""

    kind: int = _SET
    key_id: bytes = bytes(8)
    generation: int = 0
    fingerprint: int = 0
    replaces: int = 0
    expiry_ms: int = 0
    ends_ms: int = 0
    life_ms: int = 0
    notice: int = 0
    notice_ms: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """An entry that has opened."""

    header: Header
    fields: dict[str, str] = dataclasses.field(repr=False)


def seal_entry(
    key: DataKey, name: str, header: Header, fields: dict[str, str], nonce: bytes | None = None
) -> bytes:
    """Seal a set.

    Args:
        key: The data key.
        name: The record's key.
        header: Its fields; the key id is filled in.
        fields: The five strings of the body.
        nonce: Twelve bytes. Default: random.

    Raises:
        ValueError: It is too long.
    """
    body = canonical({each: fields.get(each, "") for each in _FIELDS})
    return _sealed(key, name, dataclasses.replace(header, kind=_SET), body, nonce)


def seal_notice(
    key: DataKey, name: str, notice: int, notice_ms: int, nonce: bytes | None = None
) -> bytes:
    """Seal a notice: its class plus 16 times the failures in a row, and its length."""
    header = Header(_NOTICE, notice=notice, notice_ms=notice_ms)
    return _sealed(key, name, header, b"{}", nonce)


def _sealed(key: DataKey, name: str, header: Header, body: bytes, nonce: bytes | None) -> bytes:
    _check(header)
    head = _HEADER.pack(
        *(_MAGIC, _FORMAT, header.kind, 0, key.id, header.generation, header.fingerprint),
        *(header.replaces, header.expiry_ms, header.ends_ms, header.life_ms),
        *(header.notice, header.notice_ms),
    )
    nonce = secrets.token_bytes(_NONCE) if nonce is None else nonce
    padded = body + b" " * (-len(body) % _BLOCK)
    sealed = head + nonce + key.seal.encrypt(nonce, padded, head + name.encode("ascii"))
    if len(sealed) > _LONGEST:
        raise ValueError("a set is too long for an entry")
    return sealed


def open_entry(ring: KeyRing, name: str, entry: Entry) -> Opened | None:
    """Open an entry; ``None``: it does not open, and is junk.

    Raises:
        ForeignError: Its key or its format is not known here.
    """
    opened = _opened(ring, name, entry.sealed, _SET)
    if opened is None:
        return None
    header, body = opened
    fields = _parsed(body)
    if fields is None:
        return None
    if fingerprint_of(fields["access_key"], fields["token"]) != header.fingerprint:
        return None
    beside = entry.generation, entry.fingerprint, entry.expiry_ms
    if (header.generation, f"{header.fingerprint:016x}", header.expiry_ms) != beside:
        return None
    return Opened(header, fields)


def open_notice(ring: KeyRing, name: str, sealed: bytes) -> Header | None:
    """Open a notice; ``None``: it does not open."""
    try:
        opened = _opened(ring, name, sealed, _NOTICE)
    except ForeignError:
        return None
    return None if opened is None else opened[0]


def _opened(ring: KeyRing, name: str, sealed: bytes, kind: int) -> tuple[Header, bytes] | None:
    if not isinstance(sealed, (bytes, bytearray, memoryview)):
        return None
    sealed = bytes(sealed[: _LONGEST + 1])
    if not 5 <= len(sealed) <= _LONGEST or sealed[:4] != _MAGIC:
        return None
    if sealed[4] > _FORMAT:
        raise ForeignError
    body_length = len(sealed) - _HEADER.size - _NONCE - _TAG
    if body_length < _BLOCK or body_length % _BLOCK:
        return None
    head = sealed[: _HEADER.size]
    _, form, found, zero, key_id, *numbers = _HEADER.unpack(head)
    if form != _FORMAT or found not in (_SET, _NOTICE) or zero:
        return None
    key = ring.opening(key_id)
    if key is None:
        raise ForeignError
    header = Header(found, key_id, *numbers)
    try:
        _check(header)
    except ValueError:
        return None
    if found != kind:
        return None
    nonce, rest = sealed[_HEADER.size : _HEADER.size + _NONCE], sealed[_HEADER.size + _NONCE :]
    try:
        body = key.seal.decrypt(nonce, rest, head + name.encode("ascii"))
    except InvalidTag:
        return None
    return header, body


def _check(header: Header) -> None:
    """Refuse what no session can have written. Raises ValueError."""
    times = header.expiry_ms, header.ends_ms, header.life_ms
    if not 0 <= header.generation < 2**52 or not all(0 <= time <= ENDLESS for time in times):
        raise ValueError("the header of an entry is out of range")


def _parsed(body: bytes) -> dict[str, str] | None:
    """Read the body of a set; its strings, or ``None``."""
    try:
        given: Any = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    fields: dict[str, Any] = {each: given.get(each) for each in _FIELDS}
    if not all(isinstance(value, str) for value in fields.values()):
        return None
    if not (fields["access_key"] and fields["secret_key"]):
        return None
    return fields
