"""The refreshes of a session that are under way."""

from __future__ import annotations

import contextvars
from collections.abc import Iterator

from evercreds._waiting.bell import Bell

__all__ = ["Flight", "Flights"]


class Flight:
    """One refresh, as those see it who wait for it and who run its attempt."""

    __slots__ = (
        *("_claims", "bell", "cancelled", "context", "deadline_ms", "is_launched", "is_lost"),
        *("may_fly", "ticket", "waits_for"),
    )

    def __init__(self, ticket: int, deadline_ms: int, *, may_fly: bool = True) -> None:
        self.ticket: int = ticket
        self.deadline_ms: int = deadline_ms  # on the elapsed clock
        self.bell: Bell = Bell()  # rings when it is settled
        self.cancelled: Bell = Bell()  # rings when its attempt is to end
        self.context: contextvars.Context | None = None  # of its attempt; None: of who starts it
        self.may_fly: bool = may_fly  # or its store is asked first
        self.is_launched: bool = False  # a thread is sure to run it
        self.is_lost: bool = False  # the machine was restored, and knows nothing of it
        self.waits_for: list[Flight] = []  # of other sessions, one for each call of its attempt
        self._claims = [1]

    def claim(self) -> bool:
        """Tell an attempt whether it is the one: the first to ask, if there should be two."""
        try:
            self._claims.pop()
        except IndexError:
            return False
        return True


class Flights:
    """The flights under way, by ticket.

    Args:
        ask_first: Whether a flight begins at a store, and may call the source only once a decision
            has started it.
    """

    def __init__(self, *, ask_first: bool = False) -> None:
        self._ask_first = ask_first
        self._flights: dict[int, Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __iter__(self) -> Iterator[Flight]:
        return iter(list(self._flights.values()))

    def get(self, ticket: int, deadline_ms: int) -> Flight:
        """Give the flight that a decision speaks of.

        In one step: a signal handler that comes in between makes the same flight, and has its
        attempt begun.
        """
        flight = self._flights.get(ticket)
        if flight is None:
            made = Flight(ticket, deadline_ms, may_fly=not self._ask_first)
            flight = self._flights.setdefault(ticket, made)
        return flight

    def begin(self, ticket: int, deadline_ms: int) -> Flight:
        """Give the flight that a decision starts."""
        flight = self.get(ticket, deadline_ms)
        flight.deadline_ms, flight.may_fly = deadline_ms, True
        return flight

    def settle(self, ticket: int) -> None:
        """Wake all who wait for a flight.

        It may go on, where a late answer has settled it, and has a bell for who waits on. It stays
        until its attempt has reported, so that nobody makes another attempt for it.
        """
        flight = self._flights.get(ticket)
        if flight is not None:
            before, flight.bell = flight.bell, Bell()
            if not flight.is_launched:
                self._flights.pop(ticket, None)
            before.ring()

    def over(self, flight: Flight) -> None:
        """Let go of a flight whose attempt has reported."""
        if self._flights.get(flight.ticket) is flight:
            self._flights.pop(flight.ticket, None)

    def cancel(self, ticket: int) -> None:
        """Tell an attempt to end."""
        flight = self._flights.get(ticket)
        if flight is not None:
            flight.cancelled.ring()

    def have_one_run(self, flight: Flight) -> None:
        """Wake those who wait for a flight that one of them is to run."""
        before, flight.bell = flight.bell, Bell()
        before.ring()

    def have_all_ask_again(self) -> None:
        """Wake all who wait, although what they wait for may be under way still."""
        for flight in self:
            before, flight.bell = flight.bell, Bell()
            before.ring()

    def lose_all(self) -> None:
        """Wake all who wait: the machine knows nothing of these flights."""
        for flight in self:
            flight.is_lost = True
            flight.cancelled.ring()
            flight.bell.ring()
