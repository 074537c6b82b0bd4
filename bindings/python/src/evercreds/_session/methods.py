"""The methods by which sessions get their credentials, and the classes of their sessions."""

from __future__ import annotations

from typing import Any

from evercreds._library import abi_generated as abi
from evercreds._library.options import given_as
from evercreds._session.shapes import IOT_MISSING
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsValidationError,
    EvercredsWarning,
    users_level,
)

__all__ = ["METHODS", "checked_name", "make", "register"]

METHODS: dict[str, type[Any]] = {}
"""By name, and in the order of their names."""

_SHOWN = (str, int, float, type(None))


def checked_name(param: str, name: object) -> str:
    """Check a name that a user gives a method."""
    if not isinstance(name, str) or not name.strip():
        raise EvercredsValidationError(
            f"{param} must be a non-empty string, got {given_as(name)}", param=param
        )
    return name


def register(kind: type[Any], method: str, *, is_complete: bool) -> None:
    """Have the factory make sessions of this class for this method.

    Args:
        kind: The class.
        method: The name, checked.
        is_complete: Whether it says how credentials are got.
    """
    if method in METHODS:
        if method in abi.METHODS:
            raise EvercredsConfigurationError(
                f"method {method!r} is this package's own: give {kind.__name__} another name",
                param="method",
                value=method,
            )
        EvercredsWarning.warn(
            f"method {method!r} was that of {METHODS[method].__name__}, and is now that of "
            f"{kind.__name__}",
            users_level(),
        )
    if not is_complete:
        raise EvercredsConfigurationError(
            f"{kind.__name__} must define fetch_credentials, to be the class of a method",
            param="fetch_credentials",
        )
    kind._rules_of = abi.METHODS.get(method, kind._rules_of)
    METHODS[method] = kind
    # In the order of their names, as `get_available_methods` lists them.
    for name in sorted(METHODS):
        METHODS[name] = METHODS.pop(name)


def make(method: str = "sts", **kwargs: Any) -> Any:
    """Make a session: what the factory does."""
    kind = METHODS.get(method) if isinstance(method, str) else None
    if kind is None:
        hint = f"; {IOT_MISSING}" if method == "iot" or "iot" not in METHODS else ""
        raise EvercredsValidationError(
            f"method must be one of {', '.join(map(repr, METHODS))}{hint}",
            param="method",
            value=method if isinstance(method, _SHOWN) else given_as(method),
        )
    if "refresh_method" in kwargs:
        EvercredsWarning.warn("refresh_method cannot be set: it follows from method", users_level())
        del kwargs["refresh_method"]
    return kind(**kwargs)
