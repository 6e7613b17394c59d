"""The suite itself: each of five deliberately broken builds is found, by the name of what it breaks.

Each scene is played with the product first, where nothing is broken: what is found is the mistake and not the scene.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import asyncpg
import pytest

from server.core.ids import new_id
from shared_schema.base import Id
from tests.faults.broken import POINT
from tests.faults.checker import Kind
from tests.faults.clients import Client
from tests.faults.places import prepare
from tests.faults.scenes import PRODUCT, Scene, scene, serving
from tests.support.commands import Serving
from tests.support.waiting import until

SOON = 60.0
SWEPT = 12.0
"""Seconds after which an entry whose message was lost has been found by the sweep: it comes every two."""


def both(build: str, kind: Kind) -> pytest.MarkDecorator:
    """The scene with the product, where nothing may be found, and with the broken build, where this must be."""
    cases = [pytest.param(PRODUCT, set(), id="product"), pytest.param(("tests.faults.broken", build), {kind}, id=build)]
    return pytest.mark.parametrize(("program", "expected"), cases)


async def create(client: Client, title: str = "Neu", *, again: bool = True, id: Id = "") -> Id:
    """Sends a new task; answers with its id."""
    (space, column), *_ = client.place.boards.items()
    task = derived_from(id) if id else new_id()
    command = {"verb": "task.create", "id": task, "column": column, "title": title}
    await client.do(space, command, id=id, writes=(task, title), again=again)
    return task


async def retitle(client: Client, task: Id, title: str, *, again: bool = True) -> None:
    space = next(iter(client.place.boards))
    await client.do(space, {"verb": "task.edit", "task": task, "title": title}, writes=(task, title), again=again)


def derived_from(id: Id) -> Id:
    """A task's id that is the same whenever the command is."""
    return f"{id[:-4]}0000"


async def found(here: Scene, settles_within: float = SOON) -> set[Kind]:
    return {violation.kind for violation in await here.judged(settles_within)}


@both("acknowledge_before_commit", "lost")
async def test_cmd1_who_acknowledges_before_commit_loses_commands(
    program: tuple[str, str], expected: set[Kind], sqlite_url: str, tmp_path: Path
) -> None:
    place = await prepare(sqlite_url, people=1, spaces=1)
    async with (
        serving(sqlite_url, 1, program=program) as (running,),
        scene(place, [running], tmp_path, clients=1) as here,
    ):
        (client,) = here.clients
        task = await create(client)
        await retitle(client, task, POINT)
        await ended(running)
        with Serving(sqlite_url, port=running.port) as again:
            here.processes[:] = [again]
            await until(client.seated.is_set, SOON)
            assert await found(here, settles_within=2.0) == expected


async def ended(process: Serving) -> None:
    """Waits for a process that dies by itself, or kills it."""
    assert process.process is not None
    try:
        await asyncio.to_thread(process.process.wait, 3.0)
    except Exception:
        await asyncio.to_thread(process.stop, signal.SIGKILL)


@both("skip_idempotency", "another_answer")
async def test_cmd2_who_does_not_look_for_repeats_answers_them_in_another_way(
    program: tuple[str, str], expected: set[Kind], sqlite_url: str, tmp_path: Path
) -> None:
    place = await prepare(sqlite_url, people=1, spaces=1)
    async with serving(sqlite_url, 1, program=program) as running, scene(place, running, tmp_path, clients=1) as here:
        id = new_id()
        for _ in range(2):
            await create(here.clients[0], id=id)
        assert await found(here) == expected


@both("look_up_in_the_statement_that_locks", "another_answer")
async def test_cmd2_who_looks_repeats_up_while_waiting_for_the_lock_does_not_find_them(
    program: tuple[str, str], expected: set[Kind], postgres_url: str, tmp_path: Path
) -> None:
    """Two processes get the same command while a third party holds the space."""
    place = await prepare(postgres_url, people=1, spaces=1)
    async with serving(postgres_url, 2, program=program) as running, scene(place, running, tmp_path, clients=2) as here:
        for client in here.clients:  # both hold the space in memory
            await create(client)
        id, holder, watcher = new_id(), await asyncpg.connect(postgres_url), await asyncpg.connect(postgres_url)

        async def both_wait() -> bool:
            sql = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            return bool(await watcher.fetchval(sql) == len(running))

        async with holder.transaction():
            await holder.execute("SELECT 1 FROM spaces WHERE id = $1 FOR UPDATE", next(iter(place.boards)))
            sent = [asyncio.create_task(create(client, id=id)) for client in here.clients]
            await until(both_wait, SOON)
        await asyncio.gather(*sent)
        for connection in (holder, watcher):
            await connection.close()
        assert await found(here) == expected


@both("lose_a_message_without_a_sweep", "diverged")
async def test_ord4_who_never_looks_by_itself_never_sees_what_a_lost_message_told(
    program: tuple[str, str], expected: set[Kind], postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    place = await prepare(postgres_url, people=2, spaces=1)
    async with (
        serving(postgres_url, 2, program=program, KORRIDOR_REDIS_URL=redis_url) as running,
        scene(place, running, tmp_path, clients=2) as here,
    ):
        writer, reader = here.clients
        task = await create(writer)
        # Both hold it before more is written: what is late brings along what came after it.
        await until(
            lambda: all(("task", task) in one.mirrors[next(iter(place.boards))].held for one in here.clients), SOON
        )
        await retitle(writer, task, POINT)
        assert reader.address != writer.address
        assert await found(here, SWEPT) == expected


@both("adopt_before_commit", "phantom")
async def test_cmd7_who_adopts_before_commit_shows_what_never_was(
    program: tuple[str, str], expected: set[Kind], sqlite_url: str, tmp_path: Path
) -> None:
    place = await prepare(sqlite_url, people=1, spaces=1)
    async with serving(sqlite_url, 1, program=program) as running, scene(place, running, tmp_path, clients=1) as here:
        (client,) = here.clients
        task = await create(client)
        await retitle(client, task, POINT, again=False)
        await client.read(next(iter(place.boards)), task)
        await retitle(client, task, "Danach")
        assert await found(here) == expected
