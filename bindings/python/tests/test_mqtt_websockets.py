"""MQTT over WebSockets: each opening is signed with the credentials of that time."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from awscrt.exceptions import AwsCrtError
from awscrt.http import HttpProxyOptions
from awscrt.mqtt import QoS
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from conftest import IOT_ENDPOINT, MqttOpener, SessionMaker, StandIn, until
from evercreds import EvercredsCredentialError, EvercredsRequestError
from evercreds.methods.iot._mqtt import Connections
from mosquitto import MQTT_ENDPOINT, Broker
from mqtt_tools import WAIT_S, arguments, round_trip
from relays import Proxy, TlsFront

REGION = "us-east-1"


@pytest.fixture
def front(broker: Broker, proxy: Proxy) -> Iterator[TlsFront]:
    """Stands before the broker, and writes the requests down."""
    trust = broker.server_context()
    trust.set_alpn_protocols(["x-amzn-mqtt-ca", "http/1.1"])
    made = TlsFront(
        trust,
        broker.websocket_port,
        broker.client_context(),
        MQTT_ENDPOINT,
        has_head=True,
    )
    proxy.ports[443] = made.port
    yield made
    made.close()


def websocket(session: Any, broker: Broker, **more: Any) -> Any:
    return session.mqtt(**arguments(broker, transport="ws", **more))


def query_of(head: bytes) -> dict[str, str]:
    """Give the parameters of a request, each of which is there but once."""
    target = head.split()[1].decode()
    assert target.startswith("/mqtt?")
    pairs = urllib.parse.parse_qsl(target.partition("?")[2], strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def signature_of(head: bytes, secret_key: str) -> str:
    """Sign the request again, with botocore, as AWS IoT checks it: without the session token."""
    query = query_of(head)
    signed = {
        name: value
        for name, value in query.items()
        if name not in ("X-Amz-Signature", "X-Amz-Security-Token")
    }
    key, *scope = query["X-Amz-Credential"].split("/")
    date, region, service, end = scope
    assert (date, end) == (query["X-Amz-Date"][:8], "aws4_request")
    signer = SigV4Auth(Credentials(key, secret_key), service, region)
    request = AWSRequest("GET", f"https://{MQTT_ENDPOINT}/mqtt", params=signed)
    request.headers["host"] = MQTT_ENDPOINT
    request.context["timestamp"] = query["X-Amz-Date"]
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(to_sign, request))


def test_a_message_comes_back_over_websockets(
    iot_session: SessionMaker, broker: Broker, proxy: Proxy, opened: MqttOpener
) -> None:
    """Defect X8: there it always fails."""
    session = iot_session()
    round_trip(opened(websocket(session, broker)))
    assert {*proxy.asked} == {f"{MQTT_ENDPOINT}:443"}


def test_the_request_is_signed(
    iot_session: SessionMaker, broker: Broker, front: TlsFront, opened: MqttOpener
) -> None:
    session = iot_session(region_name="eu-central-1")  # of its clients, not of the endpoint
    round_trip(opened(websocket(session, broker)))
    assert {*front.names} == {MQTT_ENDPOINT}
    assert {*front.protocols} == {"http/1.1"}
    (head,) = front.heads
    assert f"\r\nhost: {MQTT_ENDPOINT}\r\n".encode() in head.lower()
    query, credentials = query_of(head), session.credentials
    date = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")  # noqa: TID251
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs(now - date) < datetime.timedelta(minutes=5)
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-SignedHeaders"] == "host"
    assert query["X-Amz-Security-Token"] == credentials["token"]
    scope = f"{date:%Y%m%d}/{REGION}/iotdevicegateway/aws4_request"
    assert query["X-Amz-Credential"] == f"{credentials['access_key']}/{scope}"
    assert query["X-Amz-Signature"] == signature_of(head, credentials["secret_key"])
    assert query["X-Amz-Signature"] != signature_of(head, "another key")


@pytest.mark.parametrize("change", ["refresh", "invalidate"])
def test_a_reconnect_is_signed_with_the_set_of_that_time(
    iot_session: SessionMaker,
    broker: Broker,
    proxy: Proxy,
    front: TlsFront,
    opened: MqttOpener,
    change: str,
) -> None:
    """Also when none was there: the reconnect has one fetched."""
    session = iot_session()
    connection = opened(websocket(session, broker))
    first = session.credentials["access_key"]
    getattr(session, change)()
    proxy.drop_all()
    until(lambda: len(front.heads) == 2, WAIT_S)
    round_trip(connection)
    credentials = session.credentials
    assert credentials["access_key"] != first
    keys = [query_of(head)["X-Amz-Credential"].partition("/")[0] for head in front.heads]
    assert keys == [first, credentials["access_key"]]
    signature = signature_of(front.heads[1], credentials["secret_key"])
    assert query_of(front.heads[1])["X-Amz-Signature"] == signature


def test_without_credentials_the_future_tells_why(
    iot_session: SessionMaker,
    stand_in: StandIn,
    broker: Broker,
    proxy: Proxy,
    opened: MqttOpener,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stand_in.fault("access_denied", alias=stand_in.introduction["role_alias"])
    session = iot_session()
    connection = websocket(session, broker)
    connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
    with pytest.raises(EvercredsRequestError) as caught:
        connection.connect().result(WAIT_S)
    assert caught.value.status_code == 403
    assert "an MQTT connection could not be signed: EvercredsRequestError" in caplog.text
    stand_in.clear_faults()
    session.invalidate()
    until(lambda: _can_refresh(session), WAIT_S)
    round_trip(opened(connection))


def _can_refresh(session: Any) -> bool:
    try:
        session.refresh()
    except EvercredsRequestError:
        return False
    return True


def test_a_refused_handshake_is_an_error_of_awscrt(
    iot_session: SessionMaker, broker: Broker, proxy: Proxy, front: TlsFront
) -> None:
    front.refuses = True
    connection = websocket(iot_session(), broker)
    connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
    with pytest.raises(AwsCrtError) as caught:
        connection.connect().result(WAIT_S)
    assert "UPGRADE_FAILURE" in caught.value.name


def test_a_closed_session_signs_nothing_more(
    iot_session: SessionMaker, broker: Broker, proxy: Proxy
) -> None:
    session = iot_session()
    connection = websocket(session, broker)
    connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
    session.close()
    with pytest.raises(EvercredsCredentialError) as caught:
        connection.connect().result(WAIT_S)
    assert caught.value.code == "closed"
    with pytest.raises(EvercredsCredentialError) as caught:
        websocket(session, broker)
    assert caught.value.code == "closed"


def test_slow_credentials_delay_no_other_connection(
    iot_session: SessionMaker, broker: Broker, opened: MqttOpener, proxy: Proxy
) -> None:
    session, asked, come = iot_session(), threading.Event(), threading.Event()

    def slow() -> Any:
        asked.set()
        assert come.wait(WAIT_S)
        return session.get_credentials().get_frozen_credentials()

    session._connections = Connections(session._tls_identity, slow)
    waiting = websocket(session, broker)
    waiting.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
    future = waiting.connect()
    assert asked.wait(WAIT_S)
    round_trip(opened(session.mqtt(**arguments(broker))))
    assert not future.done()
    come.set()
    assert future.result(WAIT_S) == {"session_present": False}
    waiting.disconnect().result(WAIT_S)


def test_a_message_may_need_fresh_credentials(
    iot_session: SessionMaker, stand_in: StandIn, broker: Broker, opened: MqttOpener
) -> None:
    """What is called for a message runs in the loop's thread, and credentials need a loop too."""
    session = iot_session()
    connection, done = opened(websocket(session, broker)), threading.Event()

    def take(**_: Any) -> None:
        session.refresh()
        done.set()

    subscribed, _ = connection.subscribe("topic", QoS.AT_LEAST_ONCE, take)
    subscribed.result(WAIT_S)
    connection.publish("topic", b"news", QoS.AT_LEAST_ONCE)[0].result(WAIT_S)
    assert done.wait(WAIT_S)
    assert stand_in.alias_calls()["successes"] == 2


LOGGED = """
import json, sys, urllib.parse, warnings
from awscrt.http import HttpProxyOptions
from awscrt.io import LogLevel
from evercreds import EvercredsWarning, RefreshableSession
from evercreds.methods.iot import _https
given, own, stand_in, proxy = json.loads(sys.argv[1])
_https._address = lambda *_: ("127.0.0.1", stand_in)
session = RefreshableSession(method="iot", awscrt_log_level=LogLevel.Trace, **own)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    connection = session.mqtt(**given)
    assert [each.category for each in caught] == [EvercredsWarning], caught
    assert "Info" in str(caught[0].message)
    again = RefreshableSession(method="iot", awscrt_log_level=LogLevel.Debug, **own)
connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy)
connection.connect().result(60)
token = session.credentials["token"]
connection.disconnect().result(60)
# Not to standard output, where awscrt writes blocks that end in the midst of a line.
print(json.dumps([token, urllib.parse.quote(token, safe="")]), file=sys.stderr)
"""


def test_awscrts_log_has_no_token_at_its_loudest(
    stand_in: StandIn, broker: Broker, proxy: Proxy
) -> None:
    """awscrt writes the request down, and the token is a part of that."""
    names = ("role_alias", "certificate", "private_key", "ca")
    own = {name: stand_in.introduction[name] for name in names}
    own["endpoint"] = IOT_ENDPOINT
    port = int(stand_in.introduction["tls_endpoint"].rpartition(":")[2])
    given = [arguments(broker, transport="ws"), own, port, proxy.port]
    command = [sys.executable, "-c", LOGGED, json.dumps(given)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    secrets, log = json.loads(done.stderr.splitlines()[-1]), done.stdout
    assert "[TRACE]" in log
    assert "[INFO]" in log
    assert not [secret for secret in secrets if secret in log]
