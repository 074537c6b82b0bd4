"""Finds out why a TLS handshake fails, which awscrt does not tell."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time

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
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if ca is None:
            trust.load_default_certs()
        else:
            trust.load_verify_locations(cadata=ca.read().decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        return "the authorities of ca cannot be read"
    except Exception:
        return None  # the file is being replaced
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        return None
    with contextlib.suppress(OSError), socket.create_connection(address, left_s) as connection:
        # Each read gets all of the time that is left, so that a server which trickles is cut off.
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            trust.wrap_socket(connection, server_hostname=host).close()
        except ssl.SSLCertVerificationError as error:
            return (
                "the TLS handshake failed, because its certificate is not to be trusted "
                f"({error.verify_message}): check ca and verify_peer"
            )
    return None
