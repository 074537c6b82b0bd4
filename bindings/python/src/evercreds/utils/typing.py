"""The types of what goes in and out, where boto3-refresh-session has them."""

from evercreds._session.shapes import (
    PKCS11,
    AssumeRoleParams,
    Identity,
    Method,
    RefreshMethod,
    RegistryKey,
    STSClientParams,
    TemporaryCredentials,
    Transport,
)

__all__ = [
    "PKCS11",
    "AssumeRoleParams",
    "Identity",
    "Method",
    "RefreshMethod",
    "RegistryKey",
    "STSClientParams",
    "TemporaryCredentials",
    "Transport",
]
