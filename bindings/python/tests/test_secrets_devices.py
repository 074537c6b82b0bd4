"""No key and no PIN in what a device's errors keep alive: text, attributes, variables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn
from mqtt_tools import WAIT_S
from reachable import found_on
from test_secrets_frames import OURS, raised_by, report_of

pytest.importorskip("awscrt")

PIN = "84736251908"
MQTT = {"endpoint": "stand-in-ats.iot.us-east-1.amazonaws.com", "client_id": "me"}
KEYS = ("private_key", "rsa_private_key")


def _of_refresh(session: Any, _: dict[str, Any]) -> BaseException:
    return raised_by(session.refresh)


def _of_mqtt(session: Any, given: dict[str, Any]) -> BaseException:
    return raised_by(lambda: session.mqtt(**MQTT, **given))


def _of_connect(session: Any, given: dict[str, Any]) -> BaseException:
    connection = session.mqtt(**MQTT)
    connection.host_name, connection.port = "127.0.0.1", 1
    return raised_by(lambda: connection.connect().result(WAIT_S))


def _of_connect_with_others_files(session: Any, given: dict[str, Any]) -> BaseException:
    connection = session.mqtt(**MQTT)
    session._tls_identity.certificate._text = b"no certificate"
    return raised_by(lambda: connection.connect().result(WAIT_S))


WAYS = [_of_refresh, _of_mqtt, _of_connect, _of_connect_with_others_files]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_token", [False, True])
def test_of_a_device(
    iot_session: SessionMaker,
    stand_in: StandIn,
    tmp_path: Path,
    way: Callable[[Any, dict[str, Any]], BaseException],
    is_token: bool,
) -> None:
    if is_token and way is not _of_mqtt:
        pytest.skip("device_token.py looks at those")
    texts = [Path(stand_in.introduction[name]).read_bytes() for name in KEYS]
    secrets = [PIN, *(text.split(b"\n")[1].decode() for text in texts)]
    # A key that is not the certificate's, which but the first use finds out; later, none is.
    is_wrong = way is _of_refresh
    session = iot_session(private_key=texts[1] if is_wrong else texts[0])
    given: dict[str, Any] = {"private_key": texts[1]}
    if is_token:
        no_library = tmp_path / "none.so"
        no_library.write_bytes(b"")
        given = {"pkcs11": {"pkcs11_lib": str(no_library), "user_pin": PIN}}
    error = way(session, given)
    assert found_on(error, secrets) == []
    shown = [part.partition('  File "')[0] for part in report_of(error).split(OURS)[1:]]
    assert shown or way is _of_connect
    assert not [each for each in secrets if each in "".join(shown)]
