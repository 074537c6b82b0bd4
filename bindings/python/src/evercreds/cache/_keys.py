"""What makes two requests for a client the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import boto3
from botocore.config import Config

from evercreds.cache._frozen import freeze, frozen_config, hashed, is_plain, options_of, show

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["CacheKey", "CacheType", "ClientCacheKey", "ResourceCacheKey"]

CacheType = Literal["client", "resource"]

# Parameters as they were written: the name, or None for a positional one, and the frozen value.
_Written = tuple[tuple[str | None, Hashable], ...]
# The service, and the other parameters.
_Key = tuple[tuple[Hashable, ...], tuple[tuple[str, Hashable], ...]]

_name_of = itemgetter(0)

_SECRET = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token"})
_NONE_SUCH = object()
_NO_OPTIONS = frozen_config({})


def _defaults(method: Callable[..., Any]) -> dict[str, Any]:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return {parameter.name: parameter.default for parameter in parameters}


class CacheKey:
    """What :class:`ClientCacheKey` and :class:`ResourceCacheKey` have in common."""

    __slots__ = ("_hash", "_key", "_shared", "_written")

    cache_type: ClassVar[CacheType]
    """What is kept under the key: ``"client"`` or ``"resource"``."""
    _defaults: ClassVar[dict[str, Any]]
    _names: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for name in ("eviction_policy", "max_size"):
            kwargs.pop(name, None)
        names, defaults = self._names, self._defaults
        if len(args) > len(names):
            # boto3 will say that these are too many. Here they are told apart by number.
            names = (*names, *map(str, range(len(names), len(args))))
        written: list[tuple[str | None, Hashable]] = []
        kept = {}
        for name, value in zip(names, args, strict=False):
            frozen = _frozen(name, value)
            written.append((None, frozen))
            if value is not defaults.get(name, _NONE_SUCH):
                kept[name] = frozen
        for name, value in sorted(kwargs.items()):
            frozen = _frozen(name, value)
            if name == "service_name":
                written.insert(0, (None, frozen))
            else:
                written.append((name, frozen))
            if name in names[: len(args)]:
                # Given twice: this is not to be the key of a request that is in order.
                kept[f"{name} again"] = frozen
            elif value is not defaults.get(name, _NONE_SUCH):
                kept[name] = frozen
        service = (kept.pop("service_name"),) if "service_name" in kept else ()
        key = service, tuple(sorted(_settled(kept).items(), key=_name_of))
        self._fill(tuple(written), key, True)

    def _fill(self, written: _Written, key: _Key, shared: bool) -> None:
        self._written, self._key, self._shared = written, key, shared
        self._hash = hash((self.cache_type, shared, key))

    def with_defaults(self, config: Config | None, **defaults: Any) -> Self:
        """Make the key of the same request where its session's defaults are spelled out.

        Args:
            config: What the request's Config is merged into.
            **defaults: The values of parameters that the request says nothing about.
        """
        service, said = self._key
        parameters = dict(said)
        options = options_of(parameters.get("config", _NO_OPTIONS))
        if config is not None and options is not None:
            parameters["config"] = frozen_config({**(options_of(freeze(config)) or {}), **options})
        parameters = _settled(parameters)
        for name, value in defaults.items():
            if value is not None:
                parameters.setdefault(name, freeze(value))
        key = service, tuple(sorted(parameters.items(), key=_name_of))
        return _restored(type(self), self._written, key, self._shared)

    @property
    def shared(self) -> bool:
        """Whether all threads have the same under this key, or each has its own."""
        return self._shared

    @property
    def is_plain(self) -> bool:
        """Whether it is made of texts and numbers alone, of which none is secret."""
        return all(is_plain(frozen) for _, frozen in self._written)

    @property
    def key(self) -> _Key:
        """The parameters: the service, and all others that say something, by name.

        A secret is in it as a hash, which is another one in each process.
        """
        return self._key

    @property
    def label(self) -> str:
        """The parameters as they were written, for people to read; secrets are ``***``."""
        return ", ".join(
            show(value) if name is None else f"{name}={show(value)}"
            for name, value in self._written
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CacheKey):
            return NotImplemented
        return self is other or (
            (self._hash, self.cache_type, self._shared, self._key)
            == (other._hash, other.cache_type, other._shared, other._key)
        )

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return self.label

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.cache_type}({self.label}))"

    def __copy__(self) -> Self:
        return self  # it never changes

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self._written, self._key, self._shared)


class ClientCacheKey(CacheKey):
    """The key of a client.

    Args:
        *args: As for ``boto3.Session.client``, as are the named arguments. However they are
            written (by position or by name, in any order, with defaults spelled out), the same
            parameters make the same key. eviction_policy and max_size do not count.
    """

    __slots__ = ()

    cache_type = "client"
    _defaults = _defaults(boto3.Session.client)
    _names = tuple(_defaults)


class ResourceCacheKey(CacheKey):
    """The key of a resource; it never equals that of a client.

    Args:
        *args: As for ``boto3.Session.resource``, as are the other named arguments.
        shared: ``False`` (default): in each thread the key stands for that thread's own resource.
            ``True``: for one that all threads share.
    """

    __slots__ = ()

    cache_type = "resource"
    _defaults = _defaults(boto3.Session.resource)
    _names = tuple(_defaults)

    def __init__(self, *args: Any, shared: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        written = (*self._written, ("shared", True)) if shared else self._written
        self._fill(written, self._key, bool(shared))


def _frozen(name: str, value: Any) -> Hashable:
    return hashed(value) if name in _SECRET and value is not None else freeze(value)


def _settled(parameters: dict[str, Hashable]) -> dict[str, Hashable]:
    """Leave out what a Config does not say, and say what it says in a parameter's place there."""
    options = options_of(parameters.get("config"))
    if options is not None:
        region = options.pop("region_name", None)
        if region is not None and parameters.setdefault("region_name", region) != region:
            options["region_name"] = region  # S3's client heeds this one in places
        if options:
            parameters["config"] = frozen_config(options)
        else:
            del parameters["config"]
    return parameters


_K = TypeVar("_K", bound=CacheKey)


def _restored(kind: type[_K], written: _Written, key: _Key, shared: bool) -> _K:
    made = kind.__new__(kind)
    made._fill(written, key, shared)
    return made
