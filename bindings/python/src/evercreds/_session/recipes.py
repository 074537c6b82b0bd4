"""How another process makes a session like one: its class and arguments, without any keys."""

from __future__ import annotations

import inspect
import pickle
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from evercreds._boto3.arguments import KEYS

__all__ = ["Recipe"]

_OF_KEYS = (*KEYS, "botocore_session")
_SECRETS_WITHIN = {
    "assume_role_kwargs": ("TokenCode",),
    "sts_client_kwargs": KEYS,
    "pkcs11": ("user_pin",),
    "mfa_token_provider_kwargs": ("input", "env"),
}
# These pickle functions that pickle itself does not. joblib, PySpark and Ray have copies in rooms
# of their own, as `joblib.externals.cloudpickle`.
_OTHER_PICKLERS = frozenset(("cloudpickle", "dill"))


class Recipe:
    """What a session was made with.

    Args:
        kind: Its class.
        args: Positional arguments of the class.
        kwargs: The others.
        keys: What the session has for base credentials, which a class of the user's may have
            made of an argument of any name.
    """

    def __init__(
        self,
        kind: type[Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        keys: tuple[str, ...] = (),
    ) -> None:
        self._kind = kind
        # Where there are keys, nothing is kept: no session has them for its recipe.
        given = self._named(args, kwargs)
        self._secret = _secret_in(given) or (_holder_of(keys, given) if keys else None)
        self._args, self._kwargs = (args, dict(kwargs)) if self._secret is None else ((), {})

    def _named(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        # A signature takes a tenth of the time in which a session is made: seldom is it needed.
        names = inspect.signature(self._kind).parameters if args else ()
        return {**dict(zip(names, args, strict=False)), **kwargs}

    def reduced(self) -> tuple[Any, ...]:
        """Give what ``pickle`` wants of the session.

        Raises:
            TypeError: An argument is or holds a key, or cannot be pickled; the text names it.
        """
        given = self._named(self._args, self._kwargs)
        secret = self._secret or _secret_in(given)  # the user's dict may have got one since
        if secret is not None:
            raise _refused(secret, "it is or holds a secret, which no pickle may have in it")
        may_take = _other_at_work()
        for name, value in given.items():
            if not may_take(value):
                _check(name, value)
        return _remade, (self._kind, self._args, self._kwargs)


def _remade(kind: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return kind(*args, **kwargs)


def _secret_in(given: Mapping[str, Any]) -> str | None:
    """Name the argument that is or holds a secret, if one does."""
    for name, value in given.items():
        if value is not None and name in _OF_KEYS:
            return name
        if name == "private_key" and isinstance(value, (bytes, bytearray)):
            return name
        if name in ("share_key", "share_name_key") and not callable(value) and value is not None:
            return name
        for within in _SECRETS_WITHIN.get(name, ()):
            if isinstance(value, Mapping) and value.get(within) is not None:
                return f"{within} of {name}"
    return None


def _holder_of(keys: tuple[str, ...], given: Mapping[str, Any]) -> str | None:
    """Name the argument that has one of these keys in it, or of which that cannot be known."""
    for name, value in given.items():
        try:
            pickled = pickle.dumps(value)
        except Exception:
            return name
        if any(key.encode() in pickled for key in keys):
            return name
    return None


def _check(name: str, value: Any) -> None:
    try:
        pickle.dumps(value)
    except Exception as error:
        # The text of the error may show the value.
        why = f"it cannot be pickled ({type(error).__name__})"
        if isinstance(error, TypeError) and isinstance(error.__cause__, _OfRecipe):
            raise
    else:
        return
    raise _refused(name, why)


class _OfRecipe(Exception):
    """Marks the errors of this module, which name the argument already."""


def _refused(name: str, why: str) -> TypeError:
    error = TypeError(
        f"this session cannot be pickled, because of its argument {name}: {why}. Make a session "
        "in each process that needs one: at module level, or in an initializer"
    )
    error.__cause__ = _OfRecipe()
    error.__suppress_context__ = True
    return error


def _other_at_work() -> Callable[[object], bool]:
    """Find out what may be taken by the pickler that asks, and not by pickle itself.

    It cannot be tried: when a process is started, each try hands another descriptor on.
    """
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not _OTHER_PICKLERS.isdisjoint(module.split(".")):
            return lambda _: True
        if module == "multiprocessing.reduction":  # queues and locks, but no closures
            return lambda value: not isinstance(value, FunctionType)
        frame = frame.f_back  # type: ignore[assignment]
    return lambda _: False
