"""The rules that every language shares: they are asked of the library."""

from __future__ import annotations

import ctypes
import datetime
import math

from evercreds._library import abi_generated as abi
from evercreds._library.loading import library

__all__ = [
    "duration_problem",
    "error_class",
    "evidence",
    "expiry_from_datetime",
    "expiry_from_text",
    "expiry_problem",
    "iot_endpoint",
    "mfa_code",
    "region_of",
    "retry_after_ms",
]

_LONGEST_ENDPOINT = 300  # a host name has 253 characters at most
_LONGER = 16  # by which "-ats.iot" grows to ".credentials.iot"
_DAY_S = 86400
_LONGEST_EXPIRY = 256  # of which the rule reads no more
_LAST_MS = 253402300799999  # the end of the year 9999, the last that a datetime can name

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def expiry_from_text(text: str) -> int:
    """Read an expiry: milliseconds since the Unix epoch, or a result below zero."""
    if len(text) > _LONGEST_EXPIRY:
        return abi.Result.ERR_EXPIRY_UNREADABLE
    content = text.encode("utf-8", "replace")
    return int(library().evercreds_rule_expiry(content, len(content)))


def expiry_from_datetime(moment: datetime.datetime) -> int:
    """Read an expiry: milliseconds since the Unix epoch, or a result below zero."""
    if moment.utcoffset() is None:
        return abi.Result.ERR_EXPIRY_NAIVE
    ms = (moment - _EPOCH) // datetime.timedelta(milliseconds=1)
    if ms < 0:
        return abi.Result.ERR_EXPIRY_UNREADABLE  # as of a text: no set expired then
    return min(ms, _LAST_MS)  # an offset may lead beyond the year 9999


def expiry_problem(result: int) -> str:
    """Say what is wrong with an expiry that was refused."""
    return abi.ERROR_TEXTS[result].partition(": ")[2]


def error_class(method: int, http_status: int, code: str) -> int:
    """Tell whether a service's error can pass by itself."""
    content = code.encode("utf-8", "replace")
    return int(library().evercreds_rule_error_class(method, http_status, content, len(content)))


def evidence(code: str, *, is_head: bool = False, http_status: int = 0) -> abi.Evidence:
    """Tell what a service's error says of the set that signed the call."""
    content = code.encode("utf-8", "replace")
    found = library().evercreds_rule_evidence(is_head, http_status, content, len(content))
    return abi.Evidence(max(0, found))


def iot_endpoint(text: str) -> str | None:
    """Give the IoT credentials endpoint that is meant; ``None`` where it is none.

    The endpoint for data of the same account is put right.
    """
    content = text.encode("ascii", "replace")  # no name of a host has a question mark in it
    if len(content) > _LONGEST_ENDPOINT:
        return None
    room = len(content) + _LONGER
    buffer = ctypes.create_string_buffer(content, room)
    length = library().evercreds_rule_iot_endpoint(buffer, len(content), room)
    return None if length < 0 else buffer.raw[:length].decode()


def region_of(credentials_endpoint: str) -> str:
    """Give the region of an endpoint that ``iot_endpoint`` gave: ID.credentials.iot.REGION."""
    return credentials_endpoint.split(".")[3]


def mfa_code(output: bytes, *, is_cut: bool = False) -> str | None:
    """Find the last six-digit code in what a command printed, or in the end of that."""
    at = library().evercreds_rule_mfa_code(output, len(output))
    if at < 0 or (at == 0 and is_cut):  # at a cut, it may be the rest of a longer number
        return None
    return output[at : at + 6].decode()


def retry_after_ms(amz: str | None, text: str | None, wall_ms: int) -> int:
    """Read the pause that a reply asks for; 0: none.

    Args:
        amz: The header x-amz-retry-after, which counts in milliseconds, and goes first.
        text: The header Retry-After.
        wall_ms: When the reply came, by its own Date, or now.
    """
    for header, is_ms in ((amz, True), (text, False)):
        content = header.encode("utf-8", "replace") if isinstance(header, str) else b""
        pause_ms = library().evercreds_rule_retry_after(wall_ms, is_ms, content, len(content))
        if pause_ms > 0:
            return int(pause_ms)
    return 0


def duration_problem(given: object, *, is_chained: bool) -> str | None:
    """Say what is wrong with a requested lifetime in seconds, if anything."""
    seconds = math.nan
    if isinstance(given, int) and not isinstance(given, bool):
        # Beyond a day no number is in order, and the rule takes none that no float can hold.
        seconds = float(max(-1, min(given, _DAY_S)))
    result = library().evercreds_rule_duration(seconds, is_chained)
    return None if result >= 0 else abi.ERROR_TEXTS[result].partition(": ")[2]
