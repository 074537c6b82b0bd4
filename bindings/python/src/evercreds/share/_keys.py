"""Data keys, and the names of sets. It imports the extra's package ``cryptography``."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evercreds._host.sharing import BeforeStoreError
from evercreds.share._records import DataKeys

__all__ = ["DataKey", "KeyRing", "canonical"]

_SALT = b"evercreds share 1"
_BYTES = 32
_PAUSE_S = 60.0


class DataKey:
    """What is made of one data key, which itself is not kept."""

    __slots__ = ("_mark", "_name", "id", "seal")

    def __init__(self, key: bytes) -> None:
        if not isinstance(key, (bytes, bytearray)) or len(key) != _BYTES:
            raise ValueError("share_key must be 32 bytes, or a list of such keys")
        key = bytes(key)
        self.id: bytes = _derived(key, b"id", 8)
        self.seal: AESGCM = AESGCM(_derived(key, b"seal"))
        self._name = _derived(key, b"name")
        self._mark = _derived(key, b"mark")

    def name_of(self, inputs: Mapping[str, Any]) -> str:
        """Name the record of the sets that these inputs describe."""
        digest = hmac.new(self._name, canonical(inputs), hashlib.sha256)
        return f"evercreds1:{digest.hexdigest()[:32]}"

    def mark_of(self, serial: str, code: str) -> str:
        """Name a one-time code, without telling it."""
        return hmac.new(self._mark, f"{serial}\0{code}".encode(), hashlib.sha256).hexdigest()


class KeyRing:
    """The data keys of a session: the first seals, all open.

    Args:
        given: The keys, or what returns them. That is called at the first need, and again after an
            unknown key id, at most once a minute.
        name_key: Makes the names of records. Default: the last of the keys.
    """

    def __init__(self, given: DataKeys, name_key: bytes | None = None) -> None:
        self._call = given if callable(given) else None
        self._keys: tuple[DataKey, ...] = () if callable(given) else _all(given)
        self._named = None if name_key is None else DataKey(name_key)
        self._asked_at: float | None = None
        self._lock = threading.Lock()

    def after_fork(self) -> None:
        """Begin with a lock of its own, in a child."""
        self._lock = threading.Lock()

    def sealing(self) -> DataKey:
        """Give the key that seals. Raises ``BeforeStoreError``."""
        return self._known()[0]

    def naming(self) -> DataKey:
        """Give the key that names records. Raises ``BeforeStoreError``."""
        return self._named or self._known()[-1]

    def opening(self, key_id: bytes) -> DataKey | None:
        """Give the key with this id; ``None``: it is not known."""
        found = _with_id(self._known(), key_id)
        with contextlib.suppress(BeforeStoreError):  # the entry is another group's still
            if found is None and self._ask_again():
                found = _with_id(self._known(), key_id)
        return found

    def _known(self) -> tuple[DataKey, ...]:
        if not self._keys and self._call is not None:
            with self._lock:
                if not self._keys:
                    self._keys = self._asked()
        return self._keys

    def _ask_again(self) -> bool:
        """Ask the callable once more, unless it was asked within the last minute."""
        with self._lock:
            at = self._asked_at
            if self._call is None or at is None or time.monotonic() - at < _PAUSE_S:
                return False
            self._keys = self._asked()
        return True

    def _asked(self) -> tuple[DataKey, ...]:
        assert self._call is not None
        self._asked_at = time.monotonic()
        try:
            return _all(self._call())
        except Exception as error:
            raise BeforeStoreError("key") from error


def _derived(key: bytes, info: bytes, length: int = _BYTES) -> bytes:
    return HKDF(SHA256(), length, _SALT, info).derive(key)


def _all(given: Any) -> tuple[DataKey, ...]:
    keys: Any = [given] if isinstance(given, (bytes, bytearray)) else given
    if isinstance(keys, str) or not isinstance(keys, Sequence) or not keys:
        raise ValueError("share_key must be 32 bytes, or a list of such keys")
    return tuple(DataKey(key) for key in keys)


def _with_id(keys: tuple[DataKey, ...], key_id: bytes) -> DataKey | None:
    return next((key for key in keys if key.id == key_id), None)


def canonical(inputs: Mapping[str, Any]) -> bytes:
    """Write JSON as all languages do: names sorted, no blanks, no escapes without need.

    Raises:
        ValueError: A text is not valid Unicode.
    """
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()
