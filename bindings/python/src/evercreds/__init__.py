"""boto3 sessions whose temporary AWS credentials are always fresh."""

from evercreds import _interpreter as _interpreter  # first: it says where ctypes cannot be had
from evercreds._shapes import (
    IOT_EXTRA_INSTALLED,
    AssumeRoleParams,
    Identity,
    Method,
    RefreshMethod,
    RegistryKey,
    STSClientParams,
    TemporaryCredentials,
)
from evercreds._status import SessionStatus
from evercreds.config import AssumeRoleConfig, STSClientConfig
from evercreds.errors import (
    BRSConfigurationError,
    BRSConnectionError,
    BRSCredentialError,
    BRSError,
    BRSRequestError,
    BRSValidationError,
    BRSWarning,
    EvercredsConfigurationError,
    EvercredsConnectionError,
    EvercredsCredentialError,
    EvercredsError,
    EvercredsLibraryError,
    EvercredsRequestError,
    EvercredsValidationError,
    EvercredsWarning,
)
from evercreds.methods.custom import NEVER_EXPIRES, CustomRefreshableSession
from evercreds.methods.sts import STSRefreshableSession
from evercreds.session import RefreshableSession

__title__ = "evercreds"
__version__ = "0.1.0"
__author__ = "The evercreds authors"
__license__ = "Apache-2.0"

__all__ = [
    "IOT_EXTRA_INSTALLED",
    "NEVER_EXPIRES",
    "AssumeRoleConfig",
    "AssumeRoleParams",
    "BRSConfigurationError",
    "BRSConnectionError",
    "BRSCredentialError",
    "BRSError",
    "BRSRequestError",
    "BRSValidationError",
    "BRSWarning",
    "CustomRefreshableSession",
    "EvercredsConfigurationError",
    "EvercredsConnectionError",
    "EvercredsCredentialError",
    "EvercredsError",
    "EvercredsLibraryError",
    "EvercredsRequestError",
    "EvercredsValidationError",
    "EvercredsWarning",
    "Identity",
    "Method",
    "RefreshMethod",
    "RefreshableSession",
    "RegistryKey",
    "STSClientConfig",
    "STSClientParams",
    "STSRefreshableSession",
    "SessionStatus",
    "TemporaryCredentials",
]
