"""Copies of the containers that Python has, as deep as they go."""

from __future__ import annotations

import collections
import gc
import types
from collections.abc import Callable
from typing import Any

__all__ = ["own_container"]

_Own = Callable[[Any, dict[int, Any]], Any]

_EMPTY: dict[type, Callable[[Any], Any]] = {
    dict: lambda _: {},
    collections.OrderedDict: lambda _: collections.OrderedDict(),
    collections.defaultdict: lambda of: collections.defaultdict(of.default_factory),
    collections.Counter: lambda _: collections.Counter(),
    list: lambda _: [],
    collections.deque: lambda of: collections.deque(maxlen=of.maxlen),
    set: lambda _: set(),
}


def own_container(value: Any, made: dict[int, Any], own: _Own) -> Any:
    """Copy a container of one of Python's types. Anything else is given as it is.

    Args:
        value: What to copy.
        made: The copies by what they are of: a container may be in another twice, or in itself.
        own: Copies what is in it. Keys, and what is in a set, do not change.
    """
    kind = type(value)
    if kind is tuple or _is_plain_namedtuple(kind):
        return _own_tuple(value, made, own)
    if kind is types.MappingProxyType:
        return _own_proxy(value, made, own)
    if kind is bytearray:
        made[id(value)] = bytearray(value)
        return made[id(value)]
    if kind not in _EMPTY:
        return value
    copied = made[id(value)] = _EMPTY[kind](value)
    if isinstance(value, dict):
        for key, each in value.items():
            copied[key] = own(each, made)
    elif kind is set:
        copied.update(value)
    else:
        copied.extend(own(each, made) for each in value)
    return copied


def _is_plain_namedtuple(kind: type) -> bool:
    """Tell whether all that an instance holds is in the tuple."""
    return kind.__base__ is tuple and "_fields" in vars(kind) and not kind.__dictoffset__


def _own_tuple(value: tuple[Any, ...], made: dict[int, Any], own: _Own) -> tuple[Any, ...]:
    made[id(value)] = value  # for one that is in itself, by way of a list
    copied = [own(each, made) for each in value]
    if any(mine is not each for mine, each in zip(copied, value, strict=True)):
        made[id(value)] = tuple.__new__(type(value), copied)
    result: tuple[Any, ...] = made[id(value)]
    return result


def _own_proxy(value: Any, made: dict[int, Any], own: _Own) -> Any:
    """Copy a view, and what it is of: a dictionary, and no class of the user's that has a say."""
    viewed = gc.get_referents(value)
    if [type(each) for each in viewed] != [dict]:
        return value
    inside: dict[Any, Any] = {}
    made[id(value)] = types.MappingProxyType(inside)
    inside.update((key, own(each, made)) for key, each in viewed[0].items())
    return made[id(value)]
