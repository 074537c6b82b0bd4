"""A host executor (docs/reference/host.md): it plays scenarios on the host, in virtual time."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from host import Failed, Flight, GaveUp, Host, Need, Refused
from module import NEVER, N, halves
from scripted_store import ScriptedStore, Set
from words import NAMES, span

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \| (name|span|truth|count) \|", re.M)
FIELDS = {
    name: (int(n), unit)
    for n, name, unit in ROW.findall(
        (Path(__file__).parents[2] / "docs/reference/abi.md").read_text()
    )
}
STATUS = {n: name for name, n in N.items() if name.startswith("STATUS_")}
KINDS = {
    "phase": "PHASE_",
    "share": "STATE_",
    "last_error_code": "CODE_",
    "last_error_class": "CLASS_",
}


class Executor(ScriptedStore):
    """One scenario: virtual clocks, callers, a scripted source and a scripted store."""

    def __init__(self, wasm: Path) -> None:
        self.wasm = wasm
        self.lines = []
        self.host = None

    def do_open(self, **options: str) -> None:
        self.wall, self.elapsed, self.timer = START, 0, NEVER
        self.flights: list[Flight] = []
        self.sets = {}
        self.callers: dict[str, tuple[Any, Any, int]] = {}
        self.calls = []
        given = {"method": float(N["METHOD_CUSTOM"])} | {
            name: float(value) for name, value in options.items()
        }
        self.host = None
        self.host = Host(self.wasm, self, given, seed=1)

    # What the host is given.

    def now(self) -> tuple[int, int]:
        return self.wall, self.elapsed

    def arm(self, instant: int) -> None:
        self.timer = instant

    def told(self, *words: object) -> None:
        self.lines.append(" ".join(["told", *map(str, words)]))

    def start(self, flight: Flight) -> None:
        self.flights.append(flight)
        self.lines.append(f"called {len(self.flights)}")

    def cancel(self, flight: Flight) -> None:
        self.lines.append(f"cancelled {self.flights.index(flight) + 1}")

    # Callers.

    def step(self, who: str, steps: Any, sent: bool | None) -> None:
        try:
            bell, deadline = steps.send(sent)
        except StopIteration as end:
            lease = end.value
            left = "never" if lease.expiry == NEVER else lease.expiry - self.wall
            self.end(who, f"{who} gets {lease.set.number} left={left}")
        except Failed as error:
            line = f"{who} fails {error.code}"
            if error.code not in ("closed", "reentrant", "min_ttl"):
                line += f" {error.error_class}"
            if self.elapsed < error.retry_at < NEVER:
                line += f" retry={error.retry_at - self.elapsed}"
            self.end(who, line)
        except GaveUp:
            self.end(who, f"{who} gave up")
        except Refused as error:
            self.end(who, f"refused {error}")
        else:
            self.callers[who] = steps, bell, deadline

    def end(self, who: str, line: str) -> None:
        self.callers.pop(who, None)
        self.lines.append(line)

    def settle(self) -> None:
        """Let everybody go on who may."""
        while True:
            ready = [
                who
                for who, (_, bell, at) in sorted(self.callers.items())
                if bell.is_set() or at <= self.elapsed
            ]
            if not ready:
                return
            for who in ready:
                self.step(who, self.callers[who][0], False)

    # Events.

    def do_ask(self, who: str, min_ttl: str = "0", other: str = "", evidence: str = "0") -> None:
        refused = self.sets[int(other)].fingerprint if other else 0
        self.step(who, self.host.credentials(Need(int(min_ttl), refused, int(evidence))), None)

    def do_refresh(self, who: str) -> None:
        self.step(who, self.host.refresh(), None)

    def do_give_up(self, who: str) -> None:
        self.step(who, self.callers[who][0], True)

    def do_invalidate(self, number: str) -> None:
        self.host.invalidate(self.sets[int(number)].fingerprint)

    def do_answer(
        self,
        number: str,
        life: str = "",
        endless: str = "",
        same: str = "",
        server: str = "",
        duration: str = "0",
    ) -> None:
        n, date = int(number), self.wall + int(server) if server else 0
        if same:
            kept = self.sets[int(same)]
        else:
            kept = self.sets[n] = Set(n, NEVER if endless else (date or self.wall) + int(life))
        args = (kept.expiry, *halves(kept.fingerprint), int(duration), date)
        self.host.report(self.flights[n - 1], "complete", args, kept)

    def do_fail(self, number: str, **given: str) -> None:
        reason = N["CODE_MALFORMED" if "malformed" in given else "CODE_SOURCE"]
        args = (int(given["class"]), reason, int(given.get("retry_after", 0)))
        self.host.report(self.flights[int(number) - 1], "fail", args)

    def do_die(self, number: str) -> None:
        self.host.report(self.flights[int(number) - 1], "abandon")

    def do_prompted(self, number: str) -> None:
        self.host.prompted(self.flights[int(number) - 1])

    def do_reenter(self, number: str, min_ttl: str = "0") -> None:
        try:
            next(self.host.credentials(Need(int(min_ttl)), inside=self.flights[int(number) - 1]))
        except StopIteration:
            pass
        except Failed as error:
            self.lines.append(f"refused {number} {error.code}")

    def do_clock(self, ms: str) -> None:
        end = self.elapsed + int(ms)
        while True:
            due = min([self.timer, *(at for _, _, at in self.callers.values())])
            if due > end:
                break
            self.move(max(due, self.elapsed))
            if self.timer <= self.elapsed:
                self.timer = NEVER
                self.host.wake()
            self.settle()
        self.move(end)

    def move(self, elapsed: int) -> None:
        self.wall += elapsed - self.elapsed
        self.elapsed = elapsed

    def do_wall(self, ms: str) -> None:
        self.wall += int(ms)

    def do_status(self, *fields: str) -> None:
        self.lines.append(" ".join(["status", *(f"{name}={self.field(name)}" for name in fields)]))

    def field(self, name: str) -> str:
        number, unit = FIELDS[name]
        value: int = self.host.status(STATUS[number].removeprefix("STATUS_"))
        if unit == "name":
            return str(NAMES[KINDS[name]][value])
        if unit == "truth":
            return str(value != 0).lower()
        return span(value) if unit == "span" else str(value)

    def do_close(self) -> None:
        self.host.put("session_close")

    def do_fault(self) -> None:
        self.host.restore()

    def play(self, line: str) -> None:
        name, *words = line.split()
        given = dict(word.split("=", 1) for word in words if "=" in word)
        self.lines = []
        try:
            getattr(self, "do_" + name)(*[word for word in words if "=" not in word], **given)
        except Refused as error:
            self.lines.append(f"refused {error}")
        if self.host:
            self.settle()
            self.lines += [f"{who} waits" for who in sorted(self.callers)]
        for answer in self.lines:
            print(answer)
        print(flush=True)


if __name__ == "__main__":
    executor = Executor(Path(sys.argv[1]))
    for event in sys.stdin:
        executor.play(event)
