"""``method="sts"``: the credentials of a role, by AssumeRole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evercreds._boto3.base import BaseCredentials
from evercreds._host.source import Source
from evercreds._library import rules
from evercreds._library.options import SERVICE_TIMEOUT_S, given_as
from evercreds._session.shapes import Identity
from evercreds._sources.mfa import MfaProvider, TokenProvider, mfa_provider
from evercreds._sources.sts import STSSource
from evercreds._sources.sts_rules import check_assume_role
from evercreds.config import AssumeRoleConfig, STSClientConfig
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsValidationError,
    EvercredsWarning,
    users_level,
)
from evercreds.session import RefreshableSession

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from evercreds._session.shapes import AssumeRoleParams, SessionOptions, STSClientParams

__all__ = ["STSRefreshableSession"]


class STSRefreshableSession(RefreshableSession, method="sts", refresh_method="sts-assume-role"):
    """A session with the credentials of a role.

    Args:
        assume_role_kwargs: The parameters of AssumeRole, as an :class:`AssumeRoleConfig` or a
            dict. They are read at each refresh, and never written to. Without a RoleSessionName
            it is ``"evercreds"``.
        sts_client_kwargs: The parameters of the STS client that assumes the role, as an
            :class:`STSClientConfig` or a dict. That client is the session's own: it is made at
            the first need, and is not in the session's cache.
        mfa_token_provider: Gives a one-time code for each refresh: a callable that returns six
            digits, or a command that prints them, as a string or as a list of its parts.
        mfa_token_provider_kwargs: The arguments of the callable, or of ``subprocess.run``.
        **kwargs: As for :class:`RefreshableSession`.

    Raises:
        EvercredsValidationError: An argument is of the wrong type or out of range.
        EvercredsConfigurationError: SerialNumber, TokenCode and mfa_token_provider do not fit.
        TypeError: assume_role_kwargs is missing or lacks RoleArn, or a name is unknown.
    """

    if TYPE_CHECKING:
        # That of the factory, above, is not for this class and those below.
        def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...

    def __init__(
        self,
        assume_role_kwargs: AssumeRoleConfig | AssumeRoleParams,
        sts_client_kwargs: STSClientConfig | STSClientParams | None = None,
        mfa_token_provider: TokenProvider | None = None,
        mfa_token_provider_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Unpack[SessionOptions],
    ) -> None:
        self.assume_role_kwargs: AssumeRoleConfig = _config(
            AssumeRoleConfig, "assume_role_kwargs", assume_role_kwargs
        )
        self.sts_client_kwargs: STSClientConfig = _config(
            STSClientConfig,
            "sts_client_kwargs",
            {} if sts_client_kwargs is None else sts_client_kwargs,
        )
        self._is_attended = kwargs.get("attended") is True
        self._mfa = self._checked_mfa(
            mfa_token_provider, mfa_token_provider_kwargs, self._is_attended
        )
        self._check_duration(is_chained=False)
        if kwargs.get("source") is not None:
            self._check_keys_beside_source()
        super().__init__(**kwargs)

    def _make_source(self, base: BaseCredentials, timeout_s: float | None) -> Source:
        self._check_duration(is_chained=base.are_of_role)
        if self._validates:
            check_assume_role(base.session, self.assume_role_kwargs)
        timeout = SERVICE_TIMEOUT_S if timeout_s is None else timeout_s
        return STSSource(
            *(base, self.assume_role_kwargs, self.sts_client_kwargs, self._mfa, timeout),
            is_attended=self._is_attended,
        )

    def get_identity(self) -> Identity:
        """Ask STS who this session is: the assumed role.

        Raises:
            Exception: As any call that is signed with the session's credentials.
        """
        identity: Identity = self._identity_client(self.sts_client_kwargs).get_caller_identity()
        return identity

    def _checked_mfa(
        self, provider: TokenProvider | None, kwargs: Mapping[str, Any] | None, is_attended: bool
    ) -> MfaProvider | None:
        config = self.assume_role_kwargs
        if provider is None:
            if kwargs is not None:
                mfa_provider(lambda: "", kwargs)  # for the check of their type
            if (config.SerialNumber is None) != (config.TokenCode is None):
                raise EvercredsConfigurationError(
                    "SerialNumber and TokenCode must be given together, unless there is an "
                    "mfa_token_provider",
                    param="SerialNumber/TokenCode",
                )
            return None
        mfa = mfa_provider(provider, kwargs, is_attended=is_attended)
        if config.SerialNumber is None:
            raise EvercredsConfigurationError(
                "mfa_token_provider needs the SerialNumber of the device in assume_role_kwargs",
                param="SerialNumber",
            )
        if config.TokenCode is not None:
            EvercredsWarning.warn(
                "TokenCode is not used: mfa_token_provider gives codes", users_level()
            )
        return mfa

    def _check_keys_beside_source(self) -> None:
        for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"):
            if self.sts_client_kwargs.get(name):
                raise EvercredsConfigurationError(
                    f"source and {name} of sts_client_kwargs both set the base credentials: "
                    "give only one of them",
                    param=f"source/{name}",
                )

    @property
    def _validates(self) -> bool:
        """Tell whether parameters are checked: who turns that off has an STS with own rules."""
        return getattr(self.sts_client_kwargs.config, "parameter_validation", True) is not False

    def _check_duration(self, *, is_chained: bool) -> None:
        seconds = self.assume_role_kwargs.DurationSeconds
        if seconds is None or not self._validates:
            return
        problem = rules.duration_problem(seconds, is_chained=is_chained)
        if problem is not None:
            raise EvercredsValidationError(
                f"DurationSeconds: {problem}, got {given_as(seconds)}", param="DurationSeconds"
            )


def _config(kind: Any, param: str, given: object) -> Any:
    if isinstance(given, kind):
        return given
    if isinstance(given, Mapping):
        return kind(**given)
    raise EvercredsValidationError(
        f"{param} must be {kind.__name__} or a dict, got {given_as(given)}", param=param
    )
