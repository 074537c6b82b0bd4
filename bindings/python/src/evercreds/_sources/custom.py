"""Gets credentials from a function of the user's."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from evercreds._errors.frames import calls_user_code
from evercreds._host.said import Said
from evercreds._host.source import Failure, FrozenCredentials, Reply
from evercreds._library import abi_generated as abi
from evercreds._library import rules
from evercreds._sources import replies
from evercreds._sources.said import said_of

__all__ = ["NEVER_EXPIRES", "CustomSource"]

NEVER_EXPIRES = "never"
"""The ``expiry_time`` of credentials that have none."""

_TEXTS = ("access_key", "secret_key", "token")
_FIELDS = (*_TEXTS, "expiry_time")
_PARAM = "custom_credentials_method"


class CustomSource:
    """Calls the function at each refresh, in a thread of the refresh's own.

    Args:
        method: The function.
        arguments: Its keyword arguments.
        name: What errors call it.
    """

    runs_user_code = True
    is_for_role = False
    sends_codes = False
    method: int = abi.Method.CUSTOM

    def __init__(
        self, method: Callable[..., Any], arguments: Mapping[str, Any], name: str = _PARAM
    ) -> None:
        self._method = method
        self._arguments = arguments
        self._name = name
        self._names = None, _name_of(method)

    @property
    def names(self) -> tuple[object, object]:
        """None of the session, and that of the function."""
        return self._names

    def after_fork(self) -> None:
        """Do nothing: what the function keeps is its own."""

    def asks_who_calls(self, principal: str | None) -> bool:
        """Tell whether AWS is asked who calls before a store is: for AssumeRole alone."""
        return False

    def share_with(self, group: Any) -> None:
        """Do nothing for a group: what counts is the user's word for the credentials."""

    @calls_user_code
    def fetch(self) -> Reply:
        """Call the function once."""
        given = self._method(**self._arguments)
        if inspect.isawaitable(given):
            import asyncio  # here: it takes a tenth of the time of importing boto3

            given = asyncio.run(_finished(given))
        try:
            return _reply_of(given)
        except _Malformed as error:
            problem = replies.malformed(
                f"{self._name} {error.problem}",
                param=error.param or self._name,
                details=error.details,
            )
        except Exception as error:
            # A mapping, a datetime or a time zone of the user's own may fail in any way.
            problem = replies.malformed(
                f"{self._name} returned a reply that cannot be read ({type(error).__name__})",
                param=self._name,
            )
        raise problem  # out here, so that what the reply raised is not its context

    def classify(self, error: Exception) -> Failure:
        """Sort what ``fetch`` raised."""
        return replies.classify(self.method, error)

    def said(self, error: BaseException) -> Said:
        """Tell what is known of what ``fetch`` raised."""
        return said_of(self.method, error)


class _Malformed(Exception):
    """What is wrong with a reply, in words that follow the name of the function."""

    def __init__(
        self, problem: str, *, param: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.param = param
        self.details = details


@calls_user_code
async def _finished(given: Awaitable[Any]) -> Any:
    return await given


def _name_of(method: object) -> object:
    """Name a function. What is called like one may be of a class that raises where it is read."""
    try:
        return getattr(method, "__qualname__", None) or type(method).__qualname__
    except Exception:
        return None


def _reply_of(given: object) -> Reply:
    if not isinstance(given, Mapping):
        raise _Malformed(
            f"must return a dict with {', '.join(_FIELDS)}, not a {type(given).__name__}"
        )
    missing = sorted(name for name in _FIELDS if name not in given)
    if missing:
        raise _Malformed(f"must return {', '.join(missing)} too", details={"missing": missing})
    texts = [given[name] for name in _TEXTS]  # each is read once
    for name, text in zip(_TEXTS, texts, strict=True):
        if not replies.is_key(text):
            raise _Malformed(
                f"must return {name} as a non-empty string of ASCII characters, "
                "without blanks or line ends",
                param=name,
            )
    account_id = given.get("account_id")
    if account_id is not None and account_id != "" and not replies.is_account_id(account_id):
        raise _Malformed("must return 12 digits as account_id, if any", param="account_id")
    expiry_ms = _expiry_ms(given["expiry_time"])
    access_key, secret_key, token = texts
    frozen = FrozenCredentials(access_key, secret_key, token, account_id or None)
    return Reply(frozen, expiry_ms)


def _expiry_ms(given: object) -> int:
    if isinstance(given, str) and given == NEVER_EXPIRES:
        return abi.NEVER
    if isinstance(given, datetime.datetime):
        result = rules.expiry_from_datetime(given)
    elif isinstance(given, str):
        result = rules.expiry_from_text(given)
    else:
        raise _Malformed(
            "must return an ISO 8601 text or a datetime with an offset as expiry_time, not "
            f"{type(given).__name__}",
            param="expiry_time",
        )
    if result < 0:
        raise _Malformed(f"expiry_time: {rules.expiry_problem(result)}", param="expiry_time")
    return result
