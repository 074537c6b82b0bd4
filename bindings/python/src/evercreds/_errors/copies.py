"""One exception for each caller, of an error that many are told of.

Raising an exception writes into it: its traceback holds the frames of who caught it, and its
context is what that caller was about. Two callers who share one object see each other's.
"""

from __future__ import annotations

import contextlib
import types
from typing import Any

from evercreds._errors.containers import own_container

__all__ = ["Original"]

_SLOTS = (types.MemberDescriptorType, types.GetSetDescriptorType)
# What raising writes, and what is copied by itself.
_NOT_COPIED = {
    "__cause__", "__context__", "__dict__", "__suppress_context__", "__traceback__", "__weakref__",
    "args",
}  # fmt: skip
# What led to an error. A cause counts as one that hides the context, until that is said anew.
_LED_TO: list[Any] = [
    vars(BaseException)[name]
    for name in ("__traceback__", "__context__", "__cause__", "__suppress_context__")
]
_ARGS: Any = vars(BaseException)["args"]


class Original:
    """An error that a source raised, read once, where no signal can come in between.

    Its class may be the user's and raise anything where it is read, so that is done in the thread
    of the attempt, and whatever comes of it stops there. No code of the class's runs later.

    Args:
        error: What was raised. It is kept as ``error``, and never written to.
    """

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self._parts: _Parts | None = None
        # Who cannot even be asked for this is of no use to a caller.
        with contextlib.suppress(BaseException):
            tuple(error.args)
            self._parts = _Parts(error)

    def copy(self) -> Exception | None:
        """Give an exception of the same type, words and attributes; None where none can be made.

        No constructor of its class runs: it may want other arguments than those it has passed on.
        Containers and errors among the arguments and attributes, as the leaves of a group, are
        copied. Other objects are shared, those of dataclasses too: they may be more than what they
        hold. So is what is a key or in a set, and what led to an error.
        """
        if self._parts is None:
            return None
        try:
            copied = self._parts.copied({})
        except Exception:
            return None
        return copied if isinstance(copied, Exception) else None


class _Parts:
    """What an error consists of, read past all that its class may have to say to that."""

    def __init__(self, error: BaseException) -> None:
        self._error = error
        self._args: tuple[Any, ...] = _ARGS.__get__(error)
        self._slots = _slots_of(error)
        self._attributes = dict(object.__getattribute__(error, "__dict__"))

    def copied(self, made: dict[int, Any]) -> BaseException:
        """Make another error of the same. ``made`` has copies by what they are of."""
        kind = type(self._error)
        made[id(self._error)] = self._error  # for a group that is in itself
        slots = {slot.__name__: value for slot, value in self._slots}
        is_group = "exceptions" in slots and _is_group(kind)
        given = _own((slots["message"], slots["exceptions"]), made) if is_group else self._args
        copied = _new(kind, given)
        made[id(self._error)] = copied
        # Past the class's own __setattr__, which may refuse.
        _ARGS.__set__(copied, _own(self._args, made))
        for slot, value in self._slots:
            with contextlib.suppress(AttributeError, TypeError):  # it cannot be set
                slot.__set__(copied, _own(value, made))
        object.__getattribute__(copied, "__dict__").update(_own(self._attributes, made))
        return copied


def _is_group(kind: type) -> bool:
    """Tell whether these errors are groups of Python's own, from 3.11 on."""
    return any(base.__name__ == "BaseExceptionGroup" for base in kind.__mro__[:-2])


def _new(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    """Make an instance by the nearest constructor that is not written in Python."""
    found = (vars(base).get("__new__") for base in kind.__mro__)
    new = next(each for each in found if isinstance(each, types.BuiltinFunctionType))
    copied = new(kind, *arguments)
    if type(copied) is not kind:
        raise TypeError("it makes others than were asked for")
    assert isinstance(copied, BaseException)
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
    """Copy a container or an error, so that a change by one caller is seen by him alone."""
    if id(value) in made:
        return made[id(value)]
    if not issubclass(type(value), BaseException):
        return own_container(value, made, _own)
    try:
        copied = _Parts(value).copied(made)
        for link in _LED_TO:
            link.__set__(copied, link.__get__(value))
    except Exception:
        # It is shared, rather than that the caller would not be told of what it is a part.
        copied = made[id(value)] = value
    return copied
