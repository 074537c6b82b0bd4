"""What remains of an argument in a key: something to compare and to show, without its secrets."""

from __future__ import annotations

import copy
import hashlib
import re
import secrets
import weakref
from collections.abc import Hashable, Mapping
from typing import Any, NoReturn

from botocore.config import Config

from evercreds._library.options import given_as

__all__ = [
    "freeze",
    "frozen_config",
    "hashed",
    "is_plain",
    "options_of",
    "resets_default",
    "show",
]

# Of this process alone, so that a hash tells nothing to whoever has only the hash.
_SALT = secrets.token_bytes(32)
# What a Config was when it was frozen, and what that gave.
_configs: weakref.WeakKeyDictionary[Config, tuple[dict[str, Any], Hashable]] = (
    weakref.WeakKeyDictionary()
)
_SCHEME = re.compile("(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")


class _Hashed:
    """A value that is or has a secret: its hash, and what of it may be shown."""

    __slots__ = ("digest", "shown")

    def __init__(self, digest: bytes, shown: str) -> None:
        self.digest = digest
        self.shown = shown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<hashed {self.digest.hex()}>"


class _Itself:
    """An object that nothing is known of: equal as it says, or to itself if it cannot be hashed."""

    def __init__(self, value: object) -> None:
        self._value = value
        self._compares = isinstance(value, Hashable)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Itself) or type(self._value) is not type(other._value):
            return False
        same = self._value is other._value
        return same or (self._compares and bool(self._value == other._value))

    def __hash__(self) -> int:
        return hash(self._value) if self._compares else id(self._value)

    def __repr__(self) -> str:
        return given_as(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a key with a {given_as(self._value)} in it cannot be pickled")


def hashed(value: object, shown: str = "***") -> Hashable:
    """Hash a secret.

    Args:
        value: Equal values of one type have equal hashes, in this process.
        shown: What :func:`show` gives for it.
    """
    text = f"{type(value).__name__}:{value}".encode(errors="surrogatepass")
    return _Hashed(hashlib.blake2b(text, key=_SALT, digest_size=16).digest(), shown)


def freeze(value: Any) -> Hashable:
    """Make something hashable that is equal exactly where values mean the same to boto3."""
    kind = type(value)
    # The first ones by their exact type: to ask for an abstract one takes far longer.
    if value is None or kind is bool:
        frozen: Hashable = value
    elif isinstance(value, str):
        frozen = _frozen_text(value)
    elif kind is int or kind is float:
        # True, 1 and 1.0 are equal, but do not mean the same.
        frozen = kind.__name__, value
    elif isinstance(value, Config):
        frozen = _freeze_config(value)
    elif isinstance(value, (dict, Mapping)):
        frozen = "dict", frozenset(_frozen_items(value).items())
    elif isinstance(value, (list, tuple)):
        frozen = "list", tuple(map(freeze, value))
    elif isinstance(value, (set, frozenset)):
        frozen = "set", frozenset(map(freeze, value))
    elif isinstance(value, (bytes, bytearray)):
        frozen = hashed(bytes(value))
    else:
        frozen = _Itself(value)
    return frozen


def _freeze_config(config: Config) -> Hashable:
    """Freeze a Config. What that gave is remembered for as long as it is there and not changed."""
    if type(config) is not Config:
        return frozen_config(_frozen_items(_options(config)))
    known = _configs.get(config)
    if known is not None and known[0] == vars(config):
        return known[1]
    frozen = frozen_config(_frozen_items(_options(config)))
    if is_plain(freeze(vars(config))):  # what it was made with too, and does not say any more
        _configs[config] = copy.deepcopy(vars(config)), frozen
    return frozen


def frozen_config(options: Mapping[str, Hashable]) -> Hashable:
    """Give what a Config with these frozen options is as a frozen value."""
    return "Config", frozenset(options.items())


def options_of(frozen: Any) -> dict[str, Hashable] | None:
    """List the frozen options of a Config that was frozen; ``None`` for anything else."""
    is_config = isinstance(frozen, tuple) and frozen[0] == "Config"
    return dict(frozen[1]) if is_config else None


def is_plain(frozen: object) -> bool:
    """Tell whether a frozen value is made of texts and numbers alone, of which none is secret."""
    if isinstance(frozen, (tuple, frozenset)):
        return all(map(is_plain, frozen))
    return frozen is None or type(frozen) in (bool, float, int, str)


def show(frozen: Any) -> str:
    """Write what was frozen for people to read."""
    if isinstance(frozen, _Hashed):
        return frozen.shown
    if not isinstance(frozen, tuple):
        return repr(frozen)
    kind, content = frozen
    if kind == "Config":
        return f"Config({', '.join(sorted(f'{name}={show(value)}' for name, value in content))})"
    if kind == "dict":
        items = sorted(f"{show(name)}: {show(value)}" for name, value in content)
        return f"{{{', '.join(items)}}}"
    if kind == "list":
        return f"[{', '.join(map(show, content))}]"
    if kind == "set":
        return f"{{{', '.join(sorted(map(show, content)))}}}"
    return given_as(content)


def _frozen_items(given: Mapping[Any, Any]) -> dict[Any, Hashable]:
    return {freeze(name): freeze(value) for name, value in given.items()}


def _options(config: Any) -> dict[str, Any]:
    """List the options that a Config was made with, or that were assigned later."""
    defaults: Any = config.OPTION_DEFAULTS
    given: Any = config._user_provided_options
    options = {}
    for name, value in vars(config).items():
        default = defaults.get(name)
        if value is default and (value is None or name not in given):
            continue
        if name == "_inject_host_prefix":
            # This option is a property, and the attribute under it says if it was given.
            if value != "UNSET":
                options["inject_host_prefix"] = value
        elif name != "_user_provided_options":
            options[name] = value
    return options


def _frozen_text(text: str) -> Hashable:
    # A string's subclass, as the members of an enum are, may show itself otherwise.
    text = str.__str__(text)
    # URLs of endpoints and proxies may have a password before the host, or a token after it.
    if "@" in text or "?" in text:
        scheme = _SCHEME.match(text)
        after = text.rpartition("@")[2]
        # In a query that has an @ nobody can tell where the host begins.
        host = "" if "?" in text else f"@{after}"
        return hashed(text, repr(f"{scheme[0] if scheme else ''}***{host}"))
    return text


def resets_default(config: object) -> bool:
    """Tell whether a Config has a ``None`` that :func:`freeze` leaves out.

    It says nothing, except to a session that has a Config of its own as the default.
    """
    given: Any = config
    return isinstance(config, Config) and None in given._user_provided_options.values()
