# What the factory takes for each method, for type checkers (there is no such module at run time).
from collections.abc import Callable, Mapping
from typing import Any

from awscrt.io import LogLevel
from typing_extensions import Required

from evercreds._session.shapes import PKCS11, AssumeRoleParams, SessionOptions, STSClientParams
from evercreds._sources.mfa import TokenProvider
from evercreds.config import AssumeRoleConfig, STSClientConfig

class STSParameters(SessionOptions, total=False):
    assume_role_kwargs: Required[AssumeRoleConfig | AssumeRoleParams]
    sts_client_kwargs: STSClientConfig | STSClientParams | None
    mfa_token_provider: TokenProvider | None
    mfa_token_provider_kwargs: Mapping[str, Any] | None

class CustomParameters(SessionOptions, total=False):
    custom_credentials_method: Required[Callable[..., Any]]
    custom_credentials_method_args: Mapping[str, Any] | None

class IoTParameters(SessionOptions, total=False):
    endpoint: Required[str]
    role_alias: Required[str]
    certificate: Required[str | bytes]
    thing_name: str | None
    private_key: str | bytes | None
    pkcs11: PKCS11 | None
    ca: str | bytes | None
    verify_peer: bool
    timeout: float | None
    duration_seconds: int | None
    awscrt_log_level: LogLevel | int | None
