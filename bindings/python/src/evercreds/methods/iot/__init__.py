"""``method="iot"``: credentials from the credentials provider of AWS IoT."""

from evercreds._session.shapes import IOT_EXTRA_INSTALLED
from evercreds.methods.iot.x509 import IOTX509RefreshableSession

__all__ = ["IOT_EXTRA_INSTALLED", "IOTX509RefreshableSession"]
