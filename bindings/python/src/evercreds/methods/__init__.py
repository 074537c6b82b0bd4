"""The ways to get credentials, one module for each."""

from typing import TYPE_CHECKING

from evercreds._session.shapes import IOT_EXTRA_INSTALLED
from evercreds.methods.custom import CustomRefreshableSession
from evercreds.methods.sts import STSRefreshableSession

__all__ = ["CustomRefreshableSession", "STSRefreshableSession"]

if TYPE_CHECKING or IOT_EXTRA_INSTALLED:
    from evercreds.methods.iot.x509 import IOTX509RefreshableSession

    __all__ += ["IOTX509RefreshableSession"]
