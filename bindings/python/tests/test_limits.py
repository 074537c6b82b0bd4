"""A reply without end, and words that are none of AWS's, harm nobody."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import StandIn
from evercreds import RefreshableSession
from evercreds.errors import EvercredsCredentialError, EvercredsError, EvercredsValidationError

SENTINEL = "wJalrXUtnFEMI-sentinel"

Serve = Callable[[int, bytes | None], Any]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that answers all alike; without a body, with blanks for ever."""
    servers = []

    def start(status: int, body: bytes | None) -> Any:
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.end_headers()
                if body is not None:
                    self.wfile.write(body)
                while body is None:
                    try:
                        self.server.sent += self.wfile.write(b" " * 65536)  # type: ignore[attr-defined]
                    except OSError:
                        return

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.sent = 0  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def session_of(server: Any) -> RefreshableSession:
    return RefreshableSession(
        assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/limits"},
        sts_client_kwargs={
            "endpoint_url": f"http://127.0.0.1:{server.server_port}",
            "region_name": "us-east-1",
            "config": Config(retries={"mode": "standard", "total_max_attempts": 1}),
        },
        max_wait=0,
    )


@pytest.mark.usefixtures("base_keys")
@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_reply_without_end_is_not_read_to_its_end(serve: Serve, status: int) -> None:
    server = serve(status, None)
    with pytest.raises(EvercredsCredentialError, match="65536 bytes") as caught:
        session_of(server).refresh()
    assert caught.value.code == "malformed"
    assert server.sent < 32 << 20  # what buffers on the way take, and more


@pytest.mark.usefixtures("base_keys")
def test_of_get_caller_identity_neither(stand_in: StandIn, role: str) -> None:
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": role},
        sts_client_kwargs={"endpoint_url": stand_in.endpoint, "region_name": "us-east-1"},
    )
    session.refresh()
    stand_in.fault("oversized", action="GetCallerIdentity")
    with pytest.raises(EvercredsCredentialError, match="65536 bytes"):
        session.get_identity()
    stand_in.clear_faults()
    assert session.get_identity()["Account"]


@pytest.mark.usefixtures("base_keys")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, f"<AssumeRoleResponse><{SENTINEL}>"),
        (200, SENTINEL),
        (200, ""),
        (502, f"<html><{SENTINEL}</html>"),
        (403, f"{{{SENTINEL}"),
        (400, ""),
    ],
)
def test_what_is_no_answer_of_aws_is_not_shown(serve: Serve, status: int, body: str) -> None:
    with pytest.raises((ClientError, EvercredsCredentialError)) as caught:
        session_of(serve(status, body.encode())).refresh()
    error: BaseException | None = caught.value
    while error is not None:
        assert SENTINEL not in repr(error)
        assert SENTINEL not in repr(vars(error))
        error = error.__cause__ or error.__context__


@pytest.mark.usefixtures("base_keys")
def test_amz_retry_after_counts_in_milliseconds(stand_in: StandIn, role: str) -> None:
    stand_in.fault("throttling", role=role, amz_retry_after_ms=20_000, retry_after_s=1)
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": role},
        sts_client_kwargs={
            "endpoint_url": stand_in.endpoint,
            "region_name": "us-east-1",
            "config": Config(retries={"mode": "standard", "total_max_attempts": 1}),
        },
        max_wait=0,
    )
    for _ in range(3):
        with pytest.raises(Exception, match="Throttling"):
            session.refreshable_credentials()
        time.sleep(0)
    assert stand_in.calls(role)["attempts"] == 1


@pytest.mark.usefixtures("base_keys")
def test_the_token_size_is_checked_and_sent(stand_in: StandIn, role: str) -> None:
    client = {"endpoint_url": stand_in.endpoint, "region_name": "us-east-1"}
    bad: Any
    for bad in (-1, 4097, 1.5, True, "7"):
        with pytest.raises(EvercredsValidationError, match="from 0 to 4096") as caught:
            RefreshableSession(
                assume_role_kwargs={"RoleArn": role, "MinimumSessionTokenSize": bad},
                sts_client_kwargs=client,
            )
        error: EvercredsError = caught.value
        assert error.param == "MinimumSessionTokenSize"
    model = botocore.session.Session().get_service_model("sts").operation_model("AssumeRole")
    if "MinimumSessionTokenSize" not in model.input_shape.members:
        pytest.skip("this botocore does not know the parameter, and refuses it")
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": role, "MinimumSessionTokenSize": 4096},
        sts_client_kwargs=client,
    )
    assert len(session.refreshable_credentials()["token"]) >= 4096
