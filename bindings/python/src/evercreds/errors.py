"""The errors and the warning of evercreds.

Every error is an :class:`EvercredsError`. The names that begin with ``BRS`` are aliases, for
programs that were written for boto3-refresh-session. No error carries a secret: an error shows a
value only if the value cannot be one.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any

__all__ = [
    "BRSConfigurationError",
    "BRSConnectionError",
    "BRSCredentialError",
    "BRSError",
    "BRSRequestError",
    "BRSValidationError",
    "BRSWarning",
    "EvercredsConfigurationError",
    "EvercredsConnectionError",
    "EvercredsCredentialError",
    "EvercredsError",
    "EvercredsLibraryError",
    "EvercredsRequestError",
    "EvercredsValidationError",
    "EvercredsWarning",
]

_PACKAGE = os.path.join(os.path.dirname(__file__), "")


class EvercredsError(Exception):
    """The base class of all errors of this package.

    Args:
        message: What went wrong, in words.
        code: A short name of the reason, or a service's error code.
        status_code: The HTTP status of a reply.
        details: More facts, by name.
        param: The parameter at fault.
        value: What was given for it.

    Each argument is an attribute of the same name; ``None``: not given.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        status_code: int | None = None,
        details: Mapping[str, Any] | None = None,
        param: str | None = None,
        value: Any = None,
    ) -> None:
        super().__init__("" if message is None else message)
        self.message = message
        self.code = code
        self.status_code = status_code
        self.details = details
        self.param = param
        self.value = value

    def _given(self) -> str:
        names = ("code", "status_code", "param", "value", "details")
        given = ((name, getattr(self, name)) for name in names)
        return ", ".join(f"{name}={value!r}" for name, value in given if value is not None)

    def __str__(self) -> str:
        given = self._given()
        if not self.message:
            return given
        return f"{self.message} ({given})" if given else self.message

    def __repr__(self) -> str:
        parts = [] if self.message is None else [repr(self.message)]
        if given := self._given():
            parts.append(given)
        return f"{type(self).__name__}({', '.join(parts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own would pass the message alone, and lose the rest.
        return type(self), (self.message,), self.__dict__


class EvercredsValidationError(EvercredsError):
    """An argument has the wrong type or is out of range; ``param`` names it."""


class EvercredsConfigurationError(EvercredsError):
    """Valid arguments exclude each other, or the environment lacks something."""


class EvercredsCredentialError(EvercredsError):
    """There are no usable credentials; ``code`` says why."""


class EvercredsConnectionError(EvercredsError):
    """The source of the credentials could not be reached."""


class EvercredsRequestError(EvercredsError):
    """The source of the credentials refused; ``status_code`` and ``details`` say how."""


class EvercredsLibraryError(EvercredsError):
    """The core's library is missing, does not fit this system, or has failed."""


class EvercredsWarning(UserWarning):
    """An argument was corrected or ignored, and the call goes on."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @classmethod
    def warn(cls, message: str, stacklevel: int = 2) -> None:
        """Issue the warning; ``stacklevel`` 1 points to the caller of this method."""
        warnings.warn(cls(message), stacklevel=stacklevel + 1)


def users_level() -> int:
    """Return the level for ``warn`` that points to the user's line."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level


BRSError = EvercredsError
BRSValidationError = EvercredsValidationError
BRSConfigurationError = EvercredsConfigurationError
BRSCredentialError = EvercredsCredentialError
BRSConnectionError = EvercredsConnectionError
BRSRequestError = EvercredsRequestError
BRSWarning = EvercredsWarning
