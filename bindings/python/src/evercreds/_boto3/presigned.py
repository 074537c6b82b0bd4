"""Tells of URLs and tokens that are to last longer than the credentials that signed them."""

from __future__ import annotations

import contextlib
import datetime
import functools
import urllib.parse
import weakref
from collections.abc import Callable
from typing import Any

import botocore.session

from evercreds._host.host import Host
from evercreds._library.abi_generated import PRESIGNED

__all__ = ["PresignedWatch"]

_METHODS = (
    "generate_presigned_url",
    *("generate_db_auth_token", "generate_db_connect_auth_token"),
    "generate_db_connect_admin_auth_token",
)
_UTC = datetime.timezone.utc


class PresignedWatch:
    """Looks at what the clients of a session sign ahead, and warns once, in the log."""

    def __init__(self, host: Host) -> None:
        # The handlers live in clients, which may outlive the session.
        self._host = weakref.ref(host)
        self._has_warned = False

    def watch(self, session: botocore.session.Session) -> None:
        """Watch the clients that this botocore session makes from now on."""
        events = session.get_component("event_emitter")
        # Last: the methods are put there by handlers of the same event.
        events.register_last("creating-client-class", self._wrap)

    def _wrap(self, class_attributes: dict[str, Any], **_: Any) -> None:
        for name in _METHODS:
            if name in class_attributes:
                class_attributes[name] = self._looked_at(class_attributes[name])

    def _looked_at(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def signed(client: Any, *args: Any, **kwargs: Any) -> Any:
            result = method(client, *args, **kwargs)
            if not self._has_warned:
                with contextlib.suppress(Exception):  # of a signer that has another form
                    self._look_at(result)
            return result

        return signed

    def _look_at(self, signed: str) -> None:
        query = dict(urllib.parse.parse_qsl(signed.partition("?")[2]))
        by_name = {name.lower(): value for name, value in query.items()}
        host, token = self._host(), by_name.get("x-amz-security-token")
        if host is None or token is None:
            return
        held = host.loop.sets.held
        if held is None or held.expiry is None or held.frozen.token != token:
            return
        # A date has whole seconds.
        if _end_of(by_name) - datetime.timedelta(seconds=1) > held.expiry:
            self._has_warned = True
            host.loop.warn(PRESIGNED)


def _end_of(query: dict[str, str]) -> datetime.datetime:
    if "x-amz-expires" not in query:  # of S3's old signature
        return datetime.datetime.fromtimestamp(int(query["expires"]), _UTC)
    at = query["x-amz-date"]  # 20260102T030405Z
    begin = datetime.datetime.fromisoformat(
        f"{at[:4]}-{at[4:6]}-{at[6:8]}T{at[9:11]}:{at[11:13]}:{at[13:15]}"
    )
    seconds = datetime.timedelta(seconds=int(query["x-amz-expires"]))
    return begin.replace(tzinfo=_UTC) + seconds
