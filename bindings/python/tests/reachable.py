"""All text that hangs on an object, however deep: attributes, slots, containers, causes."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Iterator, Mapping

_NOT_ENTERED = (
    type,
    types.ModuleType,
    types.CodeType,
    types.FrameType,
    types.TracebackType,  # frames have tests of their own
)
_MOST = 200_000  # objects: a search that does not end has left the error


def texts_on(start: object) -> Iterator[tuple[str, str]]:
    """Give each text that can be reached, and the way to it."""
    seen: dict[int, object] = {}
    ahead: list[tuple[str, object]] = [(type(start).__name__, start)]
    while ahead:
        way, at = ahead.pop()
        if id(at) in seen or isinstance(at, _NOT_ENTERED):
            continue
        seen[id(at)] = at  # kept, or its number would be given to another
        assert len(seen) < _MOST, f"the search has left the error: {way}"
        if isinstance(at, str):
            yield way, at
        elif isinstance(at, (bytes, bytearray, memoryview)):
            yield way, bytes(at).decode("latin-1")
        else:
            ahead += [(f"{way}{step}", below) for step, below in _below(at)]


def found_on(start: object, secrets: list[str]) -> list[str]:
    """Give the ways to texts with one of these in them."""
    return [way for way, text in texts_on(start) if any(each in text for each in secrets)]


def _below(at: object) -> Iterator[tuple[str, object]]:
    if isinstance(at, Mapping):
        for name, value in list(at.items()):
            yield "[key]", name
            yield f"[{name!r:.40}]", value
    elif isinstance(at, (list, tuple, set, frozenset)):
        for number, value in enumerate(list(at)):
            yield f"[{number}]", value
    if isinstance(at, types.FunctionType):
        for cell in at.__closure__ or ():
            with contextlib.suppress(ValueError):  # it is empty
                yield ".closure", cell.cell_contents
        return
    if isinstance(at, types.MethodType):
        yield ".__self__", at.__self__
        return
    for name, value in list(getattr(at, "__dict__", {}).items()):
        yield f".{name}", value
    for base in type(at).__mro__:
        for name, slot in vars(base).items():
            if isinstance(slot, types.MemberDescriptorType):
                with contextlib.suppress(AttributeError):  # it has no value
                    yield f".{name}", slot.__get__(at)
    if isinstance(at, BaseException):
        yield ".args", at.args
        yield ".__cause__", at.__cause__
        yield ".__context__", at.__context__
