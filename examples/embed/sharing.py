"""What a host does at the store of a session that shares (docs/reference/host.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from module import NEVER, N, halves

if TYPE_CHECKING:
    from host import Host


@dataclass
class Visit:
    """What the store has told a flight since its last look began."""

    clock: int | None = None
    at: int = 0
    turn: int = 0
    fingerprint: int = 0
    junk: int = 0
    met: bool = False
    unreadable: bool = False


@dataclass
class Call:
    """One call of the store: what it is, is in the decision that asked for it."""

    asked: Any
    machine: object
    visit: Visit
    set: Any = None  # of a publication, with its whole lifetime and its end on the store's clock
    life: int = 0
    ends: int | None = None


class Sharing:
    """All methods but those that end in ``answered`` run under the host's lock."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._visits: dict[int, Visit] = {}
        self._told: set[int] = set()
        self._unmet, self._counted = 0, 0
        self.trouble = "timeout"  # why the store fails, where no report says so

    def ask(self, d: Any, elapsed: int) -> None:
        """Queue the call that a decision asks for."""
        publish = d.share == N["SHARE_PUBLISH"]
        flight = d.share_set if publish else self._host.status("FLIGHT")
        if d.share == N["SHARE_LOOK"]:
            self._visits[flight] = Visit()
            # This flight's, and that of what is being published.
            self._visits = dict(list(self._visits.items())[-2:])
        visit = self._visits.get(flight) or Visit()
        call = Call(d, self._host.machine, visit)
        if publish:
            call.set, call.life = self._host.sets[d.share_set], self._host.status("LIFETIME_MS")
            if visit.clock is not None and d.share_span_ms != NEVER:
                call.ends = visit.clock + elapsed - visit.at + d.share_span_ms
        self._host.queue(
            self.failed if publish and visit.unreadable else self._host.around.store, call
        )

    def answered(
        self,
        call: Call,
        clock: int | None,
        event: str,
        args: tuple[int, ...],
        kept: Any = None,
        trouble: str = "timeout",
    ) -> None:
        """Report an answer of the store's and its clock; ``kept`` is an opened set."""
        host = self._host
        with host.lock:
            if clock is not None:
                call.visit.clock, call.visit.at = clock, host.around.now()[1]
            if call.machine is host.machine:
                if kept is not None:
                    host.sets[call.asked.share_call] = kept
                number, self.trouble = (call.asked.share_call,), trouble
                if host.put_locked(event, number, args) == N["ERR_ARGUMENT"]:
                    self.trouble = "record"
                    host.put_locked("share_failed", number, (N["STORE_UNREADABLE"],))
            self.trouble = "timeout"
            if event == "share_led" and args[1]:
                self._won(call, args[0])
        host.empty_queue()

    def _won(self, call: Call, turn: int) -> None:
        if self._host.status("SHARE") == N["STATE_LEADING"]:
            flight, before = self._host.status("FLIGHT"), self._counted
            self._unmet = 0 if call.visit.met else self._unmet + (flight != before)
            self._counted = flight
            if self._unmet == 10 and flight != before:
                self._host.tell("share", "nobody_met")
        else:  # nobody waits for this turn any more
            resign = call.asked._replace(share=N["SHARE_RESIGN"], share_number=turn, share_notice=0)
            self._host.queue(self._host.around.store, Call(resign, None, call.visit))

    def look_answered(
        self,
        call: Call,
        clock: int | None,
        turn: tuple[int, int],
        entry: tuple[int, ...],
        notice: tuple[int, int],
        kept: Any,
        junk: int,
        foreign: bool,
    ) -> None:
        """Report a look; ``entry`` is one that opens, ``junk`` names one that does not."""
        visit = call.visit
        with self._host.lock:
            visit.turn, visit.junk, visit.unreadable = turn[0], junk, foreign
            visit.fingerprint = entry[1] if entry else junk
            visit.met = bool(visit.fingerprint or turn[1])
            if (junk or foreign) and junk not in self._told and len(self._told) < 64:
                self._told.add(junk)
                self._host.tell("share", "unopened")
        if foreign:
            self.failed(call)
            return
        expiry, fingerprint, life, left, generation, replaces = entry or (0,) * 6
        found = (
            expiry,
            *halves(fingerprint),
            life,
            left,
            generation,
            *halves(replaces),
            *turn,
            *notice,
        )
        self.answered(call, clock, "share_found", found, kept)

    def failed(self, call: Call, trouble: str = "record") -> None:
        """Report a call that failed, unless the machine has given it up by itself."""
        why = N["STORE_UNREADABLE" if trouble == "record" else "STORE_UNREACHABLE"]
        if self._host.around.now()[1] < call.asked.share_until_ms:
            self.answered(call, None, "share_failed", (why,), trouble=trouble)
