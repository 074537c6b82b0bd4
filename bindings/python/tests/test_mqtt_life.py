"""MQTT connections over days: lost, opened again by themselves, and none of them deaf."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from awscrt.http import HttpProxyOptions
from awscrt.mqtt import Connection, QoS

from conftest import MqttOpener, SessionMaker, StandIn, until
from evercreds import EvercredsConnectionError
from mosquitto import Broker, running_broker
from mqtt_tools import WAIT_S, arguments
from relays import Proxy
from tls_server import Authority

pytestmark = pytest.mark.once

CUTS = int(os.environ.get("EVERCREDS_MQTT_CUTS", "3"))  # ./task test:python-devices has more
PAIR = ("certificate", "private_key")
LONG_S = 90  # the machine may be busy, and pauses between attempts grow


class Ears:
    """What a connection tells: of itself, and messages."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.heard: list[bytes] = []
        self.resumed = threading.Semaphore(0)
        self.came = threading.Semaphore(0)
        self.present: list[bool] = []

    def arguments(self) -> dict[str, Callable[..., None]]:
        return {
            "on_connection_interrupted": lambda connection, error, **_: self.told.append("lost"),
            "on_connection_resumed": self._resumed,
            "on_connection_success": lambda **_: self.told.append("success"),
            "on_connection_failure": lambda **_: self.told.append("failure"),
            "on_connection_closed": lambda **_: self.told.append("closed"),
        }

    def take(self, topic: str, payload: bytes, **_: Any) -> None:
        self.heard.append(payload)
        self.came.release()

    def _resumed(self, connection: Any, return_code: Any, session_present: bool, **_: Any) -> None:
        self.told.append("resumed")
        self.present.append(session_present)
        self.resumed.release()


@pytest.fixture
def ears() -> Ears:
    return Ears()


Connect = Callable[..., Connection]


@pytest.fixture
def connected(iot_session: SessionMaker, opened: MqttOpener, ears: Ears) -> Connect:
    """Opens a connection to a broker, which tells the ears; by default with a new session."""

    def make(broker: Broker, session: Any = None, **more: Any) -> Connection:
        session = iot_session() if session is None else session
        return opened(session.mqtt(**arguments(broker, **ears.arguments(), **more)))

    return make


@pytest.fixture
def own_broker(tmp_path: Path, stand_in: StandIn, proxy: Proxy) -> Iterator[Broker]:
    """A broker that this test may stop, to which the proxy leads."""
    (tmp_path / "broker").mkdir()
    ca = shutil.copy(stand_in.introduction["client_ca"], tmp_path / "broker" / "client-ca.pem")
    with running_broker(tmp_path / "broker", str(ca)) as running:
        lead_to(proxy, running)
        yield running


def lead_to(proxy: Proxy, broker: Broker) -> None:
    proxy.ports = {8883: broker.tls_port, 443: broker.websocket_port}


def subscribed(connection: Connection, ears: Ears, count: int = 1) -> list[str]:
    topics = [f"topic/{uuid.uuid4()}" for _ in range(count)]
    for topic in topics:
        connection.subscribe(topic, QoS.AT_LEAST_ONCE, ears.take)[0].result(WAIT_S)
    return topics


def publish(connection: Connection, topic: str, text: bytes) -> Future[Any]:
    future: Future[Any] = connection.publish(topic, text, QoS.AT_LEAST_ONCE)[0]
    return future


def all_heard(speaker: Connection, topics: list[str], ears: Ears) -> None:
    """Have somebody else say something under each topic, and hear it."""
    for topic in topics:
        text = uuid.uuid4().bytes
        publish(speaker, topic, text).result(WAIT_S)
        assert ears.came.acquire(timeout=WAIT_S), "the connection is deaf"
        assert ears.heard.pop() == text


@pytest.fixture
def speaker(
    iot_session: SessionMaker, stand_in: StandIn
) -> Iterator[Callable[[Broker], Connection]]:
    """Connects another client, which no cut is for."""
    from relays import Proxy

    ways, made = [], []

    def make(broker: Broker) -> Connection:
        way = Proxy({8883: broker.tls_port})
        ways.append(way)
        connection = iot_session().mqtt(**arguments(broker))
        connection.proxy_options = HttpProxyOptions("127.0.0.1", way.port)
        connection.connect().result(LONG_S)
        made.append(connection)
        return connection

    yield make
    for connection in made:
        connection.disconnect().result(LONG_S)
    for way in ways:
        way.close()


# the network goes; connection C is lost; C opens again by itself; others speak; C hears
@pytest.mark.parametrize("transport", ["x509", "ws"])
def test_a_connection_that_was_cut_off_hears_again(
    broker: Broker,
    proxy: Proxy,
    connected: Connect,
    speaker: Callable[[Broker], Connection],
    ears: Ears,
    transport: str,
) -> None:
    connection = connected(broker, transport=transport)
    topics = subscribed(connection, ears, 12)  # AWS IoT takes eight in one request
    other = speaker(broker)
    all_heard(other, topics, ears)
    for _ in range(CUTS):
        proxy.drop_all()
        assert ears.resumed.acquire(timeout=LONG_S), "it does not come back"
        all_heard(other, topics, ears)
    connection.disconnect().result(WAIT_S)
    until(lambda: "closed" in ears.told, WAIT_S)
    assert ears.told == ["success", *(["lost", "success", "resumed"] * CUTS), "closed"]
    assert ears.present == [False] * CUTS


def test_a_kept_session_delivers_what_came_meanwhile(
    broker: Broker,
    proxy: Proxy,
    connected: Connect,
    speaker: Callable[[Broker], Connection],
    ears: Ears,
) -> None:
    client = f"client-{uuid.uuid4()}"
    connection = connected(broker, clean_start=False, client_id=client)
    topics = subscribed(connection, ears)
    other = speaker(broker)
    kept, proxy.ports = proxy.ports, {}  # nobody comes through
    proxy.drop_all()
    until(lambda: "lost" in ears.told, LONG_S)
    publish(other, topics[0], b"meanwhile").result(WAIT_S)
    proxy.ports = kept
    assert ears.came.acquire(timeout=LONG_S)
    assert ears.heard.pop() == b"meanwhile"
    assert ears.resumed.acquire(timeout=LONG_S)
    assert ears.present == [True]
    all_heard(other, topics, ears)
    asked = broker.log().count(f"Received SUBSCRIBE from {client}")
    assert asked == 1, "what the broker knows still is not asked for again"


def test_what_is_sent_meanwhile_goes_out_later(
    broker: Broker, proxy: Proxy, connected: Connect, ears: Ears
) -> None:
    connection = connected(broker)
    first, second, third = (f"topic/{uuid.uuid4()}" for _ in range(3))
    for topic in (first, third):
        connection.subscribe(topic, QoS.AT_LEAST_ONCE, ears.take)[0].result(WAIT_S)
    kept, proxy.ports = proxy.ports, {}
    proxy.drop_all()
    until(lambda: "lost" in ears.told, LONG_S)
    asked = connection.subscribe(second, QoS.AT_LEAST_ONCE, ears.take)[0]
    left = connection.unsubscribe(third)[0]
    sent = [publish(connection, topic, topic.encode()) for topic in (first, second, third)]
    with pytest.raises(RuntimeError, match=r"NOT_CONN|DISCONN"):  # nobody promises to bring it
        connection.publish(first, b"", QoS.AT_MOST_ONCE)[0].result(WAIT_S)
    assert not any(future.done() for future in (asked, left, *sent))
    proxy.ports = kept
    for future in (asked, left, *sent):
        future.result(LONG_S)
    for _ in range(2):
        assert ears.came.acquire(timeout=WAIT_S)
    assert {*ears.heard} == {first.encode(), second.encode()}


# broker B ends; connection C is lost; B starts anew and knows nothing; C hears
def test_a_broker_that_starts_anew(
    own_broker: Broker,
    proxy: Proxy,
    connected: Connect,
    speaker: Callable[[Broker], Connection],
    ears: Ears,
) -> None:
    connection = connected(own_broker, clean_start=False)
    topics = subscribed(connection, ears, 3)
    own_broker.stop()
    until(lambda: "lost" in ears.told, LONG_S)
    own_broker.start()
    lead_to(proxy, own_broker)
    assert ears.resumed.acquire(timeout=LONG_S)
    assert ears.present == [False]
    all_heard(speaker(own_broker), topics, ears)


# B takes new certificates alone from now on; C is lost; C's files are replaced; C opens again
@pytest.mark.parametrize("is_replaced_first", [True, False])
def test_a_certificate_that_was_replaced_is_shown(
    iot_session: SessionMaker,
    own_broker: Broker,
    proxy: Proxy,
    connected: Connect,
    ears: Ears,
    tmp_path: Path,
    is_replaced_first: bool,
    stand_in: StandIn,
) -> None:
    paths = [tmp_path / "certificate.pem", tmp_path / "key.pem"]
    for path, name in zip(paths, PAIR, strict=True):
        shutil.copy(stand_in.introduction[name], path)
    session = iot_session(certificate=str(paths[0]), private_key=str(paths[1]))
    connection = connected(own_broker, session)
    topics = subscribed(connection, ears)
    own_broker.stop()
    until(lambda: "lost" in ears.told, LONG_S)
    authority = Authority("another")
    Path(own_broker.client_ca).write_bytes(authority.pem)

    def replace() -> None:
        for path, text in zip(paths, authority.issue("thing-2"), strict=True):
            path.write_bytes(text)

    if is_replaced_first:
        replace()
    own_broker.start()
    lead_to(proxy, own_broker)
    if not is_replaced_first:
        until(lambda: "failure" in ears.told, LONG_S)
        paths[1].write_text("no key")
        told = ears.told.count("failure")
        until(lambda: ears.told.count("failure") > told, LONG_S)
        assert not ears.resumed.acquire(blocking=False)
        replace()
    assert ears.resumed.acquire(timeout=LONG_S)
    assert "u'thing-2'" in own_broker.log()
    publish(connection, topics[0], b"me").result(WAIT_S)
    assert ears.came.acquire(timeout=WAIT_S)


def test_who_is_done_with_it_ends_the_attempts(
    own_broker: Broker, proxy: Proxy, connected: Connect, ears: Ears
) -> None:
    connection = connected(own_broker)
    own_broker.stop()
    until(lambda: "lost" in ears.told, LONG_S)
    sent = publish(connection, "topic", b"never")
    assert connection.disconnect().result(LONG_S) == {}
    with pytest.raises(EvercredsConnectionError, match="closed"):
        sent.result(WAIT_S)
    until(lambda: "closed" in ears.told, WAIT_S)
    assert ears.told.count("closed") == 1
    own_broker.start()
    lead_to(proxy, own_broker)
    asked = len(proxy.asked)
    assert not ears.resumed.acquire(timeout=3)
    assert len(proxy.asked) == asked
    assert connection.connect().result(LONG_S) == {"session_present": False}


def test_nobody_opens_what_nobody_has(
    own_broker: Broker, proxy: Proxy, connected: Connect, ears: Ears
) -> None:
    connection = connected(own_broker)
    own_broker.stop()
    until(lambda: "lost" in ears.told, LONG_S)
    sent = publish(connection, "topic", b"never")
    mine = weakref.ref(connection)
    del connection
    until(lambda: gc.collect() >= 0 and mine() is None, LONG_S)
    own_broker.start()
    lead_to(proxy, own_broker)
    assert not ears.resumed.acquire(timeout=4)
    with pytest.raises(EvercredsConnectionError, match="closed"):
        sent.result(WAIT_S)
