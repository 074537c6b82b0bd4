"""No secret in anything that hangs on an error: attributes, recursively, not its text alone."""

from __future__ import annotations

import datetime
import socket
import threading
import types
from typing import Any

import pytest
from botocore.config import Config

from conftest import SessionMaker, StandIn
from evercreds import RefreshableSession
from reachable import found_on

CODE = "918273"
EXTERNAL_ID = "SENTINEL-external-id"
SERIAL = "arn:aws:iam::123456789012:mfa/me"
BASE_TOKEN = "SentinelBaseToken0123456789"
BASE_SECRET = "SentinelBaseSecret0123456789"
PROXY_PASSWORD = "SentinelProxyPassword"
SECRET = "sentinelu8Hr5Dw3q7Zkq7Zkq7Zk"
SECRETS = [f"{CODE}", EXTERNAL_ID, BASE_TOKEN, BASE_SECRET, PROXY_PASSWORD, SECRET]

FAULTS = ["access_denied", "throttling", "http", "reset", "truncated", "missing_field", "expired"]


def _raised(session: RefreshableSession) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        session.refresh()
    return caught.value


class _Holder(Exception):
    __slots__ = ("slot",)


def test_the_search_finds_what_is_hidden() -> None:
    """The tests below are worth what this one finds."""
    error = _Holder("text")
    error.slot = {"deep": [b"a " + SECRET.encode()]}
    cause = ValueError("cause")
    vars(cause)["request"] = types.SimpleNamespace(headers={"token": BASE_TOKEN})
    error.__cause__ = cause
    assert sorted(found_on(error, SECRETS)) == [
        "_Holder.__cause__.request.__dict__['headers']['token']",
        "_Holder.slot['deep'][0]",
    ]


@pytest.mark.parametrize("fault", FAULTS)
def test_on_errors_of_sts(
    sts_session: SessionMaker, stand_in: StandIn, role: str, fault: str
) -> None:
    stand_in.fault(fault, role=role)
    session = sts_session(
        assume_role_kwargs={"RoleArn": role, "ExternalId": EXTERNAL_ID, "SerialNumber": SERIAL},
        mfa_token_provider=lambda: CODE,
    )
    issued = stand_in.calls(role)["issued"]
    secrets = [*SECRETS, stand_in.secret_access_key, *(each["access_key_id"] for each in issued)]
    assert found_on(_raised(session), secrets) == []


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _deaf(kind: str) -> dict[str, Any]:
    """Give parameters of an STS client that gets no answer: nobody, or no TLS, or a proxy."""
    closed = f"http://127.0.0.1:{_free_port()}"
    if kind == "a proxy":
        proxy = f"http://user:{PROXY_PASSWORD}@127.0.0.1:{_free_port()}"
        return {"endpoint_url": closed, "config": Config(proxies={"http": proxy})}
    return {"endpoint_url": closed.replace("http:", f"{kind}:")}


@pytest.mark.parametrize("kind", ["http", "https", "a proxy", "silence", "rubbish"])
def test_on_errors_of_the_connection(kind: str) -> None:
    """botocore puts the whole request on those, with the base token and the code in it."""
    with socket.socket() as server:
        parameters: dict[str, Any]
        if kind in ("silence", "rubbish"):
            server.bind(("127.0.0.1", 0))
            server.listen()
            parameters = {"endpoint_url": f"http://127.0.0.1:{server.getsockname()[1]}"}
        else:
            parameters = _deaf(kind)
        if kind == "silence":
            parameters["config"] = Config(read_timeout=0.3)
        if kind == "rubbish":
            _answer(server, b"no HTTP at all\r\n\r\n")
        session = RefreshableSession(
            assume_role_kwargs={
                "RoleArn": "arn:aws:iam::123456789012:role/reader",
                "ExternalId": EXTERNAL_ID,
                "SerialNumber": SERIAL,
            },
            sts_client_kwargs={
                "region_name": "us-east-1",
                "aws_access_key_id": "ASIAEXAMPLE",
                "aws_secret_access_key": BASE_SECRET,
                "aws_session_token": BASE_TOKEN,
                **parameters,
            },
            mfa_token_provider=lambda: CODE,
            region_name="us-east-1",
        )
        error = _raised(session)
        session.close()
    assert found_on(error, SECRETS) == []
    assert "Error" in type(error).__name__


def _answer(server: socket.socket, reply: bytes) -> None:
    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()


@pytest.mark.parametrize(
    "changed",
    [
        {"expiry_time": SECRET},
        {"expiry_time": datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)},
        {"token": None},
        {"account_id": 1},
        {"secret_key": f"{SECRET} "},
        {"access_key": f"{SECRET}\n"},
    ],
)
def test_on_errors_of_custom_sources(changed: dict[str, Any]) -> None:
    reply = {
        "access_key": "ASIAEXAMPLE",
        "secret_key": SECRET,
        "token": BASE_TOKEN,
        "expiry_time": datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1),
        **changed,
    }
    with RefreshableSession(
        method="custom", custom_credentials_method=lambda: reply, region_name="us-east-1"
    ) as session:
        assert found_on(_raised(session), SECRETS) == []


def test_on_errors_of_a_chain(sts_session: SessionMaker, stand_in: StandIn, role: str) -> None:
    """A child's call of STS is signed with the parent's credentials."""
    parent = sts_session()
    child_role = f"{role}-child"
    stand_in.fault("access_denied", role=child_role)
    child = RefreshableSession(
        source=parent,
        assume_role_kwargs={"RoleArn": child_role, "ExternalId": EXTERNAL_ID},
        sts_client_kwargs={"endpoint_url": f"http://127.0.0.1:{_free_port()}"},
        region_name="us-east-1",
    )
    shown = parent.credentials
    secrets = [EXTERNAL_ID, shown["secret_key"], shown["token"]]
    assert found_on(_raised(child), secrets) == []
    child.close()
