"""Sessions of the package under test, on the stand-in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn
from defects.names import package

# A name of the form that AWS gives; the stand-in's certificate is good for it.
ENDPOINT = "a1b2c3d4e5f6g7.credentials.iot.us-east-1.amazonaws.com"


@pytest.fixture(autouse=True)
def say_what_is_right(request: pytest.FixtureRequest) -> None:
    """Put the test's own sentence into the report."""
    request.node.user_properties.append(("right", request.function.__doc__))


@pytest.fixture
def sts_session(stand_in: StandIn, base_keys: None, role: str) -> Iterator[SessionMaker]:
    """Makes sessions on the stand-in, by default with this test's role."""
    made: list[Any] = []

    def make(**kwargs: Any) -> Any:
        kwargs.setdefault("assume_role_kwargs", {"RoleArn": role})
        kwargs.setdefault("sts_client_kwargs", {"endpoint_url": stand_in.endpoint})
        made.append(package.RefreshableSession(**kwargs))
        return made[-1]

    yield make
    for session in made:
        # The predecessor's sessions have no end.
        getattr(session, "close", lambda: None)()


class IoT:
    """The credentials provider of the stand-in, and what a thing needs to ask it.

    Args:
        introduction: What the stand-in says of itself.
    """

    def __init__(self, introduction: dict[str, str]) -> None:
        self.alias = introduction["role_alias"]
        self.ca = Path(introduction["ca"])
        self.certificate = Path(introduction["certificate"])
        self.private_key = Path(introduction["private_key"])
        self.other_private_key = Path(introduction["rsa_private_key"])
        self.port = int(introduction["tls_endpoint"].rpartition(":")[2])

    def session(self, **changes: Any) -> Any:
        """Make a session that asks the stand-in."""
        arguments = {
            "endpoint": ENDPOINT,
            "role_alias": self.alias,
            "certificate": str(self.certificate),
            "private_key": str(self.private_key),
            "ca": str(self.ca),
        }
        return package.RefreshableSession(method="iot", **(arguments | changes))


@pytest.fixture
def iot(stand_in: StandIn, _process: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> IoT:
    """The stand-in as a thing sees it: who dials the endpoint reaches it, and nobody else.

    The name that TLS asks for and checks stays that of the endpoint.
    """
    http = pytest.importorskip("awscrt.http", reason="the extra iot is not installed")
    provider = IoT(_process)
    there = ("127.0.0.1", provider.port)
    dial, connect = http.HttpClientConnection.new, socket.create_connection

    def dialled(host_name: str, port: int, *args: Any, **kwargs: Any) -> Any:
        return dial(*there, *args, **kwargs)

    def connected(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        return connect(there if address[0] == ENDPOINT else address, *args, **kwargs)

    monkeypatch.setattr(http.HttpClientConnection, "new", staticmethod(dialled))
    monkeypatch.setattr(socket, "create_connection", connected)
    return provider
