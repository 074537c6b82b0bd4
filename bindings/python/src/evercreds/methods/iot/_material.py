"""Certificates and keys in PEM form: given as bytes, or as files that may be replaced."""

from __future__ import annotations

import os
import re
from pathlib import Path

from evercreds._options import given_as
from evercreds.errors import EvercredsValidationError

__all__ = ["Material", "certificates", "private_key"]

_BEGIN = b"-----BEGIN "
_CERTIFICATE = re.compile(
    rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----\s.*?-----END \1-----", re.DOTALL
)
_KEY = re.compile(rb"-----BEGIN ((?:[A-Z0-9]+ )?PRIVATE KEY)-----\s.*?-----END \1-----", re.DOTALL)
_ENCRYPTED = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4,ENCRYPTED", re.M)
_LARGEST = 1 << 20  # a bundle of all the authorities there are has a quarter of this


class Material:
    """PEM text, or the file that holds it.

    Args:
        given: The text as bytes, or the path of a file as a string (``~`` is the home directory).
        param: The parameter that it was given for, to be named in errors.
        holds: What has to be in it: ``"a certificate"`` or ``"a private key"``.

    Raises:
        EvercredsValidationError: It is of the wrong type, the file cannot be read, or the text is
            not what it has to be. What was given is not repeated: it may be a key.
    """

    def __init__(self, given: object, param: str, holds: str) -> None:
        self.param = param
        self._holds = holds
        self._path: Path | None = None
        self._text = b""
        if isinstance(given, bytes):
            self._text = given
        elif isinstance(given, (str, os.PathLike)):
            self._path = self._checked_path(given)
        else:
            raise self._refused(
                f"must be PEM bytes or the path of a file, got {given_as(given)}",
                value=type(given).__name__,
            )
        self.read()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.param}>"

    @property
    def may_change(self) -> bool:
        """Whether it is a file, which may be replaced at any time."""
        return self._path is not None

    def read(self) -> bytes:
        """Give the text: what the file holds now, where it is a file.

        Raises:
            EvercredsValidationError: The file cannot be read, or its text is not what it has to
                be. That may pass by itself, as when the file is being replaced.
        """
        if self._path is None:
            text = self._text
        else:
            try:
                with self._path.open("rb") as file:
                    text = file.read(_LARGEST + 1)
            except OSError as error:
                # Its own text has the path in it, and that may be something else by mistake.
                raise self._refused(f"must be a file that can be read: {_reason(error)}") from None
        problem = _problem(text, self._holds)
        if problem:
            raise self._refused(problem)
        return text

    def _checked_path(self, given: str | os.PathLike[str]) -> Path:
        text = os.fspath(given)
        if not isinstance(text, str) or not text:
            raise self._refused("must be PEM bytes or the path of a file, got no path")
        if _BEGIN.decode() in text:
            raise self._refused(
                "must be the path of a file where it is a string: PEM text is given as bytes"
            )
        try:
            path = Path(text).expanduser()
            is_file = path.is_file()
        except (OSError, RuntimeError, ValueError):  # too long, no home, a null character
            is_file = False
        if not is_file:
            raise self._refused("must be PEM bytes or the path of a file: there is no such file")
        return path

    def _refused(self, problem: str, value: str | None = None) -> EvercredsValidationError:
        return EvercredsValidationError(f"{self.param} {problem}", param=self.param, value=value)


def certificates(given: object, param: str) -> Material:
    """Check one or more certificates; see :class:`Material`."""
    return Material(given, param, "a certificate")


def private_key(given: object, param: str = "private_key") -> Material:
    """Check a private key; see :class:`Material`."""
    return Material(given, param, "a private key")


def _problem(text: bytes, holds: str) -> str | None:
    """Say why this is not what it has to be, without a word of it."""
    if len(text) > _LARGEST:
        return f"must be PEM text of at most {_LARGEST} bytes"
    if holds == "a private key":
        if _ENCRYPTED.search(text):
            return "must be a private key that is not encrypted"
        found = _KEY.search(text)
    else:
        found = _CERTIFICATE.search(text)
    return None if found else f"must hold {holds} in PEM form, whole"


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__
