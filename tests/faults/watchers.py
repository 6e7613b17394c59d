"""Watching over real sockets as the product's own client does when the world breaks.

A dead connection is replaced by one to the next address, after a pause with jitter, and what is held is continued where
it stands. What is seen and read goes into the history.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from shared_schema.base import Id
from shared_schema.frames import Accepted, Behind, Entries, Refused, ServerMessage, State, Welcome
from shared_schema.journal import Entry
from tests.faults.checker import Held
from tests.faults.history import Ask, History, Read, Saw
from tests.faults.places import Place
from tests.support.mirrors import Hole, Mirror
from tests.support.waiting import until

GONE = (WebSocketException, httpx.TransportError, OSError, TimeoutError, EOFError)
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 1.0, 1.6
"""Seconds of back-off. Shorter than the product's (0.5 to 8), so that a test sees many reconnects in little time."""
RESTART, RESTART_PAUSE = 1012, 1.0
"""A process that stops sends its clients away with this code; they come back after a pause of up to a second."""
ANSWER_WITHIN = 5.0
"""Seconds for an answer to anything; then the connection counts as dead. The product waits up to 30."""

ALL_WELL = State(relay="ok", writing="ok")

Json = dict[str, Any]
Answer = Accepted | Refused

_messages: msgspec.json.Decoder[ServerMessage | list[ServerMessage]] = msgspec.json.Decoder(
    ServerMessage | list[ServerMessage]
)
_answer: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Accepted | Refused)


class Address(Struct, frozen=True):
    """Where a process is reached, perhaps through a proxy, and the origin that it serves under."""

    port: int
    origin: str


class Watcher:
    """One tab. As a context it is connected and has a seat in every space of the place."""

    def __init__(
        self,
        name: str,
        place: Place,
        addresses: Sequence[Address],
        history: History,
        *,
        cookie: str = "",
        silence: float = ANSWER_WITHIN,
    ) -> None:
        self.name = name
        self.place = place
        self.mirrors: dict[Id, Mirror] = {}
        self.state = ALL_WELL
        """What the header would say."""
        self.away: list[float] = []
        """Seconds from the loss of each connection until all seats were taken again."""
        self.seated = asyncio.Event()
        self.dice = Random(name)
        self._addresses = addresses
        self._at = 0
        self._readings = 0
        self._lost_at = 0.0
        self._history = history
        self._cookie = cookie or place.cookies[0]
        self._silence = silence
        self._socket: ClientConnection | None = None
        self._waiting_for: set[Id] = set()
        self._browser = httpx.AsyncClient(timeout=silence, headers={"Cookie": self._cookie})
        self._connection: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._connection = asyncio.create_task(self._stay_connected())
        await until(lambda: self.seated.is_set() or self._fail_early(), 60, f"{self.name} has its seats")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.cancel()
            with suppress(asyncio.CancelledError):
                await self._connection
        await self.close()

    async def close(self) -> None:
        """Lets go of what somebody keeps open who was never connected, and only read."""
        await self._browser.aclose()

    def _fail_early(self) -> bool:
        if self._connection is not None and self._connection.done():
            self._connection.result()
        return False

    @property
    def address(self) -> Address:
        return self._addresses[self._at % len(self._addresses)]

    # --- reading -----------------------------------------------------------------------------------------------------

    async def read(self, space: Id, *things: Id) -> None:
        """Reads a snapshot as somebody does who reloads the page, and looks at some tasks."""
        with suppress(*GONE):
            await self._take(space, things)

    async def _take(self, space: Id, things: Iterable[Id] = (), *, anew: bool = False) -> Mirror:
        """A snapshot, with question and answer in the history."""
        self._readings += 1
        reading = self._readings
        self._history.note(Ask(client=self.name, space=space, reading=reading))
        mirror = Mirror(await self._snapshot(space))
        values = {thing: getattr(mirror.held.get(("task", thing)), "title", None) for thing in things}
        read = Read(client=self.name, space=space, reading=reading, seq=mirror.seq, values=values, anew=anew)
        self._history.note(read)
        return mirror

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.address.port}/api/spaces/{path}"

    def _headers(self) -> dict[str, str]:
        origin = self.address.origin
        return {"Origin": origin, "Host": origin.removeprefix("http://")}

    async def _snapshot(self, space: Id) -> bytes:
        answer = await self._browser.get(self._url(f"{space}/snapshot"), headers=self._headers())
        if answer.status_code != 200:
            raise EOFError(f"a snapshot was answered {answer.status_code}")
        return answer.content

    async def fresh(self, space: Id) -> Held:
        """What somebody holds who has just come."""
        mirror = Mirror(await self._snapshot(space))
        return Held(f"a reader at {self.address.port}", space, mirror.seq, mirror.held)

    def held(self, space: Id) -> Held:
        """What this client has made of the snapshot and the entries that it got."""
        mirror = self.mirrors[space]
        return Held(self.name, space, mirror.seq, mirror.held)

    # --- the connection ----------------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            with suppress(*GONE):
                async with connect(
                    f"ws://127.0.0.1:{self.address.port}/ws",
                    origin=self.address.origin,  # type: ignore[arg-type]
                    additional_headers={"Cookie": self._cookie},
                    proxy=None,
                    open_timeout=ANSWER_WITHIN,
                    ping_interval=None,
                    close_timeout=0.5,
                    compression=None,
                ) as self._socket:
                    await self._converse(self._socket)
            failures = 0 if self.seated.is_set() else failures + 1
            told_to_go = self._socket is not None and self._socket.close_code == RESTART
            self._lost()
            await (asyncio.sleep(self.dice.random() * RESTART_PAUSE) if told_to_go else self._pause(failures))

    def _lost(self) -> None:
        """The connection is gone: what waits for an answer waits in vain."""
        self._socket = None
        if self.seated.is_set():
            self._lost_at = time.monotonic()
        self.seated.clear()
        self._at += 1

    def hang_up(self) -> None:
        """Ends the connection without a word, as a network does; the next one goes to the next address."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def back_again(self, times: int) -> None:
        """Waits until it has its seats again, more than so many `times`."""
        await until(lambda: len(self.away) > times, 60, f"{self.name} is back")

    async def _pause(self, failures: int) -> None:
        await asyncio.sleep(self.dice.random() * min(LONGEST_PAUSE, FIRST_PAUSE * GROWTH**failures))

    async def _converse(self, socket: ClientConnection) -> None:
        self._waiting_for = set(self.place.boards)
        await socket.send('{"t":"hello","protocol":1}')
        while True:
            said = _messages.decode(await self._next_frame(socket))
            for message in said if isinstance(said, list) else [said]:
                await self._hear(socket, message)

    async def _next_frame(self, socket: ClientConnection) -> str | bytes:
        """Asks for a sign of life when nothing comes, and gives the connection up when nothing comes then either."""
        # Not `wait_for`: in Python 3.11 it forgets that it was cancelled when the frame comes at the same moment.
        try:
            async with asyncio.timeout(self._silence / 2):
                return await socket.recv()
        except TimeoutError:
            await socket.send('{"t":"ping"}')
        async with asyncio.timeout(self._silence / 2):
            return await socket.recv()

    async def _hear(self, socket: ClientConnection, message: ServerMessage) -> None:
        match message:
            case Welcome():
                self.state = ALL_WELL  # what is otherwise is said next
                for space in self.place.boards:
                    await self._watch(socket, space, anew=space not in self.mirrors)
            case Entries():
                await self._follow(socket, message)
            case Behind(space=space):
                await self._watch(socket, space, anew=True)
            case Accepted() | Refused():
                self._answered(message)
            case State():
                self.state = message

    def _answered(self, answer: Answer) -> None:
        """A command was answered. Who only watches has sent none."""

    async def _watch(self, socket: ClientConnection, space: Id, *, anew: bool) -> None:
        """Takes a seat from where the mirror stands, with a fresh snapshot if what is held cannot be continued."""
        if anew:
            self.mirrors[space] = await self._take(space, anew=True)
        mirror = self.mirrors[space]
        watch = {"t": "watch", "space": space, "since": mirror.seq, "head": mirror.head, "viewer": int(mirror.viewer)}
        await socket.send(json.dumps(watch))

    async def _follow(self, socket: ClientConnection, message: Entries) -> None:
        mirror = self.mirrors[message.space]
        seen = tuple((one.seq, one.command if isinstance(one, Entry) else None) for one in message.entries)
        if seen:
            self._history.note(Saw(client=self.name, space=message.space, entries=seen))
        try:
            for entry in message.entries:
                mirror.apply(entry)
            mirror.head = message.head
        except Hole:
            await self._watch(socket, message.space, anew=True)
        self._waiting_for.discard(message.space)
        if not self._waiting_for and not self.seated.is_set():
            self.seated.set()
            if self._lost_at:
                self.away.append(time.monotonic() - self._lost_at)
