"""What happens between the loss of an MQTT connection and its being open again."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future
from typing import Any
from weakref import ReferenceType

from awscrt import mqtt

from evercreds.errors import EvercredsConnectionError

__all__ = ["Held", "Reopening"]


class Reopening:
    """The attempts to open a connection again: in a thread, with pauses that grow.

    Args:
        least_s: The first pause, which doubles with each attempt. Each is shortened at random by
            up to a half, so that the devices of a broker that was down do not come all at once.
        most_s: The longest one.
    """

    def __init__(self, least_s: float, most_s: float) -> None:
        self._pause_s, self._most_s = least_s, most_s
        #: That the user wants the connection closed.
        self.is_over = threading.Event()
        #: Ends when it is.
        self.closed: Future[dict[str, Any]] = Future()

    def run(self, lost: ReferenceType[Any]) -> None:
        """Make attempts until one succeeds, nobody has the connection any more, or it is over."""
        while not self.is_over.wait(self._pause_s * random.uniform(0.5, 1)):
            connection = lost()
            if connection is None or connection.try_again(self):
                return
            del connection  # or it could not be lost by its user
            self._pause_s = min(2 * self._pause_s, self._most_s)
        connection = lost()
        if connection is not None:
            connection.give_up()
        self.closed.set_result({})


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
