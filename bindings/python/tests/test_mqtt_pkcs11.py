"""MQTT with a private key in a PKCS#11 token: SoftHSM's."""

from __future__ import annotations

from typing import Any

import pytest
from awscrt.http import HttpProxyOptions

from conftest import MqttOpener, SessionMaker, StandIn, ended_well, in_child
from evercreds import EvercredsConfigurationError
from mosquitto import Broker
from mqtt_tools import WAIT_S, arguments, round_trip
from relays import Proxy
from softhsm import SoftToken

CERTIFICATES = {"rsa": "rsa_certificate", "ec": "certificate"}


@pytest.mark.parametrize("key", CERTIFICATES)
@pytest.mark.parametrize("where", ["session", "mqtt"])
def test_a_key_in_a_token(
    iot_session: SessionMaker,
    stand_in: StandIn,
    broker: Broker,
    opened: MqttOpener,
    softhsm_token: SoftToken,
    key: str,
    where: str,
) -> None:
    given = {
        "certificate": stand_in.introduction[CERTIFICATES[key]],
        "pkcs11": softhsm_token.pkcs11(key),
    }
    if where == "session":
        connection = iot_session(private_key=None, **given).mqtt(**arguments(broker))
    else:
        connection = iot_session().mqtt(**arguments(broker, **given))
    round_trip(opened(connection))
    name = stand_in.introduction["thing_name"]
    assert f"u'{name}'" in broker.line_of(connection.client_id)
    connection.disconnect().result(WAIT_S)
    round_trip(opened(connection))


def test_a_key_in_a_file_instead(
    iot_session: SessionMaker,
    stand_in: StandIn,
    broker: Broker,
    opened: MqttOpener,
    softhsm_token: SoftToken,
) -> None:
    session = iot_session(private_key=None, pkcs11=softhsm_token.pkcs11("ec"))
    given = {"private_key": stand_in.introduction["private_key"]}
    round_trip(opened(session.mqtt(**arguments(broker, **given))))


def test_what_is_not_found_is_told(
    iot_session: SessionMaker, broker: Broker, softhsm_token: SoftToken
) -> None:
    session = iot_session(private_key=None, pkcs11=softhsm_token.pkcs11("none"))
    with pytest.raises(EvercredsConfigurationError, match="private_key_label") as caught:
        session.mqtt(**arguments(broker))
    assert caught.value.param == "pkcs11"
    assert softhsm_token.pin not in str(caught.value) + repr(vars(caught.value))


def test_a_child_has_the_token_too(
    iot_session: SessionMaker,
    broker: Broker,
    proxy: Proxy,
    opened: MqttOpener,
    softhsm_token: SoftToken,
) -> None:
    session = iot_session(private_key=None, pkcs11=softhsm_token.pkcs11("ec"))
    connection = opened(session.mqtt(**arguments(broker)))

    def work() -> None:
        own: Any = session.mqtt(**arguments(broker))
        own.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
        own.connect().result(WAIT_S)
        round_trip(own)

    assert ended_well(in_child(work, seconds=60))
    round_trip(connection)
