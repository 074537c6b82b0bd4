"""Requests over mutual TLS, as awscrt makes them."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from typing import Any

from evercreds._clock import SYSTEM_CLOCK
from evercreds._immortal import keep_for_ever
from evercreds.errors import EvercredsConnectionError, EvercredsCredentialError
from evercreds.methods import _replies
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._event_loop import EventLoop, session_is_closed
from evercreds.methods.iot._explain import look_at_refusal, look_at_server
from evercreds.methods.iot._login import is_of_token
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["HttpsClient", "HttpsReply"]

_LONGEST_IDLE_S = 60.0  # beyond this the other side may have forgotten the connection
_MOST_BYTES = 64 << 10  # real replies have about 1.1 KB
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


def _address(host: str, port: int) -> tuple[str, int]:
    """Tell where to connect to; tests connect elsewhere."""
    return host, port


@dataclasses.dataclass(slots=True)
class HttpsReply:
    """A reply. The names of its headers are in lower case."""

    status: int = 0
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytearray = dataclasses.field(default_factory=bytearray, repr=False)


class HttpsClient:
    """Asks one host, over a connection that is kept where the next request comes soon.

    It has one event loop, which is made at the first request and ends with ``close`` or with this
    object. Safe for use by many threads.

    Args:
        identity: Who this side is.
        host: The host's name, as the TLS handshake asks for it.
        port: Its port.
        timeout_s: The time that a request may take, connecting and the whole reply included.
    """

    def __init__(self, identity: ClientIdentity, host: str, port: int, timeout_s: float) -> None:
        self._identity = identity
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._loop = EventLoop()
        # Connection, context, and since when, on the clock that counts time asleep.
        self._idle: tuple[Any, Any, int] | None = None
        self._in_use: set[Any] = set()

    def after_fork(self) -> None:
        """Give up, in a forked child, loop and connections: their threads are the parent's."""
        self._loop.after_fork()
        for thing in (self._idle, self._in_use):
            keep_for_ever(thing)
        self._lock = threading.Lock()
        self._idle, self._in_use = None, set()
        self._identity.after_fork()

    def close(self) -> None:
        """End the connections and the event loop; requests under way fail."""
        self._loop.close()
        with self._lock:
            connections = list(self._in_use)
            if self._idle is not None:
                connections.append(self._idle[0])
            self._idle = None
        for connection in connections:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str]) -> HttpsReply:
        """Make a request.

        Raises:
            EvercredsConnectionError: There was no reply, or not the whole of it.
            EvercredsCredentialError: The reply is far too large, or this client is closed.
            Exception: What :meth:`ClientIdentity.context` raises.
        """
        deadline = time.monotonic() + self._timeout_s
        for may_log_in_anew in (True, False):
            context, leave = self._identity.lease()
            try:
                return self._get(context, leave, (path, headers), deadline)
            except _TokenLostError as lost:
                self._identity.drop(context)
                name = str(lost)
                if not may_log_in_anew:
                    break
        raise self._identity.token_problem(name)

    def _get(
        self,
        context: Any,
        leave: Callable[[], None],
        request: tuple[str, Mapping[str, str]],
        deadline: float,
    ) -> HttpsReply:
        kept = self._take_idle(context)
        if kept is not None:
            try:
                reply = self._request(kept, context, request, deadline)
            except _ClosedError:
                pass  # where it had died, nothing is known of the host yet
            except BaseException:
                leave()
                raise
            else:
                leave()
                return reply
        connection = self._connect(context, leave, deadline)
        try:
            return self._request(connection, context, request, deadline)
        except _ClosedError as closed:
            # With TLS 1.3 a server looks at the certificate when it has let the client in.
            raise _connection_error(self._refusal(deadline) or _in_words(str(closed))) from None

    def _connect(self, context: Any, leave: Callable[[], None], deadline: float) -> Any:
        from awscrt.http import HttpClientConnection
        from awscrt.io import SocketOptions

        left_s = max(0.0, deadline - time.monotonic())
        connect_s = left_s * _CONNECT_SHARE
        try:
            options = context.new_connection_options()
            options.set_server_name(self._host)
            host, port = _address(self._host, self._port)
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
            look = look_at_server(self._host, self._open, self._identity.ca, left_s)
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
                raise _connection_error(problem)
            if connecting in done and connecting.exception() is not None:
                break
        if not connecting.done():
            raise _connection_error(self._late())
        if connecting.exception() is None:
            return connecting.result()
        name = error_name(connecting.exception())
        if is_of_token(name):
            raise _TokenLostError(name)
        problem = None
        if name.startswith("AWS_IO_TLS"):
            problem = _found(look, deadline) or self._refusal(deadline)
        raise _connection_error(problem or _in_words(name))

    def _late(self) -> str:
        words = f"there was no connection within {self._timeout_s:g} seconds"
        if self._identity.token is None:
            return words
        return f"{words}: it was not there, or {self._identity.token.name} did not sign"

    def _open(self, timeout_s: float) -> socket.socket:
        return socket.create_connection(_address(self._host, self._port), timeout_s)

    def _refusal(self, deadline: float) -> str | None:
        """Find out whether the server does not take the device, and why."""
        identity = self._identity
        shown = identity.certificate, identity.private_key, identity.ca
        left_s = deadline - time.monotonic()
        if left_s <= 0 or not identity.verify_peer:
            return None
        reason = _found(look_at_refusal(self._host, self._open, shown, left_s), deadline)
        return reason and f"it does not take the device's certificate ({reason})"

    def _request(
        self,
        connection: Any,
        context: Any,
        request: tuple[str, Mapping[str, str]],
        deadline: float,
    ) -> HttpsReply:
        from awscrt.http import HttpHeaders, HttpRequest

        with self._lock:
            self._in_use.add(connection)
            is_closed = self._loop.is_closed
        reply = HttpsReply()
        is_whole = False
        try:
            if is_closed:
                raise session_is_closed()
            path, headers = request
            sent = HttpRequest("GET", path, HttpHeaders(list(headers.items())))
            _result(_send(connection, sent, reply), deadline)
            is_whole = True
        except EvercredsCredentialError:
            raise
        except _TimedOutError:
            raise _connection_error(
                f"there was no whole reply within {self._timeout_s:g} seconds"
            ) from None
        except Exception as error:
            if len(reply.body) > _MOST_BYTES:
                raise _replies.malformed(
                    f"the reply of the endpoint has more than {_MOST_BYTES} bytes"
                ) from None
            name = error_name(error)
            if not reply.status and (name.endswith("_CLOSED") or name.startswith("AWS_IO_TLS")):
                raise _ClosedError(name) from None
            raise _connection_error(_in_words(name)) from None
        finally:
            self._put_back(connection, context, is_whole)
        return reply

    def _take_idle(self, context: Any) -> Any:
        """Give the connection that was kept, if it is of use still."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle is None:
            return None
        connection, made_with, since = idle
        idle_s = (SYSTEM_CLOCK.elapsed_ns() - since) / 1e9
        if made_with is context and idle_s < _LONGEST_IDLE_S:
            return connection
        connection.close()
        return None

    def _put_back(self, connection: Any, context: Any, is_whole: bool) -> None:
        with self._lock:
            self._in_use.discard(connection)
            if (
                is_whole
                and self._idle is None
                and not self._loop.is_closed
                and connection.is_open()
            ):
                self._idle = connection, context, SYSTEM_CLOCK.elapsed_ns()
                return
        connection.close()


class _TimedOutError(Exception):
    """A future was not done in time."""


class _ClosedError(Exception):
    """A connection ended before anything of a reply was there; the text is awscrt's name."""


class _TokenLostError(Exception):
    """The token did not sign, for it has forgotten the login; the text is awscrt's name."""


def _found(look: Future[str | None], deadline: float) -> str | None:
    """Wait for what a look has found."""
    concurrent.futures.wait([look], max(0.0, deadline - time.monotonic()))
    return look.result() if look.done() else None


def _send(connection: Any, request: Any, reply: HttpsReply) -> Any:
    """Send a request, and have its reply written down; give the future of its end."""

    def on_response(
        http_stream: Any, status_code: int, headers: list[tuple[str, str]], **_: Any
    ) -> None:
        reply.headers = {name.lower(): value for name, value in headers}
        reply.status = status_code

    def on_body(http_stream: Any, chunk: Any, **_: Any) -> None:
        if len(reply.body) <= _MOST_BYTES:
            reply.body += chunk
        else:
            connection.close()

    stream = connection.request(request, on_response, on_body)
    stream.activate()
    return stream.completion_future


def _result(future: Any, deadline: float) -> Any:
    concurrent.futures.wait([future], max(0.0, deadline - time.monotonic()))
    if not future.done():
        raise _TimedOutError
    return future.result()


def _close_late(connecting: Any) -> None:
    """Close a connection that came when nobody waited for it any more."""
    if connecting.exception() is None:
        connecting.result().close()


def _in_words(name: str) -> str:
    for beginning, words in _WORDS.items():
        if name.startswith(beginning):
            return f"{words} ({name})"
    return f"it could not be reached ({name})"


def _connection_error(problem: str) -> EvercredsConnectionError:
    return EvercredsConnectionError(f"endpoint: {problem}", param="endpoint")
