"""What a connection is asked for: now, or when it is open again, and what has to last."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import Future
from typing import Any

from awscrt import mqtt

from evercreds._host.events import logger
from evercreds.errors import EvercredsConnectionError

__all__ = ["LastingConnection"]

_ANSWER_S = 30.0  # for the broker's to a subscription
_Asked = tuple[Future[Any], int]


class Call:
    """A call of a connection that waits for it to be open again."""

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        self._name, self._args = name, args
        self.future: Future[Any] = Future()

    def make(self, connection: Any) -> None:
        """Make the call, and have its future end as awscrt's own does."""
        if not self.future.set_running_or_notify_cancel():
            return
        made, _ = getattr(mqtt.Connection, self._name)(connection, *self._args)
        made.add_done_callback(self._tell)

    def drop(self) -> None:
        """Have its future tell that it was not made."""
        if self.future.set_running_or_notify_cancel():
            problem = "the connection was closed before it was open again"
            self.future.set_exception(EvercredsConnectionError(problem, code="closed"))

    def _tell(self, made: Future[Any]) -> None:
        error = made.exception()
        if error is None:
            self.future.set_result(made.result())
        else:
            self.future.set_exception(error)


class Held:
    """The calls that wait, in their order."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def add(self, name: str, args: tuple[Any, ...]) -> Future[Any]:
        """Hold a call; give the future of its result."""
        call = Call(name, args)
        self._calls.append(call)
        return call.future

    def taken(self) -> list[Call]:
        """Take all out."""
        calls, self._calls = self._calls, []
        return calls

    def drop(self) -> None:
        """Have the futures of all tell that they were not made."""
        for call in self.taken():
            call.drop()


class LastingConnection(mqtt.Connection):  # type: ignore[misc]
    """A connection that keeps its subscriptions, and what it is asked for while it is lost."""

    def __init__(self, client: mqtt.Client, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self._lock = threading.Lock()
        self._held = Held()
        # Who waits for one of them does not have to have the connection.
        weakref.finalize(self, self._held.drop).atexit = False
        self._subscriptions: dict[str, tuple[Any, Any]] = {}

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
            if self._is_held_up():
                return self._held.add(name, args), 0
        asked: _Asked = getattr(super(), name)(*args)
        return asked

    def _is_held_up(self) -> bool:
        """Tell whether what is asked for has to wait. The lock is held."""
        raise NotImplementedError

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
