"""Names where boto3-refresh-session has them; what they name is defined elsewhere here."""

from evercreds._session.shapes import CredentialProvider
from evercreds.session import RefreshableSession as BRSSession
from evercreds.utils.config import AssumeRoleConfig, STSClientConfig
from evercreds.utils.constants import (
    ASSUME_ROLE_CONFIG_PARAMETERS,
    STS_CLIENT_CONFIG_PARAMETERS,
    SUBPROCESS_ALLOWED_PARAMETERS,
)
from evercreds.utils.extras import IOT_EXTRA_INSTALLED
from evercreds.utils.typing import (
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
    "ASSUME_ROLE_CONFIG_PARAMETERS",
    "IOT_EXTRA_INSTALLED",
    "PKCS11",
    "STS_CLIENT_CONFIG_PARAMETERS",
    "SUBPROCESS_ALLOWED_PARAMETERS",
    "AssumeRoleConfig",
    "AssumeRoleParams",
    "BRSSession",
    "CredentialProvider",
    "Identity",
    "Method",
    "RefreshMethod",
    "RegistryKey",
    "STSClientConfig",
    "STSClientParams",
    "TemporaryCredentials",
    "Transport",
]
