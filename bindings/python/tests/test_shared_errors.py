"""Callers who are told of one failure share nothing that a caller can change or leave behind.

The scenario: callers A and B ask; the source fails; both are told.
"""

from __future__ import annotations

import dataclasses
import gc
import threading
import traceback
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import botocore.exceptions
import pytest

from evercreds import RefreshableSession


def _refused() -> Exception:
    response = {"Error": {"Code": "AccessDenied", "Message": "no"}}
    return botocore.exceptions.ClientError(response, "AssumeRole")


class _Slotted(Exception):
    __slots__ = ("extra",)

    def __init__(self, *, extra: list[int]) -> None:
        super().__init__("slotted")
        self.extra = extra


class _Strict(Exception):
    """Its constructor takes other arguments than it passes on, and must not run again."""

    made = 0

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")
        self.both = [first, second]
        type(self).made += 1


class _Choosy(Exception):
    """Its constructor takes an argument once, and must not be called again."""

    def __new__(cls, *args: Any) -> _Choosy:
        if args != ("once",):
            raise ValueError("cannot be made so")
        return super().__new__(cls, *args)

    def __init__(self, *args: Any) -> None:
        super().__init__("other")


_ERRORS: dict[str, Callable[[], Exception]] = {
    "of botocore": _refused,
    "of the system": lambda: FileNotFoundError(2, "no such file", "/a/path"),
    "of decoding": lambda: UnicodeDecodeError("utf-8", b"ab", 0, 1, "bad"),
    "of an import": lambda: ImportError("no", name="module", path="/a/path"),
    "with slots": lambda: _Slotted(extra=[1]),
    "with a strict constructor": lambda: _Strict("a", "b"),
    "with a choosy one": lambda: _Choosy("once"),
    "with arguments that can change": lambda: ValueError("text", {"a": [1]}),
}


@pytest.fixture
def session_of() -> Iterator[Callable[..., RefreshableSession]]:
    made: list[RefreshableSession] = []

    def make(error: BaseException) -> RefreshableSession:
        made.append(
            RefreshableSession(
                method="custom",
                custom_credentials_method=_raise,
                custom_credentials_method_args={"error": error},
                region_name="us-east-1",
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def _raise(error: BaseException) -> None:
    raise error


def _told(session: RefreshableSession) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        session.credentials  # noqa: B018
    return caught.value


@pytest.mark.parametrize("name", _ERRORS)
def test_each_caller_has_an_error_of_its_own(
    session_of: Callable[..., RefreshableSession], name: str
) -> None:
    raised = _ERRORS[name]()
    session = session_of(raised)
    first, second = _told(session), _told(session)
    for told in (first, second):
        assert told is not raised
        assert type(told) is type(raised)
        assert str(told) == str(raised)
        assert told.args == raised.args
        assert told.__cause__ is raised
        assert told.__context__ is None
        for attribute in ("response", "errno", "filename", "name", "path", "extra", "both", "end"):
            assert getattr(told, attribute, None) == getattr(raised, attribute, None)
    assert first is not second
    first.__dict__["left"] = "by the first"
    assert not hasattr(second, "left")
    assert not hasattr(_told(session), "left")


def test_what_one_caller_changes_the_others_do_not_see(
    session_of: Callable[..., RefreshableSession],
) -> None:
    session = session_of(_refused())
    first: Any = _told(session)
    first.response["Error"]["Message"] = "changed"
    if hasattr(first, "add_note"):
        first.add_note("noted by the first")
    first.__traceback__ = None
    second: Any = _told(session)
    assert second.response["Error"]["Message"] == "no"
    assert not hasattr(second, "__notes__")


def test_a_tangle_of_attributes_is_copied_as_it_is(
    session_of: Callable[..., RefreshableSession],
) -> None:
    tangle: dict[str, Any] = {"list": [1]}
    tangle["itself"] = tangle["again"] = tangle["more"] = tangle
    tangle["list"].append(tangle["list"])
    raised = ValueError(tangle["list"])
    vars(raised)["tangle"] = tangle
    told: Any = _told(session_of(raised))
    assert told.tangle is not tangle
    assert told.tangle["itself"] is told.tangle
    assert told.tangle["list"] is told.args[0] or told.tangle["list"][1] is told.tangle["list"]


@dataclasses.dataclass(frozen=True)
class _Frozen(Exception):
    reason: str


class _Guarded(Exception):
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"read-only: {name}")


@pytest.mark.parametrize("raised", [_Frozen("sealed"), _Guarded("sealed")])
def test_a_class_that_lets_nobody_write_is_told_as_it_is(
    session_of: Callable[..., RefreshableSession], raised: Exception
) -> None:
    told = _told(session_of(raised))
    assert type(told) is type(raised)
    assert told.__cause__ is raised
    assert getattr(told, "reason", "sealed") == "sealed"


def test_no_constructor_of_the_sources_error_runs_again(
    session_of: Callable[..., RefreshableSession],
) -> None:
    raised = _Strict("a", "b")
    session, made = session_of(raised), _Strict.made
    _told(session)
    assert _Strict.made == made


class _Big:
    pass


def test_nothing_of_a_caller_is_kept_or_shown_to_another(
    session_of: Callable[..., RefreshableSession],
) -> None:
    session = session_of(_refused())

    def first() -> weakref.ref[_Big]:
        big = _Big()
        try:
            raise ValueError("the first caller's own affair")
        except ValueError:
            try:
                session.credentials  # noqa: B018
            except Exception:
                return weakref.ref(big)
        raise AssertionError("nothing was raised")

    reference = first()
    gc.collect()
    assert reference() is None
    error = _told(session)
    text = "".join(traceback.format_exception(error))
    assert error.__context__ is None
    assert "in first" not in text
    assert "own affair" not in text


def test_callers_of_one_flight_share_no_error() -> None:
    asked, answer = threading.Semaphore(0), threading.Event()

    def fetch() -> dict[str, Any]:
        assert answer.wait(60)
        raise _refused()

    told: list[BaseException] = []

    def caller() -> None:
        asked.release()
        try:
            session.credentials  # noqa: B018
        except Exception as error:
            told.append(error)

    session = RefreshableSession(
        method="custom", custom_credentials_method=fetch, region_name="us-east-1"
    )
    threads = [threading.Thread(target=caller) for _ in range(20)]
    for thread in threads:
        thread.start()
    for _ in threads:
        asked.acquire()
    answer.set()
    for thread in threads:
        thread.join(60)
    session.close()
    assert len({id(error) for error in told}) == len(threads)
    assert len({id(error.__traceback__) for error in told}) == len(threads)


class _Unreadable(Exception):
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise SystemExit(f"{name} cannot be read")

    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


class _UnreadablePart(Exception):
    @property
    def response(self) -> None:
        raise KeyError("response")


class _UnreadableService(botocore.exceptions.ClientError):  # type: ignore[misc]
    def __init__(self) -> None:
        self.response = types.MappingProxyType({"Error": _Unreadable()})


@pytest.mark.parametrize("kind", [_Unreadable, _UnreadablePart, _UnreadableService])
def test_an_error_that_cannot_be_read_is_reported_at_once(
    session_of: Callable[..., RefreshableSession], kind: Callable[[], Exception]
) -> None:
    """Caller A asks; the source raises what cannot be read; A is told, and B after him."""
    session = session_of(kind())
    for _ in "AB":
        told = _told(session)
        # The details of its own are None where the error itself could be copied.
        assert "refresh_timeout" not in str(getattr(told, "message", ""))
