"""Functions that give credentials, and sessions that use them."""

from __future__ import annotations

import datetime
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import evercreds

__all__ = [
    "SENTINEL",
    "custom",
    "good",
    "is_refusal_of",
    "outcome",
    "printed",
    "session_in_advisory_window",
]

SENTINEL = "SentinelValue0123456789"


def good(life_s: float = 3600, **changes: Any) -> dict[str, Any]:
    """Give what a function of the user's returns; the expiry is text."""
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=life_s)
    return {
        "access_key": "ASIAFIRST",
        "secret_key": "secret",
        "token": "token",
        "expiry_time": expiry.isoformat(),
    } | changes


def custom(method: Callable[..., Any], **more: Any) -> Any:
    """Make a session that gets its credentials from this function."""
    return evercreds.RefreshableSession(method="custom", custom_credentials_method=method, **more)


def outcome(work: Callable[[], Any]) -> Any:
    """Give what this returns or raises."""
    try:
        return work()
    except Exception as error:
        return error


def is_refusal_of(param: str, result: Any) -> bool:
    """Tell whether a call's outcome is that it refused this parameter, by name."""
    return isinstance(result, evercreds.BRSValidationError) and result.param == param


def session_in_advisory_window(later: Callable[[], Any]) -> Any:
    """Make a session whose credentials are good for 15 seconds more, but are to be refreshed.

    Args:
        later: Called for every refresh but the first, which gives ``ASIAFIRST``.
    """
    given: list[int] = []

    def provider() -> Any:
        given.append(1)
        return good(life_s=20) if len(given) == 1 else later()

    session = custom(provider, defer_refresh=False, advisory_timeout=18, mandatory_timeout=1)
    threading.Event().wait(2.5)
    return session


def printed(program: str, *options: str) -> list[str]:
    """Run a program in a Python of its own, and give the lines that it printed.

    Args:
        program: Its text.
        *options: Of Python.
    """
    command = [sys.executable, *options, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()
