"""What sources answer, AssumeRole above all, and how they fail."""

from __future__ import annotations

import datetime
import email.utils
import re
import time
from collections.abc import Mapping
from typing import Any, TypeGuard

from botocore.exceptions import ClientError, ParamValidationError

from evercreds._host.source import Failure, FrozenCredentials, Reply
from evercreds._library import abi_generated as abi
from evercreds._library import rules
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsCredentialError,
    EvercredsValidationError,
)

__all__ = [
    "classify",
    "client_error_failure",
    "is_account_id",
    "is_key",
    "is_short_base",
    "malformed",
    "reply_of",
    "retry_after_ms",
    "server_time_ms",
    "without_values",
]

_FIELDS = ("AccessKeyId", "SecretAccessKey", "SessionToken")
_PARAMETER = re.compile(r'for parameter ([\w\[\].]+)|parameter in [\w\[\].]+: "?([\w\[\].]+)')
# What botocore says of a parameter without its value.
_CONSTRAINT = re.compile(
    r"valid (?:min|max) (?:length|value): \d+|valid types: <class '\w+'>(?:, <class '\w+'>)*"
    r"|Missing required parameter"
)
_KEY = re.compile("[!-~]+")
_LONGEST_KEY = 64 << 10  # more than any service takes in a header
_ACCOUNT_ID = re.compile("[0-9]{12}")
_CLOCK_SECOND_MS = 999  # a Date says nothing of the fraction, so its end is meant


def malformed(message: str, **more: Any) -> EvercredsCredentialError:
    """Make the error for a reply that cannot be used."""
    return EvercredsCredentialError(message, code="malformed", **more)


def reply_of(response: Mapping[str, Any], duration_seconds: float | None) -> Reply:
    """Check an answer of AssumeRole.

    Raises:
        EvercredsCredentialError: Something is missing in it, or its expiry names no instant.
    """
    credentials = response.get("Credentials")
    if not isinstance(credentials, Mapping):
        credentials = {}
    missing = [name for name in _FIELDS if not is_key(credentials.get(name))]
    expiration = credentials.get("Expiration")
    if missing or not isinstance(expiration, datetime.datetime):
        if not isinstance(expiration, datetime.datetime):
            missing.append("Expiration")
        raise malformed(
            f"the reply of STS has no usable {', '.join(missing)}",
            details={"missing": sorted(missing)},
        )
    expiry_ms = rules.expiry_from_datetime(expiration)
    if expiry_ms < 0:
        raise malformed(f"Expiration in the reply of STS: {rules.expiry_problem(expiry_ms)}")
    access_key, secret_key, token = (credentials[name] for name in _FIELDS)
    frozen = FrozenCredentials(access_key, secret_key, token, _account_id(response))
    return Reply(
        frozen,
        expiry_ms,
        duration_ms=int((duration_seconds or 0) * 1000),
        server_time_ms=server_time_ms(
            response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        ),
    )


def is_key(value: object) -> bool:
    """Tell whether this can be part of credentials: text without blanks, all of it ASCII.

    Other text cannot stand in a header, and what refuses it there repeats it in its error.
    """
    if not isinstance(value, str) or len(value) > _LONGEST_KEY:
        return False
    return _KEY.fullmatch(value) is not None


def is_account_id(value: object) -> bool:
    """Tell whether this is the ID of an account. SDKs make host names of it."""
    return isinstance(value, str) and _ACCOUNT_ID.fullmatch(value) is not None


def _account_id(response: Mapping[str, Any]) -> str | None:
    """The account is the fifth field of the assumed role's ARN."""
    fields = str((response.get("AssumedRoleUser") or {}).get("Arn", "")).split(":")
    return fields[4] if len(fields) > 4 and is_account_id(fields[4]) else None


def server_time_ms(date: str | None) -> int:
    """Give the latest instant that the Date of a reply can mean; 0 where it means none."""
    try:
        moment = email.utils.parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return 0
    ms = rules.expiry_from_datetime(moment)
    return ms + _CLOCK_SECOND_MS if ms > 0 else 0


def without_values(error: ParamValidationError) -> EvercredsValidationError:
    """Make an error that names the parameters botocore refuses, but repeats no value of theirs."""
    found = _PARAMETER.findall(str(error))
    names = list(dict.fromkeys(first or second for first, second in found))
    said = list(dict.fromkeys(_CONSTRAINT.findall(str(error))))
    return EvercredsValidationError(
        f"assume_role_kwargs: botocore refuses {', '.join(names) or 'the parameters'} "
        f"({'; '.join(said) or 'unknown to it, wrong type, or out of range'})",
        param=names[0] if len(names) == 1 else "assume_role_kwargs",
    )


def client_error_failure(method: int, error: ClientError) -> Failure:
    """Sort an error that a service answered."""
    metadata = error.response.get("ResponseMetadata", {})
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = metadata.get("HTTPStatusCode", 0)
    return Failure(
        rules.error_class(method, status if isinstance(status, int) else 0, code),
        retry_after_ms=retry_after_ms(metadata.get("HTTPHeaders", {})),
    )


def retry_after_ms(headers: Mapping[str, str]) -> int:
    """Read the pause that a reply asks for by its headers; 0 where it asks for none."""
    wall_ms = server_time_ms(headers.get("date")) or int(time.time() * 1000)
    return rules.retry_after_ms(
        headers.get("x-amz-retry-after"), headers.get("retry-after"), wall_ms
    )


def is_short_base(error: BaseException, method: int) -> TypeGuard[EvercredsCredentialError]:
    """Tell whether the session that has the base credentials has none that last for the call."""
    if method != abi.Method.STS or not isinstance(error, EvercredsCredentialError):
        return False
    return error.code == "min_ttl"


def classify(method: int, error: Exception) -> Failure:
    """Sort what an attempt raised; what is not known to be permanent may pass by itself."""
    if isinstance(error, ClientError):
        return client_error_failure(method, error)
    if isinstance(error, EvercredsCredentialError) and error.code == "malformed":
        return Failure(reason=abi.Code.MALFORMED)
    if isinstance(error, EvercredsCredentialError) and error.code == "closed":
        return Failure(rules.error_class(method, 0, "Configuration"))  # nobody opens it again
    if is_short_base(error, method):
        # A new set would be as short. A held-off one may be longer.
        is_held_off = "retry_in_seconds" in (error.details or {})
        return Failure() if is_held_off else Failure(rules.error_class(method, 0, "Configuration"))
    if isinstance(error, EvercredsCredentialError) and error.code == "mfa_refused":
        return Failure(rules.error_class(method, 0, "MFARefused"))
    if isinstance(error, EvercredsConfigurationError) and error.code == "mfa_timed_out":
        return Failure()  # one that refuses is not asked again at once, but this one may be
    if isinstance(error, (EvercredsValidationError, EvercredsConfigurationError)):
        return Failure(rules.error_class(method, 0, "Configuration"))
    return Failure()
