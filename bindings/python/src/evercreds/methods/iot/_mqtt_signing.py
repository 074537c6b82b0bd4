"""MQTT over WebSockets, whose handshakes are signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from awscrt import auth, mqtt
from awscrt.exceptions import AwsCrtError

from evercreds._host.events import logger
from evercreds._host.workers import launch
from evercreds.methods.iot._mqtt_connection import CertificateConnection
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["SignedConnection"]

_SERVICE = "iotdevicegateway"


class SignedConnection(CertificateConnection):
    """A connection over WebSockets. Each opening of it is signed with credentials of that time."""

    def __init__(
        self,
        frozen: Callable[[], Any],
        region: str,
        identity: ClientIdentity,
        client: mqtt.Client,
        callbacks: Mapping[str, Callable[..., None] | None],
        **kwargs: Any,
    ) -> None:
        super().__init__(
            identity,
            client,
            callbacks,
            use_websockets=True,
            websocket_handshake_transform=_signer(frozen, region),
            **kwargs,
        )
        self.problem: BaseException | None = None

    def _opened(self) -> dict[str, bool]:
        """Open the connection, as above. Where there are no credentials, that is the error."""
        self.problem = None
        try:
            return super()._opened()
        except AwsCrtError as error:
            raise self.problem or error from None


def _signer(frozen: Callable[[], Any], region: str) -> Callable[..., None]:
    """Make what awscrt has each handshake signed by, in a thread of its own.

    To get credentials may take its time, and the loop that asks has other connections to serve.
    """

    def sign(transform_args: mqtt.WebsocketHandshakeTransformArgs, **_: Any) -> None:
        launch(lambda: _sign(transform_args, frozen, region))

    return sign


def _sign(
    handshake: mqtt.WebsocketHandshakeTransformArgs, frozen: Callable[[], Any], region: str
) -> None:
    try:
        held = frozen()
        provider = auth.AwsCredentialsProvider.new_static(
            held.access_key, held.secret_key, held.token
        )
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS,
            credentials_provider=provider,
            region=region,
            service=_SERVICE,
            should_sign_header=_is_host,
            omit_session_token=True,  # AWS IoT wants it added to what was signed
        )
        signing = auth.aws_sign_request(handshake.http_request, config)
    except BaseException as error:
        # awscrt tries again and again by itself, and tells nobody why it has to.
        logger.warning("an MQTT connection could not be signed: %s", type(error).__name__)
        handshake.mqtt_connection.problem = error
        handshake.set_done(error)
    else:
        signing.add_done_callback(lambda signed: handshake.set_done(signed.exception()))


def _is_host(name: str, **_: Any) -> bool:
    """Sign this header alone, as AWS IoT's documentation does; who relays may change others."""
    return name.lower() == "host"
