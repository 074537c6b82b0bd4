"""A boto3 session that keeps its clients and resources."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import boto3

from evercreds.cache._caches import EvictionPolicy, policy_named
from evercreds.cache._errors import CacheError, ClientCacheError, ResourceCacheError
from evercreds.cache._frozen import resets_default
from evercreds.cache._keys import CacheKey, CacheType
from evercreds.cache._kinds import (
    ClientCache,
    LFUClientCache,
    LFUResourceCache,
    LRUClientCache,
    LRUResourceCache,
    ResourceCache,
)

__all__ = ["Session", "SessionCache", "SessionClientCache", "SessionResourceCache"]


_CONFIG_AT = list(inspect.signature(boto3.Session.client).parameters).index("config") - 1  # self

_Cache = TypeVar("_Cache", ClientCache, ResourceCache)


class _ByPolicy(Generic[_Cache]):
    """Two caches of one kind, one for each policy: ``.LRU`` and ``.LFU``, also by item."""

    def __init__(self, lru: _Cache, lfu: _Cache, error: type[CacheError]) -> None:
        self.LRU: _Cache = lru
        self.LFU: _Cache = lfu
        self._error = error

    def __getitem__(self, policy: EvictionPolicy | None) -> _Cache:
        name = policy_named(policy, self._error, "Invalid eviction policy")
        return self.LFU if name == "LFU" else self.LRU


class SessionClientCache(_ByPolicy[ClientCache]):
    """The caches of a session's clients: ``.LRU`` and ``.LFU``, or ``["LRU"]`` and ``["LFU"]``."""

    def __init__(self, meaning: Callable[[CacheKey], CacheKey] | None = None) -> None:
        lru, lfu = (kind._new(None, meaning) for kind in (LRUClientCache, LFUClientCache))
        super().__init__(lru, lfu, ClientCacheError)


class SessionResourceCache(_ByPolicy[ResourceCache]):
    """The caches of a session's resources: ``.LRU`` and ``.LFU``, also by item."""

    def __init__(self, meaning: Callable[[CacheKey], CacheKey] | None = None) -> None:
        lru, lfu = (kind._new(None, meaning) for kind in (LRUResourceCache, LFUResourceCache))
        super().__init__(lru, lfu, ResourceCacheError)


class _Meaning:
    """Tells which key a request's key stands for in a session: its defaults spelled out."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def __call__(self, key: CacheKey) -> CacheKey:
        """Spell out what botocore's ``create_client`` takes where a request says nothing."""
        session = self._session
        try:
            return key.with_defaults(
                session.get_default_client_config(),
                region_name=session.get_config_variable("region"),
                verify=session.get_config_variable("ca_bundle"),
            )
        except Exception:
            return key  # boto3 will say what is wrong with the session


class SessionCache:
    """The caches of a session: ``.client`` and ``.resource``, or ``["client"]`` and so on.

    Args:
        botocore_session: The botocore session whose defaults hold: a request that spells one out,
            its region for example, is the same as one that says nothing. Default: none; keys are
            the same only where they are equal.
    """

    def __init__(self, botocore_session: Any = None) -> None:
        self._session = botocore_session
        meaning = None if botocore_session is None else _Meaning(botocore_session)
        self.client: SessionClientCache = SessionClientCache(meaning)
        self.resource: SessionResourceCache = SessionResourceCache(meaning)

    def __getitem__(self, kind: CacheType) -> SessionClientCache | SessionResourceCache:
        if kind == "client":
            return self.client
        if kind == "resource":
            return self.resource
        raise CacheError('kind must be "client" or "resource"', param="kind")

    def _get_client(
        self,
        build: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        eviction_policy: EvictionPolicy | None,
        max_size: int | None,
    ) -> Any:
        """Give a client from the cache, built first where there is none."""
        if ("config" in kwargs or len(args) > _CONFIG_AT) and self._resets(args, kwargs):
            return build(*args, **kwargs)
        cache = self.client.LRU if eviction_policy is None else self.client[eviction_policy]
        return cache._request(build, args, kwargs, max_size)

    def _get_resource(
        self,
        build: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        eviction_policy: EvictionPolicy | None,
        max_size: int | None,
        shared: bool,
    ) -> Any:
        """Give a resource from the cache, built first where there is none."""
        if not isinstance(shared, bool):
            raise ResourceCacheError("shared must be True or False", param="shared")
        return self.resource[eviction_policy]._request(build, args, kwargs, max_size, shared)

    def _resets(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Tell whether a Config says None to what the session's own has: that is no default."""
        config = kwargs["config"] if "config" in kwargs else args[_CONFIG_AT]
        return (
            self._session is not None
            and resets_default(config)
            and self._session.get_default_client_config() is not None
        )

    def clear(self) -> None:
        """Take all clients and resources out."""
        for cache in (self.client.LRU, self.client.LFU, self.resource.LRU, self.resource.LFU):
            cache.clear()


class _Here(threading.local):
    # The session of which this thread is building a resource.
    building: Any = None


_here = _Here()


if TYPE_CHECKING:
    from evercreds.cache._typed import TypedSession as _Base  # with the types of boto3-stubs
else:
    _Base = boto3.Session


class Session(_Base):
    """A ``boto3.Session`` that builds each client and each resource once, and keeps it.

    The arguments are those of ``boto3.Session``.
    """

    cache: SessionCache
    """Where clients and resources are kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cache = SessionCache(self._session)

    if not TYPE_CHECKING:  # type checkers have them from above

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
            if "config" in kwargs and _here.building is self:
                # boto3 makes a resource's client by way of this method, with a config. That client
                # is the resource's own, and takes no place in the cache.
                return super().client(*args, **kwargs)
            return self.cache._get_client(super().client, args, kwargs, eviction_policy, max_size)

        def resource(
            self,
            *args: Any,
            eviction_policy: EvictionPolicy | None = None,
            max_size: int | None = None,
            shared: bool = False,
            **kwargs: Any,
        ) -> Any:
            """Give a resource, from the cache if this thread had one like it before.

            Args:
                eviction_policy: Which of the two caches: ``"LRU"`` (default) or ``"LFU"``.
                max_size: The bound of that cache from now on, for all threads together. Default: as
                    it is, at first 10.
                shared: ``False`` (default): each thread has its own, because resources are not safe
                    for use by several. ``True``: one that all share who ask for a shared one.
                *args: As for ``boto3.Session.resource``, as are other named arguments.

            Raises:
                ResourceCacheError: eviction_policy, max_size or shared is not as above.
            """
            return self.cache._get_resource(
                self._build_resource, args, kwargs, eviction_policy, max_size, shared
            )

    def clear_cache(self) -> None:
        """Take all clients and resources out of the caches."""
        self.cache.clear()

    def _build_resource(self, *args: Any, **kwargs: Any) -> Any:
        before, _here.building = _here.building, self
        try:
            return super().resource(*args, **kwargs)
        finally:
            _here.building = before
