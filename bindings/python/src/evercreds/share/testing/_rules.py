"""The rules, as cases of a file that all languages have, and two crowds."""

from __future__ import annotations

import base64
import dataclasses
import importlib.resources
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from evercreds.share._records import Entry, Record, Seen, Store
from evercreds.share.testing import _crowds

__all__ = ["RULES", "BrokenRuleError", "Rule", "check_store"]

_LONGEST_MS = 60_000  # of the turns and notices of the cases
_PATIENCE_S = 60.0  # a machine under load is no fault
_NOBODY = "0" * 16


class BrokenRuleError(AssertionError):
    """A store does not keep a rule."""


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule of docs/reference/sharing-stores.md."""

    number: int
    name: str
    _case: dict[str, Any] = dataclasses.field(repr=False)

    def __str__(self) -> str:
        return f"{self.number:02} {self.name}"

    def check(self, make: Callable[[], Store], *, clients: int | None = None) -> None:
        """Play it, on keys that nobody else has.

        Args:
            make: Makes a store, or gives one. All that it makes must meet in one place.
            clients: How many there are in a crowd, where an engine is slow. Default: 64.

        Raises:
            BrokenRuleError: The store does not keep the rule.
            Exception: What the store raised.
        """
        try:
            if "steps" not in self._case:
                count = self._case["clients"] if clients is None else clients
                _crowds.play(self._case, count, make, new_key())
                return
            for times in (1,) if self._case.get("once") else (1, 2):
                _play(self._case["steps"], make(), times)
        except AssertionError as error:
            raise BrokenRuleError(f"rule {self}: {error}") from None


def new_key() -> str:
    """Make a key that nobody else has, as sessions make them."""
    return f"evercreds1:{secrets.token_hex(16)}"


def check_store(make: Callable[[], Store]) -> None:
    """Play all rules.

    Args:
        make: Makes a store, or gives one. All that it makes must meet in one place.

    Raises:
        BrokenRuleError: The store does not keep a rule.
        Exception: What the store raised.
    """
    for rule in RULES:
        rule.check(make)


def _play(steps: list[dict[str, Any]], store: Store, times: int) -> None:
    keys = [new_key(), new_key()]
    for at, step in enumerate(steps, 1):
        for time_ in range(1, times + 1):
            wrong = _wrong(step, store, keys[step.get("key", 0)])
            assert not wrong, f"step {at}, {step['call']}, time {time_}: {wrong}"


def _wrong(step: dict[str, Any], store: Store, key: str) -> str:
    """Make one call, and say what is wrong with its answer."""
    call, want, answer = step["call"], step.get("want", {}), None
    if call == "until":
        return _until(step["what"], store, key)
    if call == "read":
        answer = store.read(key)
        return _wrong_record(answer, want)
    owner = _OWNERS[step["owner"]]
    if call == "campaign":
        saw = Seen(step["saw_number"], _print(step["saw_fingerprint"]))
        led = store.campaign(key, owner, step["seen"], saw, step["turn_ms"])
        wrong = _differs("number", led.number, want) or _differs("won", led.won, want)
        return wrong or _wrong_turn(led.left_ms, want)
    if call == "resign":
        notice = base64.b64decode(step["notice"])
        store.resign(key, owner, step["number"], notice, step["notice_ms"], step["ttl_ms"])
        return ""
    junk = step.get("junk")
    stored = store.publish(
        key,
        owner,
        step["number"],
        _entry(step["entry"]),
        _print(step["replaces"]),
        Seen(junk["generation"], _print(junk["fingerprint"])) if junk else None,
        step["ttl_ms"],
    )
    return _differs("stored", stored.stored, want)


def _until(what: str, store: Store, key: str) -> str:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        record = store.read(key)
        if not (record.turn_left_ms if what == "turn_over" else record.notice_left_ms):
            return ""
        time.sleep(0.005)
    return "it does not end"


def _wrong_record(record: Record, want: dict[str, Any]) -> str:
    wanted = dict(want)
    if wanted.get("owner"):
        wanted["owner"] = _OWNERS[wanted["owner"]]
    if record.notice_left_ms > _LONGEST_MS:
        return f"the notice has {record.notice_left_ms} ms left, more than it was given"
    if "notice" in want and record.notice != base64.b64decode(want["notice"]):
        return f"the notice has {len(record.notice)} bytes, and others than it was given"
    if "notice_counts" in want and (record.notice_left_ms > 0) != want["notice_counts"]:
        return f"the notice has {record.notice_left_ms} ms left"
    if "entry" in want:
        entry = None if want["entry"] is None else _entry(want["entry"])
        if record.entry != entry:
            return f"the entry is {record.entry}, and should be {entry}"
    wrong = _differs("number", record.number, wanted) or _differs("owner", record.owner, wanted)
    return wrong or _wrong_turn(record.turn_left_ms, want)


def _wrong_turn(left_ms: int, want: dict[str, Any]) -> str:
    least_ms, turn = want.get("turn_at_least_ms", 0), want.get("turn")
    is_wrong = (turn == "over" and left_ms != 0) or (
        turn == "runs" and not least_ms < left_ms <= _LONGEST_MS
    )
    return f"the turn has {left_ms} ms left, and should be: {turn}" if is_wrong else ""


def _differs(name: str, got: object, want: dict[str, Any]) -> str:
    if name not in want or got == want[name]:
        return ""
    return f"{name} is {got!r}, and should be {want[name]!r}"


def _entry(given: dict[str, Any]) -> Entry:
    sealed = base64.b64decode(given["sealed"])
    return Entry(sealed, given["generation"], given["fingerprint"], given["expiry_ms"])


def _print(given: str) -> str:
    return "" if given == _NOBODY else given


_FILE: dict[str, Any] = json.loads(
    importlib.resources.files("evercreds.share.testing")
    .joinpath("cases.json")
    .read_text(encoding="utf-8")
)
_OWNERS: dict[str, str] = _FILE["owners"]
RULES: tuple[Rule, ...] = tuple(
    Rule(each["rule"], each["name"], each) for each in (*_FILE["cases"], *_FILE["crowds"])
)
"""All rules, in their order."""
