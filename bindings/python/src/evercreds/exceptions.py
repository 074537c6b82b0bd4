"""The errors of :mod:`evercreds.errors`, under the name that the predecessor had for them."""

from evercreds.errors import (
    BRSConfigurationError,
    BRSConnectionError,
    BRSCredentialError,
    BRSError,
    BRSRequestError,
    BRSValidationError,
    BRSWarning,
)

__all__ = [
    "BRSConfigurationError",
    "BRSConnectionError",
    "BRSCredentialError",
    "BRSError",
    "BRSRequestError",
    "BRSValidationError",
    "BRSWarning",
]
