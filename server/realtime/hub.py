"""Everyone who is connected to this process, the spaces they watch, and who may go on watching.

No task and no queue per connection: what a commit batch brings is encoded and framed once per kind of viewer, and
written straight to each seat's link (`rooms.py`). All of it runs on the loop, and nothing waits while it shows.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Literal, Self, assert_never

import msgspec

from server.core.batch import Resolve
from server.core.budgets import Budgets
from server.core.commands import Request
from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.space import Space
from shared_schema.base import PROTOCOL, Author, Id, Viewer
from shared_schema.frames import Do, Pong, State, Welcome, Where, schema_name
from shared_schema.journal import Change, Put

from .connections import Answers, Connection
from .limits import Headcount, Limits
from .links import Link, Message
from .protocol import (
    HEARTBEAT,
    Appear,
    Beat,
    Close,
    CloseCode,
    Consequence,
    Echo,
    Enqueue,
    Greet,
    Identity,
    LeaveSeat,
    Send,
    TakeSeat,
    read,
)
from .rings import Line
from .rooms import Room, Seat
from .whereabouts import HERE, WHO

log = logging.getLogger(__name__)

SWEEP = 2.0
"""Seconds between two looks for what has gone silent."""
LINGER = 60.0
"""Seconds for which a space stays ready after the last seat left, so that a hall that reconnects at once finds it."""
STUCK = 30.0
"""Seconds after which a connection whose buffer does not drain is ended."""
ASK_AGAIN = 60.0
"""Seconds after which everybody's rights are looked at again: an access that ends on a date ends without an entry."""

ANSWERED_WITHIN = 2.5
"""Seconds that commands under way have when the process is to stop. A sound database needs a hundredth of it."""
AT_ONCE, PAUSE, SPREAD = 100, 0.05, 2.0
"""Sockets that are closed at once, the seconds until the next ones, and those for all together: their clients come back
within a second each, and a crowd that comes at one moment waits longer than one that comes by turns."""

ALL_WELL = State(relay="ok", writing="ok")


class Hub:
    """The connections of this process. Use it as a context: leaving it closes them all with 1012."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        resolve: Resolve,
        rights_kinds: frozenset[str],
        instance: Id,
        budgets: Budgets | None = None,
        headcount: Headcount | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.instance = instance
        self.schema = schema_name()
        self._kernel = kernel
        self._resolve = resolve
        self._rights_kinds = rights_kinds
        self._clock = clock or asyncio.get_running_loop().time
        self.limits = Limits(kernel, budgets, self._clock)
        self._rooms: dict[Id, Room] = {}
        self._connections: dict[Connection, None] = {}
        self._headcount = headcount or Headcount()
        self._answers = Answers()
        self.state = ALL_WELL
        self.closing = False
        """The process is about to stop: nothing more is taken."""
        self._closed = False
        self._sweeper: asyncio.Task[None] | None = None
        self._stop_listening = ExitStack()

    async def __aenter__(self) -> Self:
        kernel = self._kernel
        for stop in (
            kernel.listen(self.show),
            kernel.relay.listen(HERE, self._hear_who_is_there, kernel),
            kernel.relay.listen(WHO, self._say_who_is_here, kernel),
        ):
            self._stop_listening.callback(stop)
        kernel.on_renewed(self._renew)
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        self._stop_listening.close()
        self.close()

    async def finish(self) -> None:
        """Takes nothing more, answers what was taken, then sends everybody away, a few at a time.

        What arrives meanwhile is dropped: it has no answer, so that its client sends it again, to whoever comes next.
        """
        self.closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWERED_WITHIN):
                await self._kernel.idle()
        await asyncio.sleep(0)  # who waits for an answer by HTTP sends it now
        connections = list(self._connections)
        group = max(AT_ONCE, math.ceil(len(connections) * PAUSE / SPREAD))
        for first in range(0, len(connections), group):
            if first:
                await asyncio.sleep(PAUSE)
            for connection in connections[first : first + group]:
                connection.close(CloseCode.RESTART)
        self.close()

    def close(self) -> None:
        """Ends every connection and every wait: the process is about to stop. Who comes now is sent away, too."""
        self.closing = self._closed = True
        for connection in list(self._connections):
            connection.close(CloseCode.RESTART)
        for room in self._rooms.values():
            room.close()
        self._rooms.clear()

    # --- connections -------------------------------------------------------------------------------------------------

    def connect(self, link: Link, identity: Identity) -> Connection:
        """A client has connected; what it says goes to `hear`."""
        connection = Connection(link, identity, self._answers, self._clock())
        link.on_drain = connection.drained
        self._connections[connection] = None
        few = self._headcount.come(identity)
        if self.closing:
            connection.close(CloseCode.RESTART)
        elif not few:
            connection.close(CloseCode.TRY_LATER)
        return connection

    def disconnect(self, connection: Connection) -> None:
        """The client is gone. To be told twice does no harm."""
        if connection not in self._connections:
            return
        del self._connections[connection]
        self._headcount.go(connection.identity)
        connection.gone()

    async def hear(self, connection: Connection, said: str | bytes | None) -> None:
        """A text frame arrived (None: a binary one). Returns when the next one may be read."""
        protocol = connection.protocol
        consequences = protocol.binary() if said is None else protocol.text(said)
        for consequence in consequences:
            if isinstance(consequence, TakeSeat):
                await self.limits.seat(connection)
            elif isinstance(consequence, Enqueue):
                await self.limits.command(connection)
            if connection.ended or self.closing:
                return
            if isinstance(consequence, TakeSeat):
                await self._take_seat(connection, consequence)
            else:
                self._carry_out(connection, consequence)

    def hear_at_once(self, connection: Connection, said: str) -> bool:
        """Does what `hear` does if that has to wait for nothing; else says so, and has done nothing."""
        messages = read(said)
        if messages is None or not all(isinstance(message, Do) for message in messages):
            return False
        if self.closing or not self.limits.at_once(connection, len(messages)):
            return False
        for consequence in connection.protocol.said(messages):
            self._carry_out(connection, consequence)
        return True

    def _carry_out(self, connection: Connection, consequence: Consequence) -> None:
        match consequence:
            case Greet():
                self._greet(connection)
            case Echo():
                connection.answer(Pong(time=self._kernel.now()))
            case Beat():
                connection.link.beat()
            case Send(message=message):
                connection.answer(message)
            case LeaveSeat(space=space):
                connection.leave(space)
                if space in self._rooms:
                    connection.appear(self._rooms[space], None)
            case Enqueue(request=request):
                self._enqueue(connection, request)
            case Appear(space=space, where=where):
                if space in connection.seats:
                    connection.appear(connection.seats[space].room, where)
            case Close(code=code):
                connection.close(code)
            case TakeSeat():
                raise TypeError("taking a seat may have to wait, see hear()")
            case _:
                assert_never(consequence)

    def _greet(self, connection: Connection) -> None:
        welcome = Welcome(
            protocol=PROTOCOL,
            schema=self.schema,
            instance=self.instance,
            person=connection.author.id,
            time=self._kernel.now(),
            heartbeat=HEARTBEAT,
        )
        connection.answer(welcome)
        if self.state != ALL_WELL:
            connection.answer(self.state)

    def _enqueue(self, connection: Connection, request: Request) -> None:
        connection.waiting += 1
        self._kernel.enqueue(request, connection.answered)

    # --- spaces ------------------------------------------------------------------------------------------------------

    async def _take_seat(self, connection: Connection, wanted: TakeSeat) -> None:
        """Catches the seat up and shows it everything from now on; or says why not."""
        connection.leave(wanted.space)
        room = await self._room(wanted.space)
        missing = [] if room is None or wanted.fresh else await self._since(room, wanted.since, wanted.head)
        if connection.ended or wanted.space not in connection.protocol.watched:
            return
        spaces = None if room is None else room.spaces()
        if room is not None and spaces is None:
            connection.begin_anew(room)
            return
        viewer = None if spaces is None else self.viewer(*spaces, connection.author)
        if room is None or viewer is None:
            connection.show_out(wanted.space, room, "no_access")
            return
        room.show_pending()
        since = room.ring.seq if wanted.fresh else wanted.since
        message = room.catch_up(viewer, room.topped_up(since, missing))
        if message is None or wanted.viewer not in (0, viewer):
            connection.begin_anew(room)
            return
        self._answers.flush()
        connection.link.send(message)
        connection.sit_down(Seat(connection, room, viewer))

    async def _room(self, id: Id) -> Room | None:
        room = self._rooms.get(id)
        if room is not None:
            room.touch()  # whoever asks may have to wait for the journal before taking a seat
            return room
        with ExitStack() as keep:
            keep.enter_context(self._kernel.keep(id))
            space = await self._kernel.space(id)
            if space is None:
                return None
            keep.enter_context(self._kernel.keep(space.area_id))
            await self._kernel.space(space.area_id)
            space = self._kernel.peek(id)
            if id not in self._rooms and space is not None:
                self._rooms[id] = Room(self._kernel, space, keep.pop_all(), self._clock)
        return self._rooms.get(id)

    def watched(self) -> set[Id]:
        """The spaces that somebody has a seat in, or waits for."""
        return {id for id, room in self._rooms.items() if not room.empty}

    @property
    def connections(self) -> int:
        """How many sockets there are."""
        return len(self._connections)

    @property
    def seats(self) -> int:
        """How many seats are taken, in all spaces."""
        return sum(len(group) for room in self._rooms.values() for group in room.seats.values())

    def ready(self) -> set[Id]:
        """The spaces that are watched, or were a moment ago."""
        return set(self._rooms)

    def begin_anew(self, space: Id) -> None:
        """Every seat of a space gets `behind`: what it holds cannot be continued."""
        if space in self._rooms:
            self._rooms[space].begin_anew()

    def _renew(self, space: Id) -> None:
        if space in self._rooms:
            self._rooms[space].renew()

    async def wait_for(self, space: Id, after: int, at_most: float) -> None:
        """Returns when the space may have an entry after this one, or after so many seconds."""
        room = await self._room(space)
        if room is not None and room.ring.seq <= after and not self._closed:
            await room.wait(at_most)

    def waited_for(self, space: Id) -> int:
        """How many wait for news of a space without a seat."""
        return self._rooms[space].waiting if space in self._rooms else 0

    async def since(self, space: Id, seq: int, head: str | None = None) -> list[Line] | None:
        """What happened in a space after `seq` (at `head`, if given); None: that has to begin with a snapshot."""
        room = await self._room(space)
        return None if room is None else room.topped_up(seq, await self._since(room, seq, head))

    async def _since(self, room: Room, seq: int, head: str | None) -> list[Line] | None:
        """Who comes from another process may know entries that this one has yet to hear of, and must not lose them."""
        if seq > room.ring.seq:
            await self._kernel.catch_up(room.id)
        return await room.since(seq, head)

    # --- showing, and to whom ----------------------------------------------------------------------------------------

    def show(self, space: Id, committed: list[Committed]) -> None:
        """New entries of a space, in order and after their commit. Those who lost a right get none of them."""
        if any(self._decides_rights(change) for one in committed for change in one.entry.changes):
            for room in list(self._rooms.values()):
                if space in (room.id, room.area_id):
                    self._ask_again(room)
        room_of_space = self._rooms.get(space)
        if room_of_space is not None:
            room_of_space.show(committed)

    def viewer(self, space: Space, area: Space, author: Author) -> Viewer | None:
        """As what this person looks at the space now; None: not at all."""
        return self._resolve(space, area, author, self._kernel.now()).viewer

    def _decides_rights(self, change: Change) -> bool:
        kind = change.entity.__struct_config__.tag if isinstance(change, Put) else change.kind
        return kind in self._rights_kinds

    def _ask_again(self, room: Room) -> None:
        """Resolves everybody's rights in a space anew: who has lost them leaves, who has others begins anew."""
        room.asked_at = self._clock()
        spaces = room.spaces()
        if spaces is None:
            room.begin_anew()
            return
        for author, seats in room.authors().items():
            viewer = self.viewer(*spaces, author)
            for seat in seats:
                if viewer is None:
                    seat.connection.show_out(room.id, room, "no_access")
                elif viewer != seat.viewer:
                    seat.connection.begin_anew(room)

    # --- people ------------------------------------------------------------------------------------------------------

    def sessions(self) -> set[str]:
        """The sessions that have a socket here."""
        return self._headcount.sessions()

    def here(self) -> set[Id]:
        """The people who have a socket here."""
        return self._headcount.people()

    def end_sessions(self, sessions: Collection[str]) -> None:
        """Signs out every socket of these sessions, with its seats."""
        self._sign_out([c for c in self._connections if c.session in sessions])

    def end_person(self, person: Id) -> None:
        """Signs out every socket of a person, with its seats."""
        self._sign_out([c for c in self._connections if c.author.id == person])

    def _sign_out(self, connections: list[Connection]) -> None:
        for connection in connections:
            for space, seat in list(connection.seats.items()):
                connection.show_out(space, seat.room, "signed_out")
            connection.close(CloseCode.SIGNED_OUT)

    def appear(self, space: Id, person: Id, where: Where | None) -> None:
        """Shows somebody without a socket where a space is watched, or no more (None): the demo's colleagues."""
        if space in self._rooms:
            self._rooms[space].whereabouts.appear(person, person, where)

    def _hear_who_is_there(self, space: str, said: bytes) -> None:
        if space in self._rooms:
            self._rooms[space].whereabouts.hear(said)

    def _say_who_is_here(self, space: str, _: bytes) -> None:
        if space in self._rooms:
            self._rooms[space].whereabouts.answer()

    def set_state(
        self, *, relay: Literal["ok", "late"] | None = None, writing: Literal["ok", "paused"] | None = None
    ) -> None:
        """Tells everybody whether other processes' changes come at once and whether anything can be written."""
        state = State(relay=relay or self.state.relay, writing=writing or self.state.writing)
        if state == self.state:
            return
        self.state = state
        if state.relay == "late":
            for room in self._rooms.values():
                room.whereabouts.forget_others()
        message = Message(msgspec.json.encode(state))
        for connection in self._connections:
            if connection.protocol.greeted:
                connection.link.send(message)

    # --- sweeping ----------------------------------------------------------------------------------------------------

    async def _sweep_on(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            try:
                self.sweep(self._clock())
            except Exception:
                log.exception("a sweep failed")

    def sweep(self, at: float) -> None:
        """Looks for connections that have gone silent or are stuck, and lets go of spaces that nobody watches."""
        for connection in list(self._connections):
            heard = connection.link.heard() or connection.held  # who is not read cannot be heard
            for consequence in connection.protocol.tick(at, heard=heard):
                self._carry_out(connection, consequence)
            if connection.stuck_at is not None and at - connection.stuck_at >= STUCK:
                connection.link.abort()
                self.disconnect(connection)
        for id, room in list(self._rooms.items()):
            if at - room.asked_at >= ASK_AGAIN:
                self._ask_again(room)
            if room.empty and at - room.left_at >= LINGER:
                self._rooms.pop(id).close()
            room.whereabouts.refresh()
        self.limits.sweep(at)
