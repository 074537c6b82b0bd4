"""MQTT connections whose key is in a token that is taken out, reset or made anew."""

from __future__ import annotations

import pytest

from device_token import DeviceToken
from mosquitto import Broker

pytestmark = pytest.mark.slow  # each has processes of its own

LIFE = """
from awscrt.http import HttpProxyOptions
from awscrt.mqtt import QoS
from relays import Proxy

proxy = Proxy({8883: more["port"]})
resumed, came, one = threading.Semaphore(0), threading.Semaphore(0), session()
connection = one.mqtt(**MQTT, ca=more["ca"], on_connection_resumed=lambda **_: resumed.release())
connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
connection.reconnect_min_timeout_secs = 1
connection.connect().result(60)
connection.subscribe("topic", QoS.AT_LEAST_ONCE, lambda **_: came.release())[0].result(60)


def goes_on():
    connection.publish("topic", b"news", QoS.AT_LEAST_ONCE)[0].result(60)
    assert came.acquire(timeout=60), "the connection is deaf"


def comes_back():
    proxy.drop_all()
    assert resumed.acquire(timeout=90), "it does not come back"
    goes_on()


goes_on()
"""


# token goes and comes back; connection C is lost; C opens again by itself; C hears
@pytest.mark.parametrize("change", ["pull", "reset", "made anew"])
def test_a_connection_finds_its_token_again(
    device_token: DeviceToken, broker: Broker, change: str
) -> None:
    done = {"made anew": "token.delete(); token.add()"}.get(change, f"token.{change}()")
    body = f"{LIFE}{done}; comes_back(); {done}; comes_back(); fresh(one)"
    device_token.run(body, seconds=240, port=broker.tls_port, ca=str(broker.ca))
    assert {line.split()[3] for line in device_token.lines()} <= {"0x0", "0x100"}


def test_all_attempts_try_a_changed_pin_once(device_token: DeviceToken, broker: Broker) -> None:
    body = """
token.delete()
token.add(pin="424242424")
connection.reconnect_max_timeout_secs = 1
proxy.drop_all()
assert not resumed.acquire(timeout=5)
refused(one, failure(lambda: fresh(one)))
assert connection.disconnect().result(60) == {}
refused(one, failure(connection.connect().result))
"""
    device_token.run(LIFE + body, seconds=120, port=broker.tls_port, ca=str(broker.ca))
    assert [line.split()[3] for line in device_token.lines()].count("0xa0") == 1
