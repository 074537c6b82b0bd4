"""method="iot" with a server whose replies AWS would not give, and connections that die."""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import IOT_ENDPOINT
from evercreds import (
    EvercredsConnectionError,
    EvercredsCredentialError,
    EvercredsRequestError,
    RefreshableSession,
)
from evercreds._library import abi_generated as abi
from evercreds.methods.iot import _https
from tls_server import Authority, OddServer, odd_server, reply

SECRET = "SentinelSecret0123456789"
GOOD = {
    "accessKeyId": "ASIAEXAMPLE",
    "secretAccessKey": SECRET,
    "sessionToken": SECRET + "Token",
    "expiration": "2099-01-01T00:00:00Z",
}


def good(**changes: Any) -> bytes:
    return json.dumps({"credentials": {**GOOD, **changes}}).encode()


def always(text: bytes) -> Callable[[ssl.SSLSocket, bytes], None]:
    return lambda connection, _: connection.sendall(text)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("odd authority")


@pytest.fixture
def server(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OddServer]:
    with odd_server(tmp_path, authority, IOT_ENDPOINT, always(reply(good()))) as running:
        monkeypatch.setattr(_https, "_address", lambda *_: running.address)
        yield running


Maker = Callable[..., Any]


@pytest.fixture
def session_with(server: OddServer, authority: Authority) -> Iterator[Maker]:
    certificate, key = authority.issue("thing")
    made = []

    def make(**kwargs: Any) -> Any:
        given: dict[str, Any] = {
            "endpoint": IOT_ENDPOINT,
            "role_alias": "some-alias",
            "certificate": certificate,
            "private_key": key,
            "ca": authority.pem,
        }
        made.append(RefreshableSession(method="iot", **{**given, **kwargs}))
        return made[-1]

    yield make
    for session in made:
        session.close()


def test_what_is_sent(server: OddServer, session_with: Maker) -> None:
    session = session_with(thing_name="thing-1", duration_seconds=1800, role_alias="a=b@c,d_e-f")
    session.refresh()
    lines = server.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /role-aliases/a=b@c,d_e-f/credentials HTTP/1.1"
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    assert headers["host"] == IOT_ENDPOINT
    assert headers["x-amzn-iot-thingname"] == "thing-1"
    assert headers["x-amzn-iot-credential-duration-seconds"] == "1800"
    assert server.peers[0]  # the client has shown a certificate
    # The lifetime that was asked for caps what the reply says.
    assert 1790 < session.status().remaining <= 1800


def test_what_is_not_asked_for_is_not_sent(server: OddServer, session_with: Maker) -> None:
    session_with(endpoint=f"{IOT_ENDPOINT}:8443").refresh()
    text = server.requests[0].decode().lower()
    assert "x-amzn-iot" not in text
    assert f"host: {IOT_ENDPOINT}:8443\r\n" in text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>" + SECRET.encode(),
        b"null",
        b"[]",
        b"7",
        b'"x"',
        b"{}",
        b'{"credentials": null}',
        b'{"credentials": []}',
        b'{"credentials": "' + SECRET.encode() + b'"}',
        b"[" * 60_000,
        b"\xff\xfe" + SECRET.encode(),
        good()[:-9],
        good(accessKeyId=None),
        good(secretAccessKey=7),
        good(secretAccessKey=""),
        good(sessionToken=[SECRET]),
        good(sessionToken=SECRET + "\r\nx: y"),
        good(sessionToken=SECRET + "\ud800"),
        good(expiration=None),
        good(expiration=4070908800),
        good(expiration="\ud800"),
        good(expiration="2099-01-01T00:00:00"),
        good(expiration="tomorrow"),
        good(expiration="2001-01-01T00:00:00Z"),
        json.dumps({"Credentials": GOOD}).encode(),
    ],
)
def test_x3_a_200_without_credentials(
    server: OddServer, session_with: Maker, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server.serve = always(reply(body))
    session = session_with()
    with caplog.at_level(logging.DEBUG), pytest.raises(EvercredsCredentialError) as caught:
        session.refresh()
    assert SECRET not in told_by(caught.value) + caplog.text
    assert session.status().phase == "empty"
    server.serve = always(reply(good()))
    session.refresh()


def told_by(error: BaseException | None) -> str:
    told = ""
    while error is not None:
        told += str(error) + repr(error) + repr(vars(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("502 Bad Gateway", b"<html>" + SECRET.encode()),
        ("500 Internal Server Error", b""),
        ("403 Forbidden", b'{"message": 7, "other": "' + SECRET.encode() + b'"}'),
        ("302 Found", b""),
        ("204 No Content", b""),
    ],
)
def test_x3_a_refusal_without_json(
    server: OddServer, session_with: Maker, status: str, body: bytes
) -> None:
    server.serve = always(reply(body, status, "location: https://attacker.example/"))
    with pytest.raises(EvercredsRequestError) as caught:
        session_with().refresh()
    assert caught.value.status_code == int(status[:3])
    assert caught.value.details is None
    assert SECRET not in told_by(caught.value)
    assert len(server.requests) == 1


def test_what_a_refusal_says_is_kept(server: OddServer, session_with: Maker) -> None:
    body = json.dumps({"message": "m" * 1000, "traceId": "t-1", "other": SECRET}).encode()
    server.serve = always(
        reply(body, "429 Too Many", "retry-after: 12", "x-amzn-errortype: Throttling:http://x")
    )
    session = session_with()
    with pytest.raises(EvercredsRequestError) as caught:
        session.refresh()
    error = caught.value
    assert error.details == {"message": "m" * 200, "traceId": "t-1", "retryAfter": 12}
    assert (error.code, error.status_code) == ("Throttling", 429)
    failure = session._host.loop.source.classify(error)
    assert failure.error_class == abi.ErrorClass.THROTTLED
    assert failure.retry_after_ms == 12_000


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_reply_that_never_ends_is_cut_off(
    server: OddServer,
    session_with: Maker,
    capfd: pytest.CaptureFixture[str],
    status: str,
    is_chunked: bool,
) -> None:
    framing = "transfer-encoding: chunked" if is_chunked else f"content-length: {1 << 40}"

    def pour(connection: ssl.SSLSocket, _: bytes) -> None:
        connection.sendall(f"HTTP/1.1 {status}\r\n{framing}\r\n\r\n".encode())
        piece = b"x" * 4096
        while True:  # until the client has gone
            connection.sendall(b"1000\r\n" + piece + b"\r\n" if is_chunked else piece)

    server.serve = pour
    session = session_with(timeout=60)
    with pytest.raises(EvercredsCredentialError, match="more than 65536 bytes"):
        session.refresh()
    assert capfd.readouterr().err == ""


def test_a_reply_that_trickles_is_cut_off(server: OddServer, session_with: Maker) -> None:
    def trickle(connection: ssl.SSLSocket, _: bytes) -> None:
        for at in reply(good()):
            connection.sendall(bytes([at]))
            time.sleep(0.05)

    server.serve = trickle
    with pytest.raises(EvercredsConnectionError, match="no whole reply within 1 seconds"):
        session_with(timeout=1).refresh()


@pytest.mark.parametrize("cut", [1, 40, -5])
def test_a_reply_that_breaks_off_is_told(server: OddServer, session_with: Maker, cut: int) -> None:
    def half(connection: ssl.SSLSocket, _: bytes) -> None:
        connection.sendall(reply(good())[:cut])
        connection.close()

    server.serve = half
    with pytest.raises(EvercredsConnectionError, match="ended before the whole reply"):
        session_with().refresh()


def test_what_is_no_http_is_told(server: OddServer, session_with: Maker) -> None:
    server.serve = always(b"220 mail.example ESMTP\r\n\r\n")
    with pytest.raises(EvercredsConnectionError, match="HTTP"):
        session_with().refresh()


def test_a_request_reopens_a_dead_connection(server: OddServer, session_with: Maker) -> None:
    session = session_with()
    for _ in range(2):
        session.refresh()
    assert server.connections == 1
    server.drop_all()
    for _ in range(2):
        session.refresh()
    assert server.connections == 2
    assert len(server.requests) == 4


def test_a_request_reopens_a_connection_that_dies(server: OddServer, session_with: Maker) -> None:
    """As where the server gives it up at the very moment at which it is used again."""
    session = session_with()
    session.refresh()

    def close_the_old(connection: ssl.SSLSocket, _: bytes) -> None:
        if server.connections == 1:
            connection.close()
        else:
            connection.sendall(reply(good()))

    server.serve = close_the_old
    session.refresh()
    assert server.connections == 2


def test_a_fresh_connection_that_dies_is_an_error(server: OddServer, session_with: Maker) -> None:
    server.serve = lambda connection, _: connection.close()
    with pytest.raises(EvercredsConnectionError, match="ended before") as caught:
        session_with().refresh()
    assert len(server.requests) == 1
    assert type(caught.value) is EvercredsConnectionError


def test_a_server_that_wants_no_more_requests_is_heeded(
    server: OddServer, session_with: Maker
) -> None:
    server.serve = always(reply(good(), "200 OK", "connection: close"))
    session = session_with()
    session.refresh()
    session.refresh()
    assert server.connections == 2


def test_a_client_certificate_that_is_refused(server: OddServer, session_with: Maker) -> None:
    certificate, key = Authority("another").issue("thing")
    with pytest.raises(EvercredsConnectionError) as caught:
        session_with(certificate=certificate, private_key=key, timeout=60).refresh()
    assert caught.value.param == "endpoint"
    assert "refuses the device's certificate (tlsv1 alert unknown ca)" in str(caught.value)
    assert not server.requests


def test_a_certificate_of_another_host_is_told(
    tmp_path: Path, authority: Authority, session_with: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "other.credentials.iot.us-east-1.amazonaws.com"
    (tmp_path / "other").mkdir()
    with odd_server(tmp_path / "other", authority, other, always(reply(good()))) as running:
        monkeypatch.setattr(_https, "_address", lambda *_: running.address)
        with pytest.raises(EvercredsConnectionError, match="Hostname mismatch") as caught:
            session_with(timeout=60).refresh()
        assert not running.requests
    assert caught.value.param == "endpoint"


def test_errors_can_be_pickled(server: OddServer, session_with: Maker) -> None:
    import pickle

    server.serve = lambda connection, _: connection.close()
    with pytest.raises(EvercredsConnectionError) as caught:
        session_with().refresh()
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is EvercredsConnectionError
    assert str(again) == str(caught.value)
