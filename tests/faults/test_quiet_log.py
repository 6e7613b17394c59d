"""The log of a whole process: what happened is there, and nothing of what people wrote, or of who they are."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.core.database import open_database
from server.core.ids import new_id
from tests.faults.test_sigterm import Place, connected, prepare
from tests.support.commands import Serving
from tests.support.servers import Postgres
from tests.support.waiting import until

CANARY = "Kanarienvogel"
BROKEN = f"{CANARY} verboten"
"""A title that the database refuses, and quotes in its complaint."""
FORWARDED = "198.51.100.77"

BODIES = {
    "refused": {"verb": "task.finish", "task": CANARY},
    "unknown verb": {"verb": CANARY},
    "unknown field": {"verb": "task.finish", "task": new_id(), CANARY: CANARY},
    "too long": {"verb": "task.create", "id": new_id(), "column": new_id(), "title": CANARY * 1_000},
    "wrong type": {"verb": "task.edit", "task": new_id(), "title": {CANARY: [CANARY]}},
}
FRAMES = (CANARY, f'{{"t":"{CANARY}"}}', f'{{"t":"do","id":"{CANARY}"', CANARY.encode(), CANARY * 10_000)


async def test_no_line_holds_what_somebody_wrote_or_a_token_whatever_goes_wrong() -> None:
    with Postgres() as cluster, cluster.database() as url:
        place = await prepare(url)
        database = open_database(url)
        await database.write(_forbid)
        await database.close()
        with Serving(url, KORRIDOR_LOG_LEVEL="debug", KORRIDOR_TRUSTED_PROXIES="127.0.0.1") as serving:
            await _by_post(serving, place)
            await _by_socket(serving, place)
            await _without_a_database(serving, place, cluster)
            _, said, log = await asyncio.to_thread(serving.stop)
    token = place.cookie.partition("=")[2]
    for canary in (CANARY, token, FORWARDED, "Jana", "Selmachtal"):
        assert canary not in said + log
    _tells_what_happened([json.loads(line) for line in log.splitlines()])


def _forbid(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE tasks ADD CONSTRAINT forbids CHECK (title NOT LIKE '%verboten%')"))


def _tells_what_happened(lines: list[dict[str, Any]]) -> None:
    events = [line["event"] for line in lines]
    for event in ("started", "socket_opened", "writing_paused", "writing_resumed", "stopping", "stopped"):
        assert event in events
    refused = {line["code"] for line in lines if line["event"] == "socket_refused"}
    closed = {line["code"] for line in lines if line["event"] == "socket_closed"}
    assert refused == {4401, 4403}
    assert closed >= {1000, 1009, 4400}
    failed = next(line for line in lines if line["event"] == "command failed")
    assert failed["verb"] == "task.create"
    assert "CheckViolationError 23514" in failed["trace"]


async def _by_post(serving: Serving, place: Place) -> None:
    headers = {"Origin": serving.url, "Cookie": place.cookie, "X-Forwarded-For": FORWARDED}
    async with httpx.AsyncClient(base_url=serving.url, headers=headers) as browser:
        path = f"/api/spaces/{place.space}/commands"
        assert (await _create(browser, place, CANARY)).status_code == 200
        assert (await _create(browser, place, BROKEN)).status_code == 500
        for command in BODIES.values():
            assert (await browser.post(path, json={"id": new_id(), "command": command})).status_code == 400
        assert (await browser.post(path, content=f'{{"id": "{CANARY}')).status_code == 400
        assert (await browser.post(path, content=CANARY * 10_000)).status_code == 413
        assert (await browser.get(f"/api/{CANARY}?{CANARY}={CANARY}")).status_code == 404
        assert (await browser.get(f"/api/spaces/{CANARY}/snapshot?at={CANARY}")).status_code == 400
        assert (await browser.get("/api/me", headers={"Cookie": f"korridor={CANARY}"})).status_code == 401


async def _create(browser: httpx.AsyncClient, place: Place, title: str) -> httpx.Response:
    command = {"verb": "task.create", "id": new_id(), "column": place.column, "title": title}
    return await browser.post(f"/api/spaces/{place.space}/commands", json={"id": new_id(), "command": command})


async def _by_socket(serving: Serving, place: Place) -> None:
    async with connected(serving, place) as socket:
        await socket.recv()
        for command in BODIES.values():
            do = {"t": "do", "id": new_id(), "space": place.space, "command": command}
            await socket.send(json.dumps(do))
            await socket.recv()
    for frame in FRAMES:
        async with connected(serving, place) as socket:
            await socket.send(frame)
            await socket.wait_closed()
    with suppress(ConnectionClosed):  # a stranger may be shown out before they have said hello
        async with connected(serving, Place(place.space, place.column, f"korridor={CANARY}")) as stranger:
            await stranger.wait_closed()
    with pytest.raises(InvalidStatus):
        await connect(f"ws://127.0.0.1:{serving.port}/ws", origin=f"https://{CANARY}.example", proxy=None)  # type: ignore[arg-type]


async def _without_a_database(serving: Serving, place: Place, cluster: Postgres) -> None:
    headers = {"Origin": serving.url, "Cookie": place.cookie, "X-Forwarded-For": FORWARDED}
    async with httpx.AsyncClient(base_url=serving.url, headers=headers, timeout=20) as browser:
        async with connected(serving, place) as socket:
            await socket.recv()
            cluster.kill()
            command = {"verb": "task.create", "id": new_id(), "column": place.column, "title": CANARY}
            await socket.send(json.dumps({"t": "do", "id": new_id(), "space": place.space, "command": command}))
            while "unavailable" not in str(await socket.recv()):
                pass
        assert (await browser.get("/api/me")).status_code == 503
        cluster.start()

        async def writes_again() -> bool:
            return bool((await browser.get("/health/ready")).json()["writing"] == "ok")

        await until(writes_again, at_most=30)
        assert (await _create(browser, place, CANARY)).status_code == 200
