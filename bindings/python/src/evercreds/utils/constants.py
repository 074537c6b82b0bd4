"""What parameters there are, for programs that check theirs."""

from evercreds._sources.mfa import SUBPROCESS_ALLOWED_PARAMETERS
from evercreds.config import ASSUME_ROLE_CONFIG_PARAMETERS, STS_CLIENT_CONFIG_PARAMETERS

__all__ = [
    "ASSUME_ROLE_CONFIG_PARAMETERS",
    "STS_CLIENT_CONFIG_PARAMETERS",
    "SUBPROCESS_ALLOWED_PARAMETERS",
]
