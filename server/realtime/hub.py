"""Everyone who is connected to this process, the seats they hold, and what is shown on them.

No task and no queue per connection: what a commit batch brings is encoded and framed once per kind of viewer, and
written straight to each seat's link. All of it runs on the loop, and nothing here waits while it shows.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Literal, Self, assert_never

import msgspec
from msgspec import UNSET

from server.core.batch import Resolve
from server.core.commands import Request
from server.core.journal import Committed
from server.core.kernel import Kernel
from server.core.ledger import genesis, short
from server.core.space import Space
from shared_schema.base import PROTOCOL, Author, Id, Viewer
from shared_schema.frames import (
    Accepted,
    Behind,
    Left,
    Pong,
    Presence,
    Refused,
    State,
    ToClient,
    Welcome,
    Where,
    schema_name,
)
from shared_schema.journal import Put

from . import presence
from .links import BOUND, Link, Message
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
    Protocol,
    Send,
    TakeSeat,
)
from .rings import LENGTH, Line, payload, takes_away
from .rooms import Room, Seat

log = logging.getLogger(__name__)

SWEEP = 2.0
"""Seconds between two looks for what has gone silent."""
LINGER = 60.0
"""Seconds for which a space stays ready after the last seat left, so that a hall that reconnects at once finds it."""
STUCK = 30.0
"""Seconds after which a connection whose buffer does not drain is ended."""
MOST_WAITING = 64
"""Commands of one connection on their way to the committer; then its socket is not read until one is answered."""
ASK_AGAIN = 60.0
"""Seconds after which everybody's rights are looked at again: an access that ends on a date ends without an entry."""
MOST_CONNECTIONS = 20
"""Sockets of one person, in all their tabs and devices."""

_encode = msgspec.json.Encoder().encode


class Connection:
    """A client that is connected: its link, its state, its seats and the answers it is about to get."""

    __slots__ = (
        "answers",
        "author",
        "behind",
        "ended",
        "freed",
        "link",
        "present",
        "protocol",
        "seats",
        "session",
        "stuck_at",
        "waiting",
    )

    def __init__(self, link: Link, identity: Identity, at: float) -> None:
        self.link = link
        self.author = identity.author
        self.session = identity.session
        self.protocol = Protocol(identity.author, at)
        self.seats: dict[Id, Seat] = {}
        self.behind: dict[Id, None] = {}
        self.present: dict[Room, None] = {}
        self.answers: list[bytes] = []
        self.ended = False
        self.waiting = 0
        self.freed: asyncio.Future[None] | None = None
        self.stuck_at: float | None = None


class Hub:
    """The connections of this process. Use it as a context: leaving it closes them all with 1012."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        resolve: Resolve,
        rights_kinds: frozenset[str],
        instance: Id,
        most_connections: int = MOST_CONNECTIONS,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.kernel = kernel
        self._resolve = resolve
        self.instance = instance
        self.schema = schema_name()
        self._rights_kinds = rights_kinds
        self._clock = clock or asyncio.get_running_loop().time
        self._loop = asyncio.get_running_loop()
        self._rooms: dict[Id, Room] = {}
        self._connections: dict[Connection, None] = {}
        self._of_person: Counter[Id] = Counter()
        self._most_connections = most_connections
        self._with_answers: list[Connection] = []
        self._state = State(relay="ok", writing="ok")
        self._sweeper: asyncio.Task[None] | None = None
        self._stop_listening: Callable[[], None] | None = None

    async def __aenter__(self) -> Self:
        self._stop_listening = self.kernel.listen(self.show)
        self._sweeper = self._loop.create_task(self._sweep_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        if self._stop_listening is not None:
            self._stop_listening()
        self.close()

    def close(self) -> None:
        """Ends every connection and every wait: the process is about to stop."""
        for connection in list(self._connections):
            self._close(connection, CloseCode.RESTART)
        for room in self._rooms.values():
            room.close()
        self._rooms.clear()

    # --- connections -------------------------------------------------------------------------------------------------

    def connect(self, link: Link, identity: Identity) -> Connection:
        """A client has connected; what it says goes to `hear`."""
        connection = Connection(link, identity, self._clock())
        link.on_drain = partial(self._drained, connection)
        self._connections[connection] = None
        self._of_person[identity.author.id] += 1
        if self._of_person[identity.author.id] > self._most_connections:
            self._close(connection, CloseCode.TRY_LATER)
        return connection

    def disconnect(self, connection: Connection) -> None:
        """The client is gone: its seats are free, and nobody sees it here any more."""
        if connection not in self._connections:
            return
        connection.protocol.closed = connection.ended = True
        connection.link.on_drain = None
        del self._connections[connection]
        self._of_person[connection.author.id] -= 1
        for space in list(connection.seats):
            self._leave(connection, space)
        for room in list(connection.present):
            self._vanish(connection, room)

    async def hear(self, connection: Connection, said: str | bytes | None) -> None:
        """A text frame arrived (None: a binary one). Returns when the next one may be read."""
        protocol = connection.protocol
        consequences = protocol.binary() if said is None else protocol.text(said)
        for consequence in consequences:
            if connection.ended:
                return
            if isinstance(consequence, TakeSeat):
                await self._take_seat(connection, consequence)
            else:
                self._carry_out(connection, consequence)
        if connection.waiting >= MOST_WAITING:
            connection.freed = self._loop.create_future()
            await connection.freed

    def _carry_out(self, connection: Connection, consequence: Consequence) -> None:
        match consequence:
            case Greet():
                self._greet(connection)
            case Echo():
                self._answer(connection, Pong(time=datetime.now(UTC)))
            case Beat():
                connection.link.beat()
            case Send(message=message):
                self._answer(connection, message)
            case LeaveSeat(space=space):
                self._leave(connection, space)
                if space in self._rooms:
                    self._vanish(connection, self._rooms[space])
            case Enqueue(request=request):
                self._enqueue(connection, request)
            case Appear(space=space, where=where):
                if space in connection.seats:
                    self._appear(connection, connection.seats[space].room, where)
            case Close(code=code):
                self._close(connection, code)
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
            time=datetime.now(UTC),
            heartbeat=HEARTBEAT,
        )
        self._answer(connection, welcome)
        if self._state != State(relay="ok", writing="ok"):
            self._answer(connection, self._state)

    def _close(self, connection: Connection, code: CloseCode) -> None:
        connection.protocol.closed = connection.ended = True
        self._flush_answers()
        connection.link.close(code)

    # --- answers -----------------------------------------------------------------------------------------------------

    def _enqueue(self, connection: Connection, request: Request) -> None:
        connection.waiting += 1
        self.kernel.enqueue(request, partial(self._answered, connection))

    def _answered(self, connection: Connection, answer: Accepted | Refused) -> None:
        connection.waiting -= 1
        if connection.freed is not None and not connection.freed.done():
            connection.freed.set_result(None)
            connection.freed = None
        self._answer(connection, answer)

    def _answer(self, connection: Connection, message: ToClient) -> None:
        """Answers of one turn of the loop share a frame; entries that follow them never overtake them."""
        if not connection.answers:
            self._with_answers.append(connection)
            if len(self._with_answers) == 1:
                self._loop.call_soon(self._flush_answers)
        connection.answers.append(_encode(message))

    def _flush_answers(self) -> None:
        waiting, self._with_answers = self._with_answers, []
        for connection in waiting:
            answers, connection.answers = connection.answers, []
            connection.link.send(Message(answers[0] if len(answers) == 1 else b"[%b]" % b",".join(answers)))

    # --- taking a seat -----------------------------------------------------------------------------------------------

    async def _take_seat(self, connection: Connection, wanted: TakeSeat) -> None:
        self._leave(connection, wanted.space)
        room = await self._room(wanted.space)
        missing = None if room is None or wanted.fresh else await self._missing(room, wanted.since, wanted.head)
        if connection.ended or wanted.space not in connection.protocol.watched:
            return
        spaces = None if room is None else self._spaces(room)
        viewer = None if spaces is None else self.viewer(*spaces, connection.author)
        if room is None or viewer is None:
            self._show_out(connection, wanted.space, "no_access")
            return
        self._show_pending(room)
        self._sit_down(Seat(connection, room, viewer), wanted, missing)

    def _sit_down(self, seat: Seat, wanted: TakeSeat, missing: list[Line] | None) -> None:
        """Catches the seat up and shows it everything from now on, or says that it has to begin anew."""
        connection, room = seat.connection, seat.room
        lines = [] if wanted.fresh else self._topped_up(room, wanted.since, missing)
        message = None
        continues = wanted.viewer in (0, seat.viewer)
        if lines is not None and continues and not takes_away(lines, seat.viewer):
            message = payload(room.id, lines, seat.viewer, room.ring.head)
        if message is None or len(message) > BOUND:
            self._begin_anew(connection, room)
            return
        self._flush_answers()
        connection.link.send(Message(message))
        connection.seats[room.id] = seat
        room.add(seat)
        if room.presence:
            self._present(room, True)

    async def _missing(self, room: Room, since: int, head: str | None) -> list[Line] | None:
        """What happened since, from the ring or else from the journal; None if that cannot be told or is too much."""
        lines = room.ring.since(since, head)
        if lines is not None or not 0 <= room.ring.seq - since <= LENGTH:
            return lines
        if head is not None and short(await self._hash_at(room, since)) != head:
            return None
        return [Line(one) for one in await self.kernel.entries(room.id, since, LENGTH)]

    async def _hash_at(self, room: Room, seq: int) -> bytes:
        if seq == 0:
            return genesis(room.id)
        found = await self.kernel.entries(room.id, seq - 1, 1)
        return found[0].head if found and found[0].entry.seq == seq else b""

    def _topped_up(self, room: Room, since: int, missing: list[Line] | None) -> list[Line] | None:
        """With what came while the journal was read."""
        if missing is None:
            return None
        shown = [line for line in missing if line.seq <= room.ring.seq]  # the rest comes when it is shown to all
        rest = room.ring.after(shown[-1].seq if shown else since)
        return None if rest is None else shown + rest

    def viewer(self, space: Space, area: Space, author: Author) -> Viewer | None:
        """As what this person looks at the space now; None: not at all."""
        return self._resolve(space, area, author, self.kernel.clock.now(datetime.now(UTC))).viewer

    def _spaces(self, room: Room) -> tuple[Space, Space] | None:
        """The space and its area as they are now; None when the kernel has just let go of them to read them anew."""
        space, area = self.kernel.peek(room.id), self.kernel.peek(room.area_id)
        return None if space is None or area is None else (space, area)

    async def _room(self, id: Id) -> Room | None:
        room = self._rooms.get(id)
        if room is not None:
            room.left_at = self._clock()  # whoever asks is about to come, and may have to wait for the journal first
            return room
        with ExitStack() as keep:
            keep.enter_context(self.kernel.keep(id))
            space = await self.kernel.space(id)
            if space is None:
                return None
            keep.enter_context(self.kernel.keep(space.area_id))
            await self.kernel.space(space.area_id)
            space = self.kernel.peek(id)
            if id not in self._rooms and space is not None:
                self._rooms[id] = Room(space, keep.pop_all(), self._clock())
        return self._rooms.get(id)

    def _leave(self, connection: Connection, space: Id) -> None:
        connection.behind.pop(space, None)
        seat = connection.seats.pop(space, None)
        if seat is not None:
            seat.room.remove(seat, self._clock())

    def _take_away(self, connection: Connection, space: Id) -> None:
        self._leave(connection, space)
        connection.protocol.seat_taken_away(space)

    def _begin_anew(self, connection: Connection, room: Room) -> None:
        """Takes the seat, not the presence: the client is about to sit down again."""
        self._take_away(connection, room.id)
        self._answer(connection, Behind(space=room.id, seq=room.ring.seq))

    def _show_out(self, connection: Connection, space: Id, reason: Literal["no_access", "signed_out"]) -> None:
        self._take_away(connection, space)
        if space in self._rooms:
            self._vanish(connection, self._rooms[space])
        self._answer(connection, Left(space=space, reason=reason))

    # --- showing -----------------------------------------------------------------------------------------------------

    def show(self, space: Id, committed: list[Committed]) -> None:
        """New entries of a space, in order and after their commit. Those who lost a right get none of them."""
        self._follow_rights(space, committed)
        room = self._rooms.get(space)
        if room is None:
            return
        lines = room.ring.add(committed)
        if lines is None:
            log.warning("hole in the entries of a space, seats begin anew", extra={"space": space})
            self.begin_anew(space)
            return
        room.wake()
        if any(_shows_or_hides(line) for line in lines):
            self._present(room, bool(room.presence))  # where somebody is may be no place any more, or one again
        room.pending += lines
        if room.timer is not None or not room.pending:
            return
        wait = room.shown_at + room.distance - monotonic()
        if wait <= 0:
            self._show_pending(room)
        else:
            room.timer = self._loop.call_later(wait, self._show_pending, room)

    def _show_pending(self, room: Room) -> None:
        if room.timer is not None:
            room.timer.cancel()
            room.timer = None
        lines, room.pending = room.pending, []
        if not lines:
            return
        began = monotonic()  # not the loop's time, which stands still while the loop is busy
        self._flush_answers()
        made: dict[bytes, Message] = {}
        for viewer, seats in list(room.seats.items()):
            text = payload(room.id, lines, viewer, lines[-1].head)
            message = made[text] = made.get(text) or Message(text)
            self._broadcast(seats, message)
        room.shown(began, monotonic())

    def _broadcast(self, seats: Iterable[Seat], message: Message) -> None:
        """Writes one frame to many seats. One that cannot take it is left out, and told as soon as it can be."""
        if len(message.payload) > BOUND:
            for seat in list(seats):
                self._begin_anew(seat.connection, seat.room)
            return
        for seat in [seat for seat in seats if not seat.connection.link.offer(message)]:
            self._fall_behind(seat)

    def _fall_behind(self, seat: Seat) -> None:
        connection = seat.connection
        self._take_away(connection, seat.room.id)
        if connection.ended:
            return
        connection.behind[seat.room.id] = None
        if connection.stuck_at is None:
            connection.stuck_at = self._clock()

    def _drained(self, connection: Connection) -> None:
        """The client has read what waited for it: now it learns what it missed."""
        connection.stuck_at = None
        spaces, connection.behind = connection.behind, {}
        for space in spaces:
            room = self._rooms.get(space)
            self._answer(connection, Behind(space=space, seq=0 if room is None else room.ring.seq))

    def begin_anew(self, space: Id) -> None:
        """Every seat of a space gets `behind`: what it holds cannot be continued."""
        room = self._rooms.get(space)
        if room is None:
            return
        room.pending.clear()
        for seat in list(room.everyone()):
            self._begin_anew(seat.connection, room)
        room.wake()

    # --- rights ------------------------------------------------------------------------------------------------------

    def _follow_rights(self, space: Id, committed: list[Committed]) -> None:
        """Resolves the seats concerned again when who may see what has changed, before anything else is shown."""
        touched = {
            change.entity.__struct_config__.tag if isinstance(change, Put) else change.kind
            for one in committed
            for change in one.entry.changes
        }
        if self._rights_kinds.isdisjoint(touched):
            return
        for room in list(self._rooms.values()):
            if space in (room.id, room.area_id):
                self._resolve_again(room)

    def _resolve_again(self, room: Room) -> None:
        room.asked_at = self._clock()
        spaces = self._spaces(room)
        if spaces is None:
            self.begin_anew(room.id)
            return
        for author, seats in room.authors().items():
            viewer = self.viewer(*spaces, author)
            for seat in seats:
                if viewer is None:
                    self._show_out(seat.connection, room.id, "no_access")
                elif viewer != seat.viewer:
                    self._begin_anew(seat.connection, room)

    def sessions(self) -> set[str]:
        """The sessions that have a socket here."""
        return {connection.session for connection in self._connections}

    def end_sessions(self, sessions: Collection[str]) -> None:
        """Signs out every socket of these sessions, with its seats."""
        self._sign_out([c for c in self._connections if c.session in sessions])

    def end_person(self, person: Id) -> None:
        """Signs out every socket of a person, with its seats."""
        self._sign_out([c for c in self._connections if c.author.id == person])

    def _sign_out(self, connections: list[Connection]) -> None:
        for connection in connections:
            for space in list(connection.seats):
                self._show_out(connection, space, "signed_out")
            self._close(connection, CloseCode.SIGNED_OUT)

    # --- presence and state ------------------------------------------------------------------------------------------

    def _appear(self, connection: Connection, room: Room, where: Where | None) -> None:
        connection.present[room] = None
        self._present(room, room.presence.say(connection, connection.author.id, where))

    def _vanish(self, connection: Connection, room: Room) -> None:
        connection.present.pop(room, None)
        self._present(room, room.presence.say(connection, connection.author.id, None))

    def appear(self, space: Id, person: Id, where: Where | None) -> None:
        """Shows somebody without a socket where a space is watched, or no more (None): the demo's colleagues."""
        room = self._rooms.get(space)
        if room is not None:
            self._present(room, room.presence.say(person, person, where))

    def here(self) -> set[Id]:
        """The people who have a socket here."""
        return {person for person, sockets in self._of_person.items() if sockets > 0}

    def _present(self, room: Room, news: bool) -> None:
        if news and room.presence_timer is None:
            wait = max(room.presence_after - self._loop.time(), 0)
            room.presence_timer = self._loop.call_later(wait, self._show_presence, room)

    def _show_presence(self, room: Room) -> None:
        room.presence_timer = None
        space = self.kernel.peek(room.id)
        sent = 0
        for viewer, seats in room.seats.items():
            people = () if space is None else room.presence.people(space, viewer)
            message = Message(_encode(Presence(space=room.id, people=people)))
            sent += len(message.payload) * len(seats)
            for seat in seats:
                seat.connection.link.offer(message)
        room.presence_after = self._loop.time() + presence.pause(sent)

    def set_state(self, state: State) -> None:
        """Tells everybody whether other processes' changes come at once and whether anything can be written."""
        if state == self._state:
            return
        self._state = state
        message = Message(_encode(state))
        for connection in self._connections:
            if connection.protocol.greeted:
                connection.link.send(message)

    # --- waiting without a seat --------------------------------------------------------------------------------------

    async def wait_for(self, space: Id, after: int, at_most: float) -> None:
        """Returns when the space may have an entry after this one, or after so many seconds."""
        room = await self._room(space)
        if room is None or room.ring.seq > after:
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        room.waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter, at_most)
        except TimeoutError:
            pass
        finally:
            room.waiters.discard(waiter)
            room.left_at = self._clock()

    def watched(self) -> set[Id]:
        """The spaces that somebody watches, or watched a moment ago."""
        return set(self._rooms)

    def waited_for(self, space: Id) -> int:
        """How many wait for news of a space without a seat."""
        return len(self._rooms[space].waiters) if space in self._rooms else 0

    async def since(self, space: Id, seq: int, head: str | None = None) -> list[Line] | None:
        """What happened in a space after `seq` (at `head`, if given); None: that has to begin with a snapshot."""
        room = await self._room(space)
        return None if room is None else self._topped_up(room, seq, await self._missing(room, seq, head))

    # --- sweeping ----------------------------------------------------------------------------------------------------

    async def _sweep_on(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            try:
                self.sweep(self._clock())
            except Exception:
                log.exception("sweep failed")

    def sweep(self, at: float) -> None:
        """Looks for connections that have gone silent or are stuck, and lets go of spaces that nobody watches."""
        for connection in list(self._connections):
            for consequence in connection.protocol.tick(at, heard=connection.link.heard()):
                self._carry_out(connection, consequence)
            if connection.stuck_at is not None and at - connection.stuck_at >= STUCK:
                connection.link.abort()
                self.disconnect(connection)
        for id, room in list(self._rooms.items()):
            if at - room.asked_at >= ASK_AGAIN:
                self._resolve_again(room)
            if room.empty and at - room.left_at >= LINGER:
                self._rooms.pop(id).close()


def _shows_or_hides(line: Line) -> bool:
    return any(isinstance(change, Put) and change.formerly is not UNSET for change in line.entry.changes)
