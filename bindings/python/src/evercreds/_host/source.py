"""What passes between a session and the source of its credentials."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any, NamedTuple, Protocol

from botocore.credentials import ReadOnlyCredentials

from evercreds._host.said import Said
from evercreds._library import abi_generated as abi

__all__ = ["CredentialSet", "Failure", "FrozenCredentials", "Reply", "Source", "fingerprint_of"]


_LAST_MS = 253_402_300_799_999  # a datetime shows no later instant
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class FrozenCredentials(ReadOnlyCredentials):  # type: ignore[misc]
    """The credentials that a request is signed with, all from one reply."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(access_key=..., secret_key=..., token=..., account_id=...)"


class CredentialSet:
    """Credentials, when they expire, and the machine's name for them.

    Args:
        frozen: The credentials.
        source_expiry_ms: Their end, as their source wrote it.
        source_identity: What their source said of who asked for them.
    """

    __slots__ = (
        *("_expiry_ms", "expiry", "fingerprint", "frozen", "source_expiry_ms"),
        "source_identity",
    )

    def __init__(
        self,
        frozen: FrozenCredentials,
        source_expiry_ms: int = abi.NEVER,
        source_identity: str = "",
    ) -> None:
        self.source_expiry_ms: int = source_expiry_ms
        self.source_identity: str = source_identity
        self.frozen: FrozenCredentials = frozen
        self.fingerprint: int = fingerprint_of(str(frozen.access_key), str(frozen.token))
        self.expiry: datetime.datetime | None = None
        """The end on the local wall clock; ``None``: they never expire, or that is not known."""
        self._expiry_ms = abi.NEVER

    def with_expiry(self, expiry_ms: int) -> CredentialSet:
        """Give this set with another end: what one caller has got does not change."""
        if expiry_ms == self._expiry_ms:
            return self
        given = CredentialSet(self.frozen, self.source_expiry_ms, self.source_identity)
        if expiry_ms < abi.NEVER:
            given.expiry = _EPOCH + datetime.timedelta(milliseconds=min(expiry_ms, _LAST_MS))
        given._expiry_ms = expiry_ms
        return given


def fingerprint_of(access_key: str, token: str) -> int:
    """Name a set as the machine does, which is told neither."""
    named = f"{access_key}\0{token}".encode()
    return int.from_bytes(hashlib.sha256(named).digest()[:8], "big")


class Reply(NamedTuple):
    """Credentials, and what the machine is to know of them. All numbers are milliseconds."""

    frozen: FrozenCredentials
    expiry_ms: int  # by the clock of the source
    duration_ms: int = 0  # the lifetime that was asked for; 0: not known
    server_time_ms: int = 0  # the latest instant that the reply's Date can mean; 0: it had none
    source_identity: str = ""  # as AssumeRole's reply has it


class Failure(NamedTuple):
    """How an attempt failed, as the machine needs to know it."""

    error_class: int = abi.ErrorClass.RECOVERABLE
    reason: int = abi.Code.SOURCE
    retry_after_ms: int = 0


class Source(Protocol):
    """Where a session's credentials come from. It is called from any thread."""

    runs_user_code: bool
    """Whether an attempt calls functions of the user, who may use this very session in them."""

    method: int
    """abi.Method: by whose rules errors are read and worded."""

    is_for_role: bool
    """Whether the credentials are known to be a role's. They may be, where this is False."""

    @property
    def sends_codes(self) -> bool:
        """Whether an attempt may send a one-time code."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[object, object]:
        """The names of the session and of its role; what cannot be shown is left out."""
        raise NotImplementedError

    def fetch(self) -> Reply:
        """Get one set. Raises whatever went wrong."""
        raise NotImplementedError

    def classify(self, error: Exception) -> Failure:
        """Sort what ``fetch`` raised."""
        raise NotImplementedError

    def said(self, error: BaseException) -> Said:
        """Tell what is known of what ``fetch`` raised."""
        raise NotImplementedError

    def share_with(self, group: Any) -> None:
        """Have one-time codes, if any are sent, marked where the session meets others."""
        raise NotImplementedError

    def after_fork(self) -> None:
        """Give up connections that are shared with the parent process."""
