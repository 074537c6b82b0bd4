"""The PINs that tokens have refused: none is shown to its token twice by one process.

A token locks itself after a few wrong PINs, most of them for good. A program that has a wrong one
makes session after session with it, each of which tries again and again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evercreds._fork.children import forget_in_child
from evercreds.errors import EvercredsConfigurationError
from evercreds.methods.iot._pkcs11 import Token

__all__ = ["PIN_REFUSED", "is_pin_refusal", "one_login", "remember_refusal"]

#: The ``code`` of the error for a PIN that was refused.
PIN_REFUSED = "pin_refused"

_REFUSALS = (
    *("PIN_INCORRECT", "PIN_INVALID", "PIN_LEN_RANGE", "PIN_LOCKED", "PIN_EXPIRED"),
    "PIN_NOT_INITIALIZED",
)
_NEEDS_PIN = ("CKR_ARGUMENTS_BAD", "CKR_FUNCTION_NOT_SUPPORTED")  # of a login without one


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class _Try:
    """A PIN for a token, as a digest that tells nothing without this process's salt."""

    token: Token
    digest: bytes

    def may_be(self, other: _Try) -> bool:
        """Tell whether it is the same PIN, and may be the same token.

        One may be named by its slot, and be the same that was named by its label.
        """
        if self.token.library != other.token.library or self.digest != other.digest:
            return False
        slots = {self.token.slot_id, other.token.slot_id} - {None}
        labels = {self.token.token_label, other.token.token_label} - {None}
        return len(slots) < 2 and len(labels) < 2


class _Memory:
    def __init__(self) -> None:
        self._salt = os.urandom(32)
        # A child knows what its parent knew: the token is the same one.
        self._refused: list[tuple[_Try, str]] = []
        self._locks: dict[tuple[Path, bytes], threading.Lock] = {}
        forget_in_child(self)

    def after_fork(self) -> None:
        """Forget who is logging in: that goes on in the parent."""
        self._locks = {}

    def tried(self, token: Token) -> _Try:
        """Name token and PIN. No PIN is one too: it is not to be tried twice either."""
        pin = b"-" if token.user_pin is None else b"+" + token.user_pin.encode()
        return _Try(token, hashlib.sha256(self._salt + pin).digest())

    def lock(self, tried: _Try) -> threading.Lock:
        """Give the lock under which one thread at a time logs in with a PIN.

        The tokens of one library share it, since one may have several names; those of others may
        hang.
        """
        return self._locks.setdefault((tried.token.library, tried.digest), threading.Lock())

    def refusal(self, tried: _Try) -> str | None:
        """Give what awscrt called the refusal of this PIN, if it was refused."""
        return next((name for old, name in self._refused[:] if old.may_be(tried)), None)

    def remember(self, tried: _Try, name: str) -> None:
        """Note that a PIN was refused."""
        self._refused.append((tried, name))


_memory = _Memory()


@contextmanager
def one_login(token: Token) -> Iterator[None]:
    """Log in to a token, one thread at a time, if its PIN was not refused before.

    Raises:
        EvercredsConfigurationError: It was, by this token in this process.
    """
    tried = _memory.tried(token)
    with _memory.lock(tried):
        name = _memory.refusal(tried)
        if name is not None:
            raise _refusal(token, name)
        yield


def is_pin_refusal(token: Token, name: str) -> bool:
    """Tell whether an error of awscrt's, by its name, says that the token refuses the PIN."""
    return name.endswith(_REFUSALS) or (token.user_pin is None and name.endswith(_NEEDS_PIN))


def remember_refusal(token: Token, name: str) -> EvercredsConfigurationError:
    """Note that a PIN was refused; give the error that tells."""
    _memory.remember(_memory.tried(token), name)
    return _refusal(token, name)


def _refusal(token: Token, name: str) -> EvercredsConfigurationError:
    problem = "refused its user_pin"
    if token.user_pin is None:
        problem = "allows no login without user_pin, and none is given"
    return EvercredsConfigurationError(
        f"pkcs11: {token.name} {problem} ({name}); this process does not ask it again until "
        "it gets another user_pin",
        param="pkcs11",
        code=PIN_REFUSED,
    )
