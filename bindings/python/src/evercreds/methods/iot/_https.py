"""Requests over mutual TLS, as awscrt makes them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import threading
import time
from collections.abc import Mapping
from typing import Any

from evercreds._clock import SYSTEM_CLOCK
from evercreds._immortal import keep_for_ever
from evercreds.errors import EvercredsConnectionError, EvercredsCredentialError
from evercreds.methods import _replies
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._event_loop import EventLoop, session_is_closed
from evercreds.methods.iot._explain import tls_problem
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
        context = self._identity.context()
        request = path, headers
        kept = self._take_idle(context)
        if kept is not None:
            # Where it had died, nothing is known of the host yet.
            with contextlib.suppress(_StaleError):
                return self._request(kept, context, request, deadline, is_kept=True)
        return self._request(self._connect(context, deadline), context, request, deadline)

    def _connect(self, context: Any, deadline: float) -> Any:
        from awscrt.http import HttpClientConnection
        from awscrt.io import SocketOptions

        options = context.new_connection_options()
        options.set_server_name(self._host)
        host, port = _address(self._host, self._port)
        left_s = max(0.0, deadline - time.monotonic())
        until = time.monotonic() + left_s * _CONNECT_SHARE
        socket_options = SocketOptions()
        socket_options.connect_timeout_ms = max(1, int(left_s * _CONNECT_SHARE * 1000))
        connecting = HttpClientConnection.new(
            host, port, self._loop.bootstrap(), socket_options, tls_connection_options=options
        )
        try:
            return _result(connecting, until)
        except _TimedOutError:
            connecting.add_done_callback(_close_late)
            problem = f"there was no connection within {self._timeout_s:g} seconds"
        except Exception as error:
            name = error_name(error)
            problem = _in_words(name)
            if not name.startswith("AWS_IO_TLS"):
                raise _connection_error(problem) from None
        # awscrt keeps the failure of a handshake to itself for up to half a minute, and never
        # says what was wrong.
        if self._identity.verify_peer:
            explained = tls_problem(self._host, (host, port), self._identity.ca, deadline)
            problem = explained or problem
        raise _connection_error(problem)

    def _request(
        self,
        connection: Any,
        context: Any,
        request: tuple[str, Mapping[str, str]],
        deadline: float,
        *,
        is_kept: bool = False,
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
            if is_kept and not reply.status:
                raise _StaleError from None
            raise _connection_error(_in_words(error_name(error))) from None
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


class _StaleError(Exception):
    """A connection that was kept was of no use any more."""


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
