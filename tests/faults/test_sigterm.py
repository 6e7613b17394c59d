"""P6 in its small form: a server that is told to stop under load answers what it took, and loses nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

import httpx
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.core import journal
from server.core.database import open_database
from server.core.ids import new_id
from server.people.sessions import Sessions
from shared_schema.base import Id
from tests.support.areas import found_small_area, running_kernel
from tests.support.commands import Serving
from tests.support.servers import Postgres

SOCKETS, POSTING = 6, 3
BEFORE = 600
"""Answers until the server is told to stop."""
UNDER_WAY = 40
"""Commands of a socket that are sent and not yet answered."""


class Place(Struct):
    """Where they write, and the cookie with which they may."""

    space: Id
    column: Id
    cookie: str


class Work:
    """What was sent and what was answered, and whether there was enough of it."""

    def __init__(self) -> None:
        self.sent: set[Id] = set()
        self.by_socket: set[Id] = set()
        self.accepted: dict[Id, int] = {}
        self.enough = asyncio.Event()

    def answered(self, message: dict[str, Any], space: Id) -> None:
        self.accepted[message["id"]] = message["seqs"][space]
        if len(self.accepted) >= BEFORE:
            self.enough.set()


async def prepare(url: str) -> Place:
    async with running_kernel(url) as kernel:
        small = await found_small_area(kernel)
        sessions = Sessions(kernel.database, lifetime=timedelta(days=1), secure=False, ended=lambda _: None)
        _, token = await sessions.begin(small.coordinator, small.area)
        cookie = sessions.cookie(token)
        return Place(small.network, await small.first_column(), f"{cookie.key}={cookie.value}")


def creating(place: Place) -> tuple[Id, dict[str, Any]]:
    command = {"verb": "task.create", "id": new_id(), "column": place.column, "title": "Kurz vor Schluss"}
    return new_id(), command


@asynccontextmanager
async def connected(serving: Serving, place: Place) -> AsyncIterator[ClientConnection]:
    headers = {"Cookie": place.cookie}
    async with connect(
        f"ws://127.0.0.1:{serving.port}/ws",
        origin=serving.url,  # type: ignore[arg-type]
        additional_headers=headers,
        proxy=None,
    ) as socket:
        await socket.send('{"t":"hello","protocol":1}')
        yield socket


async def by_socket(serving: Serving, place: Place, work: Work) -> int | None:
    """Sends on and on, whether or not the answers come; answers with the code of the close frame."""
    async with connected(serving, place) as socket:
        room = asyncio.Semaphore(UNDER_WAY)

        async def send() -> None:
            while True:
                await room.acquire()
                id, command = creating(place)
                work.sent.add(id)
                work.by_socket.add(id)
                await socket.send(json.dumps({"t": "do", "id": id, "space": place.space, "command": command}))

        sending = asyncio.create_task(send())
        try:
            async for frame in socket:
                said = json.loads(frame)
                for message in said if isinstance(said, list) else [said]:
                    if message["t"] == "accepted":
                        work.answered(message, place.space)
                        room.release()
        except ConnectionClosed:
            pass
        sending.cancel()
        await asyncio.wait([sending])
        return socket.close_code


async def by_post(serving: Serving, place: Place, work: Work) -> list[int]:
    """One after the other until the server is gone; answers with every status that was no success."""
    other: list[int] = []
    headers = {"Origin": serving.url, "Cookie": place.cookie}
    async with httpx.AsyncClient(base_url=serving.url, headers=headers, timeout=20) as browser:
        while True:
            id, command = creating(place)
            work.sent.add(id)
            try:
                body = {"id": id, "command": command}
                answer = await browser.post(f"/api/spaces/{place.space}/commands", json=body)
            except httpx.TransportError:
                return other
            if answer.status_code == 200:
                work.answered(answer.json(), place.space)
            else:
                other.append(answer.status_code)


async def test_cmd1_told_to_stop_under_load_a_server_answers_what_it_took_and_ends_in_order(database_url: str) -> None:
    place, work = await prepare(database_url), Work()
    with Serving(database_url) as serving:
        sockets = [asyncio.create_task(by_socket(serving, place, work)) for _ in range(SOCKETS)]
        posting = [asyncio.create_task(by_post(serving, place, work)) for _ in range(POSTING)]
        await asyncio.wait_for(work.enough.wait(), 60)
        began = monotonic()
        code, _, log = await asyncio.to_thread(serving.stop)
        print(f"stopped in {monotonic() - began:.2f} s after {len(work.accepted)} answers")
        codes = await asyncio.gather(*sockets)
        statuses = {status for other in await asyncio.gather(*posting) for status in other}
    assert code == 0
    assert codes == [1012] * SOCKETS
    assert statuses <= {503}
    events = [json.loads(line) for line in log.splitlines()]
    assert [event["event"] for event in events if event["level"] != "info"] == ["budgets_off"]
    written = await _journal(database_url, place)
    assert work.accepted.items() <= written.items(), "acknowledged, and lost"
    ours = {id: seq for id, seq in written.items() if id in work.sent}
    assert ours.keys() - work.accepted.keys() & work.by_socket == set(), "taken from a socket, and not answered"


async def test_a_server_that_its_database_keeps_waiting_ends_all_the_same() -> None:
    with Postgres() as cluster, cluster.database() as url:
        place = await prepare(url)
        with Serving(url) as serving:
            async with connected(serving, place) as socket:
                await socket.recv()
                with cluster.standing_still():
                    id, command = creating(place)
                    await socket.send(json.dumps({"t": "do", "id": id, "space": place.space, "command": command}))
                    await socket.send('{"t":"ping"}')
                    await socket.recv()
                    code, _, log = await asyncio.to_thread(serving.stop)
                await socket.wait_closed()
        assert socket.close_code == 1012
        assert (code, json.loads(log.splitlines()[-1])["event"]) == (1, "gave_up_waiting")
        assert id not in await _journal(url, place)


async def _journal(url: str, place: Place) -> dict[Id, int]:
    database = open_database(url)
    try:
        entries = [one.entry for one in await database.read(journal.entries_after, place.space, 0, 100_000)]
    finally:
        await database.close()
    numbers = {entry.command: entry.seq for entry in entries}
    assert len(numbers) == len(entries), "applied twice"
    return numbers
