"""Everything that can be read of an object: what a log, a debugger or a crash report would show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = (bool, int, float, type(None))


def texts_in(thing: Any) -> list[str]:
    """Collect the texts of a thing, of its attributes and of what it holds, however deep."""
    return list(_texts(thing, set()))


def _texts(thing: Any, seen: set[int]) -> Iterator[str]:
    if isinstance(thing, _PLAIN) or id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, (bytes, bytearray)):
        yield bytes(thing).decode("latin-1")
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from _texts(key, seen)
            yield from _texts(value, seen)
    elif isinstance(thing, (list, tuple, set, frozenset)):
        for value in thing:
            yield from _texts(value, seen)
    elif isinstance(thing, BaseException):
        yield str(thing)
        yield repr(thing)
        held = (thing.args, vars(thing), thing.__cause__, thing.__context__)
        yield from _texts(held, seen)
