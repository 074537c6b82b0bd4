"""What the traceback of an error keeps: the variables of all the functions it came through."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import TypeVar

__all__ = ["calls_user_code", "forget_variables"]

_PACKAGE = __name__.partition(".")[0]
_callers: set[CodeType] = set()
_F = TypeVar("_F", bound=Callable[..., object])


def calls_user_code(function: _F) -> _F:
    """Mark a function of this package: what it calls is the user's."""
    _callers.add(function.__code__)
    return function


def forget_variables(error: BaseException) -> None:
    """Clear the variables of what has failed, where the frames are not the user's.

    Replies, keys and one-time codes are among them, in the frames of botocore too; and an error is
    kept, and shown by reports that show variables. Frames of functions that still run are left.
    """
    is_users = _clear(error.__traceback__, is_users=True)
    seen = {id(error)}
    ahead = [error.__cause__, error.__context__]
    while ahead:
        at = ahead.pop()
        if at is not None and id(at) not in seen:
            seen.add(id(at))
            # Its traceback may begin below the frames of this package.
            _clear(at.__traceback__, is_users=is_users)
            ahead += [at.__cause__, at.__context__]


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
