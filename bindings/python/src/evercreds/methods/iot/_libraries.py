"""The PKCS#11 libraries that are loaded, and when they are begun anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from evercreds._fork.children import forget_in_child
from evercreds._library.immortal import keep_for_ever
from evercreds.errors import EvercredsConfigurationError
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._cryptoki import Cryptoki

__all__ = ["NOT_LOADED", "Library", "loaded_library"]

#: The ``code`` of the error for a library that cannot be loaded.
NOT_LOADED = "not_loaded"

# Where tokens of others are in use, the library is begun anew no more often: they log in again.
_OTHERS_PAUSE_S = 60.0


class Library:
    """A PKCS#11 library, one of each in a process: two would share a state.

    Most libraries find a token that was taken out and put back by themselves. One that was made
    anew they find when they are finalized and initialized. That makes all handles void, and must
    not happen while any thread is in the library: so who uses it says so.

    Safe for use by many threads.
    """

    def __init__(self, path: Path) -> None:
        from awscrt.io import Pkcs11Lib

        self._lock = threading.Lock()
        self._cryptoki = Cryptoki(path)
        # Where others have initialized it, they use it too: then it is not ours to finalize.
        self._is_ours = self._cryptoki.initialize()
        self._begun = time.monotonic()
        self._uses = 0
        self._places: set[Hashable] = set()  # of tokens that are in use
        self._known: set[Hashable] = set()
        self.generation = 0
        omit = Pkcs11Lib.InitializeFinalizeBehavior.OMIT
        self.handle: Any = Pkcs11Lib(file=str(path), behavior=omit)

    def enter(self) -> int:
        """Begin a use, which ``leave`` ends: none of what is made in it becomes void meanwhile.

        Returns:
            Which generation of handles is good now.
        """
        with self._lock:
            self._uses += 1
            return self.generation

    def leave(self) -> None:
        """End a use."""
        with self._lock:
            self._uses -= 1

    def serves(self, place: Hashable) -> None:
        """Note that the token at this place can be used."""
        with self._lock:
            self._places.add(place)
            self._known.add(place)

    def has_served(self, place: Hashable) -> bool:
        """Tell whether the token at this place could be used at any time."""
        return place in self._known

    def begin_anew(self, generation: int, place: Hashable) -> bool:
        """Have the library look for its tokens anew, for the sake of one.

        Args:
            generation: That in which the token was not found.
            place: The token's.

        Returns:
            Whether to look again is of use.
        """
        with self._lock:
            if self.generation != generation:
                return True  # another has done it
            others = self._places - {place}
            is_soon = time.monotonic() - self._begun < _OTHERS_PAUSE_S
            if not self._is_ours or self._uses or (others and is_soon):
                return False
            self._begun = time.monotonic()
            self._places.clear()
            self.generation += 1
            self._cryptoki.finalize()
            try:
                self._is_ours = self._cryptoki.initialize()
            except OSError:
                return False
            return True


class _Libraries:
    def __init__(self) -> None:
        # One for each: a library may hang as it is loaded.
        self._locks: dict[Path, threading.Lock] = {}
        self._loaded: dict[Path, Library] = {}
        forget_in_child(self)

    def after_fork(self) -> None:
        """Begin anew: PKCS#11 has each process initialize a library for itself."""
        keep_for_ever(self._loaded)
        self._locks, self._loaded = {}, {}

    def get(self, path: Path) -> Library:
        """Give a library, loaded where that is yet to be done."""
        with self._locks.setdefault(path, threading.Lock()):
            if path not in self._loaded:
                self._loaded[path] = Library(path)
            return self._loaded[path]


_libraries = _Libraries()


def loaded_library(path: Path) -> Library:
    """Give the one of this process for a library.

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
            param="pkcs11",
            code=NOT_LOADED,
        ) from None
