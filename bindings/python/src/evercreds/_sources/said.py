"""Reads what attempts raise: which trouble it is, and which error code a service gave."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

from botocore import exceptions

from evercreds._host.said import NOTHING, Said, answered, own_word
from evercreds._library import abi_generated as abi
from evercreds._sources.replies import is_short_base
from evercreds.errors import (
    EvercredsConnectionError,
    EvercredsCredentialError,
    EvercredsError,
    EvercredsRequestError,
)

__all__ = ["said_of"]

_MFA_CODES = ("mfa_refused", "mfa_timed_out", "mfa_code_reused")
# Of the base credentials.
_UNSIGNED: tuple[tuple[Any, str], ...] = (
    (exceptions.NoRegionError, "no_region"),
    (exceptions.ProfileNotFound, "no_profile"),
    (exceptions.SSOError, "login_ended"),
    (exceptions.NoCredentialsError, "no_credentials"),
    (exceptions.PartialCredentialsError, "no_credentials"),
)
# The more special ones first.
_UNANSWERED: tuple[tuple[Any, str], ...] = (
    (exceptions.ProxyConnectionError, "proxy"),
    ((exceptions.SSLError, ssl.SSLCertVerificationError), "tls"),
    ((exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError, TimeoutError), "timeout"),
    ((exceptions.ConnectionError, exceptions.HTTPClientError), "network"),
    ((ConnectionError, socket.gaierror), "network"),
)
_CAUSES = 8


def said_of(method: int, error: BaseException) -> Said:
    """Tell what is known of a failed attempt. An error of the user's may raise where it is read."""
    try:
        return _said_of(method, error, _CAUSES)
    except BaseException:
        return NOTHING


def _said_of(method: int, error: BaseException, depth: int) -> Said:
    if isinstance(error, exceptions.ClientError):
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return answered(method, told.get("Code"), status, told.get("Message"))
    if isinstance(error, EvercredsError):
        return _said_of_ours(method, error, depth)
    troubles = _UNSIGNED + _UNANSWERED if method == abi.Method.STS else _UNANSWERED
    for kinds, trouble in troubles:
        if isinstance(error, kinds):
            return own_word(trouble)
    return NOTHING


def _said_of_ours(method: int, error: EvercredsError, depth: int) -> Said:
    if isinstance(error, EvercredsRequestError):
        details: Any = error.details or {}
        return answered(method, error.code, error.status_code, details.get("message"))
    if isinstance(error, EvercredsConnectionError):
        word = _kept_from(error)
        return NOTHING if word is None else own_word(word)
    if error.code in _MFA_CODES or error.param == "mfa_token_provider":
        return own_word("no_code")
    if isinstance(error, EvercredsCredentialError) and error.code == "malformed":
        return NOTHING
    if is_short_base(error, method):
        return own_word("short_base")
    cause = error.__cause__  # of a session that this one has its base credentials from
    return NOTHING if cause is None or not depth else _said_of(method, cause, depth - 1)


def _kept_from(error: EvercredsConnectionError) -> str | None:
    """Name what kept a device from its endpoint, by our own words for that."""
    has: Callable[[str], bool] = (error.message or "").__contains__
    if has("is not to be trusted"):
        return "tls"
    if has("refuses the device's certificate"):
        return None  # the server was reached
    return "timeout" if has("no connection within") or has("no answer within") else "network"
