"""Dicts and lists that no user can change, for data that all sessions of a process share."""

from __future__ import annotations

import copy
import sys
from typing import Any

__all__ = ["freeze"]

# botocore notes things in what it has loaded, in an endpoint that it looks up for instance. In a
# session of its own, too, all clients share that, so that it must always write the same.
_WRITERS = frozenset({"aiobotocore", "boto3", "botocore"})


def _guarded(kind: type, name: str) -> Any:
    change = getattr(kind, name)

    def guarded(self: Any, *arguments: Any, **more: Any) -> Any:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.partition(".")[0] not in _WRITERS:
            raise TypeError(
                "this is shared by all sessions of the process, and cannot be changed: change a "
                "copy of it (copy.deepcopy), and have the session read that from a directory of "
                "yours (AWS_DATA_PATH) or by a loader of yours (register_component("
                "'data_loader', ...))"
            )
        return change(self, *arguments, **more)

    guarded.__name__ = name
    return guarded


class _FrozenDict(dict[str, Any]):
    """A dict whose copies are ordinary ones."""

    __slots__ = ()

    def copy(self) -> dict[str, Any]:
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class _FrozenList(list[Any]):
    """A list whose copies are ordinary ones."""

    __slots__ = ()

    def copy(self) -> list[Any]:
        return list(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


_OF_DICTS = ("clear", "pop", "popitem", "setdefault", "update", "__ior__")
_OF_LISTS = ("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort")
_OF_BOTH = ("__setitem__", "__delitem__")
for _name in (*_OF_DICTS, *_OF_BOTH):
    setattr(_FrozenDict, _name, _guarded(dict, _name))
for _name in (*_OF_LISTS, "__iadd__", "__imul__", *_OF_BOTH):
    setattr(_FrozenList, _name, _guarded(list, _name))


def freeze(value: Any) -> Any:
    """Make a copy of parsed JSON that no user can change."""
    if isinstance(value, list):
        return _FrozenList(map(freeze, value))
    if isinstance(value, dict):
        return _FrozenDict({key: freeze(within) for key, within in value.items()})
    return value
