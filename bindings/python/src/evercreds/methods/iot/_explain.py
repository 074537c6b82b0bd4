"""Looks at a server's TLS as strictly as must be, and finds out why a handshake failed.

awscrt takes certificates that were signed with SHA-1 or have short keys. It keeps the failure of a
handshake to itself for up to half a minute (s2n's blinding), and never says what was wrong. So
each new connection has OpenSSL look at the server beside it, which says so in milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from evercreds._host.workers import launch
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["Address", "look_at_refusal", "look_at_server"]

Address = tuple[str, int]
Connect = Callable[[float], socket.socket]

# Of 112 bits and more: no SHA-1, no RSA keys below 2048 bits (openssl-ciphers(1), SECLEVEL).
_CIPHERS = "DEFAULT:@SECLEVEL=2"
_OLD_TLS = ("PROTOCOL", "VERSION")  # in the names of OpenSSL's reasons
_LATE_ALERT_S = 1.0


def look_at_server(
    host: str, connect: Connect, identity: ClientIdentity, timeout_s: float
) -> Future[str | None]:
    """Look at the TLS and the certificate of a server, in another thread, without showing one.

    Args:
        host: The name that the certificate has to be for.
        connect: Makes a connection to the server, within seconds.
        identity: Whom to trust.
        timeout_s: How long it may take.

    Returns:
        What is wrong with the server; ``None``: nothing, or that could not be told.
    """
    # In a thread, because the look-up of a name has no time-out.
    return _launched(lambda: _server_problem(host, connect, identity, timeout_s))


def look_at_refusal(
    host: str, connect: Connect, identity: ClientIdentity, timeout_s: float
) -> Future[str | None]:
    """Show a server the device's certificate, and hear why it is refused.

    Returns:
        The reason in words; ``None``: it is not refused, or that could not be told, as where a
        token has the key.
    """
    return _launched(lambda: _refusal(host, connect, identity, timeout_s))


def _launched(look: Callable[[], str | None]) -> Future[str | None]:
    found: Future[str | None] = Future()

    def run() -> None:
        result = None
        with contextlib.suppress(Exception):
            result = look()
        found.set_result(result)

    launch(run)
    return found


def _trust(identity: ClientIdentity) -> ssl.SSLContext:
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    with contextlib.suppress(ssl.SSLError):  # of a library that is no OpenSSL
        trust.set_ciphers(_CIPHERS)
    if identity.alpn:
        trust.set_alpn_protocols(identity.alpn)
    ca = identity.ca
    if ca is None:
        trust.load_default_certs()
    else:
        trust.load_verify_locations(cadata=ca.read().decode("ascii", "ignore"))
    return trust


def _server_problem(
    host: str, connect: Connect, identity: ClientIdentity, timeout_s: float
) -> str | None:
    trust = _trust(identity)
    with connect(timeout_s) as connection:
        try:
            trust.wrap_socket(connection, server_hostname=host).close()
        except ssl.SSLCertVerificationError as error:
            return (
                "the TLS handshake failed, because its certificate is not to be trusted "
                f"({error.verify_message}): check ca and verify_peer"
            )
        except ssl.SSLError as error:
            # Any other is of a server that wants a certificate, which it is not shown here.
            if error.reason and error.reason.endswith(_OLD_TLS):
                return f"the TLS handshake failed ({_words(error)}): it must speak TLS 1.2 or 1.3"
    return None


def _refusal(host: str, connect: Connect, identity: ClientIdentity, timeout_s: float) -> str | None:
    certificate, key = identity.certificate, identity.private_key
    if certificate is None or key is None:
        return None
    trust = _trust(identity)
    with _in_memory(certificate.read() + key.read()) as path:
        trust.load_cert_chain(path)
    with connect(timeout_s) as connection:
        try:
            with trust.wrap_socket(connection, server_hostname=host) as secured:
                secured.settimeout(_LATE_ALERT_S)  # with TLS 1.3 the refusal comes after all else
                secured.recv(1)
        except ssl.SSLError as error:
            if error.reason and "ALERT" in error.reason:
                return _words(error)
    return None


@contextlib.contextmanager
def _in_memory(text: bytes) -> Iterator[str]:
    """Give the path of a file with this text that is on no disk. Raises OSError: there is none."""
    if not hasattr(os, "memfd_create"):
        raise OSError("this system has no such files")
    number = os.memfd_create("evercreds", os.MFD_CLOEXEC)
    try:
        with open(number, "wb", closefd=False) as file:
            file.write(text)
        yield f"/proc/self/fd/{number}"
    finally:
        os.close(number)


def _words(error: ssl.SSLError) -> str:
    return (error.reason or "unknown").lower().replace("_", " ")
