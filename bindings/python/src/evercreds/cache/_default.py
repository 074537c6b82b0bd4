"""Clients and resources of boto3's default session, as ``boto3.client`` gives them, but kept."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import boto3

from evercreds._fork.children import forget_in_child, notice
from evercreds._waiting.locks import reentrant_lock
from evercreds.cache._caches import EvictionPolicy
from evercreds.cache._session import Session, SessionCache

__all__ = ["client", "resource", "setup_default_session"]


class _Default:
    """Boto3's default session, and the caches that go with it."""

    def __init__(self) -> None:
        self.after_fork()
        forget_in_child(self)

    def after_fork(self) -> None:
        """Begin anew in a child, with what another thread may have held in the parent."""
        self._lock = reentrant_lock()
        # Of sessions that have no cache of their own: boto3.client() may have come first.
        self._caches: weakref.WeakKeyDictionary[boto3.Session, SessionCache] = (
            weakref.WeakKeyDictionary()
        )

    def get(self) -> tuple[Any, SessionCache | None]:
        """Give the default session, made where there is none, and its caches if it has none."""
        session = boto3.DEFAULT_SESSION
        if session is None:
            session = self._made()
        if isinstance(session, Session):
            return session, None
        notice()
        cache = self._caches.get(session)  # no lock, where all is there
        if cache is None:
            with self._lock:
                cache = self._caches.get(session)
                if cache is None:
                    cache = self._caches[session] = SessionCache(session._session)
        return session, cache

    def _made(self) -> Any:
        notice()
        with self._lock:
            if boto3.DEFAULT_SESSION is None:
                boto3.DEFAULT_SESSION = Session()
            return boto3.DEFAULT_SESSION


_default = _Default()


def setup_default_session(**kwargs: Any) -> Session:
    """Make a session, with the arguments of ``boto3.Session``, and make it boto3's default one."""
    session = boto3.DEFAULT_SESSION = Session(**kwargs)
    return session


if TYPE_CHECKING:
    client = Session().client
    resource = Session().resource
else:

    def client(
        *args: Any,
        eviction_policy: EvictionPolicy | None = None,
        max_size: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Give a client of boto3's default session; see :meth:`Session.client`."""
        session, cache = _default.get()
        if cache is not None:
            return cache._get_client(session.client, args, kwargs, eviction_policy, max_size)
        return session.client(*args, eviction_policy=eviction_policy, max_size=max_size, **kwargs)

    def resource(
        *args: Any,
        eviction_policy: EvictionPolicy | None = None,
        max_size: int | None = None,
        shared: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Give a resource of boto3's default session; see :meth:`Session.resource`."""
        session, cache = _default.get()
        if cache is not None:
            build = session.resource
            return cache._get_resource(build, args, kwargs, eviction_policy, max_size, shared)
        return session.resource(
            *args, eviction_policy=eviction_policy, max_size=max_size, shared=shared, **kwargs
        )
