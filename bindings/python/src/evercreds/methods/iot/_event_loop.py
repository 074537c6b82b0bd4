"""The event loops of awscrt: threads in which connections are served."""

from __future__ import annotations

import threading
from typing import Any

from evercreds._library import abi_generated as abi
from evercreds._library.immortal import keep_for_ever
from evercreds.errors import EvercredsCredentialError

__all__ = ["EventLoop", "session_is_closed"]


class EventLoop:
    """One event loop, which is made at the first need. Safe for use by many threads.

    It ends when it is closed, or has no owner any more, and its last connection has gone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bootstrap: Any = None
        self.is_closed = False

    def after_fork(self) -> None:
        """Give up, in a forked child, the loop: its thread is the parent's."""
        keep_for_ever(self._bootstrap)
        self._lock, self._bootstrap = threading.Lock(), None

    def close(self) -> None:
        """Serve no new connections."""
        with self._lock:
            self.is_closed = True
            self._bootstrap = None

    def bootstrap(self) -> Any:
        """Give the ``awscrt.io.ClientBootstrap`` that makes connections of this loop.

        Raises:
            EvercredsCredentialError: It is closed, as is the session whose loop this is.
        """
        from awscrt.io import ClientBootstrap, DefaultHostResolver, EventLoopGroup

        with self._lock:
            if self.is_closed:
                raise session_is_closed()
            if self._bootstrap is None:
                group = EventLoopGroup(1)
                self._bootstrap = ClientBootstrap(group, DefaultHostResolver(group, 1))
            return self._bootstrap


def session_is_closed() -> EvercredsCredentialError:
    """Make the error for what comes after the end of a session."""
    name, text = abi.REASONS[abi.Code.CLOSED]
    return EvercredsCredentialError(text, code=name)
