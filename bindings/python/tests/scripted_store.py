"""The store of the host executor: it says what the script says (docs/reference/host.md).

The group behind the session is the real one: what this store tells is sealed, and what it is told
is opened.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from evercreds._host.sharing import BeforeStoreError, UnreadableError
from evercreds._host.source import fingerprint_of
from evercreds._library import abi_generated as abi
from evercreds.share import Campaign, Entry, Publication, Record, Seen
from evercreds.share._group import StoreGroup
from evercreds.share._keys import DataKey, KeyRing
from evercreds.share._sealing import (
    ENDLESS,
    Header,
    open_entry,
    open_notice,
    seal_entry,
    seal_notice,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
OTHERS = "f" * 32
DAY_MS = 86_400_000


@dataclasses.dataclass
class Asked:
    """A call of the store, which waits for its answer."""

    kind: str
    key: str
    answer: list[Any] = dataclasses.field(default_factory=list)


class ScriptedStore:
    """Waits with each call until the script answers one of its kind."""

    VERBS = ("finds", "gives", "keeps", "takes", "refuses", "store_fails")
    _KINDS = (("look",), ("campaign",), ("campaign",), ("publish", "resign"), ("publish",))

    def __init__(self, stage: Any, out: list[str], key_of: Callable[[int], int]) -> None:
        self._stage = stage
        self._out = out
        self._key_of = key_of
        self._asked: list[Asked] = []
        self._keys = KeyRing(KEY)
        self._winners: dict[int, str] = {}  # of turns

    def read(self, key: str) -> Record:
        return self._ask("look", key, "look")

    def campaign(
        self, key: str, owner: str, seen: int, saw: Seen, turn_ms: int, exclusive: bool = False
    ) -> Campaign:
        over = f" over={self._number(saw.fingerprint)}" if saw.fingerprint else ""
        line = f"campaign seen={seen} saw={saw.number}{over} for={turn_ms}"
        answer: Campaign = self._ask("campaign", key, line)
        if answer.won:
            self._winners[answer.number] = owner
        return answer

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
        opened = open_entry(self._keys, key, entry)
        assert opened is not None
        header = opened.header
        life = "never" if header.life_ms == ENDLESS else header.life_ms
        words = [f"publish {opened.fields['access_key'][1:]} generation={header.generation}"]
        words.append(f"life={life}")
        if header.ends_ms:
            words.append(f"left={header.ends_ms - self._clock_ms()}")
        if replaces:
            assert int(replaces, 16) == header.replaces
            words.append(f"replaces={self._number(replaces)}")
        if junk is not None:
            words.append(f"junk={self._number(junk.fingerprint)}")
        return self._ask("publish", key, " ".join(words))

    def resign(
        self, key: str, owner: str, number: int, notice: bytes, notice_ms: int, ttl_ms: int
    ) -> None:
        words = [f"resign turn={number}"]
        if notice:
            header = open_notice(self._keys, key, notice)
            assert header is not None
            words.append(f"notice={header.notice % 16}*{header.notice // 16} for={notice_ms}")
        self._ask("resign", key, " ".join(words))

    def script(self, verb: str, given: dict[str, str]) -> None:
        """Answer the oldest call of the kind."""
        kinds = dict(zip(self.VERBS, self._KINDS, strict=False)).get(verb)
        asked = next((each for each in self._asked if kinds is None or each.kind in kinds), None)
        if asked is None:
            self._out.append(f"no call of the store waits for {verb}")
            return
        self._asked.remove(asked)
        asked.answer.append(self._answer(verb, asked, given))

    def _answer(self, verb: str, asked: Asked, given: dict[str, str]) -> Any:
        clock_ms = 0 if "clockless" in given else self._clock_ms()
        if verb == "store_fails":
            return _failure(given)
        if verb == "finds":
            return self._record(asked.key, given, clock_ms)
        if verb == "gives":
            return Campaign(True, int(given["turn"]), 5000, clock_ms)
        if verb == "keeps":
            return Campaign(False, int(given["turn"]), int(given["left"]), clock_ms)
        return Publication(verb == "takes", clock_ms)

    def _record(self, key: str, given: dict[str, str], clock_ms: int) -> Record:
        turn, notice = int(given.get("turn", 0)), b""
        if "notice" in given:
            kind, _, count = given["notice"].partition("*")
            number, length = int(kind) + 16 * int(count), int(given["notice_left"])
            notice = seal_notice(DataKey(KEY), key, number, length)
        return Record(
            number=turn,
            owner=self._winners.get(turn, OTHERS) if turn else "",
            turn_left_ms=int(given.get("turn_left", 0)),
            entry=self._entry(key, given, clock_ms),
            notice=notice,
            notice_left_ms=int(given.get("notice_left", 0)),
            clock_ms=clock_ms,
        )

    def _entry(self, key: str, given: dict[str, str], clock_ms: int) -> Entry | None:
        generation = int(given.get("generation", 0))
        if "junk" in given:
            fingerprint = self._fingerprint(int(given["junk"]))
            return Entry(b"junk", generation, f"{fingerprint:016x}", 1)
        number = int(given.get("set", 0 if "foreign" not in given else -1))
        if not number:
            return None
        life_ms, age_ms = int(given.get("life", 0)), int(given.get("age", 0))
        expiry_ms = self._stage.wall_ms - age_ms + life_ms
        left_ms = int(given.get("left", life_ms - age_ms))
        ends_ms = clock_ms + left_ms if clock_ms else DAY_MS
        if "endless" in given:
            life_ms = expiry_ms = ENDLESS
            ends_ms = 0
        fingerprint = self._fingerprint(number)
        replaces = int(given.get("replaces", 0))
        header = Header(
            generation=generation,
            fingerprint=fingerprint,
            replaces=self._fingerprint(replaces) if replaces else 0,
            expiry_ms=expiry_ms,
            ends_ms=ends_ms,
            life_ms=life_ms,
        )
        kept = self._key_of(number)
        fields = {"access_key": f"A{kept}", "secret_key": "secret", "token": f"T{kept}"}
        data_key = DataKey(OTHER_KEY if "foreign" in given else KEY)
        sealed = seal_entry(data_key, key, header, fields)
        return Entry(sealed, generation, f"{fingerprint:016x}", expiry_ms)

    def _ask(self, kind: str, key: str, line: str) -> Any:
        asked = Asked(kind, key)
        self._out.append(line)
        self._asked.append(asked)
        self._stage.sleep(lambda: bool(asked.answer))
        answer = asked.answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _clock_ms(self) -> int:
        return self._stage.now_ms + DAY_MS

    def _fingerprint(self, number: int) -> int:
        key = self._key_of(number)
        return fingerprint_of(f"A{key}", f"T{key}")

    def _number(self, fingerprint: str) -> int:
        """Find the number of a set, which is one of few."""
        return next(n for n in range(-99, 99) if f"{self._fingerprint(n):016x}" == fingerprint)


def _failure(given: dict[str, str]) -> Exception:
    if "unreadable" in given:
        return UnreadableError()
    trouble = next((name for name in ("key", "principal") if name in given), None)
    return ConnectionError("scripted") if trouble is None else BeforeStoreError(trouble)


def group_of(store: ScriptedStore, options: dict[int, float], clock: Any) -> StoreGroup:
    """Make the group of a session whose store this is."""
    return StoreGroup(
        store,
        KeyRing(KEY),
        lambda: {"format": 1, "method": "custom", "share_id": "a scenario"},
        (),
        clock,
        asks_aws=lambda: False,
        is_exclusive=options[abi.Option.SHARE] == abi.Sharing.EXCLUSIVE,
        first_ms=1000,
    )
