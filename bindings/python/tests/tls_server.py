"""A server with mutual TLS whose replies are as odd as a test needs them, and certificates."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Serve = Callable[[ssl.SSLSocket, bytes], None]


class Authority:
    """Issues certificates."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """Give a certificate for a name of host or thing, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:60])])
        uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            self._builder(subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        encoding = serialization.Encoding.PEM
        return certificate.public_bytes(encoding), key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def _builder(self, subject: x509.Name, key: Any) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )


class OddServer:
    """Has a function answer each request, and counts connections and requests."""

    def __init__(self, trust: ssl.SSLContext, serve: Serve) -> None:
        self.serve = serve
        self.connections = 0
        self.requests: list[bytes] = []
        self.peers: list[bytes] = []
        self._trust = trust
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # which wakes who waits in accept
        self._listener.close()
        self.drop_all()

    def drop_all(self) -> None:
        """End all connections, and forget them."""
        for connection in self._open:
            connection.close()
        self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            # A client that gives up within the handshake may say so much later, or never.
            threading.Thread(target=self._converse, args=(accepted,), daemon=True).start()

    def _converse(self, accepted: socket.socket) -> None:
        try:
            connection = self._trust.wrap_socket(accepted, server_side=True)
            self.connections += 1
            self._open.append(connection)
            self.peers.append(connection.getpeercert(binary_form=True) or b"")
            while request := self._read(connection):
                self.requests.append(request)
                self.serve(connection, request)
        except OSError:
            pass

    @staticmethod
    def _read(connection: ssl.SSLSocket) -> bytes:
        text = b""
        while b"\r\n\r\n" not in text:
            more = connection.recv(4096)
            if not more:
                return b""
            text += more
        return text


@contextmanager
def odd_server(directory: Path, authority: Authority, host: str, serve: Serve) -> Iterator[Any]:
    """Run a server for one host name, which takes clients of its authority alone."""
    certificate, key = authority.issue(host)
    both, ca = directory / "server.pem", directory / "server-ca.pem"
    both.write_bytes(certificate + key)
    ca.write_bytes(authority.pem)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(both)
    trust.load_verify_locations(ca)
    trust.verify_mode = ssl.CERT_REQUIRED
    server = OddServer(trust, serve)
    try:
        yield server
    finally:
        server.close()


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Make an HTTP reply."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
