"""What callers are given, and what they ask for."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

from botocore.credentials import ReadOnlyCredentials

from evercreds._host.source import CredentialSet, fingerprint_of
from evercreds._library import abi_generated as abi
from evercreds._library.needs import ANY, Need, Patience
from evercreds._library.options import given_as, is_real
from evercreds._session.shapes import TemporaryCredentials
from evercreds.errors import EvercredsValidationError

__all__ = ["as_dict", "need_of", "patience_of"]

_LONGEST_TTL_S = abi.MIN_TTL_MAX_MS // 1000


def as_dict(served: CredentialSet) -> TemporaryCredentials:
    """Give a set as the dict that users know."""
    frozen: Any = served.frozen
    expiry = served.expiry
    return {
        "access_key": frozen.access_key,
        "secret_key": frozen.secret_key,
        "token": frozen.token,
        "expiry_time": None if expiry is None else expiry.isoformat(),
    }


def need_of(min_ttl: float | datetime.timedelta, other_than: object) -> Need:
    """Check what a caller says that it needs."""
    if min_ttl == 0 and other_than is None:
        return ANY
    if other_than is None:
        return Need(_min_ttl_ms(min_ttl))
    return Need(_min_ttl_ms(min_ttl), _fingerprint(other_than), abi.Evidence.STRONG)


def _fingerprint(other_than: object) -> int:
    """Name a set as the machine does, that of this package or of botocore."""
    key = token = None
    if isinstance(other_than, Mapping):
        key, token = other_than.get("access_key"), other_than.get("token")
    elif isinstance(other_than, ReadOnlyCredentials):  # others change under the caller's hand
        key, token = other_than.access_key, other_than.token
    is_text = isinstance(key, str) and isinstance(token, str)
    if not is_text or not f"{key}{token}".isascii():
        raise EvercredsValidationError(
            "other_than must be credentials that the session gave, as a dict or frozen, got "
            f"{given_as(other_than)}",
            param="other_than",
        )
    return fingerprint_of(str(key), str(token))


def patience_of(timeout: float | datetime.timedelta | None, now_ms: int) -> Patience:
    """Check how long a caller says that it waits."""
    if timeout is None:
        return Patience()
    seconds = _seconds(timeout)
    if seconds is None:
        raise EvercredsValidationError(
            f"timeout must be seconds of at least 0, or a timedelta of that, got "
            f"{given_as(timeout)}",
            param="timeout",
        )
    left_ms = math.ceil(min(seconds * 1000, abi.NEVER))
    return Patience(min(now_ms + left_ms, abi.NEVER))


def _seconds(given: Any) -> float | None:
    """Read a span of at least 0; None: it is none."""
    seconds: Any = given.total_seconds() if isinstance(given, datetime.timedelta) else given
    return seconds if is_real(seconds) and seconds >= 0 else None


def _min_ttl_ms(given: float | datetime.timedelta) -> int:
    """Check a time to live, and give it in milliseconds."""
    seconds = _seconds(given)
    if seconds is None or seconds > _LONGEST_TTL_S:
        raise EvercredsValidationError(
            f"min_ttl must be seconds from 0 to {_LONGEST_TTL_S}, or a timedelta of that, got "
            f"{given_as(given)}",
            param="min_ttl",
        )
    return math.ceil(round(seconds * 1000, 3))  # 1.1 seconds are 1100, and not 1101
