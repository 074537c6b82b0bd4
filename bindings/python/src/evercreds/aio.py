"""Sessions of aiobotocore and aioboto3 that sign with the credentials of a RefreshableSession.

This module needs the extra ``evercreds[aio]``, or an aiobotocore or aioboto3 that you install
yourself. It works with asyncio, and not with aiobotocore's anyio backend, which may run on trio.
"""

# The package is checked without its extras.
# pyright: reportMissingImports=false, reportIncompatibleMethodOverride=false

from __future__ import annotations

import datetime
from typing import Any, NoReturn

from botocore.credentials import ReadOnlyCredentials

from evercreds._boto3.credentials import LeasedCredentials
from evercreds._boto3.hooks import AioRejectionWatch
from evercreds._library.options import given_as
from evercreds.errors import EvercredsValidationError
from evercreds.session import RefreshableSession

try:
    from aiobotocore.config import AioConfig
    from aiobotocore.credentials import AioCredentialResolver, AioRefreshableCredentials
    from aiobotocore.session import AioSession
except ImportError as _missing:
    raise ImportError(
        "evercreds.aio needs aiobotocore: pip install 'evercreds[aio]'", name=_missing.name
    ) from _missing

__all__ = ["AioLeasedCredentials", "aioboto3_session", "aiobotocore_session", "credentials_of"]


def _only_together(_: object) -> NoReturn:
    raise NotImplementedError(
        "await get_frozen_credentials(): it gives all the fields, from one reply"
    )


class AioLeasedCredentials(AioRefreshableCredentials):  # type: ignore[misc]
    """A session's credentials, always fresh, in the form that aiobotocore takes.

    Any number of event loops may use them, while threads use the session. Each getter takes its
    field from the current set, and raises as :meth:`get_frozen_credentials` does.
    """

    access_key: property = property(_only_together)
    secret_key: property = access_key
    token: property = access_key
    account_id: property = access_key

    # The base class would want a first set, a lock and a callback: nothing of it is used.
    def __init__(self, leased: LeasedCredentials) -> None:
        self.method: str = leased.method
        self._leased = leased

    def __repr__(self) -> str:
        return f"<{type(self).__name__} method={self.method!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the credentials of a session cannot be pickled: pickle the session")

    def __copy__(self) -> Any:
        """Give these credentials: they are the session's, wherever they are."""
        return self

    def __deepcopy__(self, memo: object) -> Any:
        """Give these credentials, as ``copy.copy`` does."""
        return self

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return credentials to sign with, all from one reply. This never blocks the event loop.

        Raises:
            Exception: There are no valid credentials: what the source raised, or an
                EvercredsCredentialError, whose ``code`` says why.
        """
        return await self._leased.frozen_in_loop()

    async def get_access_key(self) -> str:
        """Return the access key id."""
        return str((await self.get_frozen_credentials()).access_key)

    async def get_secret_key(self) -> str:
        """Return the secret access key."""
        return str((await self.get_frozen_credentials()).secret_key)

    async def get_token(self) -> str | None:
        """Return the session token."""
        token: str | None = (await self.get_frozen_credentials()).token
        return token

    async def get_account_id(self) -> str | None:
        """Return the account's 12 digits; ``None`` if the source does not tell them."""
        account_id: str | None = (await self.get_frozen_credentials()).account_id
        return account_id

    def refresh_needed(self, refresh_in: float | None = None) -> bool:
        """Return whether the held credentials expire soon. This fetches nothing.

        Args:
            refresh_in: How soon, in seconds. Default: the advisory window in force.
        """
        return self._leased.refresh_needed(refresh_in)

    # Libraries read these two although they are private. Nothing is fetched for them.
    @property
    def _expiry_time(self) -> datetime.datetime | None:
        held = self._leased.leased
        return None if held is None else held.expiry

    @property
    def _frozen_credentials(self) -> ReadOnlyCredentials | None:
        held = self._leased.leased
        return None if held is None else held.frozen

    async def _refresh(self) -> None:
        await self.get_frozen_credentials()

    def _seconds_remaining(self) -> float:
        return self._leased._seconds_remaining()

    def _set_from_data(self, data: Any) -> NoReturn:
        raise AttributeError("the credentials of a session come from its source alone")


class _Provider:
    """Where the clients of an aiobotocore session find their credentials."""

    METHOD = CANONICAL_NAME = "evercreds"

    def __init__(self, credentials: AioLeasedCredentials) -> None:
        self._credentials = credentials

    async def load(self) -> AioLeasedCredentials:
        return self._credentials


def credentials_of(session: RefreshableSession) -> AioLeasedCredentials:
    """Return a session's credentials in the form that aiobotocore takes.

    Args:
        session: A RefreshableSession of any method.

    Raises:
        EvercredsValidationError: session is no RefreshableSession.
    """
    return AioLeasedCredentials(_checked(session)._leased)


def aiobotocore_session(session: RefreshableSession) -> AioSession:
    """Return an aiobotocore session whose clients sign with this session's credentials.

    It takes over the session's region, profile, default client config and data files, but no event
    handlers. If a service rejects the credentials of a call, the call is sent once more with new
    ones.

    Args:
        session: A RefreshableSession of any method.

    Raises:
        EvercredsValidationError: session is no RefreshableSession.
    """
    signing = _checked(session)._session
    made = AioSession(session_vars=dict(signing.session_var_map))
    for name, value in signing.instance_variables().items():
        made.set_config_variable(name, value)
    config = signing.get_default_client_config()
    if config is not None:
        made.set_default_client_config(AioConfig().merge(config))
    made.register_component("data_loader", signing.get_component("data_loader"))
    resolver = AioCredentialResolver([_Provider(credentials_of(session))])
    made.register_component("credential_provider", resolver)
    AioRejectionWatch(session._host).watch(made)
    return made


def aioboto3_session(session: RefreshableSession) -> Any:
    """Return an ``aioboto3.Session`` whose clients sign with this session's credentials.

    See :func:`aiobotocore_session`. Install aioboto3 yourself: the extra has aiobotocore alone.

    Args:
        session: A RefreshableSession of any method.

    Raises:
        EvercredsValidationError: session is no RefreshableSession.
        ImportError: aioboto3 is not installed.
    """
    try:
        import aioboto3
    except ImportError as missing:
        raise ImportError(
            "aioboto3_session() needs aioboto3: pip install aioboto3", name=missing.name
        ) from missing

    return aioboto3.Session(botocore_session=aiobotocore_session(session))


def _checked(session: object) -> RefreshableSession:
    if not isinstance(session, RefreshableSession):
        raise EvercredsValidationError(
            f"session must be a RefreshableSession, got {given_as(session)}", param="session"
        )
    return session
