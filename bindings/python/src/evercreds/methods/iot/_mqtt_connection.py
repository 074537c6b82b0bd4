"""An MQTT connection: awscrt's, with fresh files and fresh credentials each time it is opened."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, NoReturn

from awscrt import mqtt
from awscrt.exceptions import AwsCrtError

from evercreds._flights import launch
from evercreds._fork import forget_in_child
from evercreds._frames import forget_variables
from evercreds._immortal import keep_for_ever
from evercreds._outcome import logger
from evercreds.errors import EvercredsConfigurationError
from evercreds.methods.iot._mqtt_opening import opened
from evercreds.methods.iot._mqtt_signing import signer
from evercreds.methods.iot._reopening import Held, Reopening
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["CertificateConnection", "SignedConnection"]

_ANSWER_S = 30.0  # for the broker's to a subscription
_Asked = tuple[Future[Any], int]


def _in_child(*_: Any, **__: Any) -> NoReturn:
    raise EvercredsConfigurationError(
        "an MQTT connection belongs to the process that made it: make one in the child",
        code="forked",
    )


class CertificateConnection(mqtt.Connection):  # type: ignore[misc]
    """A connection for which files are read again each time that it is opened.

    awscrt opens a lost connection again with the certificate of then, and tells the broker of no
    subscription. So that is done here: each loss ends awscrt's part, and each attempt is a new one.

    Args:
        identity: What the TLS handshake is made with.
        client: Whose connection it is.
        callbacks: The user's functions, by the names that awscrt has for them.
        **kwargs: As for ``awscrt.mqtt.Connection``.
    """

    def __init__(
        self,
        identity: ClientIdentity,
        client: mqtt.Client,
        callbacks: Mapping[str, Callable[..., None] | None],
        **kwargs: Any,
    ) -> None:
        super().__init__(
            client,
            # No methods: they would hold the connection, which nobody could lose then.
            on_connection_interrupted=_interrupted,
            on_connection_closed=_closed,
            on_connection_success=callbacks["on_connection_success"],
            on_connection_failure=callbacks["on_connection_failure"],
            **kwargs,
        )
        self._identity = identity
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._reopening: Reopening | None = None
        self._held = Held()
        self._subscriptions: dict[str, tuple[Any, Any]] = {}
        forget_in_child(self)

    def after_fork(self) -> None:
        """Be of no use in a forked child: the thread that would answer has stayed behind."""
        keep_for_ever(self)
        for name in ("connect", "disconnect", "publish", "reconnect", "subscribe", "unsubscribe"):
            setattr(self, name, _in_child)
        self.on_message = self.resubscribe_existing_topics = self.get_stats = _in_child
        self._lock = threading.Lock()
        self._identity.after_fork()

    def connect(self) -> Future[dict[str, bool]]:
        """Open the connection; the future ends when that has succeeded or failed.

        Whenever it is lost it is opened again, with the certificate of then.
        """
        told: Future[dict[str, bool]] = Future()

        def work() -> None:
            try:
                if self._reopening is not None:
                    raise EvercredsConfigurationError("the connection opens again by itself")
                told.set_result(self._opened())
            except BaseException as error:
                forget_variables(error)
                told.set_exception(error)

        launch(work)
        return told

    def disconnect(self) -> Future[dict[str, Any]]:
        """Close the connection, or end the attempts to open it again."""
        with self._lock:
            reopening = self._reopening
            if reopening is not None:
                reopening.is_over.set()
        if reopening is None:
            if self.clean_session:
                self._subscriptions.clear()
            closed: Future[dict[str, Any]] = super().disconnect()
            return closed
        return reopening.closed

    def publish(self, topic: str, payload: Any, qos: Any, retain: bool = False) -> _Asked:
        """Send a message; while the connection is lost, when it is open again (QoS 0: an error).

        The packet's number is 0 then.
        """
        if int(qos) == mqtt.QoS.AT_MOST_ONCE:
            asked: _Asked = super().publish(topic, payload, qos, retain)
            return asked
        return self._now_or_later("publish", topic, payload, qos, retain)

    def subscribe(self, topic: str, qos: Any, callback: Any = None) -> _Asked:
        """Subscribe, now and whenever the broker has forgotten it; as for ``publish``."""
        future, number = self._now_or_later("subscribe", topic, qos, callback)

        def remember(done: Future[Any]) -> None:
            if not done.cancelled() and done.exception() is None:
                self._subscriptions[topic] = qos, callback

        future.add_done_callback(remember)
        return future, number

    def unsubscribe(self, topic: str) -> _Asked:
        """End a subscription; as for ``publish``."""
        self._subscriptions.pop(topic, None)
        return self._now_or_later("unsubscribe", topic)

    def _now_or_later(self, name: str, *args: Any) -> _Asked:
        with self._lock:
            if self._reopening is not None and not self._reopening.is_over.is_set():
                return self._held.add(name, args), 0
        asked: _Asked = getattr(super(), name)(*args)
        return asked

    def _opened(self) -> dict[str, bool]:
        return opened(self, self._identity, super().connect)

    def _lost(self, error: AwsCrtError) -> None:
        """Take over from awscrt, in whose thread this is called."""
        reopening = Reopening(self.reconnect_min_timeout_secs, self.reconnect_max_timeout_secs)
        with self._lock:
            self._reopening = reopening
        mine = weakref.ref(self)
        # It is closed when this function has returned.
        super().disconnect().add_done_callback(lambda _: launch(lambda: reopening.run(mine)))
        self._tell("on_connection_interrupted", error=error)

    def try_again(self, reopening: Reopening) -> bool:
        """Make an attempt to open it again; tell whether another one is not needed."""
        try:
            is_present = self._opened()["session_present"]
        except Exception as error:
            logger.info("an MQTT connection could not be opened again: %s", type(error).__name__)
            return False
        if not is_present:
            self._subscribe_again()
        with self._lock:
            if self._reopening is not reopening:
                return True  # it was lost once more, and another is at it
            is_over = reopening.is_over.is_set()
            held = [] if is_over else self._held.taken()
            if not is_over:
                self._reopening = None
        if is_over:
            super().disconnect().result()
            return False
        for call in held:
            call.make(self)
        code = mqtt.ConnectReturnCode.ACCEPTED
        self._tell("on_connection_resumed", return_code=code, session_present=is_present)
        return True

    def give_up(self) -> None:
        """Be closed, since the user wants that."""
        with self._lock:
            self._reopening, held = None, self._held.taken()
        for call in held:
            call.drop()
        self._tell("on_connection_closed", callback_data=mqtt.OnConnectionClosedData())

    def _subscribe_again(self) -> None:
        """Subscribe to all topics, each by itself: AWS IoT takes but eight in one request."""
        asked = [
            (topic, mqtt.Connection.subscribe(self, topic, *given)[0])
            for topic, given in list(self._subscriptions.items())
        ]
        for topic, future in asked:
            try:
                future.result(_ANSWER_S)
            except Exception as error:
                if isinstance(error, mqtt.SubscribeError):
                    self._subscriptions.pop(topic, None)
                # A topic may have a customer's name in it.
                logger.warning("an MQTT subscription was not renewed: %s", type(error).__name__)

    def _tell(self, name: str, **facts: Any) -> None:
        function = self._callbacks[name]
        if function is None:
            return
        try:
            function(connection=self, **facts)
        except Exception as error:
            logger.warning("%s raised %s", name, type(error).__name__)


def _interrupted(connection: CertificateConnection, error: AwsCrtError, **_: Any) -> None:
    connection._lost(error)


def _closed(connection: CertificateConnection, **facts: Any) -> None:
    if connection._reopening is None:
        connection._tell("on_connection_closed", **facts)


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
            websocket_handshake_transform=signer(frozen, region),
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
