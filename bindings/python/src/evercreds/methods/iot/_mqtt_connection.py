"""An MQTT connection: awscrt's, with fresh files and fresh credentials each time it is opened."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NoReturn

from awscrt import auth, mqtt

from evercreds._flights import launch
from evercreds._fork import forget_in_child
from evercreds._immortal import keep_for_ever
from evercreds._outcome import logger
from evercreds.errors import EvercredsConfigurationError
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["CertificateConnection", "SignedConnection"]

_SERVICE = "iotdevicegateway"


def _in_child(*_: Any, **__: Any) -> NoReturn:
    raise EvercredsConfigurationError(
        "an MQTT connection belongs to the process that made it: make one in the child",
        code="forked",
    )


class CertificateConnection(mqtt.Connection):  # type: ignore[misc]
    """A connection for which files are read again each time that it is opened."""

    def __init__(self, identity: ClientIdentity, client: mqtt.Client, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self._identity = identity
        forget_in_child(self)

    def after_fork(self) -> None:
        """Be of no use in a forked child: the thread that would answer has stayed behind."""
        keep_for_ever(self)
        for name in ("connect", "disconnect", "publish", "reconnect", "subscribe", "unsubscribe"):
            setattr(self, name, _in_child)
        self.on_message = self.resubscribe_existing_topics = self.get_stats = _in_child
        self._identity.after_fork()

    def connect(self) -> Future[dict[str, bool]]:
        """Open the connection; the future ends when that has succeeded or failed.

        awscrt then opens it again by itself whenever it is lost, with the certificate of now.
        """
        try:
            self.client.tls_ctx = self._identity.context()
        except Exception as error:
            failed: Future[dict[str, bool]] = Future()
            failed.set_exception(error)
            return failed
        opened: Future[dict[str, bool]] = super().connect()
        return opened


class SignedConnection(CertificateConnection):
    """A connection over WebSockets. Each opening of it is signed with credentials of that time."""

    def __init__(
        self,
        frozen: Callable[[], Any],
        region: str,
        identity: ClientIdentity,
        client: mqtt.Client,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            identity,
            client,
            use_websockets=True,
            websocket_handshake_transform=_signer(frozen, region),
            **kwargs,
        )
        self.problem: BaseException | None = None

    def connect(self) -> Future[dict[str, bool]]:
        """Open the connection, as above. Where there are no credentials the future tells why."""
        self.problem = None
        told: Future[dict[str, bool]] = Future()

        def tell(opened: Future[dict[str, bool]]) -> None:
            error = opened.exception()
            if error is None:
                told.set_result(opened.result())
            else:
                told.set_exception(self.problem or error)

        super().connect().add_done_callback(tell)
        return told


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
