"""What a source may answer: everything between a good set and an exit."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import strategies as st

from evercreds import EvercredsCredentialError
from evercreds.methods.custom import NEVER_EXPIRES

__all__ = ["ANSWERS", "LIVES_MS", "Answer", "Reply", "number_of"]

_UTC = datetime.timezone.utc
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=_UTC)
_MINUTE, _HOUR = 60_000, 3_600_000

LIVES_MS = [2_000, 15_000, 100_000, 15 * _MINUTE, 20 * _MINUTE, _HOUR, _HOUR, 6 * _HOUR, 12 * _HOUR]


@dataclasses.dataclass
class Reply:
    """A set that the source gave. Each of its fields tells the number of the reply."""

    number: int
    expiry_ms: int | None  # by the server's clock; None: never

    def fields(self, form: str) -> dict[str, Any]:
        """Write it as the custom method's function does."""
        given: dict[str, Any] = {
            "access_key": f"ASIA{self.number}",
            "secret_key": f"secret-{self.number}",
            "token": f"token-{self.number}",
            "account_id": f"{self.number:012d}",
        }
        if self.expiry_ms is None:
            return given | {"expiry_time": NEVER_EXPIRES}
        moment = _EPOCH + datetime.timedelta(milliseconds=self.expiry_ms)
        zone = datetime.timezone(datetime.timedelta(hours=-7))
        expiry: Any = {
            "text": moment.isoformat(),
            "datetime": moment,
            "zone": moment.astimezone(zone),
        }[form]
        return given | {"expiry_time": expiry}


def number_of(access_key: str) -> int:
    """Tell which reply an access key is from."""
    return int(access_key.removeprefix("ASIA"))


@dataclasses.dataclass(frozen=True)
class Answer:
    """How one call of the source ends."""

    kind: str
    life_ms: int = _HOUR
    form: str = "text"
    is_async: bool = False
    uses_session: bool = False
    """It signs something with clients of the very session it gets credentials for."""


# Replies of which nothing may ever be used.
MALFORMED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda good: None,
    "text": lambda good: "credentials",
    "list": lambda good: list(good.items()),
    "empty": lambda good: {},
    "no-access-key": lambda good: _without(good, "access_key"),
    "no-secret-key": lambda good: _without(good, "secret_key"),
    "no-token": lambda good: _without(good, "token"),
    "no-expiry": lambda good: _without(good, "expiry_time"),
    "key-none": lambda good: good | {"secret_key": None},
    "key-number": lambda good: good | {"access_key": 7},
    "key-empty": lambda good: good | {"token": ""},
    "key-blank": lambda good: good | {"token": "two words"},
    "key-bytes": lambda good: good | {"secret_key": b"secret"},
    "account-number": lambda good: good | {"account_id": 7},
    "naive": lambda good: good | {"expiry_time": datetime.datetime(2999, 1, 1)},
    "date": lambda good: good | {"expiry_time": datetime.date(2999, 1, 1)},
    "expiry-number": lambda good: good | {"expiry_time": 32503680000},
    "expiry-text": lambda good: good | {"expiry_time": "tomorrow"},
    "expiry-none": lambda good: good | {"expiry_time": None},
}


def _without(good: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in good.items() if key != name}


class _OddError(ClientError):  # type: ignore[misc]
    """An error of a service that answered what no service does."""

    def __init__(self, response: Any) -> None:
        Exception.__init__(self, "odd")
        self.response = response


def _service_error(code: str, status: int, **headers: Any) -> ClientError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    error = {"Code": code, "Message": "told by the service"}
    return ClientError({"Error": error, "ResponseMetadata": metadata}, "AssumeRole")


FAILURES: dict[str, Callable[[], BaseException]] = {
    "value": lambda: ValueError("down"),
    "connection": lambda: ConnectionError("down"),
    "timeout": lambda: TimeoutError("down"),
    "stop": lambda: StopIteration(),
    "expired-token": lambda: _service_error("ExpiredToken", 403),
    "access-denied": lambda: _service_error("AccessDenied", 403),
    "malformed-policy": lambda: _service_error("MalformedPolicyDocument", 400),
    "throttling": lambda: _service_error("Throttling", 400, **{"retry-after": "7"}),
    "throttled-for-ever": lambda: _service_error("Throttling", 429, **{"retry-after": "999999"}),
    "unavailable": lambda: _service_error("ServiceUnavailable", 503, **{"retry-after": "soon"}),
    "parameters": lambda: ParamValidationError(report="wrong"),
    "half": lambda: _OddError({"Error": None, "ResponseMetadata": None}),
    "no-response": lambda: _OddError(None),
    "odd-headers": lambda: _OddError({"Error": {}, "ResponseMetadata": {"HTTPHeaders": []}}),
    "odd-pause": lambda: _service_error("Throttling", 400, **{"retry-after": ["7"]}),
    "refused-code": lambda: EvercredsCredentialError("refused", code="mfa_refused"),
    "exit": lambda: SystemExit(3),
    "interrupt": lambda: KeyboardInterrupt(),
    "generator-exit": lambda: GeneratorExit(),
    "cancelled": lambda: asyncio.CancelledError(),
}

_GOOD = st.builds(
    Answer,
    kind=st.sampled_from(["good"] * 6 + ["same", "shorter", "expired", "rejected", "endless"]),
    life_ms=st.sampled_from(LIVES_MS),
    form=st.sampled_from(["text", "datetime", "zone"]),
    is_async=st.sampled_from([False] * 4 + [True]),
    uses_session=st.booleans(),
)
_USELESS = st.builds(Answer, kind=st.sampled_from(sorted(MALFORMED)))
_FAILED = st.builds(
    Answer,
    kind=st.sampled_from(sorted(FAILURES)),
    uses_session=st.booleans(),
)

ANSWERS = st.one_of(_GOOD, _GOOD, _USELESS, _FAILED, _FAILED)
