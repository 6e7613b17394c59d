"""A watched space: its seats by kind of viewer, what is shown on them and when, and who is here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from time import monotonic

from msgspec import UNSET

from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.ledger import genesis, short
from server.core.space import Space
from shared_schema.base import Author, Id, Viewer
from shared_schema.journal import Put

from .connections import Connection
from .links import BOUND, Message
from .rings import LENGTH, Line, Ring, payload, takes_away
from .whereabouts import Whereabouts

log = logging.getLogger(__name__)

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
    """A space that somebody watches. The kernel keeps it in memory as long as this exists."""

    def __init__(self, kernel: Kernel, space: Space, keep: ExitStack, clock: Callable[[], float]) -> None:
        self.id: Id = space.id
        self.area_id: Id = space.area_id
        self.ring = Ring(space.seq, space.head)
        self.seats: dict[Viewer, dict[Seat, None]] = {}
        self.left_at = clock()
        self.asked_at = clock()
        self._kernel = kernel
        self._keep = keep
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._pending: list[Line] = []
        self._pending_since = 0.0
        self._shown_at = float("-inf")
        self._distance = SHORTEST
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self.whereabouts = Whereabouts(kernel, space.id, self.seats)

    # --- seats -------------------------------------------------------------------------------------------------------

    def add(self, seat: Seat) -> None:
        """A seat that has been caught up: from now on it is shown everything, beginning with who is here."""
        self.seats.setdefault(seat.viewer, {})[seat] = None
        self.whereabouts.tell_again()

    def remove(self, seat: Seat) -> None:
        group = self.seats.get(seat.viewer, {})
        group.pop(seat, None)
        if not group:
            self.seats.pop(seat.viewer, None)
        self.touch()

    def touch(self) -> None:
        """Somebody has just left, or is about to come."""
        self.left_at = self._clock()

    def everyone(self) -> Iterator[Seat]:
        for group in self.seats.values():
            yield from group

    def authors(self) -> dict[Author, list[Seat]]:
        """The seats by the person whose they are."""
        found: dict[Author, list[Seat]] = {}
        for seat in self.everyone():
            found.setdefault(seat.connection.author, []).append(seat)
        return found

    def renew(self) -> None:
        """The space is another one than was shown here: every seat begins anew, and so does what is kept for them."""
        space = self._kernel.peek(self.id)
        if space is not None:
            self.ring = Ring(space.seq, space.head)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Every seat gets `behind`: what it holds cannot be continued."""
        self._pending.clear()
        for seat in list(self.everyone()):
            seat.connection.begin_anew(self)
        self._wake()

    @property
    def empty(self) -> bool:
        return not self.seats and not self._waiters

    def spaces(self) -> tuple[Space, Space] | None:
        """The space and its area as they are now; None when the kernel has just let go of them to read them anew."""
        space, area = self._kernel.peek(self.id), self._kernel.peek(self.area_id)
        return None if space is None or area is None else (space, area)

    def close(self) -> None:
        self._wake()
        self.whereabouts.close()
        if self._timer is not None:
            self._timer.cancel()
        self._keep.close()

    # --- catching up -------------------------------------------------------------------------------------------------

    async def since(self, seq: int, head: str | None) -> list[Line] | None:
        """What happened after `seq`, from the ring or else from the journal; None if that cannot be told (another
        head, a number from the future) or is too much. `head` None: any."""
        if seq > self.ring.seq:  # who comes from another process may know more than this one has heard of
            await self._kernel.catch_up(self.id)
        lines = self.ring.since(seq, head)
        if lines is not None or not 0 <= self.ring.seq - seq <= LENGTH:
            return lines
        if head is not None and short(await self._hash_at(seq)) != head:
            return None
        return [Line(one) for one in await self._kernel.entries(self.id, seq, LENGTH)]

    async def _hash_at(self, seq: int) -> bytes:
        if seq == 0:
            return genesis(self.id)
        found = await self._kernel.entries(self.id, seq - 1, 1)
        return found[0].head if found and found[0].entry.seq == seq else b""

    def topped_up(self, seq: int, missing: list[Line] | None) -> list[Line] | None:
        """With what came while the journal was read, and without what is still to be shown to all."""
        if missing is None:
            return None
        shown = [line for line in missing if line.seq <= self.ring.seq]
        rest = self.ring.after(shown[-1].seq if shown else seq)
        return None if rest is None else shown + rest

    def catch_up(self, viewer: Viewer, lines: list[Line] | None) -> Message | None:
        """What brings a seat to where the space stands; None if it has to begin anew."""
        if lines is None or takes_away(lines, viewer):
            return None
        message = Message(payload(self.id, lines, viewer, self.ring.head))
        return message if len(message.payload) <= BOUND else None

    # --- showing -----------------------------------------------------------------------------------------------------

    def show(self, committed: list[Committed]) -> None:
        """New entries, in order: at once after a quiet spell, else together with what comes within a few ms."""
        lines = self.ring.add(committed)
        if lines is None:
            log.warning("hole in the entries of a space, its seats begin anew", extra={"space": self.id})
            self.begin_anew()
            return
        self._wake()
        if any(_shows_or_hides(line) for line in lines):
            self.whereabouts.tell_again()  # where somebody is may be no place any more, or one again
        if not self._pending:
            self._pending_since = monotonic()
        self._pending += lines
        if self._timer is not None or not self._pending:
            return
        wait = self._shown_at + self._distance - monotonic()
        if wait <= 0:
            self.show_pending()
        else:
            self._timer = self._loop.call_later(wait, self.show_pending)

    def show_pending(self) -> None:
        """Shows what waits, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._pending = self._pending, []
        if not lines:
            return
        began = monotonic()  # not the loop's time, which stands still while the loop is busy
        made: dict[bytes, Message] = {}
        for viewer, seats in list(self.seats.items()):
            text = payload(self.id, lines, viewer, lines[-1].head)
            message = made[text] = made.get(text) or Message(text)
            self._broadcast(seats, message)
        self._kernel.counters.showings.add(monotonic() - self._pending_since)
        self._shown_at = began
        self._distance = min(max(SHARE * (monotonic() - began), SHORTEST), LONGEST)

    def _broadcast(self, seats: dict[Seat, None], message: Message) -> None:
        """Writes one frame to many seats. One that cannot take it is left out, and told as soon as it can be."""
        if len(message.payload) > BOUND:
            for seat in list(seats):
                seat.connection.begin_anew(self)
            return
        missed: list[Seat] = []
        for seat in seats:
            connection = seat.connection
            answers = connection.take_answers() if connection.answers else None  # entries never overtake them
            if not connection.link.offer(message, answers):
                missed.append(seat)
        self._kernel.counters.fell_behind += len(missed)
        for seat in missed:
            seat.connection.fall_behind(self, self._clock())

    # --- waiting without a seat --------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many wait for news without a seat."""
        return len(self._waiters)

    async def wait(self, at_most: float) -> None:
        """Returns when something has happened, or after so many seconds."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.add(waiter)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(at_most):
                    await waiter
        finally:
            self._waiters.discard(waiter)
            self.touch()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def _shows_or_hides(line: Line) -> bool:
    return any(isinstance(change, Put) and change.formerly is not UNSET for change in line.entry.changes)
