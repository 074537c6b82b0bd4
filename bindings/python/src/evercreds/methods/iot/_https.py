"""Requests over mutual TLS, as awscrt makes them."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from evercreds._library.immortal import keep_for_ever
from evercreds._sources import replies
from evercreds._waiting.clock import SYSTEM_CLOCK
from evercreds.errors import EvercredsCredentialError
from evercreds.methods.iot._connecting import (
    Connector,
    TokenLostError,
    connection_error,
    in_words,
)
from evercreds.methods.iot._crt import error_name
from evercreds.methods.iot._event_loop import EventLoop, session_is_closed
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["HttpsClient", "HttpsReply"]

_LONGEST_IDLE_S = 60.0  # beyond this the other side may have forgotten the connection
_MOST_PATIENCE_S = 2.0  # with files that do not go together
_MOST_BYTES = 64 << 10  # real replies have about 1.1 KB


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
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._loop = EventLoop()
        self._connector = Connector(
            identity, host, lambda: _address(host, port), timeout_s, self._loop
        )
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
            Exception: What :meth:`ClientIdentity.lease` raises.
        """
        deadline = time.monotonic() + self._timeout_s
        for may_log_in_anew in (True, False):
            context, leave = self._identity.lease(min(_MOST_PATIENCE_S, self._timeout_s / 4))
            try:
                return self._get(context, leave, (path, headers), deadline)
            except TokenLostError as lost:
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
        connection = self._connector.connect(context, leave, deadline)
        try:
            return self._request(connection, context, request, deadline)
        except _ClosedError as closed:
            # With TLS 1.3 a server looks at the certificate when it has let the client in.
            raise connection_error(
                self._connector.refusal(deadline) or in_words(str(closed))
            ) from None

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
            raise connection_error(
                f"there was no whole reply within {self._timeout_s:g} seconds"
            ) from None
        except Exception as error:
            if len(reply.body) > _MOST_BYTES:
                raise replies.malformed(
                    f"the reply of the endpoint has more than {_MOST_BYTES} bytes"
                ) from None
            name = error_name(error)
            if not reply.status and (name.endswith("_CLOSED") or name.startswith("AWS_IO_TLS")):
                raise _ClosedError(name) from None
            raise connection_error(in_words(name)) from None
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
