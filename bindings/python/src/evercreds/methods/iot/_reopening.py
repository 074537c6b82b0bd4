"""What happens between the loss of an MQTT connection and its being open again."""

from __future__ import annotations

import random
import threading
from concurrent.futures import Future
from typing import Any
from weakref import ReferenceType

__all__ = ["Reopening"]


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
        self.closed.set_running_or_notify_cancel()  # nobody can call it off

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
