"""One exception for each caller, of an error that many are told of.

Raising an exception writes into it: its traceback holds the frames of who caught it, and its
context is what that caller was about. Two callers who share one object see each other's.
"""

from __future__ import annotations

import contextlib
import types
from typing import Any

__all__ = ["Original"]

_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)
# What raising writes, and what is copied by itself.
_NOT_COPIED = {
    "__cause__", "__context__", "__dict__", "__suppress_context__", "__traceback__", "__weakref__",
    "args",
}  # fmt: skip


class Original:
    """An error that a source raised, read once, where no signal can come in between.

    Its class may be the user's and raise anything where it is read, so that is done in the thread
    of the attempt, and whatever comes of it stops there.

    Args:
        error: What was raised. It is kept as ``error``, and never written to.
    """

    def __init__(self, error: BaseException) -> None:
        self.error = error
        try:
            self._args = tuple(error.args)
            self._slots = _slots_of(error)
            self._attributes = dict(object.__getattribute__(error, "__dict__"))
            self._is_readable = True
        except BaseException:
            self._is_readable = False

    def copy(self) -> Exception | None:
        """Give an exception of the same type, words and attributes; None where none can be made.

        The class's ``__init__`` does not run: it may want other arguments than those it has passed
        on. Containers among the attributes are copied; other objects are shared.
        """
        kind = type(self.error)
        if not self._is_readable or not issubclass(kind, Exception):
            return None
        try:
            copied = kind.__new__(kind, *self._args)
            if type(copied) is not kind:
                return None
            made: dict[int, Any] = {}
            # Past the class's own __setattr__, which may refuse.
            BaseException.__setattr__(copied, "args", _own(self._args, made))
            for slot, value in self._slots:
                with contextlib.suppress(AttributeError, TypeError):  # it cannot be set
                    slot.__set__(copied, _own(value, made))
            object.__getattribute__(copied, "__dict__").update(_own(self._attributes, made))
        except Exception:
            return None
        return copied


def _slots_of(error: BaseException) -> list[tuple[Any, object]]:
    """List what is not in the instance's dictionary: an OSError's errno, a class's slots."""
    found: list[tuple[Any, object]] = []
    for base in type(error).__mro__:
        for name, slot in vars(base).items():
            if not isinstance(slot, _SLOTS) or name in _NOT_COPIED:
                continue
            try:
                value = slot.__get__(error)
            except AttributeError:
                continue  # it has no value
            if value is not None and hasattr(slot, "__set__"):
                # A file that was never given to an OSError is not the same as None.
                found.append((slot, value))
    return found


def _own(value: Any, made: dict[int, Any]) -> Any:
    """Copy containers of the plain types, so that a change by one caller is seen by him alone.

    ``made`` has the copies by what they are of: a container may be in another twice, or in itself.
    """
    if type(value) not in (dict, list, set, tuple):
        return value
    if id(value) in made:
        return made[id(value)]
    if type(value) is tuple:
        made[id(value)] = value  # for one that is in itself, by way of a list
        made[id(value)] = tuple(_own(each, made) for each in value)
        return made[id(value)]
    copied = made[id(value)] = type(value)()
    if type(value) is dict:
        copied.update((name, _own(each, made)) for name, each in value.items())
    elif type(value) is list:
        copied.extend(_own(each, made) for each in value)
    else:
        copied.update(value)  # what can be in a set does not change
    return copied
