"""The store of a host executor: each call waits for the event that answers it."""

from __future__ import annotations

import hashlib
from typing import Any

from module import NEVER, N
from sharing import Call
from words import span

DAY = 86_400_000


class Set:
    """A set of made-up credentials; its keys and its expiry."""

    def __init__(self, number: int, expiry: int) -> None:
        self.number, self.expiry = number, expiry
        digest = hashlib.sha256(f"ACCESS{number}\0TOKEN{number}".encode()).digest()
        self.fingerprint = int.from_bytes(digest[:8], "big")


class ScriptedStore:
    """The part of an executor that plays scenarios of sharing."""

    host: Any
    wall: int
    elapsed: int
    lines: list[str]
    sets: dict[int, Set]
    calls: list[Call]

    def store(self, call: Call) -> None:
        self.calls.append(call)
        d, visit = call.asked, call.visit
        if d.share == N["SHARE_LOOK"]:
            line = "look"
        elif d.share == N["SHARE_CAMPAIGN"]:
            line = f"campaign seen={d.share_number} saw={visit.turn}"
            line += f"{self.named('over', visit.fingerprint)} for={d.share_span_ms}"
        elif d.share == N["SHARE_PUBLISH"]:
            line = f"publish {call.set.number} generation={d.share_number} life={span(call.life)}"
            line += f" left={call.ends - self.clock()}" if call.ends is not None else ""
            line += self.named("replaces", d.replaces_high << 32 | d.replaces_low)
            line += self.named("junk", visit.junk)
        else:
            line = f"resign turn={d.share_number}"
            notice = f" notice={d.share_notice % 16}*{d.share_notice // 16} for={d.share_span_ms}"
            line += notice if d.share_notice else ""
        self.lines.append(line)

    def named(self, name: str, fingerprint: int) -> str:
        known = {kept.fingerprint: number for number, kept in self.sets.items()}
        return f" {name}={known[fingerprint]}" if fingerprint else ""

    def clock(self) -> int:
        """The store's clock."""
        return self.elapsed + DAY

    def take(self, event: str, *kinds: str) -> list[Call]:
        """Return the oldest call of these kinds, which the event answers."""
        numbers = [N["SHARE_" + kind] for kind in kinds]
        calls = [call for call in self.calls if call.asked.share in numbers][:1]
        for call in calls:
            self.calls.remove(call)
        if not calls:
            self.lines.append(f"no call of the store waits for {event}")
        return calls

    def do_finds(
        self,
        junk: str = "0",
        foreign: str = "",
        clockless: str = "",
        notice: str = "0*0",
        **given: str,
    ) -> None:
        age, turn, turn_left, notice_left = (
            int(given.get(n, 0)) for n in ("age", "turn", "turn_left", "notice_left")
        )
        bad = self.sets.setdefault(int(junk), Set(int(junk), 0)).fingerprint if junk != "0" else 0
        entry: tuple[int, ...] = ()
        kept = None
        if "set" in given:
            number, life = int(given["set"]), NEVER if "endless" in given else int(given["life"])
            kept = self.sets.setdefault(
                number, Set(number, NEVER if life == NEVER else self.wall + life - age)
            )
            left = NEVER if clockless or life == NEVER else int(given.get("left", life - age))
            replaces = self.sets[int(given["replaces"])].fingerprint if "replaces" in given else 0
            entry = (
                kept.expiry,
                kept.fingerprint,
                life,
                left,
                int(given.get("generation", 0)),
                replaces,
            )
        error_class, count = map(int, notice.split("*"))
        for call in self.take("finds", "LOOK"):
            self.host.sharing.look_answered(
                call, None if clockless else self.clock(), (turn, turn_left), entry,
                (error_class + 16 * count, notice_left), kept, bad, bool(foreign),
            )  # fmt: skip

    def do_gives(self, turn: str, clockless: str = "") -> None:
        for call in self.take("gives", "CAMPAIGN"):
            self.host.sharing.answered(
                call, None if clockless else self.clock(), "share_led", (int(turn), 1, 0)
            )

    def do_keeps(self, turn: str, left: str) -> None:
        for call in self.take("keeps", "CAMPAIGN"):
            self.host.sharing.answered(call, self.clock(), "share_led", (int(turn), 0, int(left)))

    def do_takes(self) -> None:
        for call in self.take("takes", "PUBLISH", "RESIGN"):
            self.host.sharing.answered(call, self.clock(), "share_done", (1,))

    def do_refuses(self) -> None:
        for call in self.take("refuses", "PUBLISH"):
            self.host.sharing.answered(call, self.clock(), "share_done", (0,))

    def do_store_fails(self, unreadable: str = "", **before: str) -> None:
        trouble = "record" if unreadable else next(iter(before), "store")
        for call in self.take("store_fails", "LOOK", "CAMPAIGN", "PUBLISH", "RESIGN"):
            self.host.sharing.failed(call, trouble)

    def do_hints(self) -> None:
        self.host.put("share_hint")
