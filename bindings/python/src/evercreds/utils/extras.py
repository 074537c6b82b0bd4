"""Which extras are installed, where boto3-refresh-session says it."""

from evercreds._session.shapes import IOT_EXTRA_INSTALLED

__all__ = ["IOT_EXTRA_INSTALLED"]
