"""MQTT connections of a session, with a real broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from awscrt.mqtt import Connection

from conftest import MqttOpener, SessionMaker, StandIn
from mosquitto import MQTT_ENDPOINT, Broker
from mqtt_tools import arguments, round_trip
from relays import Proxy


@pytest.mark.parametrize("as_bytes", [False, True])
@pytest.mark.parametrize("kind", ["", "rsa_"])
def test_a_message_comes_back_over_tls(
    iot_session: SessionMaker,
    stand_in: StandIn,
    broker: Broker,
    proxy: Proxy,
    opened: MqttOpener,
    kind: str,
    as_bytes: bool,
) -> None:
    names = ("certificate", "private_key")
    given: dict[str, Any] = {name: stand_in.introduction[kind + name] for name in names}
    ca: Any = str(broker.ca)
    if as_bytes:
        given = {name: Path(path).read_bytes() for name, path in given.items()}
        ca = broker.ca.read_bytes()
    session = iot_session(**given)
    connection = session.mqtt(**arguments(broker, ca=ca))
    assert isinstance(connection, Connection)
    round_trip(opened(connection))
    assert proxy.asked == [f"{MQTT_ENDPOINT}:8883"]
    line = broker.line_of(connection.client_id)
    assert f"u'{stand_in.introduction['thing_name']}'" in line, "the certificate's name"
    assert "c1, k60" in line
    assert stand_in.alias_calls()["attempts"] == 0, "no credentials are needed for this"
