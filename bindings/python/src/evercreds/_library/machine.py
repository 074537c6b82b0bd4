"""One session of the library, as an object."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any, NoReturn

from evercreds._library import abi_generated as abi
from evercreds._library.handle import Handle
from evercreds._library.loading import library
from evercreds._library.needs import Need
from evercreds._library.options import Options
from evercreds._waiting.clock import NANOS, Clock
from evercreds.errors import EvercredsLibraryError

__all__ = ["LOST", "Machine", "OptionRefusedError", "PoisonedError", "fresh_seed"]

LOST = (abi.Result.ERR_PANIC, abi.Result.ERR_POISONED)
"""What the library answers where it has lost what a handle was for."""


class PoisonedError(EvercredsLibraryError):
    """The library has failed inside a call: what it knew of this session is to be restored."""


class OptionRefusedError(Exception):
    """The machine refuses the value of an option."""

    def __init__(self, option: int) -> None:
        super().__init__(abi.OPTION_RULES[option])
        self.option = option


def fresh_seed() -> int:
    """Give a random number of 64 bits."""
    return int.from_bytes(os.urandom(8), "big")


def _checked(result: int) -> int:
    return result if result >= 0 else _fail(result)


def _fail(result: int) -> NoReturn:
    option = abi.Result.ERR_OPTION_VALUE - result
    if option in abi.OPTION_NAMES:
        raise OptionRefusedError(option)
    text = abi.ERROR_TEXTS.get(result, "unknown result")
    kind = PoisonedError if result in LOST else EvercredsLibraryError
    raise kind(f"the library answered {result}: {text}", code=str(result))


class Machine:
    """The machine of one session. Not safe for concurrent use: its owner brings the lock.

    It keeps the latest snapshot on this side of the line, so that a session can go on in a forked
    child, and after a failure of the library.
    """

    def __init__(self, options: Options, clock: Clock, seed: Callable[[], int]) -> None:
        self._clock = clock
        self._seed = seed
        self._snapshot = b""
        self._handle = Handle(self, "session_free")
        lib = library()
        self._handle.adopt(lib, _checked(lib.evercreds_session_new()))
        for option, value in options:
            _checked(lib.evercreds_session_option(self._handle.number, option, value))

    def open(self) -> abi.Decision:
        """Start the machine.

        Raises:
            OptionRefusedError: Options do not go together.
        """
        out = abi.Decision()
        wall, elapsed = self._now()
        _checked(
            self._handle.lib.evercreds_session_open(
                self._handle.number, wall, elapsed, self._seed(), ctypes.byref(out)
            )
        )
        self.keep_snapshot()
        return out

    @property
    def is_alive(self) -> bool:
        """Tell whether there is a session behind this object, or it must be restored first."""
        return self._handle.number != 0

    def forget(self) -> None:
        """Give up the session without a call: it lives in another process.

        One that is poisoned lives in this one: ``discard`` gives it back.
        """
        self._handle.forget()

    def discard(self) -> None:
        """Give a poisoned session back to the library."""
        self._handle.free()

    def restore(self) -> abi.Decision:
        """Go on from the latest snapshot."""
        lib, out = library(), abi.Decision()
        wall, elapsed = self._now()
        number = lib.evercreds_session_restore(
            self._snapshot, len(self._snapshot), wall, elapsed, self._seed(), ctypes.byref(out)
        )
        self._handle.adopt(lib, _checked(number))
        self.keep_snapshot()
        return out

    def keep_snapshot(self) -> None:
        """Take a snapshot over to this side."""
        buffer = ctypes.create_string_buffer(abi.SNAPSHOT_BYTES)
        size = self._handle.lib.evercreds_session_snapshot(
            self._handle.number, buffer, 0, len(buffer)
        )
        self._snapshot = buffer.raw[: _checked(size)]

    def ask(self, need: Need) -> abi.Decision:
        """What a caller without a lease is to do."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_ask(
            self._handle.number, wall, elapsed, need.min_ttl_ms, need.other, need.evidence,
            need.until_ms, ctypes.byref(out),
        )  # fmt: skip
        return out if result == 0 else _fail(result)

    def answer(self, ticket: int, need: Need, forced: bool) -> abi.Decision:
        """What becomes of a caller who waited for this flight."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_answer(
            self._handle.number, ticket, wall, elapsed, need.min_ttl_ms, need.other,
            need.evidence, need.until_ms, forced, ctypes.byref(out),
        )  # fmt: skip
        return out if result == 0 else _fail(result)

    def leave(self, need: Need) -> abi.Decision:
        """What a caller has who stops waiting."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_leave(
            self._handle.number, wall, elapsed, need.min_ttl_ms, need.other, need.evidence,
            ctypes.byref(out),
        )  # fmt: skip
        return out if result == 0 else _fail(result)

    def complete(
        self, ticket: int, expiry_ms: int, fingerprint: int, duration_ms: int, server_time_ms: int
    ) -> abi.Decision:
        """Report the set that a flight brought."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_complete(
            self._handle.number, ticket, wall, elapsed, expiry_ms, fingerprint, duration_ms,
            server_time_ms, ctypes.byref(out),
        )  # fmt: skip
        return out if result == 0 else _fail(result)

    def fail(self, ticket: int, error_class: int, reason: int, retry_after_ms: int) -> abi.Decision:
        """Report that the source failed."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_fail(
            self._handle.number, ticket, wall, elapsed, error_class, reason, retry_after_ms,
            ctypes.byref(out),
        )  # fmt: skip
        return out if result == 0 else _fail(result)

    def abandon(self, ticket: int) -> abi.Decision:
        """Report that the attempt ended without an answer."""
        return self._event("abandon", ticket)

    def prompted(self, ticket: int) -> abi.Decision:
        """Report that a person has answered: the clock of the attempt starts now."""
        return self._event("prompted", ticket)

    def share_found(self, call: int, found: Any, fingerprint: int) -> abi.Decision:
        """Report what a look at the store has found; ``_host.sharing`` has its fields."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_share_found(
            self._handle.number, call, wall, elapsed, found.expiry_ms, fingerprint, found.life_ms,
            found.left_ms, found.generation, found.replaces, found.turn, found.turn_left_ms,
            found.notice, found.notice_left_ms, ctypes.byref(out),
        )  # fmt: skip
        return out if result == 0 else _fail(result)

    def share_led(self, call: int, number: int, won: bool, left_ms: int) -> abi.Decision:
        """Report what has become of a campaign."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_share_led(
            self._handle.number, call, wall, elapsed, number, won, left_ms, ctypes.byref(out)
        )
        return out if result == 0 else _fail(result)

    def share_done(self, call: int, stored: bool) -> abi.Decision:
        """Report that a publication or a resignation is over."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_share_done(
            self._handle.number, call, wall, elapsed, stored, ctypes.byref(out)
        )
        return out if result == 0 else _fail(result)

    def share_failed(self, call: int, failure: int) -> abi.Decision:
        """Report that a call of the store failed."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_share_failed(
            self._handle.number, call, wall, elapsed, failure, ctypes.byref(out)
        )
        return out if result == 0 else _fail(result)

    def share_hint(self) -> abi.Decision:
        """Report that something may have changed at the store."""
        return self._event("share_hint")

    def invalidate(self, fingerprint: int) -> abi.Decision:
        """Report that a service rejected a set."""
        out = abi.Decision()
        wall, elapsed = self._now()
        result = self._handle.lib.evercreds_invalidate(
            self._handle.number, fingerprint, wall, elapsed, ctypes.byref(out)
        )
        return out if result == 0 else _fail(result)

    def force(self) -> abi.Decision:
        """One flight now."""
        return self._event("force")

    def wake(self) -> abi.Decision:
        """Do what is due."""
        return self._event("wake")

    def close(self) -> abi.Decision:
        """Answer all waiters, and refuse every later event."""
        out = abi.Decision()
        result = self._handle.lib.evercreds_session_close(self._handle.number, ctypes.byref(out))
        return out if result == 0 else _fail(result)

    def status(self, field: int) -> int:
        """One number of the session's state."""
        wall, elapsed = self._now()
        return _checked(
            self._handle.lib.evercreds_session_status(self._handle.number, wall, elapsed, field)
        )

    def _event(self, name: str, *arguments: int) -> abi.Decision:
        out = abi.Decision()
        function = getattr(self._handle.lib, f"evercreds_{name}")
        result = function(self._handle.number, *arguments, *self._now(), ctypes.byref(out))
        return out if result == 0 else _fail(result)

    def _now(self) -> tuple[int, int]:
        return self._clock.wall_ns() // NANOS, self._clock.elapsed_ns() // NANOS
