"""P20: a backup that was taken while people work is usable, and holds all that was acknowledged before it began."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from msgspec import Struct, field
from sqlalchemy import Connection, select

from server.core.ids import new_id
from server.core.long import read_long
from server.core.tables import journal
from server.people.sessions import Sessions
from shared_schema.base import Id
from tests.support.areas import found_small_area, running_kernel
from tests.support.commands import Serving, korridor

WRITERS = 6
BEFORE = 60
"""Commands that are acknowledged before the backup begins."""


class Load(Struct):
    """People who create tasks on one board, one after the other, and what was acknowledged to them."""

    space: Id
    column: Id
    cookie: str
    accepted: list[Id] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, browser: httpx.AsyncClient) -> None:
        path = f"/api/spaces/{self.space}/commands"
        while True:
            id, task = new_id(), new_id()
            command = {"verb": "task.create", "id": task, "column": self.column, "title": "Unter Last"}
            while (answer := await browser.post(path, json={"id": id, "command": command})).status_code == 503:
                pass
            assert answer.status_code == 200, answer.text
            self.accepted.append(id)
            self.more.set()

    async def until(self, accepted: int) -> None:
        """Waits until so many commands are acknowledged."""
        async with asyncio.timeout(60):
            while len(self.accepted) < accepted:
                self.more.clear()
                await self.more.wait()

    @asynccontextmanager
    async def on(self, serving: Serving) -> AsyncIterator[None]:
        headers = {"Origin": serving.url, "Cookie": self.cookie}
        async with httpx.AsyncClient(base_url=serving.url, headers=headers, timeout=30) as browser:
            writers = [asyncio.create_task(self.write(browser)) for _ in range(WRITERS)]
            try:
                yield
            finally:
                for writer in writers:
                    writer.cancel()
                ended = await asyncio.gather(*writers, return_exceptions=True)
        assert [one for one in ended if not isinstance(one, asyncio.CancelledError)] == []


async def prepare(url: str) -> Load:
    async with running_kernel(url) as kernel:
        small = await found_small_area(kernel)
        sessions = Sessions(kernel.database, lifetime=timedelta(days=1), secure=False, ended=lambda _: None)
        _, token = await sessions.begin(small.coordinator, small.area)
        cookie = sessions.cookie(token)
        return Load(small.network, await small.first_column(), f"{cookie.key}={cookie.value}")


def commands(connection: Connection) -> set[Id]:
    return set(connection.execute(select(journal.c.command)).scalars())


@pytest.mark.parametrize("source", ["sqlite", "postgres"])
async def test_jnl4_what_was_acknowledged_before_a_backup_under_load_is_restored_on_the_other_kind_of_database(
    source: str, sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    url, other = (sqlite_url, postgres_url) if source == "sqlite" else (postgres_url, sqlite_url)
    load, file = await prepare(url), tmp_path / "korridor.backup"
    with Serving(url, KORRIDOR_LOG_LEVEL="error") as serving:
        async with load.on(serving):
            await load.until(BEFORE)
            before = set(load.accepted)
            saved = await asyncio.to_thread(korridor, "backup", str(file), KORRIDOR_DATABASE_URL=url)
            meanwhile = len(load.accepted)
            await load.until(meanwhile + WRITERS)
    assert (saved.returncode, saved.stderr) == (0, "")
    assert meanwhile > len(before), "nobody wrote during the backup"

    restored = await asyncio.to_thread(korridor, "restore", str(file), KORRIDOR_DATABASE_URL=other)
    assert (restored.returncode, restored.stderr) == (0, "")
    verified = await asyncio.to_thread(korridor, "verify", KORRIDOR_DATABASE_URL=other)
    assert verified.returncode == 0, verified.stdout
    there = await read_long(other, commands)
    assert before <= there
    assert there <= await read_long(url, commands), "one state, and nothing that was not committed"
