"""Base credentials that are those of another session: chained roles."""

from __future__ import annotations

from collections.abc import Callable

import botocore.session
from botocore.credentials import Credentials, ReadOnlyCredentials

from evercreds._boto3.base import BaseCredentials, provided_by
from evercreds._boto3.credentials import LeasedCredentials
from evercreds._boto3.sessions import derived_session
from evercreds.errors import EvercredsCredentialError

__all__ = ["ParentCredentials", "base_of", "credentials_of"]

# What the call must find valid that gets the child's credentials, its second try included.
_MIN_TTL_MS = 60_000


class ParentCredentials(BaseCredentials):
    """The credentials of a session, as the base of another's, which is its child.

    Args:
        session: How clients that sign with them are to be set up.
        parent: The credentials.
    """

    def __init__(self, session: botocore.session.Session, parent: LeasedCredentials) -> None:
        super().__init__(session)
        self._parent = parent

    @property
    def are_of_role(self) -> bool:
        """Whether they are known to be a role's, with which one is assumed for an hour at most."""
        # What the session calls its method is for the user to choose.
        return self._parent.are_of_role

    @property
    def share_key(self) -> Callable[[], str] | None:
        """What names the record of the parent's set, where that shares."""
        return self._parent.share_key

    def find(self) -> Credentials:
        """Give what asks the parent."""
        return self

    def renew(self) -> Credentials:
        """Have the parent refresh its credentials, if that is due, before anything else is done.

        Raises:
            Exception: As for ``get_frozen_credentials``.
        """
        self.get_frozen_credentials()
        return self

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Give the parent's credentials, which last for a minute at least.

        Raises:
            EvercredsCredentialError: The parent has none; ``code`` says why.
            Exception: What the parent's own source raised.
        """
        try:
            return self._parent.frozen_for(_MIN_TTL_MS)
        except EvercredsCredentialError as error:
            if type(error) is not EvercredsCredentialError or error.message is None:
                raise  # a class of the user's own
            # Said of this session, "the session is closed" would be wrong.
            raise EvercredsCredentialError(
                f"the session that is the source of this one has no credentials: {error.message}",
                code=error.code,
                details=error.details,
                param="source",
            ) from error


def base_of(
    session: botocore.session.Session, credentials_of: botocore.session.Session
) -> BaseCredentials:
    """Choose how the credentials of a botocore session are looked up.

    Args:
        session: How clients that sign with them are to be set up.
        credentials_of: The botocore session that has them.
    """
    credentials = provided_by(credentials_of)
    if isinstance(credentials, LeasedCredentials):
        return ParentCredentials(session, credentials)
    return BaseCredentials(session, credentials_of)


def credentials_of(
    session: botocore.session.Session, parent: LeasedCredentials, region_name: str | None
) -> BaseCredentials:
    """Make the base credentials of a session that has another as its ``source``.

    Args:
        session: The other's botocore session.
        parent: Its credentials.
        region_name: The child's region. ``None``: the other's.
    """
    child = derived_session(session)
    if region_name:
        child.set_config_variable("region", region_name)
    return ParentCredentials(child, parent)
