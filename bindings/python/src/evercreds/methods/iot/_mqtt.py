"""Makes the MQTT connections of a session: over TLS with a certificate, or WebSockets, signed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evercreds._fork.children import forget_in_child, notice
from evercreds.methods.iot import _mqtt_arguments as arguments
from evercreds.methods.iot._arguments import hide_requests
from evercreds.methods.iot._event_loop import EventLoop
from evercreds.methods.iot._tls import ClientIdentity

if TYPE_CHECKING:
    from awscrt.mqtt import Connection

__all__ = ["Connections"]


class Connections:
    """Makes the MQTT connections of one session.

    They have an event loop of their own, because messages are handed to the user's functions in
    its thread. Such a function may need fresh credentials, and they come over the other loop.

    Args:
        identity: What the session shows of itself.
        frozen: Gives credentials that are fresh.
    """

    def __init__(self, identity: ClientIdentity, frozen: Callable[[], Any]) -> None:
        self._identity = identity
        self._frozen = frozen
        self._lock = threading.Lock()
        self._loop = EventLoop()
        # By what differs between them, so that contexts are shared and a PIN is tried once.
        self._own: dict[Any, ClientIdentity] = {}
        forget_in_child(self)

    def after_fork(self) -> None:
        """Give up, in a forked child, the event loop: its thread is the parent's."""
        self._loop.after_fork()
        self._lock = threading.Lock()
        for identity in self._own.values():
            identity.after_fork()

    def close(self) -> None:
        """Make no more connections. The event loop ends when those that there are have gone."""
        self._loop.close()
        with self._lock:
            self._own.clear()

    def make(
        self,
        *,
        endpoint: object,
        client_id: object,
        transport: object,
        certificate: object,
        private_key: object,
        pkcs11: object,
        ca: object,
        region: object,
        keep_alive_secs: object,
        clean_start: object,
        port: object,
        use_alpn: object,
        **callbacks: object,
    ) -> Connection:
        """Make a connection, which is yet to be opened by its ``connect``."""
        notice()
        from awscrt.mqtt import Client

        from evercreds.methods.iot._mqtt_connection import CertificateConnection
        from evercreds.methods.iot._mqtt_signing import SignedConnection

        host, region_of_endpoint = arguments.data_endpoint(endpoint)
        name = arguments.transport_name(transport)
        alpn_asked = arguments.switch("use_alpn", use_alpn)
        number = arguments.port_number(port, name, alpn_asked)
        alpn = arguments.alpn_protocols(name, number, alpn_asked)
        more = {
            "host_name": host,
            "port": number,
            "client_id": arguments.client_id(client_id),
            "clean_session": arguments.switch("clean_start", clean_start),
            "keep_alive_secs": arguments.keep_alive_s(keep_alive_secs),
        }
        told = arguments.callbacks(callbacks)
        signing_region = arguments.signing_region(region, region_of_endpoint, name)
        identity = self._identity_for(name, alpn, (certificate, private_key, pkcs11, ca))
        client = Client(self._loop.bootstrap(), identity.context())
        if name == "x509":
            return CertificateConnection(identity, client, told, **more)
        hide_requests()
        return SignedConnection(self._frozen, signing_region, identity, client, told, **more)

    def _identity_for(
        self, transport: str, alpn: tuple[str, ...], given: tuple[object, object, object, object]
    ) -> ClientIdentity:
        """Give what the TLS handshake is made with."""
        made = arguments.connection_identity(self._identity, transport, *given, alpn=alpn)
        if any(each is not None for each in given):
            return made
        with self._lock:
            return self._own.setdefault((transport, alpn), made)
