"""MQTT in forked children: each process has connections and a loop of its own."""

from __future__ import annotations

import gc
import multiprocessing
import os
import weakref
from typing import Any

import pytest
from awscrt.http import HttpProxyOptions

from conftest import MqttOpener, SessionMaker, ended_well, in_child
from evercreds import EvercredsConfigurationError
from mosquitto import Broker
from mqtt_tools import WAIT_S, arguments, round_trip
from relays import Proxy

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def use(session: Any, broker: Broker, port: int, transport: str) -> None:
    """Make a connection, use it and close it."""
    connection = session.mqtt(**arguments(broker, transport=transport))
    connection.proxy_options = HttpProxyOptions("127.0.0.1", port)
    connection.connect().result(WAIT_S)
    round_trip(connection)
    connection.disconnect().result(WAIT_S)


@pytest.mark.parametrize("transport", ["x509", "ws"])
def test_a_child_makes_its_own(
    iot_session: SessionMaker, broker: Broker, proxy: Proxy, opened: MqttOpener, transport: str
) -> None:
    session = iot_session()
    connection = opened(session.mqtt(**arguments(broker, transport=transport)))
    for _ in range(5):
        work = in_child(lambda: use(session, broker, proxy.port, transport), seconds=60)
        assert ended_well(work)
        round_trip(connection)
    # Before each is opened, the server is looked at.
    assert len(proxy.asked) == 12, "the parent's connection has been up all the time"


def test_the_parents_connection_is_refused_in_a_child(
    iot_session: SessionMaker, broker: Broker, opened: MqttOpener
) -> None:
    connection = opened(iot_session().mqtt(**arguments(broker)))

    def work() -> None:
        uses = [
            connection.connect,
            connection.disconnect,
            connection.resubscribe_existing_topics,
            lambda: connection.publish("topic", b"", 1),
            lambda: connection.subscribe("topic", 1),
            lambda: connection.unsubscribe("topic"),
        ]
        for each in uses:
            with pytest.raises(EvercredsConfigurationError) as caught:
                each()
            assert caught.value.code == "forked"

    assert ended_well(in_child(work))
    round_trip(connection)


def test_nothing_of_the_parents_is_destroyed_in_a_child(
    iot_session: SessionMaker, broker: Broker, opened: MqttOpener
) -> None:
    held = {"session": iot_session()}
    held["open"] = opened(held["session"].mqtt(**arguments(broker)))
    held["unopened"] = held["session"].mqtt(**arguments(broker, transport="ws"))
    loop = held["session"]._connections._loop._bootstrap
    inherited = [weakref.ref(each) for each in (held["open"], held["unopened"], loop)]
    del loop

    def work() -> None:
        held["session"].close()
        held.clear()
        gc.collect()
        assert all(each() is not None for each in inherited)

    assert ended_well(in_child(work))
    round_trip(held["open"])


def test_a_child_that_ends_as_python_ends(
    iot_session: SessionMaker, broker: Broker, proxy: Proxy, opened: MqttOpener
) -> None:
    """Its modules are torn down, and its objects destroyed, while connections are open."""
    session = iot_session()
    connection = opened(session.mqtt(**arguments(broker)))
    child = multiprocessing.get_context("fork").Process(
        target=use, args=(session, broker, proxy.port, "ws")
    )
    child.start()
    child.join(60)
    assert child.exitcode == 0
    round_trip(connection)
