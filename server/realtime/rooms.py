"""A watched space: its seats by kind of viewer, its ring, who is here, and when something was last shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

from server.core.space import Space
from shared_schema.base import Author, Id, Viewer

from .presence import Presence
from .rings import Line, Ring

if TYPE_CHECKING:
    from .hub import Connection

SHARE = 4
"""A space is shown for at most a quarter of the time: after a showing of 1 ms the next one waits for 4."""
SHORTEST, LONGEST = 0.005, 0.010
"""Seconds between the beginnings of two showings, at least and at most. Within 5 ms the entries of two commits come
together and share a frame; more than 10 would be felt. The first after a quiet spell goes at once all the same."""


class Seat:
    """One subscription of one connection to one space. `viewer` decides what it gets."""

    __slots__ = ("connection", "room", "viewer")

    def __init__(self, connection: Connection, room: Room, viewer: Viewer) -> None:
        self.connection = connection
        self.room = room
        self.viewer = viewer


class Room:
    """A space that somebody watches. Kept hot as long as this exists."""

    def __init__(self, space: Space, keep: ExitStack, at: float) -> None:
        self.id: Id = space.id
        self.area_id: Id = space.area_id
        self.is_area = space.kind == "area"
        self.ring = Ring(space.seq, space.head)
        self.presence = Presence()
        self.seats: dict[Viewer, dict[Seat, None]] = {}
        self.pending: list[Line] = []
        self.waiters: set[asyncio.Future[None]] = set()
        self.shown_at = float("-inf")
        self.distance = SHORTEST
        self.timer: asyncio.TimerHandle | None = None
        self.presence_timer: asyncio.TimerHandle | None = None
        self.presence_after = at
        self.left_at = at
        self.asked_at = at
        self._keep = keep

    def add(self, seat: Seat) -> None:
        self.seats.setdefault(seat.viewer, {})[seat] = None

    def remove(self, seat: Seat, at: float) -> None:
        group = self.seats.get(seat.viewer, {})
        group.pop(seat, None)
        if not group:
            self.seats.pop(seat.viewer, None)
        self.left_at = at

    def everyone(self) -> Iterator[Seat]:
        for group in self.seats.values():
            yield from group

    def authors(self) -> dict[Author, list[Seat]]:
        """The seats by the person whose they are."""
        found: dict[Author, list[Seat]] = {}
        for seat in self.everyone():
            found.setdefault(seat.connection.author, []).append(seat)
        return found

    @property
    def empty(self) -> bool:
        return not self.seats and not self.waiters

    def shown(self, began: float, ended: float) -> None:
        """A showing began and ended at these moments; the longer it took, the more the next one has to bring."""
        self.shown_at = began
        self.distance = min(max(SHARE * (ended - began), SHORTEST), LONGEST)

    def wake(self) -> None:
        """Those who wait for news without a seat look for themselves."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self.waiters.clear()

    def close(self) -> None:
        self.wake()
        for timer in (self.timer, self.presence_timer):
            if timer is not None:
                timer.cancel()
        self._keep.close()
