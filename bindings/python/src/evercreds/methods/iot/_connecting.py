"""Makes connections over mutual TLS, to servers with which nothing is wrong."""

from __future__ import annotations

import concurrent.futures
import socket
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future
from typing import Any

from evercreds.errors import EvercredsConnectionError
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._event_loop import EventLoop
from evercreds.methods.iot._explain import Address, look_at_refusal, look_at_server
from evercreds.methods.iot._login import is_of_token
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["Connector", "TokenLostError", "connection_error", "in_words"]

_CONNECT_SHARE = 0.8  # of the time there is; the rest is for finding out what went wrong

# By how the names of awscrt's errors begin.
_WORDS = {
    "AWS_IO_DNS": "its name cannot be resolved",
    "AWS_IO_SOCKET_CONNECTION_REFUSED": "the connection was refused",
    "AWS_IO_SOCKET_CLOSED": "the connection ended before the whole reply was there",
    "AWS_ERROR_HTTP_CONNECTION_CLOSED": "the connection ended before the whole reply was there",
    "AWS_IO_SOCKET_TIMEOUT": "there was no connection in time",
    "AWS_IO_TLS": "the TLS handshake failed",
    "AWS_ERROR_HTTP": "it does not answer as an HTTP server does",
}


class Connector:
    """Connects to one server.

    Args:
        identity: Who this side is.
        host: The server's name, as the TLS handshake asks for it.
        address: Tells where to connect to.
        timeout_s: How long a request may take, for errors.
        loop: Serves the connections.
    """

    def __init__(
        self,
        identity: ClientIdentity,
        host: str,
        address: Callable[[], Address],
        timeout_s: float,
        loop: EventLoop,
    ) -> None:
        self._identity = identity
        self._host = host
        self._address = address
        self._timeout_s = timeout_s
        self._loop = loop

    def connect(self, context: Any, leave: Callable[[], None], deadline: float) -> Any:
        """Give a connection. ``leave`` is called when its handshake has ended, however it has.

        Raises:
            TokenLostError: The token has forgotten the login of the context.
            EvercredsConnectionError: There is no connection to be had.
        """
        from awscrt.http import HttpClientConnection
        from awscrt.io import SocketOptions

        left_s = max(0.0, deadline - time.monotonic())
        connect_s = left_s * _CONNECT_SHARE
        try:
            options = context.new_connection_options()
            options.set_server_name(self._host)
            host, port = self._address()
            socket_options = SocketOptions()
            socket_options.connect_timeout_ms = max(1, int(connect_s * 1000))
            connecting = HttpClientConnection.new(
                host, port, self._loop.bootstrap(), socket_options, tls_connection_options=options
            )
        except BaseException:
            leave()
            raise
        connecting.add_done_callback(lambda _: leave())
        look: Future[str | None] = Future()
        if self._identity.verify_peer:
            look = look_at_server(self._host, self._open, self._identity, left_s)
        else:
            look.set_result(None)
        try:
            return self._connected(connecting, look, time.monotonic() + connect_s, deadline)
        except BaseException:
            connecting.add_done_callback(_close_late)
            raise

    def _connected(
        self, connecting: Any, look: Future[str | None], until: float, deadline: float
    ) -> Any:
        """Wait for a connection to a server with which nothing is wrong."""
        waiting = {connecting, look}
        while waiting and (left_s := until - time.monotonic()) > 0:
            done, waiting = concurrent.futures.wait(waiting, left_s, FIRST_COMPLETED)
            if look in done and (problem := look.result()):
                raise connection_error(problem)
            if connecting in done and connecting.exception() is not None:
                break
        if not connecting.done():
            raise connection_error(self._late())
        if connecting.exception() is None:
            return connecting.result()
        name = error_name(connecting.exception())
        if is_of_token(name):
            raise TokenLostError(name)
        problem = None
        if name.startswith("AWS_IO_TLS"):
            problem = _found(look, deadline) or self.refusal(deadline)
        raise connection_error(problem or in_words(name))

    def _late(self) -> str:
        words = f"there was no connection within {self._timeout_s:g} seconds"
        if self._identity.token is None:
            return words
        return f"{words}: it was not there, or {self._identity.token.name} did not sign"

    def _open(self, timeout_s: float) -> socket.socket:
        return socket.create_connection(self._address(), timeout_s)

    def refusal(self, deadline: float) -> str | None:
        """Find out whether the server does not take the device, and why."""
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not self._identity.verify_peer:
            return None
        reason = _found(look_at_refusal(self._host, self._open, self._identity, left_s), deadline)
        return reason and f"it refuses the device's certificate ({reason})"


class TokenLostError(Exception):
    """The token did not sign, for it has forgotten the login; the text is awscrt's name."""


def _found(look: Future[str | None], deadline: float) -> str | None:
    """Wait for what a look has found."""
    concurrent.futures.wait([look], max(0.0, deadline - time.monotonic()))
    return look.result() if look.done() else None


def _close_late(connecting: Any) -> None:
    """Close a connection that came when nobody waited for it any more."""
    if connecting.exception() is None:
        connecting.result().close()


def in_words(name: str) -> str:
    """Say what an error of awscrt's means, by its name."""
    for beginning, words in _WORDS.items():
        if name.startswith(beginning):
            return f"{words} ({name})"
    return f"it could not be reached ({name})"


def connection_error(problem: str) -> EvercredsConnectionError:
    """Make the error for a server that cannot be reached, or does not answer."""
    return EvercredsConnectionError(f"endpoint: {problem}", param="endpoint")
