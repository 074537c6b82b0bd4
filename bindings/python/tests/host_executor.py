"""The host executor: plays the scenarios of docs/reference/host.md on this package's host.

Reads events, writes answers.

Callers and attempts are threads; the time is virtual. After each event this waits until each of
them has ended or sleeps: on its bell, or on the script.
"""

from __future__ import annotations

import dataclasses
import datetime
import sys
import threading
from collections.abc import Callable
from typing import Any, get_args

from evercreds._host import attempts, marks, sharing, timer
from evercreds._host.events import Kind, SessionEvent
from evercreds._host.host import Host
from evercreds._host.said import NOTHING, Said
from evercreds._host.source import CredentialSet, Failure, FrozenCredentials, Reply, fingerprint_of
from evercreds._library import abi_generated as abi
from evercreds._library.machine import OptionRefusedError
from evercreds._library.needs import Need, Patience
from evercreds._session.given import need_of
from evercreds._waiting.clock import NANOS
from evercreds.errors import EvercredsCredentialError, EvercredsValidationError

BASE_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
PATIENCE_S = 120  # of this program, on a machine that does much else


class Stage:
    """Knows which threads run, and wakes those that sleep."""

    counts_sleep = False  # so leases end on either clock, as in other languages

    def __init__(self) -> None:
        self.now_ms = self.offset_ms = 0
        self.dues: list[int] = []
        self.patience: dict[int, Patience] = {}
        self._changed = threading.Condition()
        self._running = 0
        self._sleeping: dict[int, Callable[[], bool]] = {}

    def elapsed_ns(self) -> int:
        return self.now_ms * NANOS

    def wall_ns(self) -> int:
        return self.wall_ms * NANOS

    @property
    def wall_ms(self) -> int:
        return BASE_MS + self.now_ms + self.offset_ms

    def wait(self, bell: Any, until_ms: int) -> None:
        """Sleep as the host asks its clock to; whose patience ends wakes as well."""
        mine = self.patience.get(threading.get_ident(), Patience())
        self.dues.append(until_ms)
        self.sleep(lambda: bell.has_rung or self.now_ms >= min(until_ms, mine.end_ms))

    def sleep(self, is_due: Callable[[], bool]) -> None:
        with self._changed:
            self._sleeping[threading.get_ident()] = is_due
            self._running -= 1
            self._changed.notify_all()
            assert self._changed.wait_for(is_due, PATIENCE_S), "nobody wakes this one"
            del self._sleeping[threading.get_ident()]
            self._running += 1

    def begin(self, launch: Callable[[Callable[[], None]], Any], run: Callable[[], None]) -> None:
        """Have a thread run this, which counts as running from now on."""

        def counted() -> None:
            try:
                run()
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

        with self._changed:
            self._running += 1
        launch(counted)

    def settle(self) -> None:
        """Wait until all have ended or sleep, and nobody is about to wake."""
        with self._changed:
            self._changed.notify_all()
            assert self._changed.wait_for(self._is_quiet, PATIENCE_S), "somebody runs for ever"

    def _is_quiet(self) -> bool:
        return not self._running and not any(is_due() for is_due in self._sleeping.values())


class ScriptedError(Exception):
    """The source fails."""

    def __init__(self, failure: Failure) -> None:
        super().__init__("scripted")
        self.failure = failure


class Death(BaseException):
    """The source dies."""


class Call:
    """One attempt, as the source sees it: it does what it is told, one thing after the other."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_told_to_end = False
        self.bell = marks.cancelled()
        self.script: list[Callable[[], Reply | None]] = []


class Play:
    """One scenario: a session, its callers and its source."""

    runs_user_code = True
    is_for_role = False
    method: int = abi.Method.CUSTOM
    names: tuple[object, object] = (None, None)

    def __init__(self, stage: Stage, options: list[str]) -> None:
        self.stage = stage
        self.out: list[str] = []
        self.calls: list[Call] = []
        self.keys: dict[int, int] = {}  # the number in a set's keys, by flight
        self.expiries: dict[int, int] = {}  # in milliseconds, by the number in the keys
        self.waiting: dict[str, Patience] = {}
        self.decisions: dict[int, abi.Decision] = {}
        given = tuple((_option(name), float(value)) for name, value in pairs(options))
        self.store: Any = None
        group: Any = None
        if dict(given).get(abi.Option.SHARE, 0) > 0:
            from scripted_store import ScriptedStore, group_of  # with what seals

            self.store = ScriptedStore(stage, self.out, self.key_of)
            group = group_of(self.store, dict(given), stage)
        self.host = Host(
            self,
            given,
            clock=stage,
            seed=lambda: 1,
            runs_in_callers="--refresh-in-callers" in sys.argv,
            group=group,
        )
        for kind in get_args(Kind):
            self.host.on(kind, self._told)
        error = self.host.loop.failures.error

        def watched(decision: abi.Decision, now_ms: int) -> Exception:
            self.decisions[threading.get_ident()] = decision
            return error(decision, now_ms)

        self.host.loop.failures.error = watched  # type: ignore[method-assign]
        # An eager session's constructor waits besides, which is this language's own way.
        self.host.loop.open()

    # The source

    def fetch(self) -> Reply:
        call = Call(len(self.calls) + 1)
        self.calls.append(call)
        self.out.append(f"called {call.number}")
        while True:
            self.stage.sleep(lambda: bool(call.script))
            reply = call.script.pop(0)()
            if reply is not None:
                return reply

    def classify(self, error: Exception) -> Failure:
        return error.failure if isinstance(error, ScriptedError) else Failure()

    def said(self, error: BaseException) -> Said:
        return NOTHING

    def after_fork(self) -> None:
        pass

    @property
    def sends_codes(self) -> bool:
        return False

    def share_with(self, group: Any) -> None:
        pass

    def key_of(self, number: int) -> int:
        """Tell the number in the keys of a set; of other processes it is below zero."""
        return self.keys.get(number, number)

    def answer(self, number: int, given: dict[str, str]) -> Reply:
        self.keys[number] = key = self.keys.get(int(given.get("same", 0)), number)
        server_ms = self.stage.wall_ms + int(given.get("server", 0))
        expiry_ms = server_ms + int(given.get("life", 0))
        if "same" in given:
            expiry_ms = self.expiries[key]
        if "endless" in given:
            expiry_ms = abi.NEVER
        self.expiries[key] = expiry_ms
        frozen = FrozenCredentials(f"A{key}", "secret", f"T{key}", None)
        seen_ms = server_ms if "server" in given else 0
        return Reply(frozen, expiry_ms, int(given.get("duration", 0)), seen_ms)

    def fail(self, given: dict[str, str]) -> Reply:
        reason = abi.Code.MALFORMED if "malformed" in given else abi.Code.SOURCE
        pause_ms = int(given.get("retry_after", 0))
        raise ScriptedError(Failure(int(given["class"]), reason, pause_ms))

    def reenter(self, number: int, given: dict[str, str]) -> None:
        try:
            self.host.obtain(_need(given))
        except Exception as error:
            self.out.append(f"refused {number} {getattr(error, 'code', type(error).__name__)}")

    # Callers

    def ask(self, name: str, given: dict[str, str]) -> None:
        try:
            need = _need(given)
        except EvercredsValidationError as error:
            self.out.append(f"refused {error.param}")
            return
        if "other" in given:
            key = self.key_of(int(given["other"]))
            need = need._replace(
                other=fingerprint_of(f"A{key}", f"T{key}"),
                evidence=abi.Evidence(int(given["evidence"])),
            )

        def obtain(patience: Patience) -> CredentialSet:
            leased = None if need != Need() else self.host.leased()
            return leased or self.host.obtain(need, patience)

        self._enter(name, obtain)

    def _enter(self, name: str, obtain: Callable[[Patience], CredentialSet]) -> None:
        patience = self.waiting[name] = Patience()

        def run() -> None:
            self.stage.patience[threading.get_ident()] = patience
            try:
                answer = self._gets(obtain(patience))
            except (TimeoutError, Death):  # with --refresh-in-callers a source may die in a caller
                answer = "gave up"
            except Exception as error:
                answer = self._fails(error)
            self.out.append(f"{name} {answer}")
            del self.waiting[name]

        self.stage.begin(lambda work: threading.Thread(target=work, daemon=True).start(), run)

    def _gets(self, granted: CredentialSet) -> str:
        left: Any = "never"
        if granted.expiry is not None:
            left = round(granted.expiry.timestamp() * 1000) - self.stage.wall_ms
        return f"gets {_number(granted)} left={left}"

    def _fails(self, error: Exception) -> str:
        decision = self.decisions.pop(threading.get_ident(), None)
        if decision is None:
            return f"fails {getattr(error, 'code', repr(error))}"
        code = abi.REASONS[decision.code][0]
        own = isinstance(error, EvercredsCredentialError) and error.code == code
        assert own or isinstance(error, ScriptedError), repr(error)
        words = ["fails", code]
        if decision.error_class and decision.code not in (abi.Code.MIN_TTL, abi.Code.CLOSED):
            words.append(abi.ErrorClass(decision.error_class).name.lower())
        if self.stage.now_ms < decision.retry_at_ms < abi.NEVER:
            words.append(f"retry={decision.retry_at_ms - self.stage.now_ms}")
        return " ".join(words)

    # Events

    def play(self, verb: str, words: list[str]) -> None:
        """Do one event."""
        given = dict(pairs([word for word in words if "=" in word]))
        number = int(words[0]) if words and words[0].lstrip("-").isdigit() else 0
        if verb == "ask":
            self.ask(words[0], given)
        elif verb == "refresh":
            self._enter(words[0], self.host.refresh)
        elif verb == "give_up":
            self.waiting[words[0]].end_ms = self.stage.now_ms
        elif verb == "invalidate":
            key = self.key_of(number)
            self.host.invalidate(fingerprint_of(f"A{key}", f"T{key}"))
        elif verb == "clock":
            self._pass(self.stage.now_ms + number)
        elif verb == "wall":
            self.stage.offset_ms += int(words[0])
        elif verb == "status":
            self._status(words)
        elif verb == "close":
            self.host.close()
        elif verb == "hints":
            self.host.hint()
        elif self.store is not None and verb in self.store.VERBS:
            self.store.script(verb, given)
        elif verb == "fault":
            self.host.loop._machine.discard()
            self.host.status()  # whatever comes next restores it
        else:
            script: dict[str, Callable[[], Any]] = {
                "answer": lambda: self.answer(number, given),
                "fail": lambda: self.fail(given),
                "die": _die,
                "reenter": lambda: self.reenter(number, given),
                "prompted": marks.prompted,
            }
            self.calls[number - 1].script.append(script[verb])
        self.stage.settle()

    def _pass(self, end_ms: int) -> None:
        """Let time pass, to each instant at which something is due."""
        loop, stage = self.host.loop, self.stage
        while True:
            stage.settle()
            due = [at for at in (*stage.dues, loop.alarm.at_ms) if stage.now_ms < at <= end_ms]
            stage.now_ms = min(due, default=end_ms)
            stage.dues = [at for at in stage.dues if at > stage.now_ms]
            while loop.alarm.at_ms <= stage.now_ms:
                loop.wake()
                stage.settle()
            if not due:
                return

    def _status(self, names: list[str]) -> None:
        status = dataclasses.asdict(self.host.status())
        values = {**status, **status["counters"]}
        units = dict(abi.FIELDS.values())
        shown = [f"{name}={_shown(units[name], values[name])}" for name in names]
        self.out.append(" ".join(["status", *shown]))

    def _told(self, event: SessionEvent) -> None:
        words: list[Any] = ["told", event.kind, event.scope]
        words += [event.cause] * (event.kind == "start")
        words += [event.error_code] * (event.kind == "failure")
        words += [event.share, event.reason] * (event.kind == "share")
        if event.kind in ("refresh", "degraded"):
            left = event.remaining
            words.append(f"left={'never' if left is None else round(left * 1000)}")
        words += ["waited"] * event.waited + ["spaced"] * event.spaced
        self.out.append(" ".join(word for word in words if word))

    def answers(self) -> list[str]:
        """Give what has come of the last event."""
        for call in self.calls:
            if not call.is_told_to_end and call.bell is not None and call.bell.has_rung:
                call.is_told_to_end = True
                self.out.append(f"cancelled {call.number}")
        given = self.out[:]
        self.out.clear()
        return given + [f"{name} waits" for name in self.waiting]


def pairs(words: list[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def _option(name: str) -> abi.Option:
    return abi.Option[name.upper()]


def _need(given: dict[str, str]) -> Need:
    return need_of(datetime.timedelta(milliseconds=int(given.get("min_ttl", 0))), None)


def _number(granted: CredentialSet) -> int:
    return int(str(granted.frozen.access_key)[1:])


def _shown(unit: str, value: Any) -> Any:
    if unit == "span":
        return "never" if value is None else round(value * 1000)
    return str(value).lower()  # of a name that is not there: none


def _die() -> Reply:
    raise Death


def main() -> None:
    stage, play = Stage(), None
    launch = attempts.launch
    attempts.launch = lambda run, context=None: stage.begin(lambda work: launch(work, context), run)
    sharing.launch = lambda run: stage.begin(launch, run)
    timer.arm = lambda alarm, at_ms: None  # the stage wakes
    for line in sys.stdin:
        verb, *words = line.split()
        answers = []
        if verb == "open":
            stage = Stage()
            play = None
            try:
                play = Play(stage, words)
                stage.settle()
            except OptionRefusedError as error:
                answers = [f"refused {abi.OPTION_NAMES[error.option]}"]
        else:
            assert play is not None, "there is no session"
            play.play(verb, words)
        if play is not None:
            answers = play.answers()
        print("\n".join([*answers, ""]), flush=True)


if __name__ == "__main__":
    main()
