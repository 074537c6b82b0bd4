"""What makes two requests for a client the same."""

from __future__ import annotations

import hashlib
import inspect
import secrets
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import boto3
from botocore.config import Config

__all__ = ["request_key"]

_SECRET = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token"})
# Of this process alone, so that a hash in a key tells nothing.
_SALT = secrets.token_bytes(16)


def _defaults(method: Callable[..., Any]) -> dict[str, Any]:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters}


_DEFAULTS = {
    "client": _defaults(boto3.Session.client),
    "resource": _defaults(boto3.Session.resource),
}


def request_key(kind: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Hashable | None:
    """Make the key of a request, the same however its parameters were written.

    Args:
        kind: ``"client"`` or ``"resource"``.
        args: The positional arguments.
        kwargs: The named ones.

    Returns:
        ``None`` for arguments that boto3 will refuse.
    """
    defaults = _DEFAULTS[kind]
    given = dict(zip(defaults, args, strict=False))
    if len(args) > len(defaults) or given.keys() & kwargs.keys() or kwargs.keys() - defaults.keys():
        return None
    given.update(kwargs)
    return kind, *(
        (name, _hidden(value) if name in _SECRET else _frozen(value))
        for name, value in sorted(given.items())
        if value is not None and value != defaults[name]
    )


def _frozen(value: Any) -> Hashable:
    """Make something hashable that is equal exactly where the values are."""
    if isinstance(value, str):
        # A URL of an endpoint or a proxy may have a password in it.
        return _hidden(value) if "@" in value else value
    if isinstance(value, Config):
        options = getattr(value, "_user_provided_options", None)
        return "Config", _frozen(vars(value) if options is None else options)
    if isinstance(value, Mapping):
        items = ((_frozen(key), _frozen(item)) for key, item in value.items())
        return "dict", frozenset(items)
    if isinstance(value, (list, tuple)):
        return "list", tuple(_frozen(item) for item in value)
    if isinstance(value, (set, frozenset)):
        return "set", frozenset(_frozen(item) for item in value)
    # True, 1 and 1.0 are equal, but do not mean the same to boto3.
    return (type(value), value) if isinstance(value, Hashable) else _Itself(value)


def _hidden(value: Any) -> Hashable:
    return "hidden", hashlib.sha256(_SALT + str(value).encode()).digest()


class _Itself:
    """Something that is equal to nothing but itself; it is kept, so that its id stays its own."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self._value is other._value

    def __hash__(self) -> int:
        return id(self._value)
