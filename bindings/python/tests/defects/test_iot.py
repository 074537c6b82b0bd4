"""Credentials of a thing, by its certificate."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import evercreds
from conftest import SessionMaker, StandIn
from defects.sources import SENTINEL, is_refusal_of, outcome

DATA_ENDPOINT = "a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com"


def test_X1_only_an_endpoint_passes_the_check(iot_session: SessionMaker) -> None:
    """A host that is not one of AWS's credential endpoints is refused, whatever follows it."""
    accepted = [
        endpoint
        for endpoint in (
            "127.0.0.1:8443/.credentials.iot.",
            "host.example/.credentials.iot.",
            "host.example?.credentials.iot.us-east-1.amazonaws.com",
            "somebody.credentials.iot.@host.example",
        )
        if not is_refusal_of(
            "endpoint", outcome(lambda endpoint=endpoint: iot_session(endpoint=endpoint))
        )
    ]
    assert accepted == []


def test_X2_rotated_certificate_files_are_read_again(
    iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path
) -> None:
    """A key file that was replaced since the session was made serves the next refresh."""
    key = tmp_path / "key.pem"
    shutil.copy(stand_in.introduction["rsa_private_key"], key)
    session = iot_session(private_key=str(key))
    assert isinstance(outcome(session.refreshable_credentials), Exception)
    shutil.copy(stand_in.introduction["private_key"], key)
    # A failure that is there to stay is told again for at most 5 seconds.
    end = time.monotonic() + 60
    read: Any = None
    while time.monotonic() < end and not isinstance(read, dict):
        read = outcome(session.refreshable_credentials)
        threading.Event().wait(0.2)
    assert isinstance(read, dict), read


def test_X3_a_reply_that_cannot_be_read_is_a_clear_error(
    iot_session: SessionMaker, stand_in: StandIn
) -> None:
    """A reply that is torn, or has no credentials, is one of the package's errors."""
    raised = []
    for fault in ("truncated", "missing_field"):
        stand_in.fault(fault, alias=stand_in.introduction["role_alias"])
        raised.append(outcome(iot_session().refreshable_credentials))
        stand_in.clear_faults()
    assert [
        type(each).__name__ for each in raised if not isinstance(each, evercreds.BRSError)
    ] == []


def test_X4_connection_failures_are_clear_errors(
    iot_session: SessionMaker, stand_in: StandIn
) -> None:
    """No answer in time, and an authority that is another's or none, are the package's errors."""
    stand_in.fault("hang", alias=stand_in.introduction["role_alias"])
    raised = [outcome(iot_session(timeout=1).refreshable_credentials)]
    stand_in.clear_faults()
    # A certificate that has signed no other, and what is no certificate.
    for ca in (stand_in.introduction["certificate"], b"no certificate"):
        raised.append(
            outcome(lambda ca=ca: iot_session(ca=ca, timeout=3).refreshable_credentials())
        )
    assert [
        type(each).__name__ for each in raised if not isinstance(each, evercreds.BRSError)
    ] == []


def test_X5_a_bad_certificate_is_not_shown(iot_session: SessionMaker) -> None:
    """PEM text in the place of a path is refused without being shown."""
    # Of the length of a real one: no path may be so long.
    text = "\n".join(["-----BEGIN PRIVATE KEY-----", *[SENTINEL] * 20, "-----END PRIVATE KEY-----"])
    for param in ("certificate", "private_key", "ca"):
        raised = outcome(lambda param=param: iot_session(**{param: text}))
        assert SENTINEL not in f"{raised} {raised!r}"
        assert is_refusal_of(param, raised)


def test_X7_a_session_keeps_its_event_loop_and_tls_context(
    iot_session: SessionMaker, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three refreshes make one event loop group and one TLS context at most."""
    from awscrt import io

    made: dict[str, int] = {}
    for kind in (io.EventLoopGroup, io.ClientTlsContext):
        count_made(kind, made, monkeypatch)
    stand_in.lifetime(stand_in.introduction["role_alias"], 2)
    session = iot_session()
    keys = set()
    for _ in range(3):
        keys.add(session.refreshable_credentials()["access_key"])
        threading.Event().wait(2.2)
    assert len(keys) == 3
    assert {name: count for name, count in made.items() if count > 1} == {}


def count_made(kind: type, made: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the instances of a class that are made from now on."""
    begin = kind.__init__

    def counting(self: Any, *args: Any, **kwargs: Any) -> None:
        made[kind.__name__] = made.get(kind.__name__, 0) + 1
        begin(self, *args, **kwargs)

    monkeypatch.setattr(kind, "__init__", counting)


def test_X8_mqtt_over_websockets_can_be_had(iot_session: SessionMaker) -> None:
    """mqtt(transport="ws") gives a connection."""
    from awscrt.mqtt import Connection

    connection = iot_session().mqtt(
        endpoint=DATA_ENDPOINT, client_id="thing", transport="ws", region="us-east-1"
    )
    assert isinstance(connection, Connection)
