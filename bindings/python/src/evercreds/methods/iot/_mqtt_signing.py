"""Signs the handshakes of MQTT over WebSockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from awscrt import auth, mqtt

from evercreds._flights import launch
from evercreds._outcome import logger

__all__ = ["signer"]

_SERVICE = "iotdevicegateway"


def signer(frozen: Callable[[], Any], region: str) -> Callable[..., None]:
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
