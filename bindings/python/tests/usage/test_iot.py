"""The examples of IoT: keys in PEM files and in a token, and MQTT."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from awscrt.http import HttpProxyOptions
from awscrt.mqtt import QoS
from awsiot import mqtt_connection_builder

from conftest import IOT_ENDPOINT, StandIn
from mosquitto import MQTT_ENDPOINT, Broker
from relays import Proxy
from softhsm import SoftToken
from usage.conftest import Run

TOPIC = "usage/readings"
WAIT_S = 30


@pytest.fixture
def thing(stand_in: StandIn, tmp_path: Path) -> dict[str, str]:
    """What a program finds in its environment where it runs on a thing.

    Names of AWS lead to loopback there, since names can be nothing but AWS's.
    """
    given = stand_in.introduction
    names = tmp_path / "names"
    names.mkdir()
    shutil.copy(Path(__file__).with_name("names_on_loopback.py"), names / "sitecustomize.py")
    stand_in.control("POST", "reset")
    return {
        "PYTHONPATH": str(names),
        "LOOPBACK_TLS_PORT": given["tls_endpoint"].rpartition(":")[2],
        "IOT_ENDPOINT": IOT_ENDPOINT,
        "ROLE_ALIAS": given["role_alias"],
        "THING_NAME": given["thing_name"],
        "CERTIFICATE": given["certificate"],
        "PRIVATE_KEY": given["private_key"],
        "CA": given["ca"],
    }


@pytest.fixture
def broker_thing(
    thing: dict[str, str], stand_in: StandIn, broker: Broker, proxy: Proxy, tmp_path: Path
) -> dict[str, str]:
    """The same, with a broker, which another authority vouches for."""
    both = tmp_path / "authorities.pem"
    both.write_text(Path(stand_in.introduction["ca"]).read_text() + broker.ca.read_text())
    return thing | {
        "CA": str(both),
        "LOOPBACK_PROXY_PORT": str(proxy.port),
        "MQTT_ENDPOINT": MQTT_ENDPOINT,
        "MQTT_TOPIC": TOPIC,
    }


@pytest.fixture
def readings(broker_thing: dict[str, str]) -> Iterator[queue.Queue[bytes]]:
    """What is published, as somebody else receives it."""
    came: queue.Queue[bytes] = queue.Queue()

    def take(topic: str, payload: bytes, **_: Any) -> None:
        came.put(payload)

    connection = mqtt_connection_builder.mtls_from_path(
        broker_thing["CERTIFICATE"],
        broker_thing["PRIVATE_KEY"],
        ca_filepath=broker_thing["CA"],
        endpoint=MQTT_ENDPOINT,
        port=8883,
        client_id="reader",
        http_proxy_options=HttpProxyOptions("127.0.0.1", int(broker_thing["LOOPBACK_PROXY_PORT"])),
    )
    connection.connect().result(WAIT_S)
    subscribed, _ = connection.subscribe(TOPIC, QoS.AT_LEAST_ONCE, take)
    subscribed.result(WAIT_S)
    yield came
    connection.disconnect().result(WAIT_S)


def test_seed_iot(run: Run, thing: dict[str, str], stand_in: StandIn) -> None:
    assert run("seed_iot", **thing) == ["buckets 2"]
    assert stand_in.alias_calls()["successes"] == 1


def test_iot_pem(run: Run, thing: dict[str, str], stand_in: StandIn) -> None:
    assert run("iot_pem", **thing) == ["method iot-x509 us-east-1", "buckets 2"]
    assert stand_in.alias_calls()["successes"] == 1


def test_iot_pkcs11(
    run: Run,
    thing: dict[str, str],
    stand_in: StandIn,
    softhsm_token: SoftToken,
) -> None:
    token = softhsm_token
    printed = run(
        "iot_pkcs11",
        **thing | {"CERTIFICATE": stand_in.introduction["rsa_certificate"]},
        SOFTHSM2_CONF=os.environ["SOFTHSM2_CONF"],
        PKCS11_LIB=token.library,
        PKCS11_PIN=token.pin,
        PKCS11_SLOT=slot_of(token.label),
        PKCS11_TOKEN=token.label,
        PKCS11_KEY="rsa",
    )
    assert printed == ["buckets 2"]
    assert stand_in.alias_calls()["successes"] == 1


def test_mqtt_publish(run: Run, broker_thing: dict[str, str], readings: queue.Queue[bytes]) -> None:
    assert run("mqtt_publish", **broker_thing) == ["published", "disconnected"]
    assert readings.get(timeout=WAIT_S) == b"21.5"


def slot_of(label: str) -> str:
    done = subprocess.run(
        ["softhsm2-util", "--show-slots"], capture_output=True, text=True, check=True, timeout=120
    )
    (found,) = [
        slot.split()[0]
        for slot in done.stdout.split("\nSlot ")[1:]
        if re.search(rf"Label:\s+{re.escape(label)}\s", slot)
    ]
    return found
