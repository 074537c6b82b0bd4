"""Private keys in hardware: the ``pkcs11`` argument, and the libraries that it names."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evercreds._fork import forget_in_child
from evercreds._immortal import keep_for_ever
from evercreds.errors import EvercredsConfigurationError, EvercredsValidationError
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._files import existing_file

__all__ = ["Token", "loaded_library", "token"]

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
            raise _refused(f"can have the keys {', '.join(_CHECKS)}, got {name}")
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
    "user_pin": (_is_text, "a string that is not empty"),
    "slot_id": (_is_slot, "a whole number from 0"),
    "token_label": (_is_text, "a string that is not empty"),
    "private_key_label": (_is_text, "a string that is not empty"),
}
_OTHERS = tuple(_CHECKS)[1:]


def _library_file(given: str | os.PathLike[str]) -> Path:
    path = existing_file(given)
    if path is None:
        raise _refused("must have the path of a file as pkcs11_lib: there is no such file")
    return path.resolve()


def _refused(problem: str) -> EvercredsValidationError:
    return EvercredsValidationError(f"pkcs11 {problem}", param=_PARAM)


class _Libraries:
    """The PKCS#11 libraries that are loaded, one of each in a process: two would share a state."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: dict[Path, Any] = {}
        forget_in_child(self)

    def after_fork(self) -> None:
        """Begin anew: PKCS#11 has each process initialize a library for itself."""
        keep_for_ever(self._loaded)
        self._lock, self._loaded = threading.Lock(), {}

    def get(self, path: Path) -> Any:
        """Give the awscrt handle of a library, loaded where that is yet to be done."""
        from awscrt.io import Pkcs11Lib

        with self._lock:
            if path not in self._loaded:
                # Not strict: other code of this process may use the same library.
                self._loaded[path] = Pkcs11Lib(file=str(path))
            return self._loaded[path]


_libraries = _Libraries()


def loaded_library(path: Path) -> Any:
    """Give the one ``awscrt.io.Pkcs11Lib`` of this process for a library.

    Raises:
        EvercredsConfigurationError: It cannot be loaded.
    """
    try:
        return _libraries.get(path)
    except ImportError:
        raise
    except Exception as error:
        raise EvercredsConfigurationError(
            f"pkcs11: the library of pkcs11_lib cannot be loaded ({error_name(error)})",
            param=_PARAM,
        ) from None
