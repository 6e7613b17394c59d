"""Everyone who is connected to this process: what they say is carried out here, and here they are sent away.

What they watch is in `watching.py`. No task and no queue per connection: all of it runs on the loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self, assert_never

import msgspec

from server.core.batch import Resolve
from server.core.budgets import Budgets
from server.core.kernel import Kernel
from shared_schema.base import PROTOCOL, Id
from shared_schema.frames import Do, Pong, State, Welcome, Where, schema_name

from .connections import Answers, Connection, send_away
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
from .rooms import Seat
from .watching import Rooms

log = logging.getLogger(__name__)

SWEEP = 2.0
"""Seconds between two looks for what has gone silent."""
STUCK = 30.0
"""Seconds after which a connection whose buffer does not drain is ended."""
ANSWERED_WITHIN = 2.5
"""Seconds that commands under way have when the process is to stop. A sound database needs a hundredth of it."""
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
        self._clock = clock or asyncio.get_running_loop().time
        self.limits = Limits(kernel, budgets, self._clock)
        self.rooms = Rooms(kernel, resolve=resolve, rights_kinds=rights_kinds, clock=self._clock)
        self._connections: dict[Connection, None] = {}
        self._headcount = headcount or Headcount()
        self._answers = Answers()
        self.state = ALL_WELL
        self.closing = False
        """The process is about to stop: nothing more is taken."""
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.rooms.begin()
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
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
        await send_away(list(self._connections), CloseCode.RESTART)
        self.close()

    def close(self) -> None:
        """Ends every connection and every wait: the process is about to stop. Who comes now is sent away, too."""
        self.closing = True
        for connection in list(self._connections):
            connection.close(CloseCode.RESTART)
        self.rooms.close()

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
                if room := self.rooms.find(space):
                    connection.appear(room, None)
            case Enqueue(request=request):
                connection.waiting += 1
                self._kernel.enqueue(request, connection.answered)
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

    # --- spaces ------------------------------------------------------------------------------------------------------

    async def _take_seat(self, connection: Connection, wanted: TakeSeat) -> None:
        """Catches the seat up and shows it everything from now on; or says why not."""
        connection.leave(wanted.space)
        room = await self.rooms.get(wanted.space)
        missing = [] if room is None or wanted.fresh else await room.since(wanted.since, wanted.head)
        if connection.ended or wanted.space not in connection.protocol.watched:
            return
        spaces = None if room is None else room.spaces()
        if room is not None and spaces is None:
            connection.begin_anew(room)
            return
        viewer = None if spaces is None else self.rooms.viewer(*spaces, connection.author)
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

    # --- people ------------------------------------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """How many sockets there are."""
        return len(self._connections)

    def sessions(self) -> set[str]:
        """The sessions that have a socket here."""
        return self._headcount.sessions()

    def here(self) -> set[Id]:
        """The people who have a socket here."""
        return self._headcount.people()

    def end_sessions(self, sessions: Collection[str]) -> None:
        """Signs out every socket of these sessions, with its seats."""
        for connection in [one for one in self._connections if one.session in sessions]:
            for space, seat in list(connection.seats.items()):
                connection.show_out(space, seat.room, "signed_out")
            connection.close(CloseCode.SIGNED_OUT)

    def watched(self) -> set[Id]:
        """The spaces that somebody has a seat in, or waits for."""
        return self.rooms.watched()

    def appear(self, space: Id, person: Id, where: Where | None) -> None:
        """Shows somebody without a socket where a space is watched, or no more (None): the demo's colleagues."""
        self.rooms.appear(space, person, where)

    def set_state(
        self, *, relay: Literal["ok", "late"] | None = None, writing: Literal["ok", "paused"] | None = None
    ) -> None:
        """Tells everybody whether other processes' changes come at once and whether anything can be written."""
        state = State(relay=relay or self.state.relay, writing=writing or self.state.writing)
        if state == self.state:
            return
        self.state = state
        if state.relay == "late":
            self.rooms.forget_others()
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
        self.rooms.sweep(at)
        self.limits.sweep(at)
