"""The parameters of AssumeRole and of the STS client, as dicts that check their contents."""

from __future__ import annotations

import re
from typing import Any, ClassVar, NoReturn

from evercreds._library.options import given_as, is_token_code
from evercreds.errors import EvercredsValidationError, EvercredsWarning, users_level

__all__ = [
    "ASSUME_ROLE_CONFIG_PARAMETERS",
    "STS_CLIENT_CONFIG_PARAMETERS",
    "AssumeRoleConfig",
    "STSClientConfig",
]

_SHORTEST_ARN = 20
_LONGEST_TOKEN_BYTES = 4096
_USER_IN_URL = re.compile("//[^/@]*@")


class _CheckedConfig(dict[str, Any]):
    """A dict with a fixed set of keys, each of which is an attribute too.

    Assigning ``None`` removes a key. An attribute that is not set is ``None``; if it is required,
    reading it raises an AttributeError.
    """

    _KEYS: ClassVar[tuple[str, ...]] = ()
    _REQUIRED: ClassVar[tuple[str, ...]] = ()
    _SECRET: ClassVar[frozenset[str]] = frozenset()

    def _check(self, key: str, value: Any) -> Any:
        """Return the value to store, or raise."""
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self._check_key(key)
        self._store(key, self._check(key, value))

    def _store(self, key: str, value: Any) -> None:
        if value is None:
            self.pop(key, None)
        else:
            super().__setitem__(key, value)

    def _check_key(self, key: object) -> None:
        if not isinstance(key, str):
            raise EvercredsValidationError(
                f"keys of {type(self).__name__} must be strings, got {given_as(key)}", param="key"
            )
        if key not in self._KEYS:
            raise EvercredsValidationError(
                f"{type(self).__name__} has no {key!r}; it has {', '.join(self._KEYS)}", param=key
            )

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name in self._KEYS and name not in self._REQUIRED:
            return None
        raise AttributeError(f"{type(self).__name__} has no {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def update(self, *others: Any, **more: Any) -> None:
        """Set several keys, or none of them.

        Args:
            *others: Mappings, or pairs, as for ``dict.update``.
            **more: Values by their keys.

        Raises:
            EvercredsValidationError: A key is unknown, or its value has the wrong form.
        """
        checked: dict[str, Any] = {}
        for key, value in dict(*others, **more).items():
            self._check_key(key)
            checked[key] = self._check(key, value)
        for key, value in checked.items():
            self._store(key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Set a key unless it is set, and return its value.

        Args:
            key: A key of this class.
            default: Its value if it is not set. Default: None, which sets nothing.

        Raises:
            EvercredsValidationError: The key is unknown, or the value has the wrong form.
        """
        self._check_key(key)
        if key not in self:
            self[key] = default
        return self.get(key)

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    @classmethod
    def fromkeys(cls, *_: Any) -> NoReturn:
        """Raise a TypeError, since no value suits every key."""
        raise TypeError(f"{cls.__name__}.fromkeys is not supported")

    def __repr__(self) -> str:
        shown = (f"{key}={self._shown(key, value)}" for key, value in self.items())
        return f"{type(self).__name__}({', '.join(shown)})"

    __str__ = __repr__

    def _shown(self, key: str, value: Any) -> str:
        if key in self._SECRET:
            return "'...'"
        if isinstance(value, str):
            return repr(_USER_IN_URL.sub("//...@", value))
        return given_as(value)


def _is_token_size(value: object) -> bool:
    if value is None:
        return True
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and 0 <= value <= _LONGEST_TOKEN_BYTES  # type: ignore[operator]


class AssumeRoleConfig(_CheckedConfig):
    """The parameters of AssumeRole, under the names of the STS API.

    The API's page tells their forms. A session checks all of them when it is made, as botocore's
    model of STS has them; this class checks less.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

    Args:
        RoleArn: The role's ARN, 20 characters at least.
        RoleSessionName: The name in the ARN of the assumed role. Default: ``"evercreds"``.
        PolicyArns: Up to ten managed policies that narrow the role down, as ``{"arn": ...}``.
        Policy: A policy that narrows the role down, as JSON.
        DurationSeconds: The lifetime to ask for, from 900 seconds to the role's maximum; 3600 at
            most for a chained role. Default: STS's own, 3600.
        ExternalId: What the role's trust policy may require. No repr shows it.
        SerialNumber: The MFA device that the one-time codes come from.
        TokenCode: A one-time code of six digits, for one refresh. No repr shows it.
        Tags: Session tags, as ``{"Key": ..., "Value": ...}``.
        TransitiveTagKeys: The tags that chained roles inherit.
        SourceIdentity: Who assumes the role, for CloudTrail.
        MinimumSessionTokenSize: Bytes that the session token has at least, from 0 to 4096.
        ProvidedContexts: Context assertions of identity providers.

    Raises:
        EvercredsValidationError: RoleArn, TokenCode or MinimumSessionTokenSize has the wrong form;
            ``param`` names it.
    """

    _KEYS = (
        "RoleArn",
        "RoleSessionName",
        "PolicyArns",
        "Policy",
        "DurationSeconds",
        "ExternalId",
        "SerialNumber",
        "TokenCode",
        "Tags",
        "TransitiveTagKeys",
        "SourceIdentity",
        "MinimumSessionTokenSize",
        "ProvidedContexts",
    )
    _REQUIRED = ("RoleArn",)
    _SECRET = frozenset({"ExternalId", "TokenCode"})

    def __init__(
        self,
        *,
        RoleArn: str,
        RoleSessionName: str | None = None,
        PolicyArns: list[Any] | None = None,
        Policy: str | None = None,
        DurationSeconds: int | None = None,
        ExternalId: str | None = None,
        SerialNumber: str | None = None,
        TokenCode: str | None = None,
        Tags: list[Any] | None = None,
        TransitiveTagKeys: list[str] | None = None,
        SourceIdentity: str | None = None,
        MinimumSessionTokenSize: int | None = None,
        ProvidedContexts: list[Any] | None = None,
    ) -> None:
        super().__init__()
        given = locals()
        for key in self._KEYS:
            self[key] = given[key]

    def _check(self, key: str, value: Any) -> Any:
        if key == "RoleArn" and (not isinstance(value, str) or len(value) < _SHORTEST_ARN):
            raise EvercredsValidationError(
                f"RoleArn must be a role's ARN, a string of at least {_SHORTEST_ARN} characters, "
                f"got {_form_of(value)}",
                param="RoleArn",
            )
        if key == "MinimumSessionTokenSize" and not _is_token_size(value):
            raise EvercredsValidationError(
                "MinimumSessionTokenSize must be a whole number of bytes from 0 to "
                f"{_LONGEST_TOKEN_BYTES}, got {given_as(value)}",
                param="MinimumSessionTokenSize",
            )
        if key == "TokenCode" and value is not None and not is_token_code(value):
            raise EvercredsValidationError(
                f"TokenCode must be a string of six digits, got {_form_of(value)}",
                param="TokenCode",
            )
        return value


class STSClientConfig(_CheckedConfig):
    """The parameters of the STS client that assumes the role, as for ``Session.client``.

    Args:
        service_name: ``"sts"``. Any other text gives an EvercredsWarning, and ``"sts"``.
        region_name: The region of the STS endpoint. Default: the session's.
        api_version: Default: botocore's latest.
        use_ssl: Whether to use TLS. Default: True.
        verify: Whether to check the server's certificate, or the path of a CA bundle.
        endpoint_url: A URL in place of STS's own.
        aws_access_key_id: With the next one, keys in place of the base credentials. No repr shows
            any of the three.
        aws_secret_access_key: See above.
        aws_session_token: See above.
        config: A ``botocore.config.Config``. Its time-outs and retries replace those that keep a
            call within ``refresh_timeout``, but for retries that would send a one-time code again.
        aws_account_id: The account, for endpoints that have it in their names.

    Raises:
        EvercredsValidationError: service_name is no text.
    """

    _KEYS = (
        "service_name",
        "region_name",
        "api_version",
        "use_ssl",
        "verify",
        "endpoint_url",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "config",
        "aws_account_id",
    )
    _SECRET = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token"})

    def __init__(
        self,
        *,
        service_name: str | None = None,
        region_name: str | None = None,
        api_version: str | None = None,
        use_ssl: bool | None = None,
        verify: bool | str | None = None,
        endpoint_url: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        config: Any = None,
        aws_account_id: str | None = None,
    ) -> None:
        super().__init__()
        given = locals()
        for key in self._KEYS:
            self[key] = given[key]

    def _check(self, key: str, value: Any) -> Any:
        if key != "service_name":
            return value
        if value is not None and not isinstance(value, str):
            raise EvercredsValidationError(
                f'service_name must be "sts", got {given_as(value)}', param="service_name"
            )
        if value not in (None, "sts"):
            EvercredsWarning.warn(
                'service_name must be "sts"; the session uses that', users_level()
            )
        return "sts"


ASSUME_ROLE_CONFIG_PARAMETERS = AssumeRoleConfig._KEYS
"""The keys that an AssumeRoleConfig takes."""
STS_CLIENT_CONFIG_PARAMETERS = STSClientConfig._KEYS
"""The keys that an STSClientConfig takes."""


def _form_of(value: object) -> str:
    """Describe an argument that may be a secret: by its type, and its length if it is text."""
    if isinstance(value, str):
        return f"one of {len(value)} characters"
    return type(value).__name__
