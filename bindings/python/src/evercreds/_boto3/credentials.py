"""The credentials object that botocore and other libraries see."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NoReturn

from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials

from evercreds._boto3.base import BaseCredentials
from evercreds._boto3.fields import FieldsOfFrozen
from evercreds._host.failures import ReentrantUseError
from evercreds._host.host import Host
from evercreds._host.source import CredentialSet, FrozenCredentials
from evercreds._library.needs import Need
from evercreds.errors import EvercredsConfigurationError

__all__ = ["LeasedCredentials"]


class LeasedCredentials(FieldsOfFrozen, RefreshableCredentials):  # type: ignore[misc]
    """Credentials of a session, always fresh. Safe for use by many threads.

    Reading them is a look at the clock while the lease lasts. Fields read one by one may come from
    different replies; ``get_frozen_credentials`` gives all of them from one.
    """

    # The base class would want a first set, a lock and a callback: nothing of it is used.
    def __init__(self, host: Host, method: str, base: BaseCredentials) -> None:
        self.method = method
        self._host = host
        self._loop = host.loop
        self._base = base
        self._elapsed_ns = host.clock.elapsed_ns
        if not host.clock.counts_sleep:
            self.get_frozen_credentials = self._when_awake  # type: ignore[method-assign]

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

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Give credentials to sign with, all from one reply.

        Raises:
            Exception: What the source raised, where there is nothing valid to serve.
        """
        until, _, served = self._loop.lease
        if self._elapsed_ns() < until:
            return served.frozen  # type: ignore[union-attr]
        return self._obtain()

    def _when_awake(self) -> ReadOnlyCredentials:
        """As above, where the elapsed clock stands still in sleep: the wall clock counts too."""
        until, until_wall, served = self._loop.lease
        if self._elapsed_ns() < until and self._host.clock.wall_ns() < until_wall:
            return served.frozen  # type: ignore[union-attr]
        return self._obtain()

    @property
    def are_of_role(self) -> bool:
        """Whether they are known to be a role's."""
        return self._host.are_of_role

    @property
    def share_key(self) -> Callable[[], str] | None:
        """What names the record of the set, where the session shares."""
        sharing = self._loop.sharing
        return None if sharing is None else sharing.key

    def _obtain(self) -> ReadOnlyCredentials:
        try:
            return self._host.obtain().frozen
        except ReentrantUseError:
            return self._base_of_attempt()

    def frozen_for(self, min_ttl_ms: int) -> ReadOnlyCredentials:
        """Give credentials with this much time left. Raises as ``Host.obtain`` does."""
        return self._host.obtain(Need(min_ttl_ms)).frozen

    async def frozen_in_loop(self) -> ReadOnlyCredentials:
        """As ``get_frozen_credentials``, for a coroutine: its event loop is never blocked."""
        try:
            return (await self._host.obtain_in_loop()).frozen
        except ReentrantUseError:
            import asyncio  # here: it takes a tenth of the time of importing boto3

            return await asyncio.to_thread(self._base_of_attempt)

    @property
    def leased(self) -> CredentialSet | None:
        """What may be handed out without asking, if anything may."""
        return self._host.leased()

    def _base_of_attempt(self) -> ReadOnlyCredentials:
        """Sign with the base credentials what is part of getting the session's own."""
        base = self._base.find()
        if base is None:
            raise EvercredsConfigurationError(
                "the session was used while its own credentials are being fetched, and there are "
                "no base credentials to sign with: use another session there"
            )
        return FrozenCredentials(*base.get_frozen_credentials())

    def refresh_needed(self, refresh_in: float | None = None) -> bool:
        """Tell whether less than ``refresh_in`` seconds are left; ``None``: the advisory window.

        For code that was written for botocore's class; nothing here depends on it.
        """
        status = self._host.status()
        window = status.advisory_timeout if refresh_in is None else refresh_in
        return status.remaining is not None and status.remaining < window

    # Libraries read these two although they are private.
    @property
    def _expiry_time(self) -> datetime.datetime | None:
        return self._held().expiry

    @property
    def _frozen_credentials(self) -> ReadOnlyCredentials:
        return self.get_frozen_credentials()

    def _held(self) -> CredentialSet:
        return self._host.obtain()

    def _refresh(self) -> None:
        self.get_frozen_credentials()

    def _seconds_remaining(self) -> float:
        left = self._host.status().remaining
        return float("inf") if left is None else left

    def _set_from_data(self, data: Any) -> NoReturn:
        raise AttributeError("the credentials of a session come from its source alone")
