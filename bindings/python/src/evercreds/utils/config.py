"""The parameters of AssumeRole and of the STS client, where boto3-refresh-session has them."""

from evercreds.config import AssumeRoleConfig, STSClientConfig

__all__ = ["AssumeRoleConfig", "STSClientConfig"]
