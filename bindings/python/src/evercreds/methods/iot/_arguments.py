"""The checks of what ``method="iot"`` takes."""

from __future__ import annotations

import re
from typing import Any

from evercreds._library import rules
from evercreds._library.options import given_as, is_real
from evercreds._session.shapes import IOT_EXTRA_INSTALLED, IOT_MISSING
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsValidationError,
    EvercredsWarning,
    users_level,
)
from evercreds.methods.iot import _material, _pkcs11
from evercreds.methods.iot._tls import ClientIdentity

__all__ = [
    "duration_seconds",
    "endpoint",
    "hide_requests",
    "require_extra",
    "role_alias",
    "start_log",
    "thing_name",
    "timeout_s",
    "tls_identity",
]

_TIMEOUT_S = 10.0
_LONGEST_TIMEOUT_S = 3600.0
_ALIAS = re.compile(r"[\w=,@-]{1,128}", re.ASCII)
_THING = re.compile("[a-zA-Z0-9:_-]{1,128}")


def require_extra() -> None:
    """Import awscrt: here, and not in the thread of a refresh, where a fork may come meanwhile.

    Raises:
        EvercredsConfigurationError: It is not installed.
    """
    if not IOT_EXTRA_INSTALLED:
        raise EvercredsConfigurationError(IOT_MISSING, param="method")
    try:
        import awscrt.http
        import awscrt.io  # noqa: F401
    except ImportError as error:
        raise EvercredsConfigurationError(
            f"awscrt cannot be imported; {IOT_MISSING}", param="method"
        ) from error


def endpoint(given: object) -> str:
    """Check the endpoint, and put right that for data. Raises EvercredsValidationError."""
    result = rules.iot_endpoint(given) if isinstance(given, str) else None
    if result is None:
        raise _refused(
            "endpoint",
            "must be an IoT credentials endpoint, as in ID.credentials.iot.REGION.amazonaws.com",
            given,
        )
    if result != given:
        EvercredsWarning.warn(
            "endpoint is a data endpoint (***-ats.iot...): the credentials endpoint of the same "
            "account (***.credentials.iot...) is used",
            users_level(),
        )
    return result


def role_alias(given: object) -> str:
    """Check the name of a role alias. Raises EvercredsValidationError."""
    if not isinstance(given, str) or _ALIAS.fullmatch(given) is None:
        raise _refused("role_alias", "must be 1 to 128 letters, digits or _=,@-", given)
    return given


def thing_name(given: object) -> str | None:
    """Check the name of a thing. Raises EvercredsValidationError."""
    if given is None:
        return None
    if not isinstance(given, str) or _THING.fullmatch(given) is None:
        raise _refused("thing_name", "must be 1 to 128 letters, digits or :_-", given)
    return given


def timeout_s(given: object) -> float:
    """Check the time-out. Raises EvercredsValidationError."""
    if given is None:
        return _TIMEOUT_S
    seconds: Any = given
    if is_real(seconds) and 0 < seconds <= _LONGEST_TIMEOUT_S:
        return float(seconds)
    raise _refused("timeout", "must be seconds above 0 and at most 3600", given)


def duration_seconds(given: object) -> int | None:
    """Check the lifetime to be asked for. Raises EvercredsValidationError."""
    if given is None:
        return None
    problem = rules.duration_problem(given, is_chained=False)
    if problem is not None:
        raise EvercredsValidationError(
            f"{problem}, got {given_as(given)}", param="duration_seconds"
        )
    seconds: Any = given
    return int(seconds)


def tls_identity(
    certificate: object, private_key: object, pkcs11: object, ca: object, verify_peer: object
) -> ClientIdentity:
    """Check what a TLS connection is made with.

    Raises:
        EvercredsValidationError: One of them is not what it has to be.
        EvercredsConfigurationError: Not exactly one of ``private_key`` and ``pkcs11`` is given.
    """
    if not isinstance(verify_peer, bool):
        raise _refused("verify_peer", "must be True or False", verify_peer)
    has_token = pkcs11 is not None and pkcs11 != {}
    if (private_key is not None) == has_token:
        raise EvercredsConfigurationError(
            "exactly one of private_key and pkcs11 is required, got "
            f"{'both' if has_token else 'neither'}",
            param="private_key/pkcs11",
        )
    return ClientIdentity(
        _material.certificates(certificate, "certificate"),
        None if has_token else _material.private_key(private_key),
        _pkcs11.token(pkcs11) if has_token else None,
        None if ca is None else _material.certificates(ca, "ca"),
        verify_peer,
    )


class _Log:
    """What awscrt's log shows: it is one for the process."""

    level = 0
    most = 6


def start_log(level: object) -> None:
    """Have awscrt write its log. There are names and addresses in it, but no keys or tokens.

    Raises:
        EvercredsValidationError: It is no level.
    """
    if level is None:
        return
    from awscrt import io

    try:
        checked = None if isinstance(level, bool) else io.LogLevel(level)
    except ValueError:
        checked = None
    if checked is None:
        raise _refused("awscrt_log_level", "must be a value of awscrt.io.LogLevel", level)
    if checked != io.LogLevel.NoLogs:
        _set_log_level(min(checked, _Log.most))


def hide_requests() -> None:
    """Have awscrt's log not show requests from now on: one that is signed has a token in it."""
    from awscrt import io

    _Log.most = io.LogLevel.Info
    if _Log.level > _Log.most:
        _set_log_level(_Log.most)
        EvercredsWarning.warn(
            "awscrt_log_level is now LogLevel.Info: more detailed logs would contain the "
            "session tokens of MQTT over WebSockets",
            users_level(),
        )


def _set_log_level(level: int) -> None:
    from awscrt import io

    _Log.level = level
    try:
        io.init_logging(io.LogLevel(level), "stdout")
    except RuntimeError:  # it has begun already; older versions begin anew
        io.set_log_level(io.LogLevel(level))


def _refused(param: str, rule: str, given: object) -> EvercredsValidationError:
    return EvercredsValidationError(f"{param} {rule}, got {given_as(given)}", param=param)
