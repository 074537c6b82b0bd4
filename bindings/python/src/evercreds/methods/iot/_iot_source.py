"""Gets credentials from the credentials provider of AWS IoT."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evercreds._host.said import Said
from evercreds._host.source import Failure, FrozenCredentials, Reply
from evercreds._library import abi_generated as abi
from evercreds._library import rules
from evercreds._sources import replies
from evercreds._sources.said import said_of
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsRequestError,
    EvercredsValidationError,
)
from evercreds.methods.iot._https import HttpsClient, HttpsReply
from evercreds.methods.iot._libraries import NOT_LOADED
from evercreds.methods.iot._pins import PIN_REFUSED
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["IoTSource"]

_FIELDS = ("accessKeyId", "secretAccessKey", "sessionToken")
_TOLD = ("message", "traceId")  # of the body of a refusal
_TOLD_LENGTH = 200
_CODE = re.compile(r"[A-Za-z0-9_.]{1,64}")


class IoTSource:
    """Asks for the credentials of a role alias.

    Args:
        client: Reaches the provider.
        identity: What the client shows of this side.
        role_alias: Whose credentials are asked for.
        headers: Of each request.
        duration_seconds: The lifetime that the headers ask for; ``None``: none.
    """

    runs_user_code = False
    sends_codes = False
    is_for_role = True
    method: int = abi.Method.IOT

    def __init__(
        self,
        client: HttpsClient,
        identity: ClientIdentity,
        role_alias: str,
        headers: Mapping[str, str],
        duration_seconds: int | None,
    ) -> None:
        self._client = client
        self._identity = identity
        self._role_alias = role_alias
        self._headers = headers
        self._duration_ms = 1000 * (duration_seconds or 0)

    @property
    def names(self) -> tuple[object, object]:
        """Those of the thing and of the role alias."""
        return self._headers.get("x-amzn-iot-thingname"), self._role_alias

    def after_fork(self) -> None:
        """Give up what is shared with the parent."""
        self._client.after_fork()

    def asks_who_calls(self, principal: str | None) -> bool:
        """Tell whether AWS is asked who calls before a store is: for AssumeRole alone."""
        return False

    def share_with(self, group: Any) -> None:
        """Do nothing for a group: no code is sent."""

    def share_inputs(self, principal: str | None) -> dict[str, Any]:
        """Tell what the credentials are for, to whom shares them."""
        from evercreds.methods.iot._sharing import inputs_of

        thing_name = self._headers.get("x-amzn-iot-thingname")
        return inputs_of(self._headers["host"], self._role_alias, thing_name, self._identity)

    def fetch(self) -> Reply:
        """Ask once."""
        path = f"/role-aliases/{self._role_alias}/credentials"
        reply = self._client.get(path, self._headers)
        if reply.status != 200:
            raise _refusal(reply)
        return _reply_of(reply, self._duration_ms)

    def classify(self, error: Exception) -> Failure:
        """Sort what ``fetch`` raised."""
        if isinstance(error, EvercredsRequestError):
            details = error.details or {}
            return Failure(
                rules.error_class(abi.Method.IOT, error.status_code or 0, error.code or ""),
                retry_after_ms=round(1000 * details.get("retryAfter", 0)),
            )
        configuration = (EvercredsValidationError, EvercredsConfigurationError)
        is_for_good = getattr(error, "code", None) in (PIN_REFUSED, NOT_LOADED)
        if isinstance(error, configuration) and self._identity.may_change and not is_for_good:
            return Failure()
        return replies.classify(abi.Method.IOT, error)

    def said(self, error: BaseException) -> Said:
        """Tell what is known of what ``fetch`` raised."""
        return said_of(self.method, error)


def _refusal(reply: HttpsReply) -> EvercredsRequestError:
    """Make the error for a reply that is none with credentials; little of it is repeated."""
    said = _parsed(reply.body)
    details: dict[str, Any] = {
        name: said[name][:_TOLD_LENGTH] for name in _TOLD if isinstance(said.get(name), str)
    }
    retry_after_ms = replies.retry_after_ms(reply.headers)
    if retry_after_ms:
        details["retryAfter"] = retry_after_ms / 1000
    code = _CODE.match(reply.headers.get("x-amzn-errortype", ""))
    return EvercredsRequestError(
        "the IoT credentials provider gave no credentials",
        code=code and code.group(),
        status_code=reply.status,
        details=details or None,
    )


def _reply_of(reply: HttpsReply, duration_ms: int) -> Reply:
    """Check an answer. Its text has keys in it, so that no error repeats any."""
    credentials = _parsed(reply.body).get("credentials")
    if not isinstance(credentials, dict):
        raise replies.malformed(
            'the reply of the IoT credentials provider must be JSON with an object "credentials"'
        )
    missing = [name for name in _FIELDS if not replies.is_key(credentials.get(name))]
    if not isinstance(credentials.get("expiration"), str):
        missing.append("expiration")
    if missing:
        raise replies.malformed(
            f"the reply of the IoT credentials provider has no usable {', '.join(missing)}",
            details={"missing": sorted(missing)},
        )
    expiry_ms = rules.expiry_from_text(credentials["expiration"])
    if expiry_ms < 0:
        raise replies.malformed(
            "expiration in the reply of the IoT credentials provider: "
            f"{rules.expiry_problem(expiry_ms)}"
        )
    access_key, secret_key, token = (credentials[name] for name in _FIELDS)
    frozen = FrozenCredentials(access_key, secret_key, token, None)
    return Reply(
        frozen,
        expiry_ms,
        duration_ms=duration_ms,
        server_time_ms=replies.server_time_ms(reply.headers.get("date")),
    )


def _parsed(body: bytes | bytearray) -> dict[str, Any]:
    """Read an object of JSON; give an empty one where there is none to be read."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
