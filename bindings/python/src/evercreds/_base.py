"""The base credentials: those that a session gets its own with."""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    ReadOnlyCredentials,
    RefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError

from evercreds._source import FrozenCredentials

__all__ = ["BaseCredentials", "provide"]

# What botocore's providers of static credentials call themselves. Such credentials may have
# changed at their place since they were read.
_READ_AGAIN = frozenset(
    {"env", "shared-credentials-file", "config-file", "boto-config", "custom-process"}
)


class BaseCredentials(Credentials):  # type: ignore[misc]
    """The credentials of a botocore session, looked up anew for each refresh.

    Args:
        session: How clients that sign with them are to be set up.
        credentials_of: The botocore session that has them. Default: the same.
    """

    def __init__(
        self,
        session: botocore.session.Session,
        credentials_of: botocore.session.Session | None = None,
    ) -> None:
        self.method = "evercreds-base"
        self.session = session
        self._credentials_of = session if credentials_of is None else credentials_of
        self._current: Credentials | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def find(self) -> Credentials | None:
        """Look the credentials up, without a trace in the botocore session."""
        held = getattr(self._credentials_of, "_credentials", None)
        if held is not None and not self._is_stale(held):
            return held
        return self._credentials_of.get_component("credential_provider").load_credentials()

    @staticmethod
    def _is_stale(held: Credentials) -> bool:
        live = isinstance(held, RefreshableCredentials)
        return not live and getattr(held, "method", None) in _READ_AGAIN

    def renew(self) -> None:
        """Look the credentials up for the refresh that begins.

        Raises:
            NoCredentialsError: There are none.
        """
        self._current = self.find()
        if self._current is None:
            raise NoCredentialsError

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Give what the last ``renew`` found, refreshed if it refreshes itself."""
        if self._current is None:
            self.renew()
        assert self._current is not None
        return FrozenCredentials(*self._current.get_frozen_credentials())

    @property
    def access_key(self) -> str:
        """The access key id."""
        return self.get_frozen_credentials().access_key

    @property
    def secret_key(self) -> str:
        """The secret access key."""
        return self.get_frozen_credentials().secret_key

    @property
    def token(self) -> str | None:
        """The session token."""
        return self.get_frozen_credentials().token

    @property
    def account_id(self) -> str | None:
        """The account, where it is known."""
        return self.get_frozen_credentials().account_id


class _Provider(CredentialProvider):  # type: ignore[misc]
    METHOD = "evercreds"
    CANONICAL_NAME = "evercreds"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


def provide(session: botocore.session.Session, credentials: Any) -> None:
    """Have every client of a botocore session sign with these credentials."""
    resolver = CredentialResolver([_Provider(credentials)])
    session.register_component("credential_provider", resolver)
