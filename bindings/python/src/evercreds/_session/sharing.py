"""What ``share=`` and its companions mean, and the group that they make of a session."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from evercreds._library import abi_generated as abi
from evercreds._library.options import given_as, is_real
from evercreds._waiting.clock import SYSTEM_CLOCK
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsValidationError,
    EvercredsWarning,
    users_level,
)

if TYPE_CHECKING:
    from evercreds.share._group import StoreGroup

__all__ = ["SHARE_PARAMETERS", "group_of", "is_shared"]

SHARE_PARAMETERS = (
    "share_key",
    "share_name_key",
    "share_id",
    "share_wait",
    "share_turn",
    "share_principal",
)

_MISSING = 'share needs the package of the extra "share": pip install "evercreds[share]"'
_CALLS = ("read", "campaign", "publish", "resign")


def is_shared(arguments: Mapping[str, Any]) -> bool:
    """Tell whether a session shares.

    Raises:
        EvercredsConfigurationError: It does not, and has a parameter that is for sharing.
    """
    if arguments["share"] is not None and arguments["share"] is not False:
        return True
    for name in SHARE_PARAMETERS:
        if arguments[name] is not None:
            raise EvercredsConfigurationError(
                f"{name} is for sessions that share their refreshes: give share too", param=name
            )
    return False


def group_of(arguments: Mapping[str, Any], source: Any) -> StoreGroup:
    """Make the group of a session that shares.

    Args:
        arguments: The session's.
        source: Where its credentials come from.

    Raises:
        EvercredsValidationError: An argument has the wrong type or is out of range.
        EvercredsConfigurationError: Arguments do not go together, or the extra is missing.
    """
    _check_texts(arguments)
    inputs = _inputs(arguments, source)
    # Who asks a person may send codes: nobody else knows.
    is_exclusive = bool(source.sends_codes) or arguments["attended"] is True
    store = _store(arguments["share"])
    if is_exclusive and not getattr(store, "is_lock", False):
        raise EvercredsConfigurationError(
            "share must be a directory, or True, where one-time codes are sent or a person is "
            "asked: the turns of another store are no locks, and a code could be sent twice",
            param="share",
        )
    try:
        from evercreds.share._group import StoreGroup
    except ImportError:
        raise EvercredsConfigurationError(_MISSING, param="share") from None
    call_ms, poll_ms = (
        _figure(store, "call_ms", 250, 25, 10_000),
        _figure(store, "poll_ms", 100, 5, 5000),
    )
    options: dict[int, float] = {
        abi.Option.SHARE: abi.Sharing.EXCLUSIVE if is_exclusive else abi.Sharing.ON,
        abi.Option.SHARE_CALL: call_ms / 1000,
        abi.Option.SHARE_POLL: poll_ms / 1000,
    }
    principal = arguments["share_principal"]
    asks_aws = source.asks_who_calls(principal)
    first_ms = abi.ASKED_LOOK_MS if asks_aws else abi.FIRST_LOOK_MS
    options[abi.Option.SHARE_FIRST_CALL] = max(first_ms, call_ms) / 1000
    for name, option in (
        ("share_wait", abi.Option.SHARE_WAIT),
        ("share_turn", abi.Option.SHARE_TURN),
    ):
        if arguments[name] is not None:
            options[option] = _seconds(name, option, arguments[name])
    _warn_of_short_wait(options)
    return StoreGroup(
        store,
        _ring(arguments, store),
        inputs,
        tuple(options.items()),
        SYSTEM_CLOCK,
        asks_aws=lambda: source.asks_who_calls(principal),  # no key is in what this keeps
        is_exclusive=is_exclusive,
        first_ms=max(abi.FIRST_LOOK_MS, call_ms),
    )


def _inputs(arguments: Mapping[str, Any], source: Any) -> Callable[[], Mapping[str, Any]]:
    """Give what tells for what the credentials are."""
    share_id, principal = arguments["share_id"], arguments["share_principal"]
    if source.method == abi.Method.CUSTOM:
        if share_id is None:
            raise EvercredsConfigurationError(
                "share needs share_id where a function gets the credentials: a name for what they "
                "are, which all processes that share them give",
                param="share_id",
            )
    elif share_id is not None:
        raise EvercredsConfigurationError(
            "share_id is for credentials that a function gets; those of AssumeRole and of AWS IoT "
            "are named by their parameters",
            param="share_id",
        )
    if principal is not None and source.method != abi.Method.STS:
        raise EvercredsConfigurationError(
            "share_principal is for AssumeRole, whose caller it names", param="share_principal"
        )
    if source.method == abi.Method.CUSTOM:
        return lambda: {"format": 1, "method": "custom", "share_id": share_id}
    return lambda: source.share_inputs(principal)


def _check_texts(arguments: Mapping[str, Any]) -> None:
    for name in ("share_id", "share_principal"):
        value = arguments[name]
        if value is None:
            continue
        if not isinstance(value, str) or not value or not value.isprintable():
            raise EvercredsValidationError(
                f"{name} must be a non-empty text that can be printed, got {given_as(value)}",
                param=name,
            )


def _store(given: Any) -> Any:
    if given is True or isinstance(given, (str, os.PathLike)):
        from evercreds.share import FileStore

        return FileStore(None if given is True else given)
    if isinstance(given, type) or not all(callable(getattr(given, name, None)) for name in _CALLS):
        raise EvercredsValidationError(
            "share must be True, a directory, or a store with the calls read, campaign, publish "
            f"and resign, got {given_as(given)}",
            param="share",
        )
    return given


def _figure(store: Any, name: str, default: int, least: int, most: int) -> int:
    value = getattr(store, name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise EvercredsValidationError(
            f"share: {name} of the store must be an integer from {least} to {most}, got "
            f"{given_as(value)}",
            param="share",
        )
    return value


def _ring(arguments: Mapping[str, Any], store: Any) -> Any:
    from evercreds.share import FileStore
    from evercreds.share._keys import KeyRing

    keys: Any = arguments["share_key"]
    name_key: Any = arguments["share_name_key"]
    if keys is None:
        if not isinstance(store, FileStore):
            raise EvercredsConfigurationError(
                "share_key is needed with a store that is no directory: 32 random bytes, which "
                "all processes that share have",
                param="share_key",
            )
        keys = store.data_key()
    if name_key is not None and not _is_key(name_key):
        raise EvercredsValidationError(
            f"share_name_key must be 32 bytes, got {_key_as(name_key)}", param="share_name_key"
        )
    is_list = isinstance(keys, (list, tuple)) and keys and all(_is_key(key) for key in keys)
    if not callable(keys) and not _is_key(keys) and not is_list:
        raise EvercredsValidationError(
            "share_key must be 32 bytes, a list of such keys, or a function that returns either, "
            f"got {_key_as(keys)}",
            param="share_key",
        )
    checked: Any = keys
    return KeyRing(checked, name_key)


def _is_key(given: object) -> bool:
    return isinstance(given, (bytes, bytearray)) and len(given) == 32


def _key_as(given: object) -> str:
    return f"{len(given)} bytes" if isinstance(given, (bytes, bytearray)) else type(given).__name__


def _seconds(name: str, option: int, value: Any) -> float:
    if not is_real(value):
        raise EvercredsValidationError(
            f"{abi.OPTION_RULES[option]}, got {given_as(value)}", param=name
        )
    return float(value)


def _warn_of_short_wait(options: Mapping[int, float]) -> None:
    wait_s, turn_s = options.get(abi.Option.SHARE_WAIT), options.get(abi.Option.SHARE_TURN)
    if (10.0 if wait_s is None else wait_s) < 2 * (5.0 if turn_s is None else turn_s):
        EvercredsWarning.warn(abi.SHORT_WAIT, users_level())
