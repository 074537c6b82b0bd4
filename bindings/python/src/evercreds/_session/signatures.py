"""What ``inspect.signature`` and ``help`` show of the classes of sessions."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from evercreds._library.options import DEFAULTS
from evercreds._session.methods import METHODS
from evercreds._session.shapes import SessionOptions

__all__ = ["signature_of", "signature_of_factory"]

_PACKAGE = __name__.partition(".")[0]
_KEYWORD = inspect.Parameter.KEYWORD_ONLY


class _Required:
    """Stands for a default where there is none, but for one method only."""

    def __init__(self, method: str) -> None:
        self._method = method

    def __repr__(self) -> str:
        return f"<required for {self._method!r}>"


def signature_of(kind: type[Any]) -> inspect.Signature:
    """Tell what a class of sessions is called with; a user's own as its constructor has it."""
    found = next(each for each in kind.__mro__ if "__init__" in vars(each))
    own = list(inspect.signature(vars(found)["__init__"]).parameters.values())[1:]
    if found.__module__.partition(".")[0] == _PACKAGE:
        own = [each for each in own if each.kind is not inspect.Parameter.VAR_KEYWORD]
        own = _without_doubles([*own, *_options()])
    return inspect.Signature(own)


def signature_of_factory() -> inspect.Signature:
    """Tell what the factory is called with: the options, and the parameters of each method."""
    method = inspect.Parameter(
        "method", inspect.Parameter.POSITIONAL_OR_KEYWORD, default="sts", annotation="str"
    )
    own = [
        each.replace(
            kind=_KEYWORD, default=_Required(name) if each.default is each.empty else each.default
        )
        for name, kind in METHODS.items()
        if kind.__module__.partition(".")[0] == _PACKAGE
        for each in signature_of(kind).parameters.values()
    ]
    return inspect.Signature(_without_doubles([method, *_options(), *own]))


def _options() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, _KEYWORD, default=DEFAULTS.get(name), annotation=_text(wanted))
        for name, wanted in SessionOptions.__annotations__.items()
    ]


def _text(annotation: Any) -> str:
    return str(getattr(annotation, "__forward_arg__", annotation))


def _without_doubles(parameters: Iterable[inspect.Parameter]) -> list[inspect.Parameter]:
    by_name: dict[str, inspect.Parameter] = {}
    for each in parameters:
        by_name.setdefault(each.name, each)
    return list(by_name.values())
