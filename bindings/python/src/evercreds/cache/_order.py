"""In which order a cache gives its entries up: the library decides."""

from __future__ import annotations

from evercreds._library import abi_generated as abi
from evercreds._library.handle import Handle
from evercreds._library.loading import library
from evercreds._library.machine import LOST
from evercreds.errors import EvercredsLibraryError

__all__ = ["Order"]


class Order:
    """The order of the entries of one cache, which are known by numbers from 0 up.

    Not safe for concurrent use: its owner brings the lock. It is made in the library at its first
    use, so that caches that nobody uses cost nothing.
    """

    def __init__(self, policy: abi.CachePolicy, max_size: int) -> None:
        self._policy = policy
        self.max_size = abs(max_size)
        self._handle = Handle(self, "cache_free")

    def forget(self) -> None:
        """Begin anew, empty, in a forked child."""
        self._handle.forget()

    def use(self, number: int) -> bool:
        """Count a use of an entry, and tell whether it is there."""
        handle = self._handle
        if not handle.number:
            return False  # nothing was added yet
        # Written out, because this call is nearly all that it takes to find a client.
        result = handle.lib.evercreds_cache_get(handle.number, number)
        if result in LOST:
            handle.free()  # what is looked for is not there any more: the library has failed
            return False
        return self._checked(result) == 1

    def add(self, number: int) -> list[int]:
        """Add an entry, and tell which ones had to go; itself where the bound is 0."""
        self._call("cache_add", number)
        return self._evicted()

    def remove(self, number: int) -> None:
        """Take an entry out."""
        self._call("cache_remove", number)

    def resize(self, max_size: int) -> list[int]:
        """Set the bound (negative: its absolute value), and tell which entries had to go."""
        if not self._handle.number:
            self.max_size = abs(max_size)  # for when it is made
            return []
        self.max_size = self._call("cache_resize", max_size)
        return self._evicted()

    def numbers(self) -> list[int]:
        """List the entries, the first to go first."""
        found: list[int] = []
        if not self._handle.number:
            return found
        number = self._call("cache_next", -1)
        while number != abi.Result.NO_ENTRY:
            found.append(number)
            number = self._call("cache_next", number)
        return found

    def clear(self) -> None:
        """Take all entries out."""
        if self._handle.number:
            self._call("cache_clear")

    def _evicted(self) -> list[int]:
        gone = []
        while (number := self._call("cache_evicted")) != abi.Result.NO_ENTRY:
            gone.append(number)
        return gone

    def _call(self, name: str, *arguments: int) -> int:
        if not self._handle.number:
            lib = library()
            number = lib.evercreds_cache_new(self._policy, self.max_size)
            self._handle.adopt(lib, self._checked(number))
        function = getattr(self._handle.lib, f"evercreds_{name}")
        return self._checked(function(self._handle.number, *arguments))

    def _checked(self, result: int) -> int:
        if result < 0 and result != abi.Result.NO_ENTRY:
            # After a fault of its own the library refuses this handle for ever. The next call
            # begins anew, with no entries.
            self._handle.free()
            text = abi.ERROR_TEXTS.get(result, "unknown result")
            raise EvercredsLibraryError(f"the library answered {result}: {text}", code=str(result))
        return result
