"""boto3 sessions whose temporary AWS credentials are always fresh."""

from typing import TYPE_CHECKING

# First: it says where ctypes cannot be had.
from evercreds._library import interpreter as _interpreter  # noqa: F401

# isort: split
from evercreds import exceptions as exceptions
from evercreds import utils as utils
from evercreds._host.events import SessionEvent
from evercreds._host.status import SessionStatus
from evercreds._session.shapes import (
    IOT_EXTRA_INSTALLED,
    AssumeRoleParams,
    Identity,
    Method,
    RefreshMethod,
    RegistryKey,
    SessionOptions,
    STSClientParams,
    TemporaryCredentials,
)
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

if TYPE_CHECKING or IOT_EXTRA_INSTALLED:
    from evercreds._session.shapes import PKCS11, Transport
    from evercreds.methods.iot.x509 import IOTX509RefreshableSession

__title__ = "evercreds"
__version__ = "0.1.0"
__author__ = "The evercreds authors"
__maintainer__ = __author__
__email__ = ""  # none: issues are reported where the sources are
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
    "SessionEvent",
    "SessionOptions",
    "SessionStatus",
    "TemporaryCredentials",
]

if TYPE_CHECKING or IOT_EXTRA_INSTALLED:
    __all__ += ["PKCS11", "IOTX509RefreshableSession", "Transport"]
