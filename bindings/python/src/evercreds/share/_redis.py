"""The store in Redis or Valkey. It takes a client of redis-py's or valkey-py's."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from evercreds._library.options import given_as
from evercreds.errors import EvercredsValidationError
from evercreds.share import _scripts_generated as scripts
from evercreds.share._records import Campaign, Entry, Publication, Record, Seen

__all__ = ["RedisStore"]

_NOBODY = "0" * 16  # as a fingerprint: of no entry


class RedisStore:
    """Keeps records in Redis (5 or later) or Valkey, one hash for each key; also in a cluster.

    Each call is one script with one key. The user of the client needs EVALSHA and EVAL, and what
    the scripts call: TIME, HMGET, HSET, HDEL, PTTL and PEXPIRE, on keys that begin with
    ``evercreds1:``. Connections, TLS and time-outs are the client's.

    Args:
        client: A ``redis.Redis``, ``redis.RedisCluster`` or one of valkey-py's; no client of
            asyncio's.

    Raises:
        EvercredsValidationError: It is no such client.
    """

    call_ms: int = 250
    poll_ms: int = 100

    def __init__(self, client: Any) -> None:
        is_async = ".asyncio" in type(client).__module__
        if is_async or not callable(getattr(client, "evalsha", None)):
            raise EvercredsValidationError(
                "client must be a client of redis-py or valkey-py, and none of asyncio's, got "
                f"{given_as(client)}",
                param="client",
            )
        self._client = client

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    def read(self, key: str) -> Record:
        """Read the record; see :class:`Store`."""
        clock, number, owner, left, sealed, generation, fingerprint, expiry, notice, notice_left = (
            self._run(scripts.READ, key)
        )
        entry = None
        if content := _bytes(sealed):
            entry = Entry(content, int(generation), _text(fingerprint), int(expiry))
        return Record(
            *(int(number), _text(owner), int(left), entry, _bytes(notice), int(notice_left)),
            clock_ms=int(clock),
        )

    def campaign(self, key: str, owner: str, seen: int, saw: Seen, turn_ms: int) -> Campaign:
        """Try for the turn; see :class:`Store`."""
        given = owner, seen, saw.number, saw.fingerprint or _NOBODY, turn_ms
        clock, won, number, left = self._run(scripts.CAMPAIGN, key, *given)
        return Campaign(bool(int(won)), int(number), int(left), int(clock))

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
        """Write an entry by the write rule; see :class:`Store`."""
        sealed = base64.b64encode(entry.sealed).decode()
        of_junk: tuple[object, str] = ("", "")
        if junk is not None:
            of_junk = junk.number, junk.fingerprint or _NOBODY
        clock, stored = self._run(
            *(scripts.PUBLISH, key, owner, number, sealed, entry.generation, entry.fingerprint),
            *(entry.expiry_ms, replaces or _NOBODY, ttl_ms, *of_junk),
        )
        return Publication(bool(int(stored)), int(clock))

    def resign(
        self, key: str, owner: str, number: int, notice: bytes, notice_ms: int, ttl_ms: int
    ) -> None:
        """End the owner's turn; see :class:`Store`."""
        sealed = base64.b64encode(notice).decode()
        self._run(scripts.RESIGN, key, owner, number, sealed, notice_ms, ttl_ms)

    def _run(self, script: str, key: str, *arguments: object) -> Any:
        digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        try:
            return self._client.evalsha(digest, 1, key, *arguments)
        except Exception as error:
            # Redis-py and valkey-py name it alike.
            if type(error).__name__ != "NoScriptError" and "NOSCRIPT" not in str(error):
                raise
        return self._client.eval(script, 1, key, *arguments)


def _text(given: Any) -> str:
    return given.decode("ascii") if isinstance(given, bytes) else str(given)


def _bytes(given: Any) -> bytes:
    return base64.b64decode(given, validate=True) if given else b""
