"""The client with which a session asks who it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from evercreds._boto3.arguments import KEYS
from evercreds._boto3.limit import limit_replies
from evercreds._fork.children import forget_in_child, notice

__all__ = ["OwnClient"]


class OwnClient:
    """Makes an STS client at its first use, outside the user's cache; another in each child."""

    def __init__(self) -> None:
        self._client: Any = None
        forget_in_child(self)

    def after_fork(self) -> None:
        """Drop, in a forked child, what the parent shares."""
        self._client = None

    def of(self, session: boto3.Session, parameters: Mapping[str, Any]) -> Any:
        """Give the client of a session; its keys are the session's, whatever the parameters."""
        notice()
        if self._client is None:
            given = {
                name: value
                for name, value in parameters.items()
                if name not in KEYS and name != "service_name"
            }
            self._client = limit_replies(boto3.Session.client(session, "sts", **given))
        return self._client
