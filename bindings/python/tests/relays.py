"""Programs in between: a proxy that knows where names are, and a server that writes down."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

_CHUNK = 1 << 16


class _Relay:
    """Listens on loopback, and has each connection served by a thread."""

    def __init__(self) -> None:
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        self.drop_all()

    def drop_all(self) -> None:
        """Cut all connections off, as a network does that goes away."""
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._relay(connection)

    def _relay(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def _join(self, one: socket.socket, other: socket.socket) -> None:
        """Pass on what comes, both ways, until one side ends."""
        self._open += [one, other]
        sinks = {one: other, other: one}
        # One thread for both ways: a TLS connection is not for two at the same time.
        while True:
            ready = [source for source in sinks if _holds_data(source)]
            for source in ready or select.select([*sinks], [], [])[0]:
                data = source.recv(_CHUNK)
                if not data:
                    return
                sinks[source].sendall(data)


def _holds_data(source: socket.socket) -> bool:
    return isinstance(source, ssl.SSLSocket) and source.pending() > 0


def read_head(connection: socket.socket) -> bytes:
    """Read a request to the end of its headers."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            raise OSError("it ended within the headers")
        head += byte
    return head


class Proxy(_Relay):
    """An HTTP proxy for CONNECT, which sends every name to loopback.

    Args:
        ports: The port on loopback for each port that may be asked for.
    """

    def __init__(self, ports: dict[int, int]) -> None:
        self.asked: list[str] = []
        self.ports = ports
        super().__init__()

    def _relay(self, connection: socket.socket) -> None:
        target = read_head(connection).split()[1].decode()
        self.asked.append(target)
        port = self.ports[int(target.rpartition(":")[2])]
        with socket.create_connection(("127.0.0.1", port), 10) as other:
            other.settimeout(None)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            self._join(connection, other)


class TlsFront(_Relay):
    """Takes TLS connections, writes down what they ask for, and passes them on to a server.

    Args:
        trust: How it shows itself, and whom it takes.
        port: Of the server on loopback.
        onward: The TLS context for that server.
        host: The server's name.
        has_head: Whether what comes begins with an HTTP request, to be written down in ``heads``.
    """

    def __init__(
        self, trust: ssl.SSLContext, port: int, onward: ssl.SSLContext, host: str, has_head: bool
    ) -> None:
        self.heads: list[bytes] = []
        self.names: list[str | None] = []
        self.protocols: list[str | None] = []
        self.refuses = False
        self._trust, self._onward = trust, onward
        self._server_port, self._host, self._has_head = port, host, has_head
        trust.sni_callback = lambda _, name, __: self.names.append(name)
        super().__init__()

    def _relay(self, connection: socket.socket) -> None:
        with self._trust.wrap_socket(connection, server_side=True) as secured:
            self.protocols.append(secured.selected_alpn_protocol())
            head = read_head(secured) if self._has_head else b""
            self.heads.append(head)
            if self.refuses:
                secured.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
                return
            with (
                socket.create_connection(("127.0.0.1", self._server_port), 10) as plain,
                self._onward.wrap_socket(plain, server_hostname=self._host) as other,
            ):
                other.settimeout(None)
                other.sendall(head)
                self._join(secured, other)
