"""The table of TLS servers, good and bad, which all languages are tried on.

docs/reference/stand-in.md has it.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from awscrt.exceptions import AwsCrtError
from awscrt.http import HttpProxyOptions

from conftest import ROOT, SessionMaker, StandIn
from evercreds import EvercredsConnectionError, EvercredsError, EvercredsRequestError
from evercreds.methods.iot import _https
from mosquitto import MQTT_ENDPOINT
from relays import Proxy

TABLE = json.loads((ROOT / "internal/awstest/testdata/tls_servers.json").read_text())
# Far below the time-out: with it, a refusal is told of as such and not as lateness.
SOON_S, TIMEOUT_S = 45, 60
WORDS = {"certificate": "not to be trusted", "device": "refuses the device's certificate"}


@pytest.fixture(params=TABLE, ids=lambda row: row["name"])
def server(request: pytest.FixtureRequest, stand_in: StandIn) -> Any:
    """A row, with the port where its server listens."""
    rows = {row["name"]: row for row in stand_in.introduction["tls_servers"]}
    return rows[request.param["name"]]


# caller A asks; the server is as the table has it
def test_a_server_of_the_table(
    iot_session: SessionMaker, server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # After the fixture of the session, which knows another server.
    monkeypatch.setattr(_https, "_address", lambda *_: ("127.0.0.1", server["port"]))
    is_late = server.get("reason") == "time-out"
    session = iot_session(timeout=1 if is_late else TIMEOUT_S)
    begun = time.monotonic()
    if server["expected"] == "accepted":
        session.refresh()
        return
    with pytest.raises(EvercredsError) as caught:
        session.refresh()
    error = caught.value
    assert time.monotonic() - begun < SOON_S
    if server["expected"] == "denied":
        # awscrt does not go on with a server that asks for no certificate.
        assert isinstance(error, (EvercredsRequestError, EvercredsConnectionError))
        return
    assert type(error) is EvercredsConnectionError
    assert error.param == "endpoint"
    assert WORDS.get(server.get("reason", ""), "") in str(error)
    if is_late:
        assert "within 1 seconds" in str(error)


# the same for a broker: none of the table speaks MQTT, but good ones are connected to
def test_a_server_of_the_table_as_a_broker(
    iot_session: SessionMaker, server: dict[str, Any], stand_in: StandIn
) -> None:
    if server["name"] == "silent":
        pytest.skip("awscrt's own time-out ends that, after ten seconds")
    proxy = Proxy({8883: server["port"]})
    connection = iot_session().mqtt(endpoint=MQTT_ENDPOINT, client_id="me")
    connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
    begun = time.monotonic()
    with pytest.raises((EvercredsConnectionError, AwsCrtError)) as caught:
        connection.connect().result(TIMEOUT_S)
    assert time.monotonic() - begun < SOON_S
    proxy.close()
    told = str(caught.value)
    if server["expected"] == "accepted":
        assert isinstance(caught.value, AwsCrtError)
        assert "TLS" not in told
    assert WORDS.get(server.get("reason", ""), "") in told
