"""The ways to get credentials, one module for each."""

from evercreds.methods.custom import CustomRefreshableSession
from evercreds.methods.sts import STSRefreshableSession

__all__ = ["CustomRefreshableSession", "STSRefreshableSession"]
