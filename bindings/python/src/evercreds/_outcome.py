"""From the machine's errors to exceptions, and from its notes to the log."""

from __future__ import annotations

import logging

from evercreds import _abi_generated as abi
from evercreds._error_copies import Original
from evercreds.errors import EvercredsCredentialError

__all__ = ["Failures", "log_notes", "logger"]

logger = logging.getLogger("evercreds")
# A program that has not set up logging is not to find this on its standard error.
logger.addHandler(logging.NullHandler())

_TEXTS = {
    abi.Code.SOURCE: "the source of credentials failed",
    abi.Code.TIMED_OUT: "the source of credentials did not answer within refresh_timeout",
    abi.Code.ABANDONED: "the refresh ended without an answer",
    abi.Code.MALFORMED: "the source's reply could not be used",
    abi.Code.EXPIRED_REPLY: "the credentials that came had expired already",
    abi.Code.STILL_REJECTED: "the source gave credentials again that a service had rejected",
    abi.Code.NO_PROGRESS: "the source gave the credentials again that have expired",
    abi.Code.REJECTED: "the credentials were rejected, by a service or by invalidate(), and there "
    "are no others yet: where that goes on, check the clock and the account",
    abi.Code.MIN_TTL: "the credentials have less time left than min_ttl asks for",
    abi.Code.CLOSED: "the session is closed",
}

# Codes for which what the source raised tells more than a text of ours.
_RAISED = (abi.Code.SOURCE, abi.Code.MALFORMED, abi.Code.ABANDONED)

_WARNINGS = {
    abi.Note.FAILED: "a refresh that callers waited for failed",
    abi.Note.FAILED_QUIETLY: "a refresh failed that no caller of an open session waits for",
    abi.Note.TIMED_OUT: "a refresh did not end within refresh_timeout",
    abi.Note.DEGRADED: "the held credentials are served although a required refresh failed",
    abi.Note.SPACED: "new credentials are rejected again and again, by a service or by "
    "invalidate() within a minute of each; refreshes for that are spaced",
    abi.Note.WINDOWS_SHRUNK: "advisory_timeout is too close to the credentials' lifetime: the "
    "windows were shrunk, or every call would refresh",
}
_NEWS = {
    abi.Note.INSTALLED: "new credentials",
    abi.Note.REJECTED: "the credentials were rejected (scope: all); the next caller refreshes",
    abi.Note.REPORTED: "a service rejected the credentials (scope: caller); others are served on",
    abi.Note.NO_PROGRESS: "the source gave credentials that expire no later than those held",
}


def log_notes(notes: int, error: BaseException | None) -> None:
    """Write what happened to the log. An error is named by its type: its text is the source's."""
    because = f" ({type(error).__name__})" if error is not None else ""
    for note, text in _WARNINGS.items():
        if notes & note:
            logger.warning("%s%s", text, because)
    for note, text in _NEWS.items():
        if notes & note:
            logger.info("%s", text)


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

    def clear(self) -> None:
        """Let go of them. Each holds the frames of its attempt."""
        self._raised.clear()

    def error(self, decision: abi.Decision, now_ms: int) -> Exception:
        """Make the exception for one caller whom the machine answered with an error.

        It is that caller's alone, and what the source raised is its cause.
        """
        raised = self._raised.get(decision.error_ticket)
        code = abi.Code(decision.code)
        error = raised.copy() if raised is not None and code in _RAISED else None
        if error is None:
            wait_ms = decision.retry_at_ms - now_ms
            details = {"retry_in_seconds": wait_ms / 1000} if 0 < wait_ms < abi.NEVER // 2 else None
            error = EvercredsCredentialError(_TEXTS[code], code=code.name.lower(), details=details)
        # Past a __setattr__ of the error's class, which may refuse.
        BaseException.__setattr__(error, "__cause__", None if raised is None else raised.error)
        return error
