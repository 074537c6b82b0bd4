"""The types of what goes in and out."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict, runtime_checkable

if TYPE_CHECKING:
    import botocore.session

    from evercreds.session import RefreshableSession
    from evercreds.share import DataKeys, Store

__all__ = [
    "IOT_EXTRA_INSTALLED",
    "IOT_MISSING",
    "PKCS11",
    "AssumeRoleParams",
    "CredentialProvider",
    "Identity",
    "Method",
    "RefreshMethod",
    "RegistryKey",
    "STSClientParams",
    "SessionOptions",
    "TemporaryCredentials",
    "Transport",
]

Method = Literal["custom", "iot", "sts"]
RegistryKey = str
RefreshMethod = Literal["custom", "iot-x509", "sts-assume-role"]
Transport = Literal["x509", "ws"]
"""How MQTT messages travel: over TLS with the certificate, or over WebSockets."""


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # something keeps it from being imported
        return False


IOT_EXTRA_INSTALLED: bool = all(_is_installed(name) for name in ("awscrt", "awsiot"))
"""Whether what ``method="iot"`` needs is installed."""

IOT_MISSING = 'method="iot" needs the packages of the extra "iot": pip install "evercreds[iot]"'


class TemporaryCredentials(TypedDict):
    """Credentials, all fields from one reply."""

    access_key: str
    secret_key: str
    token: str
    expiry_time: str | None
    """ISO 8601 with an offset; ``None`` where they never expire."""


Identity = dict[str, Any]
"""Who a session is: what GetCallerIdentity answers, or the name of a custom source."""


@runtime_checkable
class CredentialProvider(Protocol):
    """What gives credentials, and tells whose they are. Every session is one."""

    def refreshable_credentials(self) -> TemporaryCredentials:
        """Give the current credentials."""
        raise NotImplementedError

    def get_identity(self) -> Identity:
        """Tell whose credentials they are."""
        raise NotImplementedError


class _RequiredAssumeRoleParams(TypedDict):
    """What AssumeRole cannot do without."""

    RoleArn: str


class AssumeRoleParams(_RequiredAssumeRoleParams, total=False):
    """The parameters of AssumeRole."""

    RoleSessionName: str
    PolicyArns: Sequence[Mapping[str, str]]
    Policy: str
    DurationSeconds: int
    ExternalId: str
    SerialNumber: str
    TokenCode: str
    Tags: Sequence[Mapping[str, str]]
    TransitiveTagKeys: Sequence[str]
    SourceIdentity: str
    MinimumSessionTokenSize: int
    ProvidedContexts: Sequence[Mapping[str, str]]


class _RequiredPKCS11(TypedDict):
    """What a token cannot do without."""

    pkcs11_lib: str


class PKCS11(_RequiredPKCS11, total=False):
    """Where a private key is in hardware, and what opens it."""

    user_pin: str | None
    slot_id: int | None
    token_label: str | None
    private_key_label: str | None


class STSClientParams(TypedDict, total=False):
    """The parameters of the STS client that assumes the role, as for ``Session.client``."""

    service_name: str
    region_name: str
    api_version: str
    use_ssl: bool
    verify: bool | str
    endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str
    aws_session_token: str
    config: Any
    aws_account_id: str


class SessionOptions(TypedDict, total=False):
    """What the sessions of all methods take. Their docstring tells what each is for.

    A class of your own that passes its keyword arguments on has them checked with
    ``**kwargs: Unpack[SessionOptions]``.
    """

    defer_refresh: bool
    advisory_timeout: float | Literal["auto"] | None
    mandatory_timeout: float | None
    policy: Literal["classic", "adaptive", "aws2026"] | None
    stability: Literal["strict", "until_expiry", "static"] | None
    advisory_refresh: Literal["background", "inline"] | None
    refresh_timeout: float | None
    jitter: bool | None
    max_stale: float | None
    max_wait: float | None
    attended: bool
    refresh_in: Literal["worker", "caller"]
    share: bool | str | os.PathLike[str] | Store | None
    share_key: DataKeys | None
    share_name_key: bytes | None
    share_id: str | None
    share_wait: float | None
    share_turn: float | None
    share_principal: str | None
    source: RefreshableSession | None
    region_name: str | None
    profile_name: str | None
    botocore_session: botocore.session.Session | None
    aws_access_key_id: str | None
    aws_secret_access_key: str | None
    aws_session_token: str | None
    aws_account_id: str | None
