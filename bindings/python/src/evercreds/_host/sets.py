"""The credentials that the machine knows by their tickets."""

from __future__ import annotations

from evercreds._host.source import CredentialSet

__all__ = ["Sets"]

_REMEMBERED = 15  # tokens of sets that were replaced


class Sets:
    """The set that is held, and those that the machine is being told of."""

    def __init__(self) -> None:
        self._sets: dict[int, CredentialSet] = {}
        self._held = 0
        self._arriving: set[int] = set()
        # Which tokens were ours: a set that was replaced may still be on its way in a request.
        self._tokens: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self._sets)

    def store(self, ticket: int, brought: CredentialSet) -> None:
        """Store a set that the machine is about to be told of.

        No event that comes in between drops it, until ``arrived`` is called.
        """
        self._arriving.add(ticket)
        self._sets[ticket] = brought
        named = hash(brought.frozen.token)
        self._tokens = (*self._tokens[-_REMEMBERED:], (named, brought.fingerprint))

    def arrived(self, ticket: int) -> None:
        """Note that the machine has been told of a set."""
        self._arriving.discard(ticket)

    def granted(self, ticket: int, expiry_ms: int) -> CredentialSet | None:
        """Give a set as users see it: with its end on the local wall clock. None: it is gone."""
        granted = self._sets.get(ticket)
        if granted is not None:
            granted = self._sets[ticket] = granted.with_expiry(expiry_ms)
        return granted

    def get(self, ticket: int) -> CredentialSet | None:
        """Give the set of a ticket; ``None``: it is gone."""
        return self._sets.get(ticket)

    def knows(self, given: CredentialSet) -> bool:
        """Tell whether this is one of the latest sets."""
        return any(known == given.fingerprint for _, known in self._tokens)

    def fingerprint_of(self, token: str) -> int | None:
        """Tell which of the latest sets has this session token, if one has."""
        named = hash(token)
        for known, fingerprint in self._tokens:
            if known == named:
                return fingerprint
        return None

    @property
    def fingerprint_held(self) -> int:
        """The fingerprint of the set that is held; 0: none is."""
        held = self.held
        return 0 if held is None else held.fingerprint

    @property
    def held(self) -> CredentialSet | None:
        """The set that is held, with the end that users saw last."""
        return self._sets.get(self._held)

    def hold(self, held: int) -> None:
        """Let go of all sets but this one. 0: none is held."""
        self._held = held
        for ticket in list(self._sets):
            if ticket != held and ticket not in self._arriving:
                self._sets.pop(ticket, None)

    def clear(self) -> None:
        """Let go of all."""
        self._sets.clear()
