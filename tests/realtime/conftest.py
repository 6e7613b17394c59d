"""A small area behind a real server in the test's own loop, and clients that speak the protocol over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from litestar import Litestar
from litestar.connection import ASGIConnection
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.core.ids import new_id
from server.core.ledger import short
from server.core.relay import Relay
from server.people import access
from server.problems import handle
from server.realtime.history import Histories
from server.realtime.hub import Hub
from server.realtime.protocol import Identity
from server.realtime.routes import Live, space_routes
from server.realtime.snapshots import Snapshots
from server.realtime.socket import SERVER_OPTIONS, Identify, SocketProtocol, socket_handler
from shared_schema.base import Author, Id
from shared_schema.board import Column, CreateTask, DescribeTask
from shared_schema.frames import Accepted
from shared_schema.people import AddParticipant, JoinPerson
from tests.support.areas import SmallArea, found_small_area, running_kernel

ORIGIN = "http://korridor.test"
PERSON = "x-person"
"""The header that stands for a session here: who a request comes from is not what these tests are about."""


class Clock:
    """The loop's clock, and hours ahead of it when a test says so."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead


class Client:
    """One end of a socket. `frames` keeps every text frame as it came, for scans of what was sent."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[str] = []
        self._said: list[dict[str, Any]] = []

    async def say(self, *messages: dict[str, Any]) -> None:
        await self.socket.send(json.dumps(messages[0] if len(messages) == 1 else messages))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; what comes before it and is no presence is a mistake."""
        while True:
            message = await self.next()
            if message["t"] == kind:
                return message
            assert message["t"] == "presence", f"{message} instead of {kind}"

    async def until_hearing(self, kind: str) -> dict[str, Any]:
        """The next message of this kind, whatever comes before it."""
        while (message := await self.next())["t"] != kind:
            pass
        return message

    async def next(self) -> dict[str, Any]:
        while not self._said:
            frame = await asyncio.wait_for(self.socket.recv(), 10)
            assert isinstance(frame, str)
            self.frames.append(frame)
            said = json.loads(frame)
            self._said += said if isinstance(said, list) else [said]
        return self._said.pop(0)

    async def closed(self) -> int | None:
        """The code with which the server closed, once everything sent before has been read."""
        try:
            while True:
                self.frames.append(str(await asyncio.wait_for(self.socket.recv(), 10)))
        except ConnectionClosed:
            return self.socket.close_code

    async def upto(self, seq: int) -> list[int]:
        """Reads on until the entry with this number; answers with the numbers of all that came by the way."""
        numbers: list[int] = []
        while seq not in numbers:
            numbers += [entry["seq"] for entry in (await self.next()).get("entries", ())]
        return numbers

    async def settle(self) -> None:
        """Returns when everything that the server has said so far was read."""
        await self.say({"t": "ping"})
        while (await self.next())["t"] != "pong":
            pass

    async def watch(self, space: Id, since: int = 0, head: str = "") -> dict[str, Any]:
        """Takes a seat; the answer is `entries`, `behind` or `left`."""
        await self.say({"t": "watch", "space": space, "since": since, "head": head})
        while (answer := await self.next())["t"] == "presence":
            pass
        return answer

    async def do(self, space: Id, command: dict[str, Any], **extra: Any) -> Id:
        id = new_id()
        await self.say({"t": "do", "id": id, "space": space, "command": command, **extra})
        return id


class House:
    """The small area with a guest of its network and a neighbour who only reads, behind a running server."""

    def __init__(self, small: SmallArea, hub: Hub, port: int, clock: Clock, snapshots: Snapshots) -> None:
        self.small, self.hub, self.port, self.clock, self.snapshots = small, hub, port, clock, snapshots
        self.kernel = small.kernel
        self.area, self.network = small.area, small.network
        self.coordinator, self.member = small.coordinator, small.member
        self.guest, self.neighbour = new_id(), new_id()
        self._stack = AsyncExitStack()

    async def settle_in(self) -> None:
        for person, role, name in ((self.guest, "guest", "Gustav"), (self.neighbour, "member", "Nele")):
            await self.small.accept(JoinPerson(id=person, name=name, role=role), space=self.area)  # type: ignore[arg-type]
        await self.small.accept(AddParticipant(person=self.guest, role="guest"))
        await self.kernel.followed()

    async def client(self, person: Id | None = None, *, greet: bool = True, **options: Any) -> Client:
        """A client of this person (the member, unless said otherwise)."""
        plain: dict[str, Any] = {"compression": None, "max_size": None, "max_queue": None, "ping_interval": None}
        options = {"origin": ORIGIN, "close_timeout": 1, **plain, **options}
        headers = {PERSON: person or self.member}
        opening = connect(f"ws://127.0.0.1:{self.port}/ws", additional_headers=headers, **options)
        client = Client(await self._stack.enter_async_context(opening))
        if greet:
            await client.say({"t": "hello", "protocol": 1})
            assert (await client.hear("welcome"))["person"] == (person or self.member)
        return client

    async def slow_client(self, person: Id | None = None) -> Client:
        """A client that reads from the network only while a test listens to it."""
        slow = socket.create_connection(("127.0.0.1", self.port))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client = await self.client(person, sock=slow, max_queue=1)
        self._stack.callback(client.socket.transport.abort)  # what it never read must not hold up the end of the test
        return client

    def http(self, person: Id | None = None) -> httpx.AsyncClient:
        headers = {PERSON: person or self.member}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}/api/spaces", headers=headers, timeout=40)

    async def until(self, holds: Callable[[], object]) -> None:
        """Lets the server go on until something holds."""
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 (what is waited for has no event, and this is its own loop)
                await asyncio.sleep(0)

    async def column(self) -> Id:
        space = await self.kernel.space(self.network)
        assert space is not None
        return min(space.all(Column), key=lambda column: column.place).id

    async def task(self, title: str, **extra: Any) -> Id:
        """A new task, by the coordinator."""
        id = new_id()
        await self.small.accept(CreateTask(id=id, column=await self.column(), title=title, **extra))
        return id

    async def flood(self, task: Id, times: int, reader: Client | None = None) -> list[int]:
        """Writes the longest text there is into a task's description, again and again, from the coordinator.

        Each time it waits until the reader has seen it, as a quick one does. Answers with the numbers that they saw.
        """
        seen: list[int] = []
        for revision in range(times):
            text = DescribeTask(task=task, text="Z" * 20_000)
            answer = await self.small.send(text, expects={"revision": revision})
            assert isinstance(answer, Accepted)
            seen += await reader.upto(answer.seqs[self.network]) if reader else ()
        return seen

    async def stands(self, space: Id | None = None) -> tuple[int, str]:
        """Where a space stands: seq and head, as clients hold them."""
        found = await self.kernel.space(space or self.network)
        assert found is not None
        return found.seq, short(found.head)

    async def close(self) -> None:
        await self._stack.aclose()


async def _identify(connection: ASGIConnection[Any, Any, Any, Any]) -> Identity | None:
    person = connection.headers.get(PERSON)
    return None if person is None else Identity(Author(kind="person", id=person), session=f"of {person}")


@asynccontextmanager
async def serving(app: Litestar, protocol: Any) -> AsyncIterator[int]:
    """Serves an app on a free port in this loop."""
    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws=protocol, **SERVER_OPTIONS)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:  # whoever comes before it serves waits in the backlog
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32_768)  # so that a slow reader soon is one
        running = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def open_house(
    url: str,
    protocol: Any,
    *,
    identify: Identify = _identify,
    relay: Relay | None = None,
    beside: House | None = None,
    **hub_options: Any,
) -> AsyncIterator[House]:
    """A house with an area of its own, or another process `beside` one, on the same database."""
    clock = Clock()
    async with AsyncExitStack() as stack:
        kernel = await stack.enter_async_context(running_kernel(url, relay=relay))
        small = replace(beside.small, kernel=kernel) if beside else await found_small_area(kernel)
        options = {"rights_kinds": access.RIGHTS_KINDS, "instance": kernel.instance, "clock": clock, **hub_options}
        hub = await stack.enter_async_context(Hub(kernel, resolve=access.actor, **options))
        snapshots = Snapshots()
        live = Live(
            kernel=kernel,
            hub=hub,
            snapshots=snapshots,
            histories=Histories(kernel),
            author_of=lambda request: Author(kind="person", id=request.headers[PERSON]),
        )
        handlers: list[Any] = [space_routes(live), socket_handler(hub, identify, [ORIGIN])]
        app = Litestar(handlers, exception_handlers={Exception: handle}, openapi_config=None, logging_config=None)
        port = await stack.enter_async_context(serving(app, protocol))
        house = House(small, hub, port, clock, snapshots)
        stack.push_async_callback(house.close)
        if beside is None:
            await house.settle_in()
        else:
            house.guest, house.neighbour = beside.guest, beside.neighbour
        yield house


LINKS: dict[str, Any] = {"direct": SocketProtocol, "asgi": "websockets-sansio"}


@pytest.fixture
async def house(sqlite_url: str) -> AsyncIterator[House]:
    """A house whose server uses the direct link."""
    async with open_house(sqlite_url, SocketProtocol) as house:
        yield house


@pytest.fixture(params=LINKS)
async def any_house(sqlite_url: str, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """A house with either link: what holds must hold on any ASGI server."""
    async with open_house(sqlite_url, LINKS[request.param]) as house:
        yield house


@pytest.fixture(params=LINKS)
def open_houses(sqlite_url: str, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """For tests that want another hub: `async with open_houses(budgets=Budgets(burst=1)) as house`."""
    return lambda **options: open_house(sqlite_url, LINKS[request.param], **options)
