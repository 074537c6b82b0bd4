"""Has AWS's names be on loopback, for one program: loaded before it, by the name that Python knows.

It stands for a name server. awscrt resolves names by itself, so that its connections are led
elsewhere here; the names in handshakes and headers stay what the program asked for.
"""

import os

import awscrt.http
import awscrt.mqtt

_TLS_PORT = int(os.environ["LOOPBACK_TLS_PORT"])
_PROXY_PORT = os.environ.get("LOOPBACK_PROXY_PORT")

_new = awscrt.http.HttpClientConnection.new
_connect = awscrt.mqtt.Connection.connect


def _new_on_loopback(host_name, port, *args, **kwargs):
    return _new("127.0.0.1", _TLS_PORT, *args, **kwargs)


def _connect_by_proxy(connection):
    connection.proxy_options = awscrt.http.HttpProxyOptions("127.0.0.1", int(_PROXY_PORT))
    return _connect(connection)


awscrt.http.HttpClientConnection.new = _new_on_loopback
if _PROXY_PORT:
    awscrt.mqtt.Connection.connect = _connect_by_proxy
