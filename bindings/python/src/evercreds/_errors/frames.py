"""What an error keeps alive: the variables of the functions that raised it, and its attributes."""

from __future__ import annotations

import contextlib
import datetime
from collections import deque
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import TypeVar

__all__ = ["calls_user_code", "forget_variables"]

_PACKAGE = __name__.partition(".")[0]
_callers: set[CodeType] = set()
_F = TypeVar("_F", bound=Callable[..., object])
_CONTAINERS = (dict, list, tuple, set, frozenset, deque)
_FACTS = (str, int, float, datetime.date, datetime.timedelta, BaseException)


def calls_user_code(function: _F) -> _F:
    """Mark a function of this package: what it calls is the user's."""
    _callers.add(function.__code__)
    return function


def forget_variables(error: BaseException) -> None:
    """Clear the variables of what has failed, where the frames are not the user's.

    Replies, keys and one-time codes are among them, in the frames of botocore too; and an error is
    kept, and shown by reports that show variables. Frames of functions that still run are left.
    Errors that no function of the user's has raised lose the objects that libraries hang on them:
    botocore's have the whole request, which was signed with the base credentials.
    """
    # An error of the user's class may raise another where it is read; the report goes on.
    with contextlib.suppress(BaseException):
        is_users = _clear(error.__traceback__, is_users=True)
        for at in _led_to(error):
            # Its traceback may begin below the frames of this package.
            _clear(at.__traceback__, is_users=is_users)
            if not is_users:
                _keep_facts_alone(at)


def _led_to(error: BaseException) -> list[BaseException]:
    """List an error, and all that hang on it as cause, context, argument or attribute.

    Those in containers are among them: the leaves of a group are.
    """
    found: dict[int, object] = {}
    ahead: list[object] = [error]
    while ahead:
        at = ahead.pop()
        if id(at) in found or not isinstance(at, (BaseException, *_CONTAINERS)):
            continue
        found[id(at)] = at
        if isinstance(at, BaseException):
            ahead += [at.__cause__, at.__context__, at.args, vars(at)]
            # Of botocore's, and of groups.
            ahead += [getattr(at, "kwargs", None), getattr(at, "exceptions", None)]
        else:
            ahead += at.values() if isinstance(at, dict) else at
    return [each for each in found.values() if isinstance(each, BaseException)]


def _keep_facts_alone(error: BaseException) -> None:
    """Put None in the place of attributes that are neither plain values nor errors."""
    for name, value in vars(error).items():
        if not _is_fact(value):
            vars(error)[name] = None


def _is_fact(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_is_fact, value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(_is_fact, value))
    return value is None or isinstance(value, _FACTS)


def _clear(traceback: TracebackType | None, *, is_users: bool) -> bool:
    """Clear the frames of one traceback, and tell whether the last of them is the user's."""
    while traceback is not None:
        frame = traceback.tb_frame
        is_ours = str(frame.f_globals.get("__name__")).partition(".")[0] == _PACKAGE
        if is_ours or not is_users:
            with contextlib.suppress(RuntimeError):  # it runs still
                frame.clear()
        if is_ours:
            is_users = frame.f_code in _callers
        traceback = traceback.tb_next
    return is_users
