"""The events of a session."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from evercreds import _abi_generated as abi
from evercreds._library import library
from evercreds.replay._show import STATUS_FIELDS, show, status_value
from evercreds.replay._text import BASE, Arguments, NotAnEventError, checked

__all__ = ["SessionEvents"]

_OPTIONS = {option.name.lower(): option for option in abi.Option}
_SWITCH = {"false": 0, "true": 1}
_CHOICES: dict[abi.Option, dict[str, int]] = {
    abi.Option.POLICY: abi.POLICIES,
    abi.Option.METHOD: abi.METHODS,
    abi.Option.STABILITY: abi.STABILITIES,
    abi.Option.ADVISORY_REFRESH: abi.ADVISORY_REFRESHES,
    abi.Option.ADVISORY_AUTO: _SWITCH,
    abi.Option.JITTER: _SWITCH,
    abi.Option.DEFER_REFRESH: _SWITCH,
    abi.Option.ATTENDED: _SWITCH,
}
_CLASSES = {kind.name.lower(): kind for kind in abi.ErrorClass if kind}
_Now = tuple[int, int]


class SessionEvents:
    """One session, its snapshot, and the tickets in the order in which they were issued."""

    def __init__(self) -> None:
        self._lib: Any = library()
        self._handle = 0
        self._snapshot: bytes | None = None
        self._issued: list[int] = []

    def event(self, verb: str, arguments: Arguments, now: _Now) -> str:
        """Do one event, and give its answer."""
        if verb == "open":
            return self._open(arguments, now)
        if not self._handle:
            raise NotAnEventError("there is no session: open one first")
        if verb == "snapshot":
            return self._take_snapshot()
        if verb == "restore":
            return self._restore(arguments, now)
        if verb == "status":
            return self._status(arguments, now)
        return self._decide(verb, arguments, now)

    def _open(self, arguments: Arguments, now: _Now) -> str:
        options = [_option(word) for word in arguments.words if word.split("=")[0] in _OPTIONS]
        arguments.words = [word for word in arguments.words if word.split("=")[0] not in _OPTIONS]
        seed = arguments.number("seed")
        arguments.finish()
        self._free()
        handle, out = checked(self._lib.evercreds_session_new()), abi.Decision()
        for option, value in options:
            checked(self._lib.evercreds_session_option(handle, option, value))
        checked(self._lib.evercreds_session_open(handle, *now, seed, ctypes.byref(out)))
        self._handle = handle
        return show(out, self._issued)

    def _take_snapshot(self) -> str:
        buffer = ctypes.create_string_buffer(abi.SNAPSHOT_BYTES)
        size = self._lib.evercreds_session_snapshot(self._handle, buffer, 0, len(buffer))
        taken = self._snapshot = buffer.raw[: checked(size)]
        return f"snapshot bytes={len(taken)} sum={taken[-8:].hex()}"

    def _restore(self, arguments: Arguments, now: _Now) -> str:
        if self._snapshot is None:
            raise NotAnEventError("there is no snapshot: take one first")
        content, out = bytearray(self._snapshot), abi.Decision()
        if arguments.has("damage"):
            at = arguments.number("damage")
            if not 0 <= at < len(content):
                raise NotAnEventError("damage is beyond the snapshot")
            content[at] ^= 1
        seed = arguments.number("seed")
        handle = checked(
            self._lib.evercreds_session_restore(
                bytes(content), len(content), *now, seed, ctypes.byref(out)
            )
        )
        self._free()
        self._handle = handle
        return show(out, self._issued)

    def _free(self) -> None:
        if self._handle:
            self._lib.evercreds_session_free(self._handle)
            self._handle = 0

    def _status(self, arguments: Arguments, now: _Now) -> str:
        out = ["status"]
        for name in arguments.words:
            if name not in STATUS_FIELDS:
                raise NotAnEventError(f"{name!r} is no status field")
            field = STATUS_FIELDS[name]
            value = checked(self._lib.evercreds_session_status(self._handle, *now, field))
            out.append(f"{name}={status_value(field, value, self._issued)}")
        arguments.words = []
        return " ".join(out)

    def _decide(self, verb: str, arguments: Arguments, now: _Now) -> str:
        events: dict[str, Callable[[], tuple[int, ...]]] = {
            "ask": lambda: (*now, *_need(arguments)),
            "answer": lambda: (
                arguments.ticket(self._issued),
                *now,
                *_need(arguments),
                arguments.word("forced"),
            ),
            "leave": lambda: (*now, *_need(arguments)[:3]),
            "complete": lambda: self._facts(arguments, now),
            "fail": lambda: self._failure(arguments, now),
            "abandon": lambda: (arguments.ticket(self._issued), *now),
            "prompted": lambda: (arguments.ticket(self._issued), *now),
            "invalidate": lambda: (arguments.number("fp"), *now),
            "force": lambda: now,
            "wake": lambda: now,
            "close": lambda: (),
        }
        if verb not in events:
            raise NotAnEventError(f"{verb!r} is no event")
        out = abi.Decision()
        given = events[verb]()
        arguments.finish()
        name = "session_close" if verb == "close" else verb
        checked(getattr(self._lib, f"evercreds_{name}")(self._handle, *given, ctypes.byref(out)))
        return show(out, self._issued)

    def _facts(self, arguments: Arguments, now: _Now) -> tuple[int, ...]:
        ticket, fingerprint = arguments.ticket(self._issued), arguments.number("fp")
        duration, source, server = arguments.span("duration"), now[0], 0
        if arguments.has("server"):
            server = source = source + arguments.span("server")
        if arguments.word("endless"):
            expiry = abi.NEVER
        elif arguments.has("life"):
            expiry = source + arguments.span("life")
        elif arguments.has("expires"):
            expiry = BASE + arguments.span("expires")
        else:
            raise NotAnEventError("complete needs life=D, expires=D or endless")
        return (ticket, *now, expiry, fingerprint, duration, server)

    def _failure(self, arguments: Arguments, now: _Now) -> tuple[int, ...]:
        kind = _CLASSES.get(arguments.take("class") or "")
        if kind is None:
            raise NotAnEventError("class must be recoverable, permanent or throttled")
        reason = abi.Code.MALFORMED if arguments.word("malformed") else abi.Code.SOURCE
        ticket = arguments.ticket(self._issued)
        return (ticket, *now, kind, reason, arguments.span("retry_after"))


def _need(arguments: Arguments) -> tuple[int, ...]:
    """Give what a caller needs: min_ttl, other, evidence, until."""
    other, evidence = 0, abi.Evidence.NONE
    if arguments.has("other"):
        other, evidence = arguments.number("other"), abi.Evidence.STRONG
    if arguments.word("weak"):
        evidence = abi.Evidence.WEAK
    return arguments.span("min_ttl"), other, evidence, arguments.span("until")


def _option(word: str) -> tuple[abi.Option, float]:
    name, _, text = word.partition("=")
    option = _OPTIONS[name]
    if option == abi.Option.ADVISORY_TIMEOUT and text == "auto":
        return abi.Option.ADVISORY_AUTO, 1
    named = _CHOICES.get(option, {})
    try:
        return option, named[text] if text in named else float(text)
    except ValueError:
        raise NotAnEventError(f"{name}={text!r} is not understood") from None
