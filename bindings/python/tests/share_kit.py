"""What the tests of sessions that share have in common."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import until
from evercreds.share import (
    Campaign,
    Entry,
    FileStore,
    Publication,
    Record,
    Seen,
)

KEY = bytes(range(32))
MFA = "arn:aws:iam::123456789012:mfa/me"


class MemoryStore:
    """A store of a user's, in this process alone; what fails or waits is for the test to say."""

    call_ms = 10_000  # a machine under load is no fault

    def __init__(self, tmp_path: Path) -> None:
        self.inner = FileStore(tmp_path / "inner")
        self.before: Callable[[str], None] = lambda call: None
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)

    def read(self, key: str) -> Record:
        self._call("read")
        return self.inner.read(key)

    def campaign(self, key: str, owner: str, seen: int, saw: Seen, turn_ms: int) -> Campaign:
        self._call("campaign")
        return self.inner.campaign(key, owner, seen, saw, turn_ms)

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
        self._call("publish")
        return self.inner.publish(key, owner, number, entry, replaces, junk, ttl_ms)

    def resign(
        self, key: str, owner: str, number: int, notice: bytes, notice_ms: int, ttl_ms: int
    ) -> None:
        self._call("resign")
        self.inner.resign(key, owner, number, notice, notice_ms, ttl_ms)


class Source:
    """A function that gets credentials, and counts how often."""

    def __init__(self, seconds: float = 0.0, life_s: float = 3600) -> None:
        self.calls = 0
        self.threads: list[int] = []
        self.seconds = seconds
        self.life_s = life_s

    def __call__(self) -> dict[str, Any]:
        self.calls += 1
        self.threads.append(threading.get_ident())
        time.sleep(self.seconds)
        expiry = datetime.datetime.now(datetime.timezone.utc)
        expiry += datetime.timedelta(seconds=self.life_s)
        return {
            "access_key": f"AKIA{self.calls}",
            "secret_key": "secret",
            "token": f"token-{id(self)}-{self.calls}",
            "expiry_time": expiry,
        }


def key_of(session: Any) -> str:
    return str(session.credentials["access_key"])


def has_met(session: Any) -> bool:
    counters = session.status().counters
    return bool(counters["share_published"] + counters["share_adopted"] == 1)


def published(session: Any) -> None:
    until(lambda: session.status().counters["share_published"] >= 1)
