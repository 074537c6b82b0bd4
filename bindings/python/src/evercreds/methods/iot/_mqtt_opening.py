"""One attempt to open an MQTT connection, and why it failed."""

from __future__ import annotations

import base64
import concurrent.futures
import functools
import socket
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from awscrt.exceptions import AwsCrtError

from evercreds.errors import EvercredsConnectionError
from evercreds.methods.iot._explain import Connect, look_at_refusal, look_at_server
from evercreds.methods.iot._login import is_of_token
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["opened"]

_LOOK_S = 10.0
_MOST_HEAD_BYTES = 1 << 14
# By how the names of awscrt's errors begin or end that a server may be the cause of which does not
# take the device.
_MAY_BE_REFUSALS = ("_CLOSED", "_UNEXPECTED_HANGUP")


def opened(
    connection: Any, identity: ClientIdentity, connect: Callable[[], Future[Any]]
) -> dict[str, bool]:
    """Open a connection with what files and token hold now; wait until that is done.

    Args:
        connection: An ``awscrt.mqtt.Connection``.
        identity: What the TLS handshake is made with.
        connect: awscrt's own method.

    Raises:
        EvercredsError: Files or token cannot be used, or the server is not to be trusted or does
            not take the device.
        AwsCrtError: What else awscrt tells.
    """
    for may_log_in_anew in (True, False):
        context, leave = identity.lease()
        try:
            _look(connection, identity)
            connection.client.tls_ctx = context
            opening = connect()
        except BaseException:
            leave()
            raise
        opening.add_done_callback(functools.partial(_left, leave))
        try:
            result: dict[str, bool] = opening.result()
            return result
        except AwsCrtError as error:
            if not is_of_token(error.name):
                _explain(connection, identity, error)
                raise
            identity.drop(context)
            name = error.name
            if not may_log_in_anew:
                break
    raise identity.token_problem(name)


def _left(leave: Callable[[], None], _: Future[Any]) -> None:
    leave()


def _look(connection: Any, identity: ClientIdentity) -> None:
    """Refuse a server that awscrt would take, and say at once what it would tell late."""
    look = look_at_server(connection.host_name, _way_to(connection), identity, _LOOK_S)
    concurrent.futures.wait([look], _LOOK_S)
    if look.done() and (problem := look.result()):
        raise EvercredsConnectionError(f"endpoint: {problem}", param="endpoint")


def _explain(connection: Any, identity: ClientIdentity, error: AwsCrtError) -> None:
    """Raise an error that says why the server does not take the device, if that is so."""
    if not (error.name.startswith("AWS_IO_TLS") or error.name.endswith(_MAY_BE_REFUSALS)):
        return
    look = look_at_refusal(connection.host_name, _way_to(connection), identity, _LOOK_S)
    concurrent.futures.wait([look], _LOOK_S)
    if look.done() and (reason := look.result()):
        raise EvercredsConnectionError(
            f"endpoint: it refuses the device's certificate ({reason})", param="endpoint"
        ) from None


def _way_to(connection: Any) -> Connect:
    """Give what connects to the endpoint as awscrt does, through the proxy if there is one.

    A proxy that is itself reached over TLS is not gone through: then nothing is found out.
    """
    host, port = connection.host_name, connection.port
    proxy = connection.proxy_options

    def connect(timeout_s: float) -> socket.socket:
        if proxy is None:
            return socket.create_connection((host, port), timeout_s)
        if proxy.tls_connection_options is not None:
            raise OSError("the proxy is reached over TLS")
        way = socket.create_connection((proxy.host_name, proxy.port), timeout_s)
        try:
            _ask_proxy(way, f"{host}:{port}", proxy)
        except BaseException:
            way.close()
            raise
        return way

    return connect


def _ask_proxy(way: socket.socket, target: str, proxy: Any) -> None:
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.auth_username is not None:
        who = f"{proxy.auth_username}:{proxy.auth_password or ''}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(who).decode()}")
    way.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = way.recv(1)  # what follows is of the tunnel
        if not byte or len(head) > _MOST_HEAD_BYTES:
            raise OSError("the proxy refused the tunnel")
        head += byte
    if head.split(None, 2)[1:2] != [b"200"]:
        raise OSError("the proxy refused the tunnel")
