"""A client as a model: confirmed state by the reducer, an outbox, and a wire that delivers late, in part, or never.

The server behind it is the real one without its sockets: kernel, hub and protocol over a real database.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from random import Random
from typing import Any, Self

import msgspec
from msgspec.structs import replace

from server.core.database import open_database
from server.core.ids import new_id
from server.core.kernel import Kernel
from server.core.space import Space
from server.people import access
from server.realtime.connections import Connection
from server.realtime.hub import Hub
from server.realtime.links import BOUND, Message
from server.realtime.protocol import Identity
from shared_schema.base import PROTOCOL, Author, Command, Id, Scalar, Viewer, Visibility
from shared_schema.board import CreateTask, ShowTask, Task
from shared_schema.frames import Accepted, Behind, Entries, Left, Refused, ServerMessage
from tests.support.builders import Built, Scene, build
from tests.support.mirrors import Mirror, snapshot_bytes, task_of

SEALED = "VERSIEGELT"
"""Stands in every text of a sealed task: one that only moderators see, from its first moment to its last."""
WITHIN = 20.0
ATTEMPTS = 10
"""How often the dice are thrown for something to do: much of what comes up makes no sense just then."""

_read: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ServerMessage | list[ServerMessage])


class Server:
    """Kernel and hub over a database, which can be stopped and started again on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.news = asyncio.Event()
        self.leaks: list[str] = []
        self._stack = AsyncExitStack()

    async def start(self) -> Self:
        database = open_database(self.url)
        self._stack.push_async_callback(database.close)
        self.kernel = await self._stack.enter_async_context(Kernel(database, resolve=access.actor))
        hub = Hub(self.kernel, resolve=access.actor, rights_kinds=access.RIGHTS_KINDS, instance=self.kernel.instance)
        self.hub = await self._stack.enter_async_context(hub)
        return self

    async def stop(self) -> None:
        await self._stack.aclose()

    async def space(self, id: Id) -> Space:
        space = await self.kernel.space(id)
        assert space is not None
        await self.kernel.space(space.area_id)
        return space

    def viewer(self, space: Id, author: Author) -> Viewer | None:
        """As what somebody sees a space that is in memory."""
        found = self.kernel.peek(space)
        area = self.kernel.peek(found.area_id) if found else None
        return self.hub.rooms.viewer(found, area, author) if found and area else None


class Wire:
    """The link of a model client: holds what the server sent until somebody delivers it."""

    def __init__(self, server: Server, author: Author) -> None:
        self.sent: deque[bytes] = deque()
        self.closed: int | None = None
        self.on_drain: Callable[[], None] | None = None
        self.on_text: Callable[[str], bool] | None = None
        self._server, self._author = server, author
        self._size = 0

    def heard(self) -> bool:
        """A model client is always alive."""
        return True

    def offer(self, message: Message, first: Message | None = None) -> bool:
        if first is not None:
            self.send(first)
        if self._size >= BOUND:
            return False
        self.send(message)
        return True

    def send(self, message: Message) -> None:
        self._size += len(message.payload)
        self.sent.append(message.payload)
        self._scan(message.payload)
        self._server.news.set()

    def take(self) -> bytes:
        """The next frame. An emptied buffer is noticed, as a transport would."""
        payload = self.sent.popleft()
        self._size -= len(payload)
        if not self.sent and self.on_drain is not None:
            self.on_drain()
        return payload

    def beat(self) -> None:
        """Nobody has to be woken."""

    def close(self, code: int) -> None:
        self.closed = code

    def abort(self) -> None:
        self.closed = 1006

    async def writable_again(self) -> None:
        """Back-pressure is the socket's business; here the bound of the buffer is all there is."""

    def _scan(self, payload: bytes) -> None:
        """At the moment of sending, only a moderator may be sent a sealed text."""
        if SEALED.encode() not in payload:
            return
        said = json.loads(payload)
        for message in said if isinstance(said, list) else [said]:
            text = json.dumps(message)
            if SEALED in text and self._server.viewer(message.get("space", ""), self._author) != Viewer.MODERATOR:
                self._server.leaks.append(f"{self._author.id}: {text}")


class Page:
    """One tab of one person: watches spaces, sends commands, keeps what was not answered and sends it again."""

    def __init__(self, server: Server, person: Id, spaces: list[Id]) -> None:
        self.server = server
        self.author = Author(kind="person", id=person)
        self.spaces = spaces
        self.mirrors: dict[Id, Mirror] = {}
        self.shown_out: set[Id] = set()
        self.outbox: dict[Id, dict[str, Any]] = {}
        self.accepted: dict[Id, dict[Id, int]] = {}
        self.refused: set[Id] = set()
        self.done: dict[Id, dict[str, Any]] = {}
        self.wire: Wire | None = None
        self._connection: Connection | None = None

    # --- the connection ----------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connects, sits down where it sat, and sends again what was never answered."""
        if self.wire is not None:
            return
        self.wire = Wire(self.server, self.author)
        self._connection = self.server.hub.connect(self.wire, Identity(self.author, "session"))
        await self.say({"t": "hello", "protocol": PROTOCOL})
        for space in self.spaces:
            await self.watch(space)
        for message in list(self.outbox.values()):
            await self.say(message)

    def drop(self) -> None:
        """The connection is lost, and everything that was on its way."""
        if self._connection is not None:
            self.server.hub.disconnect(self._connection)
        self.wire = self._connection = None

    async def say(self, message: dict[str, Any]) -> None:
        if self._connection is not None:
            await self.server.hub.hear(self._connection, json.dumps(message))

    async def watch(self, space: Id) -> None:
        self.shown_out.discard(space)
        held = self.mirrors.get(space)
        since = {"since": held.seq, "head": held.head, "viewer": int(held.viewer)} if held else {"since": 0}
        await self.say({"t": "watch", "space": space, **since})

    # --- what arrives ------------------------------------------------------------------------------------------------

    async def deliver(self, most: int = 1_000_000) -> None:
        """Takes in up to so many frames."""
        while self.wire is not None and self.wire.sent and most:
            most -= 1
            said = _read.decode(self.wire.take())
            for message in said if isinstance(said, list) else [said]:
                await self._take(message)

    async def _take(self, message: ServerMessage) -> None:
        match message:
            case Entries(space=space) if space not in self.mirrors:
                await self._begin(space)
            case Entries(space=space):
                self._apply(self.mirrors[space], message)
            case Behind(space=space):
                await self._begin(space)
                await self.watch(space)
            case Left(space=space):
                self.mirrors.pop(space, None)
                self.shown_out.add(space)
            case Accepted(id=id, seqs=seqs):
                assert self.accepted.setdefault(id, seqs) == seqs, "a repeat was answered otherwise"
                self.done[id] = self.outbox.pop(id, self.done.get(id, {}))
            case Refused(id=id):
                assert id not in self.accepted, f"refused after it was accepted: {message}"
                self.outbox.pop(id, None)
                self.refused.add(id)
            case _:
                pass

    def _apply(self, mirror: Mirror, message: Entries) -> None:
        for entry in message.entries:
            mirror.apply(entry)
        if message.entries and message.entries[-1].seq == mirror.seq:
            mirror.head = message.head

    async def _begin(self, space: Id) -> None:
        """A snapshot, as HTTP would give it."""
        found = await self.server.space(space)
        viewer = self.server.viewer(space, self.author)
        if viewer is None:
            self.mirrors.pop(space, None)
            return
        made = snapshot_bytes(found, viewer)
        if viewer != Viewer.MODERATOR and SEALED.encode() in made:
            self.server.leaks.append(f"snapshot for {viewer!r}")
        if space in self.mirrors:
            self.mirrors[space].take(made)
        else:
            self.mirrors[space] = Mirror(made)

    async def open_task(self, dice: Random) -> None:
        """Opens the part of some task, if this page stands where the space stands."""
        space = dice.choice(self.spaces)
        mirror, found = self.mirrors.get(space), await self.server.space(space)
        tasks = [id for kind, id in sorted(mirror.held) if kind == "task"] if mirror else []
        if mirror is None or mirror.seq != found.seq or not tasks:
            return
        if mirror.viewer == self.server.viewer(space, self.author):
            task = dice.choice(tasks)
            mirror.take_part(task, (e for e in found if e.to & mirror.viewer and task_of(e) == task))

    # --- what it does ------------------------------------------------------------------------------------------------

    def act(self, dice: Random, kinds: list[type[Command]]) -> dict[str, Any] | None:
        """Builds a command on what this page holds, which may be old, and puts it into the outbox."""
        return next((message for _ in range(ATTEMPTS) if (message := self._act(dice, kinds))), None)

    def _act(self, dice: Random, kinds: list[type[Command]]) -> dict[str, Any] | None:
        space = dice.choice(self.spaces)
        area = self.view(self.spaces[0])
        view = area if space == self.spaces[0] else self.view(space)
        if view is None or area is None:
            return None
        others = [other for id in self.spaces[1:] if id != space and (other := self.view(id)) is not None]
        now = self.server.kernel.clock.now(view.at)
        scene = Scene(
            space=view,
            area=area,
            by=access.actor(view, area, self.author, now),
            now=now,
            others=tuple((other, access.actor(other, area, self.author, now)) for other in others),
        )
        built = build(dice, scene, dice.choice(kinds))
        command = seal(view, built.command) if built else None
        return None if built is None or command is None else self._put_out(built, command)

    def _put_out(self, built: Built, command: Command) -> dict[str, Any]:
        expects: dict[str, Scalar] = built.expects
        message = {"t": "do", "id": new_id(), "space": built.space, "command": msgspec.to_builtins(command)}
        message |= {"expects": expects} if expects else {}
        self.outbox[message["id"]] = message
        return message

    def view(self, id: Id) -> Space | None:
        """What this page holds, as a space to build on."""
        mirror, known = self.mirrors.get(id), self.server.kernel.peek(id)
        if mirror is None or known is None:
            return None
        view = Space(id, known.kind, known.area_id)
        view.at = known.at
        view.load(mirror.held.values())
        return view


def seal(view: Space, command: Any) -> Command | None:
    """What only moderators shall see is sealed from the beginning, stays sealed, and gets sealed texts only."""
    if isinstance(command, CreateTask):
        hidden = command.visibility == Visibility.MODERATORS
        return replace(command, title=f"{SEALED} {command.title}") if hidden else command
    task = view.find(Task, getattr(command, "task", ""))
    if task is None or SEALED not in task.title:
        return command  # type: ignore[no-any-return]
    if isinstance(command, ShowTask):
        return None
    texts = {name: f"{SEALED} {text}" for name in TEXTS if isinstance(text := getattr(command, name, None), str)}
    return replace(command, **texts)  # type: ignore[no-any-return]


TEXTS = ("title", "text", "reason")
