"""Certificates and keys in PEM form: given as bytes, or as files that may be replaced."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from evercreds._library.options import given_as
from evercreds.errors import EvercredsValidationError
from evercreds.methods.iot._files import existing_file

__all__ = ["Material", "certificates", "private_key"]

_BEGIN, _END = b"-----BEGIN ", b"-----END "
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
        taken_from: Takes what is wanted out of a text, or raises a ValueError that says what is
            wrong, without a word of the text.

    Raises:
        EvercredsValidationError: It is of the wrong type, the file cannot be read, or the text is
            not what it has to be. What was given is not repeated: it may be a key.
    """

    def __init__(self, given: object, param: str, taken_from: Callable[[bytes], bytes]) -> None:
        self.param = param
        self._taken_from = taken_from
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
        """Give the certificates or the key, without what else there is in the text.

        Where it is a file, that is what the file holds now.

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
        try:
            return self._taken_from(text)
        except ValueError as problem:
            raise self._refused(str(problem)) from None

    def _checked_path(self, given: str | os.PathLike[str]) -> Path:
        text = os.fspath(given)
        if not isinstance(text, str) or not text:
            raise self._refused("must be PEM bytes or the path of a file, got no path")
        if _BEGIN.decode() in text:
            raise self._refused(
                "must be the path of a file if it is a string; pass PEM text as bytes"
            )
        path = existing_file(text)
        if path is None:
            raise self._refused("must be PEM bytes or the path of a file: there is no such file")
        return path

    def _refused(self, problem: str, value: str | None = None) -> EvercredsValidationError:
        return EvercredsValidationError(f"{self.param} {problem}", param=self.param, value=value)


def certificates(given: object, param: str) -> Material:
    """Check one or more certificates; see :class:`Material`."""
    return Material(given, param, _certificates_of)


def private_key(given: object, param: str = "private_key") -> Material:
    """Check a private key; see :class:`Material`."""
    return Material(given, param, _key_of)


def _certificates_of(text: bytes) -> bytes:
    return b"".join(_blocks(_CERTIFICATE, text, "a certificate"))


def _key_of(text: bytes) -> bytes:
    key = _blocks(_KEY, text, "a private key")[0]
    if _ENCRYPTED.search(key):
        raise ValueError("must be a private key that is not encrypted")
    return key


def _blocks(form: re.Pattern[bytes], text: bytes, wanted: str) -> list[bytes]:
    """Take what is of one kind out of a text: awscrt refuses one that has both kinds."""
    if len(text) > _LARGEST:
        raise ValueError(f"must be PEM text of at most {_LARGEST} bytes")
    blocks = [found.group() + b"\n" for found in form.finditer(text)]
    if not blocks or text.count(_BEGIN) != text.count(_END):
        raise ValueError(f"must hold {wanted} as complete PEM text")
    return blocks


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__
