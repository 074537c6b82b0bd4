"""Finds out why a TLS handshake fails, which awscrt does not tell."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import time

from evercreds._flights import launch
from evercreds.methods.iot._material import Material

__all__ = ["tls_problem"]


def tls_problem(
    host: str, address: tuple[str, int], ca: Material | None, deadline: float
) -> str | None:
    """Look at the certificate of a server, without showing one, and say what is wrong with it.

    Args:
        host: The name that the certificate has to be for.
        address: Where the server is.
        ca: The authorities to trust; ``None``: those of the system.
        deadline: When to give up, on the monotonic clock.
    """
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        return None
    found: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    # In a thread, because the look-up of a name has no time-out.
    launch(lambda: found.put(_look(host, address, ca, left_s)))
    with contextlib.suppress(queue.Empty):
        return found.get(timeout=left_s)
    return None


def _look(host: str, address: tuple[str, int], ca: Material | None, timeout_s: float) -> str | None:
    with contextlib.suppress(Exception):
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if ca is None:
            trust.load_default_certs()
        else:
            trust.load_verify_locations(cadata=ca.read().decode("ascii", "ignore"))
        with socket.create_connection(address, timeout_s) as connection:
            try:
                trust.wrap_socket(connection, server_hostname=host).close()
            except ssl.SSLCertVerificationError as error:
                return (
                    "the TLS handshake failed, because its certificate is not to be trusted "
                    f"({error.verify_message}): check ca and verify_peer"
                )
    return None
