"""P1 and P2 in their small form: the server is killed under load, again and again, and nothing acknowledged is lost.

Half of the clients write by socket, half by HTTP. A client whose connection dies does not know what became of its
command, and sends it again under the same id.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import httpx
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from server.core import journal
from server.core.database import open_database
from server.core.ids import new_id
from server.core.verify import Verified, verify_database
from server.people.sessions import Sessions
from shared_schema.base import Id
from shared_schema.board import Column
from shared_schema.people import FoundSpace
from tests.support.areas import found_small_area, running_kernel
from tests.support.commands import Serving

COMMANDS = int(os.environ.get("KORRIDOR_KILL_COMMANDS", "2000"))
KILLS = int(os.environ.get("KORRIDOR_KILLS", "3"))
CLIENTS = 8
GONE = (ConnectionClosed, InvalidHandshake, httpx.TransportError, OSError, TimeoutError)
AT_MOST = 20.0
"""Seconds for one answer; then the connection counts as dead."""


class Place(Struct):
    """Where the clients write, and the cookie with which they may."""

    boards: dict[Id, Id]
    cookie: str


async def prepare(url: str) -> Place:
    """Two networks with a column each, and a session of their moderator."""
    async with running_kernel(url) as kernel:
        small = await found_small_area(kernel)
        other = FoundSpace(id=new_id(), space_kind="network", name="Energie", moderator=small.coordinator)
        await small.accept(other, space=small.area)
        await kernel.followed()
        boards: dict[Id, Id] = {}
        for space in (small.network, other.id):
            found = await kernel.space(space)
            assert found is not None
            boards[space] = min(found.all(Column), key=lambda column: column.place).id
        sessions = Sessions(kernel.database, lifetime=timedelta(days=1), secure=False, ended=lambda _: None)
        _, token = await sessions.begin(small.coordinator, small.area)
        cookie = sessions.cookie(token)
        return Place(boards, f"{cookie.key}={cookie.value}")


class Work:
    """How far everybody is together, and whether the server is up."""

    def __init__(self, kill_at: list[int]) -> None:
        self.commands = self.kills = 0
        self.up = asyncio.Event()
        self.up.set()
        self.moments = {moment: asyncio.Event() for moment in kill_at}

    def step(self) -> None:
        self.commands += 1
        if self.commands in self.moments:
            self.moments[self.commands].set()


class Client:
    """Sends one command after the other; `answers` are the acknowledged ones with the number of their entry."""

    def __init__(self, serving: Serving, place: Place, number: int) -> None:
        self.serving, self.place = serving, place
        self.dice = Random(number)
        self.by_socket = number % 2 == 0
        self.answers: dict[Id, tuple[Id, int]] = {}
        self.again = 0
        self._tasks: dict[Id, list[Id]] = {space: [] for space in place.boards}
        self._socket: ClientConnection | None = None
        headers = {"Origin": serving.url, "Cookie": place.cookie}
        self._browser = httpx.AsyncClient(base_url=serving.url, headers=headers, timeout=AT_MOST)

    async def write(self, commands: int, work: Work) -> None:
        for _ in range(commands):
            space = self.dice.choice(list(self.place.boards))
            id, command = new_id(), self._command(space)
            while (answer := await self._try(space, id, command)) is None:
                self.again += 1
                await work.up.wait()
            assert "seqs" in answer, answer
            self.answers[id] = (space, answer["seqs"][space])
            if command["verb"] == "task.create":
                self._tasks[space].append(command["id"])
            work.step()
        await self._browser.aclose()
        if self._socket is not None:
            await self._socket.close()

    def _command(self, space: Id) -> dict[str, Any]:
        tasks, column = self._tasks[space], self.place.boards[space]
        if not tasks or self.dice.random() < 0.3:
            return {"verb": "task.create", "id": new_id(), "column": column, "title": "Unter Last"}
        task = self.dice.choice(tasks)
        if self.dice.random() < 0.5:
            return {"verb": "task.edit", "task": task, "title": f"Nummer {self.dice.randint(0, 10**9)}"}
        return {"verb": "task.move", "task": task, "column": column, "after": self.dice.choice(tasks)}

    async def _try(self, space: Id, id: Id, command: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, or None if it never came."""
        try:
            send = self._by_socket if self.by_socket else self._by_http
            return await asyncio.wait_for(send(space, id, command), AT_MOST)
        except GONE:
            self._socket = None
            return None

    async def _by_http(self, space: Id, id: Id, command: dict[str, Any]) -> dict[str, Any] | None:
        answer = await self._browser.post(f"/api/spaces/{space}/commands", json={"id": id, "command": command})
        said: dict[str, Any] = answer.json()
        return None if answer.status_code == 503 else said

    async def _by_socket(self, space: Id, id: Id, command: dict[str, Any]) -> dict[str, Any] | None:
        socket = self._socket or await self._connect()
        await socket.send(json.dumps({"t": "do", "id": id, "space": space, "command": command}))
        while True:
            said = json.loads(await socket.recv())
            for message in said if isinstance(said, list) else [said]:
                if message.get("id") == id:
                    known: dict[str, Any] = message
                    return None if known.get("reason", {}).get("reason") == "unavailable" else known

    async def _connect(self) -> ClientConnection:
        self._socket = await connect(
            f"ws://127.0.0.1:{self.serving.port}/ws",
            origin=self.serving.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": self.place.cookie},
            proxy=None,
        )
        await self._socket.send('{"t":"hello","protocol":1}')
        for space in self.place.boards:
            await self._socket.send(json.dumps({"t": "watch", "space": space, "since": 0}))
        return self._socket


async def killing(serving: Serving, work: Work) -> None:
    """Kills the server at random points of the work, and starts it again."""
    for moment in work.moments.values():
        await moment.wait()
        work.up.clear()
        await asyncio.to_thread(serving.stop, signal.SIGKILL)
        await asyncio.to_thread(serving.start)
        work.up.set()
        work.kills += 1


async def check(url: str, place: Place, clients: list[Client]) -> None:
    """What the history says: each acknowledged command is there once, where it was said to be, in one order."""
    answers = {id: answer for client in clients for id, answer in client.answers.items()}
    database = open_database(url)
    try:
        found: Counter[Id] = Counter()
        for space in place.boards:
            entries = [one.entry for one in await database.read(journal.entries_after, space, 0, 10 * COMMANDS)]
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            found.update(entry.command for entry in entries)
            where = {entry.command: (space, entry.seq) for entry in entries if entry.command in answers}
            assert where == {id: answer for id, answer in answers.items() if answer[0] == space}
        assert [id for id in answers if found[id] != 1] == [], "lost, or applied twice"
        outcomes = await database.read(lambda connection: list(verify_database(connection)))
        assert [one for one in outcomes if not isinstance(one, Verified)] == []
    finally:
        await database.close()


async def test_cmd1_cmd2_ord1_killed_under_load_nothing_acknowledged_is_lost_or_done_twice(database_url: str) -> None:
    place = await prepare(database_url)
    work = Work(sorted(Random(7).sample(range(COMMANDS // 10, COMMANDS * 9 // 10), KILLS)))
    with Serving(database_url, KORRIDOR_LOG_LEVEL="error") as serving:
        clients = [Client(serving, place, number) for number in range(CLIENTS)]
        async with asyncio.TaskGroup() as group:
            group.create_task(killing(serving, work))
            for client in clients:
                group.create_task(client.write(COMMANDS // CLIENTS, work))
        serving.stop()
    assert work.kills == KILLS
    assert any(client.again for client in clients), "no kill hit a command on its way"
    await check(database_url, place, clients)
