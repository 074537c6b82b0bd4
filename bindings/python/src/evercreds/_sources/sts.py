"""Gets credentials by AssumeRole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ConfigNotFound,
    ConfigParseError,
    InvalidConfigError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)
from botocore.parsers import ResponseParserError

from evercreds._boto3.base import BaseCredentials, provide
from evercreds._boto3.limit import limit_replies
from evercreds._boto3.sessions import derived_session
from evercreds._host.marks import prompted
from evercreds._host.said import Said
from evercreds._host.source import Failure, Reply
from evercreds._library import abi_generated as abi
from evercreds._library import rules
from evercreds._sources import replies
from evercreds._sources.caller import Caller
from evercreds._sources.mfa import MfaProvider, OneTimeCodes, send_once
from evercreds._sources.said import said_of

__all__ = ["DEFAULT_SESSION_NAME", "STSSource"]

DEFAULT_SESSION_NAME = "evercreds"

_TRIES = 2
# Of a set-up that somebody has to complete. A file that is just being written may be the cause too.
_INCOMPLETE = (
    *(ConfigNotFound, ConfigParseError, InvalidConfigError, NoCredentialsError),
    *(PartialCredentialsError, ProfileNotFound, SSOError),
)


class STSSource:
    """Assumes a role, with base credentials that are looked up for each refresh.

    Args:
        base: Signs the call.
        parameters: Of AssumeRole. They are read at each refresh, and never written to.
        client_parameters: Of the STS client, as for ``Session.client``.
        mfa: Gives a one-time code.
        timeout_s: How long an attempt may take, in seconds.
        is_attended: Whether a person gives the codes. Default: False.
    """

    is_for_role = True
    method: int = abi.Method.STS

    def __init__(
        self,
        base: BaseCredentials,
        parameters: Mapping[str, Any],
        client_parameters: Mapping[str, Any],
        mfa: MfaProvider | None,
        timeout_s: float,
        is_attended: bool = False,
    ) -> None:
        self._is_attended = is_attended
        self.runs_user_code = mfa is not None
        self._base = base
        self._parameters = parameters
        self._client_parameters = client_parameters
        self._mfa = mfa
        self._codes = OneTimeCodes()
        self._timeout_s = timeout_s
        self._client: Any = None
        self._caller = Caller(base)
        self._group: Any = None

    @property
    def sends_codes(self) -> bool:
        """Whether an attempt sends a one-time code."""
        return self._mfa is not None or self._parameters.get("TokenCode") is not None

    def share_with(self, group: Any) -> None:
        """Have codes marked where this session meets others."""
        self._group = group if self.sends_codes else None

    def asks_who_calls(self, principal: str | None) -> bool:
        """Tell whether AWS is asked who calls before a store is."""
        return principal is None and self._caller.is_unknown(self._client_parameters)

    def share_inputs(self, principal: str | None) -> dict[str, Any]:
        """Tell what the credentials are for, to whom shares them. It may ask AWS who calls."""
        from evercreds.share._names import sts_inputs

        client = self._client_here()
        given = None if principal is None else f"given:{principal}"
        return sts_inputs(
            self._parameters,
            DEFAULT_SESSION_NAME,
            client.meta.endpoint_url,
            client.meta.region_name or "",
            given or self._caller.principal(self._client_parameters, client),
        )

    @property
    def names(self) -> tuple[object, object]:
        """Those of the role session and of the role."""
        given = self._parameters
        return given.get("RoleSessionName") or DEFAULT_SESSION_NAME, given.get("RoleArn")

    def after_fork(self) -> None:
        """Give up the client: its connections are shared with the parent."""
        self._client = None

    def fetch(self) -> Reply:
        """Assume the role once."""
        parameters = {name: value for name, value in self._parameters.items() if value is not None}
        parameters.setdefault("RoleSessionName", DEFAULT_SESSION_NAME)
        if not self._has_keys():
            self._base.renew()
        client = self._client_here()
        if self._mfa is not None:
            parameters["TokenCode"] = self._mfa()
            prompted()
        if "TokenCode" in parameters:
            self._codes.use(parameters["TokenCode"])
            if self._group is not None:
                self._mark(parameters)
        try:
            response = client.assume_role(**parameters)
        except ParamValidationError as error:
            problem: Exception = replies.without_values(error)
        except (ResponseParserError, ValueError):
            # Its text has the reply in it, keys and all.
            problem = replies.malformed("the reply of STS could not be read")
        else:
            return replies.reply_of(response, parameters.get("DurationSeconds"))
        raise problem  # out here, or botocore's error with the values would be its context

    def classify(self, error: Exception) -> Failure:
        """Sort what ``fetch`` raised."""
        if isinstance(error, _INCOMPLETE) and not (self._base.have_signed or self._base.may_come):
            return Failure(rules.error_class(abi.Method.STS, 0, "NoCredentials"))
        if isinstance(error, NoRegionError):
            return Failure(rules.error_class(abi.Method.STS, 0, "Configuration"))
        return replies.classify(abi.Method.STS, error)

    def said(self, error: BaseException) -> Said:
        """Tell what is known of what ``fetch`` raised."""
        return said_of(self.method, error)

    def _has_keys(self) -> bool:
        """Tell whether the client has keys of its own, so that no base credentials are needed."""
        names = ("aws_access_key_id", "aws_secret_access_key")
        return all(self._client_parameters.get(name) is not None for name in names)

    def _client_here(self) -> Any:
        client = self._client
        if client is None:
            client = self._client = self._make_client()
        return client

    def _mark(self, parameters: dict[str, Any]) -> None:
        """Write down which code is sent, or get another where a process has sent it."""
        serial = str(parameters.get("SerialNumber") or "")
        another = None if self._mfa is None or self._is_attended else self._mfa
        send_once(self._group.mark_age_ms, serial, parameters, another)

    def _make_client(self) -> Any:
        session = derived_session(self._base.session)
        provide(session, self._base)
        given = dict(self._client_parameters)
        given.pop("service_name", None)
        given["config"] = self._config(session, given.get("config"))
        return limit_replies(session.create_client("sts", **given))

    def _config(self, session: botocore.session.Session, given: Config | None) -> Config:
        """Have all tries of a call end within the time that an attempt has.

        How many there are is the user's word, also that of the environment and of the profile.
        """
        tries = session.get_config_variable("max_attempts") or _TRIES
        config = Config(
            connect_timeout=min(10.0, self._timeout_s / (3 * tries)),
            read_timeout=min(20.0, self._timeout_s * 2 / (3 * tries)),
            retries={"mode": "standard", "total_max_attempts": tries},
        )
        if given is not None:
            config = config.merge(given)
        if self._mfa is not None or "TokenCode" in self._parameters:
            # A second try would send the same one-time code again.
            config = config.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
        return config
