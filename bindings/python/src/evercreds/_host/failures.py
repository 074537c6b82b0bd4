"""What attempts have raised, and the exceptions that callers get."""

from __future__ import annotations

from typing import Any

from evercreds._errors.copies import Original
from evercreds._library import abi_generated as abi
from evercreds.errors import EvercredsConfigurationError, EvercredsCredentialError

__all__ = ["Failures", "ReentrantUseError", "RingError"]

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

    def __init__(self) -> None:
        self._raised: dict[int, Original] = {}

    def keep(self, ticket: int, error: BaseException) -> None:
        """Keep what an attempt raised. It is read in the thread of the attempt."""
        self._raised[ticket] = Original(error)
        # Two attempts may be here at once.
        for oldest in list(self._raised)[: -self._MOST]:
            self._raised.pop(oldest, None)

    def forget_until(self, ticket: int) -> None:
        """Let go of them up to this attempt, which was a success. Each holds the frames of one."""
        for each in list(self._raised):
            if each <= ticket:
                self._raised.pop(each, None)

    def error(self, decision: abi.Decision, now_ms: int) -> Exception:
        """Make the exception for one caller whom the machine answered with an error.

        It is that caller's alone, and what the source raised is its cause.
        """
        raised = self._raised.get(decision.error_ticket)
        code = abi.Code(decision.code)
        error = raised.copy() if raised is not None and code in _RAISED else None
        if error is None:
            name, text = abi.REASONS[code]
            wait_ms = decision.retry_at_ms - now_ms
            details = {"retry_in_seconds": wait_ms / 1000} if 0 < wait_ms < abi.NEVER // 2 else None
            error = EvercredsCredentialError(text, code=name, details=details)
        # Past a __setattr__ of the error's class, which may refuse.
        BaseException.__setattr__(error, "__cause__", None if raised is None else raised.error)
        return error
