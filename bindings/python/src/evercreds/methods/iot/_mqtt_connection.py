"""An MQTT connection: awscrt's, with fresh files and fresh credentials each time it is opened."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, NoReturn

from awscrt import mqtt
from awscrt.exceptions import AwsCrtError

from evercreds._errors.frames import forget_variables
from evercreds._fork.children import forget_in_child
from evercreds._host.events import logger
from evercreds._host.workers import launch
from evercreds._library.immortal import keep_for_ever
from evercreds.errors import EvercredsConfigurationError
from evercreds.methods.iot._mqtt_calls import LastingConnection
from evercreds.methods.iot._mqtt_opening import opened
from evercreds.methods.iot._reopening import Reopening
from evercreds.methods.iot._tls import ClientIdentity

__all__ = ["CertificateConnection"]


def _in_child(*_: Any, **__: Any) -> NoReturn:
    raise EvercredsConfigurationError(
        "an MQTT connection belongs to the process that made it: make one in the child",
        code="forked",
    )


class CertificateConnection(LastingConnection):
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
        self._reopening: Reopening | None = None
        self._is_awscrts = False  # the attempt, which is then what tells of its failure
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
        told.set_running_or_notify_cancel()  # nobody can call it off

        def work() -> None:
            try:
                if self._reopening is not None:
                    raise EvercredsConfigurationError("the connection reconnects by itself")
                result = self._opened_or_told()
            except BaseException as error:
                forget_variables(error)
                told.set_exception(error)
            else:
                told.set_result(result)

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

    def _is_held_up(self) -> bool:
        return self._reopening is not None and not self._reopening.is_over.is_set()

    def _opened_or_told(self) -> dict[str, bool]:
        """Open it, or have the user's function told why not, which awscrt does of its own part."""
        self._is_awscrts = False
        try:
            return self._opened()
        except Exception as error:
            if not self._is_awscrts:
                told: Any = error  # and none of awscrt's
                data = mqtt.OnConnectionFailureData(error=told)
                self._tell("on_connection_failure", callback_data=data)
            raise

    def _opened(self) -> dict[str, bool]:
        return opened(self, self._identity, self._connect)

    def _connect(self) -> Future[dict[str, bool]]:
        self._is_awscrts = True
        connecting: Future[dict[str, bool]] = super().connect()
        return connecting

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
            is_present = self._opened_or_told()["session_present"]
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
            with contextlib.suppress(Exception):  # it was lost meanwhile
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

    def _tell(self, name: str, **facts: Any) -> None:
        function = self._callbacks[name]
        if function is None:
            return
        try:
            function(connection=self, **facts)
        except BaseException as error:  # or it would end the thread that many share
            logger.warning("%s raised %s", name, type(error).__name__)


def _interrupted(connection: CertificateConnection, error: AwsCrtError, **_: Any) -> None:
    connection._lost(error)


def _closed(connection: CertificateConnection, **facts: Any) -> None:
    if connection._reopening is None:
        connection._tell("on_connection_closed", **facts)
