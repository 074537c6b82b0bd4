"""A boto3 session that keeps its clients and resources."""

from __future__ import annotations

import contextvars
import threading
from typing import Any, ClassVar

import boto3

from evercreds.cache._caches import ClientCache, EvictionPolicy, ResourceCache, _Cache
from evercreds.cache._keys import request_key

__all__ = ["Session", "SessionCache", "SessionClientCache", "SessionResourceCache"]

# boto3 makes a resource's client by way of Session.client. That client is the resource's, and is
# not to take a place among those of the user.
_making_resource: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "evercreds_making_resource", default=False
)


class _ByPolicy:
    """The two caches of one kind, as attributes and as items."""

    _kind: ClassVar[type[_Cache]]

    def __init__(self) -> None:
        self.LRU = self._kind("LRU")
        self.LFU = self._kind("LFU")

    def __getitem__(self, policy: EvictionPolicy | None) -> _Cache:
        return self.LFU if self._kind.check_policy(policy) == "LFU" else self.LRU


class SessionClientCache(_ByPolicy):
    """The caches of a session's clients: ``.LRU`` and ``.LFU``, or ``["LRU"]`` and ``["LFU"]``."""

    _kind = ClientCache


class SessionResourceCache(_ByPolicy):
    """The caches of a session's resources: ``.LRU`` and ``.LFU``, also by item."""

    _kind = ResourceCache


class SessionCache:
    """The caches of a session: ``.client`` and ``.resource``, or ``["client"]`` and so on."""

    def __init__(self) -> None:
        self.client = SessionClientCache()
        self.resource = SessionResourceCache()

    def __getitem__(self, kind: str) -> _ByPolicy:
        if kind == "client":
            return self.client
        if kind == "resource":
            return self.resource
        raise KeyError(kind)


class Session(boto3.Session):  # type: ignore[misc]
    """A ``boto3.Session`` that builds each client and each resource once, and keeps it.

    The arguments are those of ``boto3.Session``.
    """

    cache: SessionCache
    """Where clients and resources are kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cache = SessionCache()

    def client(
        self,
        *args: Any,
        eviction_policy: EvictionPolicy | None = None,
        max_size: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Give a client, from the cache if one like it was built before.

        Args:
            eviction_policy: Which of the two caches: ``"LRU"`` (default) or ``"LFU"``.
            max_size: The bound of that cache from now on. Default: as it is, at first 10.
            *args: As for ``boto3.Session.client``, as are other named arguments.

        Raises:
            ClientCacheError: eviction_policy or max_size is not as above.
        """
        if _making_resource.get():
            return super().client(*args, **kwargs)
        cache = self._chosen(self.cache.client, eviction_policy, max_size)
        key = request_key("client", args, kwargs)
        build = super().client
        if key is None:
            return build(*args, **kwargs)
        return cache.get_or_make(key, lambda: build(*args, **kwargs))

    def resource(
        self,
        *args: Any,
        eviction_policy: EvictionPolicy | None = None,
        max_size: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Give a resource, from the cache if this thread had one like it before.

        Resources are not safe to be shared, so that each thread has its own.

        Args:
            eviction_policy: Which of the two caches: ``"LRU"`` (default) or ``"LFU"``.
            max_size: The bound of that cache from now on. Default: as it is, at first 10.
            *args: As for ``boto3.Session.resource``, as are other named arguments.

        Raises:
            ResourceCacheError: eviction_policy or max_size is not as above.
        """
        cache = self._chosen(self.cache.resource, eviction_policy, max_size)
        key = request_key("resource", args, kwargs)
        if key is None:
            return self._build_resource(*args, **kwargs)
        own_key = (threading.get_ident(), key)
        return cache.get_or_make(own_key, lambda: self._build_resource(*args, **kwargs))

    def clear_cache(self) -> None:
        """Take all clients and resources out of the caches."""
        for by_policy in (self.cache.client, self.cache.resource):
            by_policy.LRU.clear()
            by_policy.LFU.clear()

    def _build_resource(self, *args: Any, **kwargs: Any) -> Any:
        token = _making_resource.set(True)
        try:
            return super().resource(*args, **kwargs)
        finally:
            _making_resource.reset(token)

    @staticmethod
    def _chosen(caches: _ByPolicy, policy: EvictionPolicy | None, max_size: int | None) -> _Cache:
        cache = caches[policy]
        if max_size is not None:
            cache.check_size(max_size)
            if abs(max_size) != cache.max_size:
                cache.max_size = max_size
        return cache
