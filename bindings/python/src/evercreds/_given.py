"""What callers are given, and what they ask for."""

from __future__ import annotations

import datetime
import math
from typing import Any

from evercreds._options import given_as, is_real
from evercreds._shapes import TemporaryCredentials
from evercreds._source import CredentialSet
from evercreds.errors import EvercredsValidationError

__all__ = ["as_dict", "min_ttl_ms"]

_LONGEST_TTL_S = 43200  # no role lives longer


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


def min_ttl_ms(given: float | datetime.timedelta) -> int:
    """Check a time to live, and give it in milliseconds."""
    seconds: Any = given.total_seconds() if isinstance(given, datetime.timedelta) else given
    if not is_real(seconds) or not 0 <= seconds <= _LONGEST_TTL_S:
        raise EvercredsValidationError(
            f"min_ttl must be seconds from 0 to {_LONGEST_TTL_S}, or a timedelta of that, got "
            f"{given_as(given)}",
            param="min_ttl",
        )
    ms: int = math.ceil(seconds * 1000)
    return ms
