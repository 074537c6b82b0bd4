"""Private keys in hardware: the ``pkcs11`` argument."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evercreds.errors import EvercredsConfigurationError, EvercredsValidationError
from evercreds.methods.iot._files import existing_file

__all__ = ["Token", "token"]

_PARAM = "pkcs11"
_LARGEST_SLOT = 2**32 - 1  # what an unsigned long holds everywhere


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Token:
    """Where a private key is, and what opens it."""

    library: Path
    user_pin: str | None
    slot_id: int | None
    token_label: str | None
    private_key_label: str | None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def place(self) -> tuple[object, ...]:
        """Which token it is, as far as that was told."""
        return self.library, self.slot_id, self.token_label

    @property
    def name(self) -> str:
        """What errors call it."""
        named = "" if self.token_label is None else f" {self.token_label!r}"
        in_slot = "" if self.slot_id is None else f" in slot {self.slot_id}"
        return f"the token{named}{in_slot}"


def token(given: object) -> Token:
    """Check the ``pkcs11`` argument. It is not written to, and not kept.

    Raises:
        EvercredsConfigurationError: It names no library.
        EvercredsValidationError: It is no dict, has an unknown key, or a value in it is of the
            wrong type or names no file. No value is repeated: the PIN is among them.
    """
    if not isinstance(given, Mapping):
        raise _refused(f"must be a dict, got {type(given).__name__}")
    values: dict[str, Any] = {}
    for key in given:
        if key not in _CHECKS:
            name = repr(key) if isinstance(key, str) and key.isidentifier() else "another"
            raise _refused(f"must have only the keys {', '.join(_CHECKS)}, got {name}")
        values[key] = given[key]
    if values.get("pkcs11_lib") is None:
        raise EvercredsConfigurationError(
            "pkcs11 needs pkcs11_lib: the path of the PKCS#11 library", param=_PARAM
        )
    for key, (fits, wanted) in _CHECKS.items():
        value = values.get(key)
        if value is not None and not fits(value):
            # What was given may be the PIN, whatever its type and its place.
            raise _refused(f"must have {wanted} as {key}, got {type(value).__name__}")
    return Token(_library_file(values["pkcs11_lib"]), *(values.get(key) for key in _OTHERS))


def _is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike)) and isinstance(os.fspath(value), str)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and "\0" not in value


def _is_slot(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_SLOT


_CHECKS = {
    "pkcs11_lib": (_is_path, "a path"),
    "user_pin": (_is_text, "a non-empty string"),
    "slot_id": (_is_slot, "a whole number from 0"),
    "token_label": (_is_text, "a non-empty string"),
    "private_key_label": (_is_text, "a non-empty string"),
}
_OTHERS = tuple(_CHECKS)[1:]


def _library_file(given: str | os.PathLike[str]) -> Path:
    path = existing_file(given)
    if path is None:
        raise _refused("must have the path of a file as pkcs11_lib: there is no such file")
    return path.resolve()


def _refused(problem: str) -> EvercredsValidationError:
    return EvercredsValidationError(f"pkcs11 {problem}", param=_PARAM)
