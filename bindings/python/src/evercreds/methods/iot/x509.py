"""``method="iot"``: credentials for the X.509 certificate of a thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evercreds._boto3.base import BaseCredentials
from evercreds._errors.frames import forget_variables
from evercreds._host.source import Source
from evercreds._library import rules
from evercreds._library.options import SERVICE_TIMEOUT_S
from evercreds._session.shapes import IOT_EXTRA_INSTALLED, PKCS11, Identity, Transport
from evercreds.methods.iot import _arguments as arguments
from evercreds.methods.iot._https import HttpsClient
from evercreds.methods.iot._iot_source import IoTSource
from evercreds.methods.iot._mqtt import Connections
from evercreds.session import RefreshableSession

if TYPE_CHECKING:
    from awscrt.io import LogLevel
    from awscrt.mqtt import Connection
    from typing_extensions import Self, Unpack

    from evercreds._session.shapes import SessionOptions

__all__ = ["IOTX509RefreshableSession"]

_HTTPS_PORT = 443


class IOTX509RefreshableSession(
    RefreshableSession,
    method="iot" if IOT_EXTRA_INSTALLED else None,
    refresh_method="iot-x509",
):
    """A session with the credentials of a role alias of AWS IoT. Needs ``evercreds[iot]``.

    Args:
        endpoint: The account's credentials endpoint, as in
            ``"ID.credentials.iot.REGION.amazonaws.com"``, with ``:PORT`` if need be. A data
            endpoint (``"ID-ats.iot..."``) is corrected, with a warning.
        role_alias: The alias of the role.
        certificate: The certificate of the thing, with its chain if there is one: PEM text as
            bytes, or the path of a PEM file. Files are read for each refresh, so that they may
            be replaced.
        thing_name: The name of the thing; the certificate must be attached to it. Default: not
            sent.
        private_key: The key of the certificate, not encrypted, as for ``certificate``. Either
            this or ``pkcs11`` is required.
        pkcs11: Where the key is in hardware: a dict with ``pkcs11_lib``, the path of the PKCS#11
            library, and as needed ``user_pin``, ``slot_id``, ``token_label`` and
            ``private_key_label``. Without ``user_pin`` none is sent: the token asks for it by
            itself, or this process is logged in already.
        ca: The authorities that may vouch for the endpoint, as for ``certificate``. Default:
            those of the system.
        verify_peer: Whether they have to. ``False`` is for tests.
        timeout: Seconds that a request may take, connecting and the whole reply included; above
            0 and at most 3600. Default: 10, and never more than ``refresh_timeout``.
        duration_seconds: The lifetime to ask for, 900 to 43200 seconds. AWS does not document
            that its provider heeds it: the role alias decides. Default: not sent.
        awscrt_log_level: Has awscrt write to standard output, for the whole process: a value of
            ``awscrt.io.LogLevel``. With MQTT over WebSockets, at most ``Info``. Default: no log.
        **kwargs: As for :class:`RefreshableSession`.

    Raises:
        EvercredsValidationError: An argument is of the wrong type or out of range, a file cannot
            be read, or does not hold what it has to.
        EvercredsConfigurationError: Not exactly one of private_key and pkcs11 is given; pkcs11
            names no library; or the extra is not installed.
        TypeError: An argument is missing, or its name is unknown.
    """

    _takes_source = False  # a certificate is what gets the credentials

    if TYPE_CHECKING:
        # That of the factory, above, is not for this class and those below.
        def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...

    def __init__(
        self,
        endpoint: str,
        role_alias: str,
        certificate: str | bytes,
        thing_name: str | None = None,
        private_key: str | bytes | None = None,
        pkcs11: PKCS11 | None = None,
        ca: str | bytes | None = None,
        verify_peer: bool = True,
        timeout: float | None = None,
        duration_seconds: int | None = None,
        awscrt_log_level: LogLevel | int | None = None,
        **kwargs: Unpack[SessionOptions],
    ) -> None:
        arguments.require_extra()
        self._endpoint = arguments.endpoint(endpoint)
        self._role_alias = arguments.role_alias(role_alias)
        self._thing_name = arguments.thing_name(thing_name)
        self._timeout_s = arguments.timeout_s(timeout)
        self._duration_seconds = arguments.duration_seconds(duration_seconds)
        self._tls_identity = arguments.tls_identity(
            certificate, private_key, pkcs11, ca, verify_peer
        )
        arguments.start_log(awscrt_log_level)
        super().__init__(**kwargs)
        self._connections = Connections(self._tls_identity, self._leased.get_frozen_credentials)

    def _make_source(self, base: BaseCredentials, timeout_s: float | None) -> Source:
        host, _, port = self._endpoint.partition(":")
        longest_s = SERVICE_TIMEOUT_S if timeout_s is None else timeout_s
        self._https = HttpsClient(
            self._tls_identity,
            host,
            int(port or _HTTPS_PORT),
            min(self._timeout_s, longest_s),
        )
        headers = {"host": self._endpoint, "accept": "application/json"}
        if self._thing_name is not None:
            headers["x-amzn-iot-thingname"] = self._thing_name
        if self._duration_seconds is not None:
            headers["x-amzn-iot-credential-duration-seconds"] = str(self._duration_seconds)
        return IoTSource(
            self._https,
            self._tls_identity,
            self._role_alias,
            headers,
            self._duration_seconds,
        )

    def close(self) -> None:
        """End the session, its connection and its event loop. MQTT connections stay open."""
        super().close()
        self._https.close()
        self._connections.close()

    def mqtt(
        self,
        *,
        endpoint: str,
        client_id: str,
        transport: Transport = "x509",
        certificate: str | bytes | None = None,
        private_key: str | bytes | None = None,
        ca: str | bytes | None = None,
        pkcs11: PKCS11 | None = None,
        region: str | None = None,
        keep_alive_secs: int = 60,
        clean_start: bool = True,
        port: int | None = None,
        use_alpn: bool = False,
        on_connection_interrupted: Callable[..., None] | None = None,
        on_connection_resumed: Callable[..., None] | None = None,
        on_connection_success: Callable[..., None] | None = None,
        on_connection_failure: Callable[..., None] | None = None,
        on_connection_closed: Callable[..., None] | None = None,
    ) -> Connection:
        """Make a connection to AWS IoT's message broker; its ``connect()`` opens it.

        A connection that is lost is opened again by itself, after a pause that grows from
        ``reconnect_min_timeout_secs`` (5) to ``reconnect_max_timeout_secs`` (60), and where the
        broker has forgotten its subscriptions they are made again. Each time that it is opened
        files are read again, or, with ``transport="ws"``, the request is signed with the session's
        credentials of that time. What is published (QoS 1), subscribed or unsubscribed meanwhile
        waits; awscrt's number of the packet is 0 for it. What else the connection can do, a proxy
        (``proxy_options``) or a will for instance, is set on it before it is opened. It belongs to
        the process that made it: a forked child makes one of its own.

        Args:
            endpoint: The account's data endpoint, as in ``"ID-ats.iot.REGION.amazonaws.com"``.
            client_id: The name of this client, of 1 to 128 bytes. Of two clients with the same
                name the broker ends the first.
            transport: ``"x509"`` (default): MQTT over TLS, with the certificate. ``"ws"``: over
                WebSockets, signed.
            certificate: As for the session. Default: the session's.
            private_key: As for the session. Default, where no pkcs11 is given: the session's key.
            ca: As for the session; the endpoint is always verified. Default: the session's.
            pkcs11: As for the session. Default, where no private_key is given: the session's key.
            region: To sign for. Default: that of the endpoint; no other one is right.
            keep_alive_secs: Seconds between pings, 5 to 65535. Default: 60.
            clean_start: Have the broker forget what an earlier connection of this name has left:
                subscriptions, and messages that are on their way. Default: True.
            port: Default: 8883; 443 for ``"ws"`` or with ``use_alpn``.
            use_alpn: Offer ``x-amzn-mqtt-ca`` in the handshake, for MQTT on port 443. There it is
                offered in any case. Default: False.
            on_connection_interrupted: Called with ``connection`` and ``error`` when it is lost.
                This and the others are as for ``awscrt.mqtt.Connection``; default: none.
            on_connection_resumed: Called with ``connection``, ``return_code`` and
                ``session_present`` when it is open again, and all subscriptions are in force.
            on_connection_success: Called with ``connection`` and ``callback_data`` each time that
                it has been opened.
            on_connection_failure: As above, each time that it could not be opened. The ``error``
                in ``callback_data`` is an EvercredsError where that is not awscrt's part: a file
                that cannot be read, or a token that is not there.
            on_connection_closed: As above, when it has been closed by ``disconnect()``.

        Raises:
            EvercredsValidationError: An argument is of the wrong type or out of range, a file
                cannot be read, or does not hold what it has to.
            EvercredsConfigurationError: Both private_key and pkcs11 are given; they cannot be
                used with the certificate; or ``use_alpn`` is given where there is none.
        """
        try:
            return self._connections.make(
                endpoint=endpoint,
                client_id=client_id,
                transport=transport,
                certificate=certificate,
                private_key=private_key,
                pkcs11=pkcs11,
                ca=ca,
                region=region,
                keep_alive_secs=keep_alive_secs,
                clean_start=clean_start,
                port=port,
                use_alpn=use_alpn,
                on_connection_interrupted=on_connection_interrupted,
                on_connection_resumed=on_connection_resumed,
                on_connection_success=on_connection_success,
                on_connection_failure=on_connection_failure,
                on_connection_closed=on_connection_closed,
            )
        except Exception as error:
            # There may be a key among the arguments, and there may be a PIN.
            private_key = pkcs11 = None
            forget_variables(error)
            raise

    def get_identity(self) -> Identity:
        """Ask STS who this session is: the role of the role alias.

        Raises:
            Exception: As any call that is signed with the session's credentials.
        """
        where = {} if self.region_name else {"region_name": rules.region_of(self._endpoint)}
        return dict(self._identity_client(where).get_caller_identity())
