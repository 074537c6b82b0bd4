"""From keyword arguments to the machine's options."""

from __future__ import annotations

import numbers
import os
import re
from collections.abc import Mapping
from typing import Any

from evercreds._library import abi_generated as abi
from evercreds.errors import EvercredsValidationError

__all__ = [
    "DEFAULTS",
    "SERVICE_TIMEOUT_S",
    "Options",
    "given_as",
    "is_real",
    "is_token_code",
    "options_from",
    "refused",
]

Options = tuple[tuple[int, float], ...]

# The keyword arguments and their defaults; None leaves the choice to the policy.
DEFAULTS: dict[str, Any] = {
    "defer_refresh": True,
    "advisory_timeout": None,
    "mandatory_timeout": None,
    "policy": None,
    "stability": None,
    "advisory_refresh": None,
    "refresh_timeout": None,
    "jitter": None,
    "max_stale": None,
    "max_wait": None,
    "attended": False,
    "refresh_in": "worker",
    "share": None,
    "share_key": None,
    "share_name_key": None,
    "share_id": None,
    "share_wait": None,
    "share_turn": None,
    "share_principal": None,
}

# The machine's own default of refresh_timeout where a service of AWS's is asked, for the calls
# that are to end by then.
SERVICE_TIMEOUT_S = 60.0

_LARGE = 10**18
_WORD = re.compile("[A-Za-z0-9_ -]{0,32}")
_SIX_DIGITS = re.compile("[0-9]{6}", re.ASCII)

_CHOICES: dict[str, tuple[abi.Option, dict[str, int]]] = {
    "policy": (abi.Option.POLICY, abi.POLICIES),
    "stability": (abi.Option.STABILITY, abi.STABILITIES),
    "advisory_refresh": (abi.Option.ADVISORY_REFRESH, abi.ADVISORY_REFRESHES),
}
_SECONDS: dict[str, abi.Option] = {
    "advisory_timeout": abi.Option.ADVISORY_TIMEOUT,
    "mandatory_timeout": abi.Option.MANDATORY_TIMEOUT,
    "refresh_timeout": abi.Option.REFRESH_TIMEOUT,
    "max_stale": abi.Option.MAX_STALE,
    "max_wait": abi.Option.MAX_WAIT,
}
_SWITCHES: dict[str, abi.Option] = {
    "jitter": abi.Option.JITTER,
    "defer_refresh": abi.Option.DEFER_REFRESH,
    "attended": abi.Option.ATTENDED,
}


def is_real(value: Any) -> bool:
    """Tell whether this is a number, which truth values are not."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def is_token_code(value: object) -> bool:
    """Tell whether this is a one-time code: a string of six digits."""
    return isinstance(value, str) and _SIX_DIGITS.fullmatch(value) is not None


def given_as(value: object) -> str:
    """Describe an argument without showing it, unless it is a number or a truth value."""
    if value is None or isinstance(value, (bool, float, complex)):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if abs(value) < _LARGE else "a number far too large"
    return type(value).__name__


def choice_as(value: object) -> str:
    """Describe what was given where one of a few words is wanted: a word is shown."""
    is_word = isinstance(value, str) and _WORD.fullmatch(value) is not None
    return repr(value) if is_word else given_as(value)


def refused(option: int, value: object) -> EvercredsValidationError:
    """Make the error for an option's value."""
    param = abi.OPTION_NAMES[option]
    rule = abi.OPTION_RULES[option].replace("true or false", "True or False")
    is_choice = param in _CHOICES or param == "advisory_timeout"  # which may be "auto"
    given = choice_as(value) if is_choice else given_as(value)
    return EvercredsValidationError(f"{rule}, got {given}", param=param)


def options_from(method: int, arguments: Mapping[str, Any]) -> Options:
    """Translate the keyword arguments of a session, policy and method first.

    Raises:
        EvercredsValidationError: An argument is of the wrong type. Whether a number is in range
            is for the machine to say.
    """
    options: dict[int, float] = {}
    if arguments["refresh_in"] not in ("worker", "caller"):
        given = choice_as(arguments["refresh_in"])
        raise EvercredsValidationError(
            f'refresh_in must be "worker" or "caller", got {given}', param="refresh_in"
        )
    for name, (option, choices) in _CHOICES.items():
        value = arguments[name]
        if value is not None:
            if not isinstance(value, str) or value not in choices:
                raise refused(option, value)
            options[option] = choices[value]
    options[abi.Option.METHOD] = method
    for name, option in _SWITCHES.items():
        value = arguments[name]
        if isinstance(value, bool):
            options[option] = value
        elif value is not DEFAULTS[name]:
            raise refused(option, value)
    for name, option in _SECONDS.items():
        value = arguments[name]
        if value == "auto" and option == abi.Option.ADVISORY_TIMEOUT:
            options[abi.Option.ADVISORY_AUTO] = 1
        elif value is not None:
            options[option] = _seconds(option, value)
    # AWS Lambda freezes threads between calls, so there nothing may run in the background; and an
    # error at once says more there than the end of a function that waited too long.
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ and abi.Option.ADVISORY_REFRESH not in options:
        options[abi.Option.ADVISORY_REFRESH] = abi.AdvisoryRefresh.INLINE
        options.setdefault(abi.Option.MAX_WAIT, 0)
    first = (abi.Option.POLICY, abi.Option.METHOD)
    return tuple(sorted(options.items(), key=lambda item: (item[0] not in first, item[0])))


def _seconds(option: int, value: Any) -> float:
    if not is_real(value):
        raise refused(option, value)
    try:
        return float(value)
    except OverflowError:
        raise refused(option, value) from None
