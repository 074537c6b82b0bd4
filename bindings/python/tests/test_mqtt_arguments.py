"""Each argument of mqtt() is checked, named where it is wrong, and never repeated."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from typing import Any

import awscrt.io
import pytest
from awscrt.http import HttpProxyOptions
from awscrt.mqtt import Connection

from conftest import SessionMaker, StandIn
from evercreds import EvercredsConfigurationError, EvercredsError, EvercredsValidationError
from evercreds.methods.iot.x509 import IOTX509RefreshableSession

ENDPOINT = "stand-in-ats.iot.us-east-1.amazonaws.com"
SENTINEL = "SentinelValue0123456789"
GOOD = {"endpoint": ENDPOINT, "client_id": "client"}


def test_the_parameters_are_those_of_the_predecessor() -> None:
    parameters = inspect.signature(IOTX509RefreshableSession.mqtt).parameters.values()
    given = [(each.name, each.default) for each in parameters][1:]
    assert [each for each in given if not each[0].startswith("on_")] == [
        ("endpoint", inspect.Parameter.empty),
        ("client_id", inspect.Parameter.empty),
        ("transport", "x509"),
        ("certificate", None),
        ("private_key", None),
        ("ca", None),
        ("pkcs11", None),
        ("region", None),
        ("keep_alive_secs", 60),
        ("clean_start", True),
        ("port", None),
        ("use_alpn", False),
    ]
    own = inspect.signature(Connection.__init__).parameters
    functions = {name for name in own if name.startswith("on_")}
    assert {name for name, _ in given if name.startswith("on_")} == functions


@pytest.mark.parametrize(
    ("given", "param", "hint"),
    [
        ({"endpoint": None}, "endpoint", "ID-ats.iot.REGION.amazonaws.com"),
        ({"endpoint": ""}, "endpoint", "data endpoint"),
        ({"endpoint": ENDPOINT.encode()}, "endpoint", "bytes"),
        ({"endpoint": "broker.example.com"}, "endpoint", "data endpoint"),
        ({"endpoint": f"{ENDPOINT}.example.com"}, "endpoint", "data endpoint"),
        ({"endpoint": f"evil.example/{ENDPOINT}"}, "endpoint", "data endpoint"),
        ({"endpoint": f"https://{ENDPOINT}"}, "endpoint", "data endpoint"),
        ({"endpoint": f"{ENDPOINT}\n"}, "endpoint", "data endpoint"),
        ({"endpoint": f"{ENDPOINT}:8883"}, "endpoint", "parameter port"),
        (
            {"endpoint": "c1.credentials.iot.us-east-1.amazonaws.com"},
            "endpoint",
            "takes no MQTT: aws iot describe-endpoint --endpoint-type iot:Data-ATS",
        ),
        ({"client_id": None}, "client_id", "string"),
        ({"client_id": ""}, "client_id", "1 to 128 bytes"),
        ({"client_id": 7}, "client_id", "got 7"),
        ({"client_id": "é" * 65}, "client_id", "1 to 128 bytes"),
        ({"client_id": "a\0b"}, "client_id", "null"),
        ({"client_id": "\ud800"}, "client_id", "UTF-8"),
        ({"transport": "WS"}, "transport", "'x509' or 'ws'"),
        ({"transport": None}, "transport", "got None"),
        ({"transport": ["ws"]}, "transport", "got list"),
        ({"region": 1}, "region", "string"),
        ({"region": "eu-central-1", "transport": "ws"}, "region", "'us-east-1'"),
        ({"keep_alive_secs": 4}, "keep_alive_secs", "5 to 65535"),
        ({"keep_alive_secs": 65536}, "keep_alive_secs", "5 to 65535"),
        ({"keep_alive_secs": True}, "keep_alive_secs", "whole number"),
        ({"keep_alive_secs": 60.0}, "keep_alive_secs", "whole number"),
        ({"keep_alive_secs": "60"}, "keep_alive_secs", "got str"),
        ({"clean_start": 1}, "clean_start", "True or False"),
        ({"clean_start": None}, "clean_start", "True or False"),
        ({"port": 0}, "port", "1 to 65535"),
        ({"port": 65536}, "port", "1 to 65535"),
        ({"port": "443"}, "port", "got str"),
        ({"port": True}, "port", "whole number"),
        ({"use_alpn": 1}, "use_alpn", "True or False"),
        ({"certificate": b"nothing"}, "certificate", "PEM"),
        ({"certificate": "/no/such/file"}, "certificate", "no such file"),
        ({"private_key": 7}, "private_key", "int"),
        ({"ca": b""}, "ca", "PEM"),
        ({"ca": "/no/such/file", "transport": "ws"}, "ca", "no such file"),
        ({"pkcs11": "/lib/x.so"}, "pkcs11", "dict"),
        ({"pkcs11": {"pkcs11_lib": "/no/such/file"}}, "pkcs11", "no such file"),
    ],
)
def test_a_wrong_argument_is_named(
    iot_session: SessionMaker, given: dict[str, Any], param: str, hint: str
) -> None:
    session = iot_session()
    with pytest.raises(EvercredsValidationError) as caught:
        session.mqtt(**{**GOOD, **given})
    assert caught.value.param == param
    assert hint in str(caught.value)
    assert session.mqtt(**GOOD)


def test_two_keys_are_one_too_many(iot_session: SessionMaker, stand_in: StandIn) -> None:
    given = {"private_key": stand_in.introduction["private_key"], "pkcs11": {"pkcs11_lib": "x"}}
    with pytest.raises(EvercredsConfigurationError) as caught:
        iot_session().mqtt(**GOOD, **given)
    assert caught.value.param == "private_key/pkcs11"
    with pytest.raises(EvercredsConfigurationError) as caught:
        iot_session().mqtt(**GOOD, pkcs11={"user_pin": SENTINEL})
    assert caught.value.param == "pkcs11"
    assert SENTINEL not in repr(caught.value)


def test_a_key_of_another_certificate(iot_session: SessionMaker, stand_in: StandIn) -> None:
    with pytest.raises(EvercredsConfigurationError) as caught:
        iot_session().mqtt(**GOOD, private_key=stand_in.introduction["rsa_private_key"])
    assert caught.value.param == "certificate/private_key"


@pytest.mark.parametrize(
    "endpoint",
    [
        ENDPOINT,
        "a1b2-ats.iot.cn-north-1.amazonaws.com.cn",
        "a1b2.ats.iot.cn-northwest-1.amazonaws.com.cn",
        "a1b2-ats.iot-fips.us-gov-west-1.amazonaws.com",
    ],
)
def test_endpoints_of_all_partitions(iot_session: SessionMaker, endpoint: str) -> None:
    region = endpoint.rpartition(".amazonaws")[0].rpartition(".")[2]
    for more in ({"transport": "ws"}, {"transport": "ws", "region": region}, {}):
        connection = iot_session().mqtt(endpoint=endpoint, client_id="client", **more)
        assert connection.host_name == endpoint


def test_without_negotiation_on_this_system(
    iot_session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awscrt.io, "is_alpn_available", lambda: False)
    session = iot_session()
    assert session.mqtt(**GOOD, port=443)
    with pytest.raises(EvercredsConfigurationError) as caught:
        session.mqtt(**GOOD, use_alpn=True)
    assert caught.value.param == "use_alpn"


@pytest.mark.parametrize(
    "param", [*inspect.signature(IOTX509RefreshableSession.mqtt).parameters][1:]
)
@pytest.mark.parametrize(
    "kind", [str, str.encode, lambda text: [text], lambda text: {"pkcs11_lib": text}]
)
def test_what_is_given_is_not_repeated(iot_session: SessionMaker, param: str, kind: Any) -> None:
    value = kind(SENTINEL)
    if (param, value) == ("client_id", SENTINEL):
        value = SENTINEL * 10
    more = {"transport": "ws"} if param == "region" else {}
    with pytest.raises(EvercredsError) as caught:
        iot_session().mqtt(**{**GOOD, **more, param: value})
    assert SENTINEL not in str(caught.value) + repr(caught.value) + repr(vars(caught.value))
    assert caught.value.__cause__ is None


def test_no_secret_is_shown(
    iot_session: SessionMaker,
    stand_in: StandIn,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither by the connection, nor in a log, nor on a terminal, when all goes wrong."""
    key = Path(stand_in.introduction["private_key"]).read_bytes()
    with caplog.at_level(logging.DEBUG):
        session = iot_session(private_key=key)
        credentials = session.credentials
        connection = session.mqtt(**GOOD, transport="ws")
        connection.proxy_options = HttpProxyOptions("127.0.0.1", 1)  # nobody listens there
        with pytest.raises(Exception, match="REFUSED") as caught:
            connection.connect().result(60)
        stand_in.fault("truncated", alias=stand_in.introduction["role_alias"])
        session.invalidate()
        with pytest.raises(EvercredsError) as torn:
            connection.connect().result(60)
    out, err = capfd.readouterr()
    shown = [repr(connection), str(connection), repr(session._connections), caplog.text, out, err]
    shown += [repr(caught.value), str(caught.value), repr(torn.value), str(torn.value)]
    secrets = [credentials["secret_key"], credentials["token"], key.decode().split("\n")[1]]
    issued = [each["access_key_id"] for each in stand_in.alias_calls()["issued"]]
    for text in shown:
        assert not [secret for secret in (*secrets, *issued) if secret in text]
