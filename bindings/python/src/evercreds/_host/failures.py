"""What attempts have raised, and the exceptions that callers get."""

from __future__ import annotations

from typing import Any

from evercreds._errors.copies import Original
from evercreds._host.said import NOTHING, Said, begin_with, first_sentence, shown_name
from evercreds._host.source import Source
from evercreds._library import abi_generated as abi
from evercreds.errors import EvercredsConfigurationError, EvercredsCredentialError

__all__ = ["Failures", "ReentrantUseError", "RingError", "names_of"]

# Codes for which what the source raised tells more than a text of ours.
_RAISED = (abi.Code.SOURCE, abi.Code.MALFORMED, abi.Code.ABANDONED)


class _WaitsForItselfError(EvercredsConfigurationError):
    """Code that gets credentials for a session would wait for itself."""

    def __init__(self) -> None:
        super().__init__(abi.REENTRANT, code="reentrant")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ()


class ReentrantUseError(_WaitsForItselfError):
    """It asks that very session, whose clients sign with the base credentials there."""


class RingError(_WaitsForItselfError):
    """It asks another session, whose source waits for it."""


class Failures:
    """What the latest failed attempts raised, by ticket."""

    # The machine speaks of the outcome of the last few flights, at most.
    _MOST = 8

    def __init__(self, source: Source) -> None:
        self._source = source
        self._raised: dict[int, Original] = {}
        self._said: dict[int, Said] = {}

    def keep(self, ticket: int, error: BaseException, said: Said) -> None:
        """Keep what an attempt raised. It is read in the thread of the attempt."""
        self._said[ticket] = said  # first: who finds the error finds this too
        self._raised[ticket] = Original(error)
        # Two attempts may be here at once.
        for oldest in list(self._raised)[: -self._MOST]:
            self._raised.pop(oldest, None)
            self._said.pop(oldest, None)

    def said(self, ticket: int) -> Said:
        """Tell what is known of a failed attempt."""
        return self._said.get(ticket, NOTHING)

    def sentence(self, code: int, ticket: int) -> str:
        """Say what was wrong with an attempt, and what to do."""
        _, role = names_of(self._source)
        return first_sentence(self._source.method, code, role, self.said(ticket))

    def forget_until(self, ticket: int) -> None:
        """Let go of them up to this attempt, which was a success. Each holds the frames of one."""
        for each in list(self._raised):
            if each <= ticket:
                self._raised.pop(each, None)
                self._said.pop(each, None)

    def error(self, decision: abi.Decision, now_ms: int) -> Exception:
        """Make the exception for one caller whom the machine answered with an error.

        It is that caller's alone, and what the source raised is its cause.
        """
        raised = self._raised.get(decision.error_ticket)
        code = abi.Code(decision.code)
        text = self.sentence(code, decision.error_ticket)
        error = raised.copy() if raised is not None and code in _RAISED else None
        if error is not None:
            # What a function of the user's has raised is the user's, word by word.
            if self._source.method != abi.Method.CUSTOM or code == abi.Code.MALFORMED:
                begin_with(text, error)
        else:
            name = abi.REASONS[code][0]
            wait_ms = decision.retry_at_ms - now_ms
            details = {"retry_in_seconds": wait_ms / 1000} if 0 < wait_ms < abi.NEVER // 2 else None
            error = EvercredsCredentialError(text, code=name, details=details)
        # Past a __setattr__ of the error's class, which may refuse.
        BaseException.__setattr__(error, "__cause__", None if raised is None else raised.error)
        return error


def names_of(source: Source) -> tuple[str | None, str | None]:
    """Give the names of a session and of its role, as far as they can be shown."""
    try:
        session, role = source.names
    except Exception:  # a class of the user's may raise where it is asked for its name
        return None, None
    return shown_name(session), shown_name(role)
