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

from evercreds._boto3.fields import FieldsOfFrozen
from evercreds._boto3.metadata import metadata_service_fails
from evercreds._host.source import FrozenCredentials

__all__ = ["BaseCredentials", "provide", "provided_by"]

# What botocore's providers of static credentials call themselves. Such credentials may have
# changed at their place since they were read.
_READ_AGAIN = frozenset(
    {"env", "shared-credentials-file", "config-file", "boto-config", "custom-process"}
)

_PROVIDED = "_evercreds_credentials"


class BaseCredentials(FieldsOfFrozen, Credentials):  # type: ignore[misc]
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
        self.have_signed: bool = False
        """Whether there ever were any. What was there once may be there again."""
        self.may_come: bool = False
        """Whether the last ``renew`` found none, but a metadata service that fails."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def are_of_role(self) -> bool:
        """Whether they are known, without a look at them, to be a role's."""
        return False

    def find(self) -> Credentials | None:
        """Look the credentials up, without a trace in the botocore session."""
        held: Credentials | None = getattr(self._credentials_of, "_credentials", None)
        if held is None or self._is_stale(held):
            held = self._credentials_of.get_component("credential_provider").load_credentials()
        return held

    @staticmethod
    def _is_stale(held: Credentials) -> bool:
        live = isinstance(held, RefreshableCredentials)
        return not live and getattr(held, "method", None) in _READ_AGAIN

    def renew(self) -> Credentials:
        """Look the credentials up for the refresh that begins.

        Raises:
            NoCredentialsError: There are none.
        """
        self.may_come = False
        found = self._current = self.find()
        if found is None:
            self.may_come = not self.have_signed and metadata_service_fails(self._credentials_of)
            raise NoCredentialsError
        return found

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Give what the last ``renew`` found, refreshed if it refreshes itself."""
        current = self._current
        if current is None:
            current = self.renew()
        frozen = FrozenCredentials(*current.get_frozen_credentials())
        self.have_signed = True
        return frozen


class _Provider(CredentialProvider):  # type: ignore[misc]
    METHOD = "evercreds"
    CANONICAL_NAME = "evercreds"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Any:
        return self._credentials


def provide(session: botocore.session.Session, credentials: Any) -> None:
    """Have every client of a botocore session sign with these credentials."""
    resolver = CredentialResolver([_Provider(credentials)])
    session.register_component("credential_provider", resolver)
    setattr(session, _PROVIDED, credentials)


def provided_by(session: botocore.session.Session) -> Any:
    """Give the credentials that a botocore session has got here, or was set; ``None`` if none.

    Nothing is looked up for that.
    """
    held = getattr(session, "_credentials", None)
    return getattr(session, _PROVIDED, None) if held is None else held
