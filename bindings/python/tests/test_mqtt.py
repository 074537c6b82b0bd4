"""MQTT connections of a session, with a real broker."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path
from typing import Any

import pytest
from awscrt.http import HttpProxyOptions
from awscrt.mqtt import Connection

from conftest import MqttOpener, SessionMaker, StandIn, until
from evercreds import EvercredsConnectionError, EvercredsValidationError
from mosquitto import MQTT_ENDPOINT, Broker
from mqtt_tools import WAIT_S, arguments, round_trip
from relays import Proxy, TlsFront
from tls_server import Authority

PAIR = ("certificate", "private_key")


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
    given: dict[str, Any] = {name: stand_in.introduction[kind + name] for name in PAIR}
    ca: Any = str(broker.ca)
    if as_bytes:
        given = {name: Path(path).read_bytes() for name, path in given.items()}
        ca = broker.ca.read_bytes()
    session = iot_session(**given)
    connection = session.mqtt(**arguments(broker, ca=ca))
    assert isinstance(connection, Connection)
    round_trip(opened(connection))
    assert {*proxy.asked} == {f"{MQTT_ENDPOINT}:8883"}
    line = broker.line_of(connection.client_id)
    assert f"u'{stand_in.introduction['thing_name']}'" in line, "the certificate's name"
    assert "c1, k60" in line
    assert stand_in.alias_calls()["attempts"] == 0, "no credentials are needed for this"


def refused(connection: Connection, proxy: Proxy) -> EvercredsConnectionError:
    """Try to open a connection; give the error."""
    connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
    with pytest.raises(EvercredsConnectionError) as caught:
        connection.connect().result(WAIT_S)
    assert caught.value.param == "endpoint"
    return caught.value


def test_the_arguments_go_before_what_the_session_has(
    iot_session: SessionMaker,
    stand_in: StandIn,
    broker: Broker,
    opened: MqttOpener,
    tmp_path: Path,
) -> None:
    certificate, key = (Path(stand_in.introduction[name]) for name in PAIR)
    other = {name: stand_in.introduction[f"rsa_{name}"] for name in PAIR}
    session = iot_session(**other)
    connection = session.mqtt(
        **arguments(
            broker,
            certificate=certificate.read_bytes(),
            private_key=str(key),
            keep_alive_secs=5,
            clean_start=False,
            region="elsewhere",  # there is nothing to sign
        )
    )
    round_trip(opened(connection))
    assert "c0, k5" in broker.line_of(connection.client_id)


def test_a_client_that_the_broker_does_not_know_is_refused(
    iot_session: SessionMaker, broker: Broker, proxy: Proxy
) -> None:
    certificate, key = Authority("strangers").issue("stranger")
    session = iot_session()
    given = arguments(broker, certificate=certificate, private_key=key)
    error = refused(session.mqtt(**given), proxy)
    assert "refuses the device's certificate (tlsv1 alert unknown ca)" in str(error)
    assert f" as {given['client_id']} (" not in broker.log()


@pytest.mark.parametrize("transport", ["x509", "ws"])
def test_a_broker_that_nobody_vouches_for_is_refused(
    iot_session: SessionMaker, broker: Broker, proxy: Proxy, transport: str
) -> None:
    """Whatever verify_peer says for the session: no stranger is to get a signature."""
    session = iot_session(verify_peer=False)
    for each in (
        {"ca": Authority("another").pem},
        {"endpoint": "another-ats.iot.us-east-1.amazonaws.com"},
    ):
        given = arguments(broker, transport=transport, **each)
        error = refused(session.mqtt(**given), proxy)
        assert "not to be trusted" in str(error)


def test_replaced_files_are_read_when_it_is_opened(
    iot_session: SessionMaker,
    stand_in: StandIn,
    broker: Broker,
    proxy: Proxy,
    opened: MqttOpener,
    tmp_path: Path,
) -> None:
    paths = [tmp_path / "certificate.pem", tmp_path / "key.pem"]
    for path, text in zip(paths, Authority("strangers").issue("stranger"), strict=True):
        path.write_bytes(text)
    session = iot_session(certificate=str(paths[0]), private_key=str(paths[1]))
    connection = session.mqtt(**arguments(broker))
    refused(connection, proxy)
    for path, name in zip(paths, PAIR, strict=True):
        shutil.copy(stand_in.introduction[name], path)
    round_trip(opened(connection))
    connection.disconnect().result(WAIT_S)
    paths[1].write_text("nothing of use")
    with pytest.raises(EvercredsValidationError) as caught:
        connection.connect().result(WAIT_S)
    assert caught.value.param == "private_key"


@pytest.mark.parametrize(
    ("port", "use_alpn", "dialled", "negotiated"),
    [
        (None, True, 443, "x-amzn-mqtt-ca"),
        (8883, True, 8883, "x-amzn-mqtt-ca"),
        (443, False, 443, "x-amzn-mqtt-ca"),
        (None, False, 8883, None),
    ],
)
def test_protocols_are_negotiated(
    iot_session: SessionMaker,
    stand_in: StandIn,
    broker: Broker,
    proxy: Proxy,
    opened: MqttOpener,
    port: int | None,
    use_alpn: bool,
    dialled: int,
    negotiated: str | None,
) -> None:
    """mosquitto knows nothing of that, so that another server stands before it."""
    trust = broker.server_context()
    trust.set_alpn_protocols(["http/1.1", "x-amzn-mqtt-ca"])
    onward = broker.client_context()
    onward.load_cert_chain(*(stand_in.introduction[name] for name in PAIR))
    front = TlsFront(trust, broker.tls_port, onward, MQTT_ENDPOINT, has_head=False)
    proxy.ports = {443: front.port, 8883: front.port}
    try:
        given = arguments(broker, port=port, use_alpn=use_alpn)
        round_trip(opened(iot_session().mqtt(**given)))
    finally:
        front.close()
    assert {*proxy.asked} == {f"{MQTT_ENDPOINT}:{dialled}"}
    assert {*front.protocols} == {negotiated}
    assert {*front.names} == {MQTT_ENDPOINT}


def test_a_connection_outlives_its_session(
    iot_session: SessionMaker, broker: Broker, opened: MqttOpener, proxy: Proxy
) -> None:
    session = iot_session()
    connection = opened(session.mqtt(**arguments(broker)))
    session.close()
    del session
    gc.collect()
    round_trip(connection)
    asked = len(proxy.asked)
    proxy.drop_all()
    until(lambda: len(proxy.asked) > asked, WAIT_S)
    round_trip(connection)


def test_connections_share_a_loop_and_a_context(iot_session: SessionMaker, broker: Broker) -> None:
    session = iot_session(ca=str(broker.ca))
    given = arguments(broker)
    del given["ca"]
    one, other = session.mqtt(**given), session.mqtt(**given)
    assert one.client.tls_ctx is other.client.tls_ctx
    assert one is not other


def test_the_loop_ends_with_the_last_connection(
    iot_session: SessionMaker, broker: Broker, opened: MqttOpener
) -> None:
    session = iot_session()
    connections = [session.mqtt(**arguments(broker)) for _ in range(3)]
    round_trip(opened(connections[0]))
    ended = session._connections._loop._bootstrap.shutdown_event
    session.close()
    round_trip(connections[0])
    assert not ended.is_set()
    connections.pop(0).disconnect().result(WAIT_S)
    connections.clear()
    gc.collect()
    assert ended.wait(WAIT_S)
