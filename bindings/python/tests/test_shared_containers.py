"""Callers who are told of one failure do not see what another did to a part of it.

The scenario: callers A and B ask; the source fails; A changes what he was told; B is told.
"""

from __future__ import annotations

import collections
import dataclasses
import os
import sys
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from evercreds import EvercredsCredentialError, RefreshableSession
from evercreds._errors.frames import forget_variables

needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with 3.11")


def _told_twice(raised: BaseException) -> tuple[Any, Any]:
    def fetch() -> None:
        raise raised

    told: list[Exception] = []
    with RefreshableSession(
        method="custom", custom_credentials_method=fetch, region_name="us-east-1"
    ) as session:
        for _ in "AB":
            with pytest.raises(Exception) as caught:  # noqa: PT011
                session.credentials  # noqa: B018
            told.append(caught.value)
    return told[0], told[1]


class _Part(NamedTuple):
    name: str
    found: list[int]


def _counted(*items: str) -> collections.Counter[str]:
    return collections.Counter(items)


_CONTAINERS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "dict": (lambda: {"a": [1]}, lambda its: its["a"].append(2)),
    "list": (lambda: [[1]], lambda its: its[0].append(2)),
    "set": (lambda: {1}, lambda its: its.add(2)),
    "tuple": (lambda: ([1],), lambda its: its[0].append(2)),
    "deque": (lambda: collections.deque([[1], 2], 3), lambda its: its[0].append(2)),
    "ordered": (
        lambda: collections.OrderedDict(b=[1], a=2),
        lambda its: its.move_to_end("b"),
    ),
    "default": (
        lambda: collections.defaultdict(list, {"a": [1]}),
        lambda its: its["new"].append(1),
    ),
    "counter": (lambda: _counted("a", "b", "a"), lambda its: its.update("b")),
    "bytes": (lambda: bytearray(b"ab"), lambda its: its.extend(b"c")),
    "view": (
        lambda: types.MappingProxyType({"a": [1]}),
        lambda its: its["a"].append(2),
    ),
    "namedtuple": (lambda: _Part("a", [1]), lambda its: its.found.append(2)),
}


@pytest.mark.parametrize("name", _CONTAINERS)
def test_a_container_is_each_callers_own(name: str) -> None:
    make, change = _CONTAINERS[name]
    raised: Any = ValueError(make())
    raised.part = make()
    first, second = _told_twice(raised)
    for told in (first, second):
        assert type(told.part) is type(told.args[0]) is type(make())
        assert told.part == told.args[0] == make()
        assert list(told.part) == list(make())
    assert getattr(first.part, "maxlen", None) == getattr(make(), "maxlen", None)
    change(first.part)
    change(first.args[0])
    assert first.part != make() or list(first.part) != list(make())
    assert second.part == second.args[0] == raised.part == make()
    assert list(second.part) == list(make())


def test_containers_that_are_in_themselves() -> None:
    inside: dict[str, Any] = {}
    view = types.MappingProxyType(inside)
    turning = collections.deque([view])
    inside["again"] = turning
    raised: Any = ValueError("tangled")
    raised.view = view
    first, _ = _told_twice(raised)
    assert first.view["again"] is not turning
    assert first.view["again"][0] is first.view


@dataclasses.dataclass
class _Request:
    parts: list[int]


class _Registry(dict):  # type: ignore[type-arg]
    """A container with a say of its own."""


@pytest.mark.parametrize("part", [_Request([1]), _Registry(a=1), os.stat("/"), object()])
def test_an_object_in_an_error_is_the_sources_own(part: Any) -> None:
    """What a copy of it would be, only its class knows."""
    raised: Any = ValueError(part)
    raised.part = part
    for told in _told_twice(raised):
        assert told.part is part
        assert told.args[0] is part


def _failed(kind: Callable[[], Exception]) -> Exception:
    try:
        try:
            raise LookupError("what it was about")
        except LookupError as led:
            raise kind() from led
    except Exception as error:
        return error


@needs_groups
def test_a_leaf_of_a_group_is_each_callers_own() -> None:
    leaf = _failed(lambda: FileNotFoundError(2, "no such file", "/a/path"))
    inner = ExceptionGroup("inner", [leaf, ValueError([1])])  # noqa: F821
    raised = ExceptionGroup("outer", [inner, OSError(1, "no")])  # noqa: F821
    first, second = _told_twice(raised)
    for told in (first, second):
        assert type(told) is type(raised)
        assert str(told) == str(raised)
        mine = told.exceptions[0].exceptions[0]
        assert mine is not leaf
        assert (type(mine), str(mine), mine.filename) == (type(leaf), str(leaf), "/a/path")
        # Where it came from is told as before.
        assert mine.__cause__ is leaf.__cause__
        assert mine.__suppress_context__
        assert mine.__traceback__ is leaf.__traceback__
        assert told.args[1][0] is told.exceptions[0]
    first.exceptions[0].exceptions[0].filename = "changed"
    first.exceptions[0].exceptions[1].args[0].append(2)
    vars(first.exceptions[1])["left"] = "by A"
    with pytest.raises(FileNotFoundError):
        raise first.exceptions[0].exceptions[0]
    mine = second.exceptions[0].exceptions[0]
    assert mine.filename == "/a/path"
    assert mine.__traceback__ is leaf.__traceback__
    assert second.exceptions[0].exceptions[1].args == ([1],)
    assert not hasattr(second.exceptions[1], "left")


@needs_groups
def test_a_group_of_a_class_with_a_constructor_of_its_own() -> None:
    class Several(ExceptionGroup):  # type: ignore[type-arg] # noqa: F821
        def __new__(cls, errors: list[Exception]) -> Any:
            return super().__new__(cls, f"{len(errors)} of them", errors)

    raised = Several([ValueError("a"), KeyError("b")])
    first, second = _told_twice(raised)
    for told in (first, second):
        assert type(told) is Several
        assert str(told) == str(raised)
        assert [repr(each) for each in told.exceptions] == ["ValueError('a')", "KeyError('b')"]
    assert first.exceptions[0] is not second.exceptions[0]


class _Loud(Exception):
    """It ends the program where it is made anew, or asked anything."""

    is_made = False

    def __new__(cls, *args: Any) -> _Loud:
        if cls.is_made:
            raise SystemExit("made again")
        cls.is_made = True
        return super().__new__(cls, *args)

    def __getattribute__(self, name: str) -> Any:
        raise SystemExit(f"{name} cannot be read")


def test_an_error_in_another_is_each_callers_own() -> None:
    """Also where it hangs in the midst of containers, leads back, or has much to say."""
    raised: Any = ValueError("outer")
    raised.failed = {"a": [ValueError([1]), _Loud("x")], "back": raised}
    first, second = _told_twice(raised)
    assert first.failed["back"] is first
    assert first.failed["a"][0] is not second.failed["a"][0]
    assert type(first.failed["a"][1]) is _Loud
    first.failed["a"][0].args[0].append(2)
    first.failed["a"][0].left = "by A"
    assert second.failed["a"][0].args == ([1],)
    assert not hasattr(second.failed["a"][0], "left")


def test_what_cannot_be_read_is_the_cause_of_ours() -> None:
    _Loud.is_made = False
    raised = _Loud("once")
    for told in _told_twice(raised):
        assert type(told) is EvercredsCredentialError
        assert told.code == "source"
        assert told.__cause__ is raised


def _raised_in_ours() -> ValueError:
    """An error that a function of the package has raised, beside a key."""
    scope: dict[str, Any] = {"__name__": "evercreds._some"}
    exec("def fail():\n    key = ['secret']\n    raise ValueError('no')\n", scope)
    with pytest.raises(ValueError, match="no") as caught:
        scope["fail"]()
    return caught.value


def _variables(error: BaseException) -> dict[str, Any]:
    traceback = error.__traceback__
    assert traceback is not None
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return dict(traceback.tb_frame.f_locals)


@pytest.mark.parametrize("where", ["itself", "list", "dict", "deque", "attribute", "group"])
def test_our_variables_leave_every_error_in_a_chain(where: str) -> None:
    error = _raised_in_ours()
    assert _variables(error) == {"key": ["secret"]}
    outer: Any = ValueError("outer")
    if where == "itself":
        outer = error
    elif where == "list":
        outer.args = ([error],)
    elif where == "dict":
        outer.args = ({"a": (error,)},)
    elif where == "deque":
        outer.args = (collections.deque([error]),)
    elif where == "attribute":
        outer.errors = {"a": [error]}
    elif sys.version_info >= (3, 11):
        outer = ExceptionGroup("outer", [error])  # noqa: F821
    else:
        pytest.skip("groups came with 3.11")
    forget_variables(outer)
    assert _variables(error) == {}
