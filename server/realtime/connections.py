"""A client that is connected: its link, its seats, and the answers it is about to get."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from shared_schema.base import Id
from shared_schema.frames import Behind, Left, ToClient, Where

from .links import Link, Message
from .protocol import CloseCode, Identity, Protocol

if TYPE_CHECKING:
    from .rooms import Room, Seat

_encode = msgspec.json.Encoder().encode

AT_ONCE, PAUSE, SPREAD = 100, 0.05, 2.0
"""Sockets that are closed at once, the seconds until the next ones, and those for all together: their clients come back
within a second each, and a crowd that comes at one moment waits longer than one that comes by turns."""


class Answers:
    """Answers on their way. Those of one turn of the loop share a frame; entries that come first take them along."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._connections: list[Connection] = []

    def give(self, connection: Connection, message: ToClient) -> None:
        if not connection.answers:
            self._connections.append(connection)
            if len(self._connections) == 1:
                self._loop.call_soon(self.flush)
        connection.answers.append(_encode(message))

    def flush(self) -> None:
        """Sends what waits."""
        waiting, self._connections = self._connections, []
        for connection in waiting:
            if connection.answers:
                connection.link.send(connection.take_answers())


class Connection:
    """A client that is connected. There is no task and no queue behind it."""

    __slots__ = (
        "_out",
        "answers",
        "author",
        "behind",
        "ended",
        "freed",
        "held",
        "identity",
        "link",
        "present",
        "protocol",
        "seats",
        "session",
        "stuck_at",
        "waiting",
    )

    def __init__(self, link: Link, identity: Identity, out: Answers, at: float) -> None:
        self.link = link
        self.identity = identity
        self.author = identity.author
        self.session = identity.session
        self.protocol = Protocol(identity.author, at)
        self.seats: dict[Id, Seat] = {}
        self.behind: dict[Room, None] = {}
        self.present: dict[Room, None] = {}
        self.answers: list[bytes] = []
        self.ended = False
        self.waiting = 0
        self.freed: asyncio.Future[None] | None = None
        self.held = False
        """It is not read just now, because of some limit."""
        self.stuck_at: float | None = None
        self._out = out

    def answer(self, message: ToClient) -> None:
        """Sends a message within this turn of the loop."""
        self._out.give(self, message)

    def answered(self, message: ToClient) -> None:
        """Sends the answer of a command, and goes on listening if too many were under way."""
        self.waiting -= 1
        if self.freed is not None and not self.freed.done():
            self.freed.set_result(None)
            self.freed = None
        self.answer(message)

    def take_answers(self) -> Message:
        """What waits to be said to the client, as one frame."""
        answers, self.answers = self.answers, []
        return Message(answers[0] if len(answers) == 1 else b"[%b]" % b",".join(answers))

    def close(self, code: CloseCode) -> None:
        """Says why, after everything else that there was to say, and ends."""
        self.protocol.closed = self.ended = True
        self._out.flush()
        self.link.close(code)

    def gone(self) -> None:
        """The other end is gone: its seats are free, and nobody sees it here any more."""
        self.protocol.closed = self.ended = True
        self.link.on_drain = None
        for space in list(self.seats):
            self.leave(space)
        for room in list(self.present):
            self.appear(room, None)

    # --- seats -------------------------------------------------------------------------------------------------------

    def sit_down(self, seat: Seat) -> None:
        self.seats[seat.room.id] = seat
        seat.room.add(seat)

    def leave(self, space: Id) -> None:
        """Gives the seat back, if there is one."""
        seat = self.seats.pop(space, None)
        if seat is not None:
            seat.room.remove(seat)

    def begin_anew(self, room: Room) -> None:
        """Takes the seat, not the presence: the client is about to sit down again, with a fresh snapshot."""
        self._take_away(room.id)
        self.answer(Behind(space=room.id, seq=room.ring.seq))

    def show_out(self, space: Id, room: Room | None, reason: Literal["no_access", "signed_out"]) -> None:
        """Takes the seat and the presence, for good."""
        self._take_away(space)
        if room is not None:
            self.appear(room, None)
        self.answer(Left(space=space, reason=reason))

    def fall_behind(self, room: Room, at: float) -> None:
        """The client does not read: it learns that it missed something as soon as it does again."""
        self._take_away(room.id)
        if not self.ended:
            self.behind[room] = None
            self.stuck_at = at if self.stuck_at is None else self.stuck_at

    def drained(self) -> None:
        """The client has read what waited for it."""
        self.stuck_at = None
        rooms, self.behind = self.behind, {}
        for room in rooms:
            self.answer(Behind(space=room.id, seq=room.ring.seq))

    def appear(self, room: Room, where: Where | None) -> None:
        """Says where the person is in this tab; None: not here any more."""
        if where is None:
            self.present.pop(room, None)
        else:
            self.present[room] = None
        room.whereabouts.appear(self, self.author.id, where)

    def _take_away(self, space: Id) -> None:
        self.leave(space)
        self.protocol.seat_taken_away(space)


async def send_away(connections: Sequence[Connection], code: CloseCode) -> None:
    """Closes them a few at a time."""
    group = max(AT_ONCE, math.ceil(len(connections) * PAUSE / SPREAD))
    for first in range(0, len(connections), group):
        if first:
            await asyncio.sleep(PAUSE)
        for connection in connections[first : first + group]:
            connection.close(code)
