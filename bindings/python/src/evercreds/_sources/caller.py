"""Who calls AssumeRole: processes share credentials only with the same caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.credentials import RefreshableCredentials

from evercreds._boto3.base import BaseCredentials
from evercreds._boto3.chain import ParentCredentials

__all__ = ["Caller"]

_MOST = 64
_asked: dict[str, str] = {}  # what AWS has said, by access key ids


class Caller:
    """Knows the principal of base credentials; AWS is asked once for each that it must tell.

    Args:
        base: The credentials.
    """

    def __init__(self, base: BaseCredentials) -> None:
        self._base = base
        # What was asked about, and the answer. Credentials that refresh themselves stay the same.
        self._known: tuple[object, str] | None = None

    def is_unknown(self, client_parameters: Mapping[str, Any]) -> bool:
        """Tell whether AWS may have to be asked."""
        has_key = client_parameters.get("aws_access_key_id") is not None
        if has_key and client_parameters.get("aws_session_token") is None:
            return False
        if not has_key and self._parent_key is not None:
            return False
        return self._known is None

    def principal(self, client_parameters: Mapping[str, Any], client: Any) -> str:
        """Name the caller.

        Args:
            client_parameters: Of the STS client, which may have keys of its own.
            client: That client.

        Raises:
            Exception: AWS had to be asked, and that failed; or there are no base credentials.
        """
        key = client_parameters.get("aws_access_key_id")
        token = client_parameters.get("aws_session_token")
        about: object = key
        if key is None:
            if (parent_key := self._parent_key) is not None:
                return f"parent:{parent_key()}"
            about, key, token = self._looked_up()
        if key is not None and token is None:
            self._known = about, f"key:{key}"
            return f"key:{key}"
        known = self._known
        if known is not None and (known[0] is about or known[0] == about):
            return known[1]
        # All sessions of the process with these credentials ask once.
        current = str(self._base.get_frozen_credentials().access_key if key is None else key)
        named = _asked.get(current)
        if named is None:
            from evercreds.share._names import caller_principal

            named = caller_principal(client.get_caller_identity()["Arn"])
            for oldest in list(_asked)[: -_MOST + 1]:
                _asked.pop(oldest, None)
            _asked[current] = named
        self._known = about, named
        return named

    @property
    def _parent_key(self) -> Callable[[], str] | None:
        """What names the record of the parent session, where that shares."""
        base = self._base
        return base.share_key if isinstance(base, ParentCredentials) else None

    def _looked_up(self) -> tuple[object, str | None, str | None]:
        found = self._base.renew()
        if isinstance(found, (RefreshableCredentials, ParentCredentials)):
            return found, None, None
        frozen = found.get_frozen_credentials()
        return frozen.access_key, frozen.access_key, frozen.token or None
