"""The types of what goes in and out, where boto3-refresh-session has them."""

from evercreds._shapes import (
    AssumeRoleParams,
    Identity,
    Method,
    RefreshMethod,
    RegistryKey,
    STSClientParams,
    TemporaryCredentials,
)

__all__ = [
    "AssumeRoleParams",
    "Identity",
    "Method",
    "RefreshMethod",
    "RegistryKey",
    "STSClientParams",
    "TemporaryCredentials",
]
