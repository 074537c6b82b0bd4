"""What the tests of MQTT share."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from awscrt.mqtt import Connection, QoS

from mosquitto import MQTT_ENDPOINT, Broker

WAIT_S = 30


def arguments(broker: Broker, **more: Any) -> dict[str, Any]:
    """Give the arguments of ``mqtt()`` for a client of a name of its own."""
    given = {"endpoint": MQTT_ENDPOINT, "client_id": f"client-{uuid.uuid4()}"}
    return {**given, "ca": str(broker.ca), **more}


def round_trip(connection: Connection) -> None:
    """Have a message come back from the broker."""
    topic, came, got = f"topic/{uuid.uuid4()}", threading.Event(), []

    def take(topic: str, payload: bytes, **_: Any) -> None:
        got.append((topic, payload))
        came.set()

    subscribed, _ = connection.subscribe(topic, QoS.AT_LEAST_ONCE, take)
    assert subscribed.result(WAIT_S)["qos"] == QoS.AT_LEAST_ONCE
    published, _ = connection.publish(topic, b"news", QoS.AT_LEAST_ONCE)
    published.result(WAIT_S)
    assert came.wait(WAIT_S)
    assert got == [(topic, b"news")]
