"""P7: PostgreSQL is killed under load and comes back, and Korridor goes on without a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import make_url

from server.core.ids import new_id
from tests.faults.figures import record, seconds
from tests.faults.history import Ok, waited
from tests.faults.load import Writer, writers
from tests.faults.places import prepare
from tests.faults.scenes import Scene, form, scene, serving
from tests.support.proxy import Proxy, proxied
from tests.support.servers import FailedToStart, Postgres
from tests.support.waiting import until

KILLS = form(2, 10)
BETWEEN = form(100, 500)
COMMIT = b"COMMIT\x00"
"""What the writer sends; readers end theirs with `COMMIT;`."""
RESUMES_WITHIN = 50.0
"""Seconds from the first connection that PostgreSQL takes to the next acknowledgement: ten times what is promised."""


async def restarted(cluster: Postgres) -> None:
    """Kills the postmaster and starts it anew. Its orphans may hold the shared memory for a moment."""
    await asyncio.to_thread(cluster.kill)
    for _ in range(20):
        try:
            await asyncio.to_thread(cluster.start)
            return
        except FailedToStart:
            await asyncio.sleep(0.25)
    await asyncio.to_thread(cluster.start)


async def test_p7_cmd7_killed_under_load_and_started_again_writes_resume_and_nothing_is_lost(tmp_path: Path) -> None:
    """P7: a crash of PostgreSQL is survived; writes resume within 5 s, without a restart of Korridor."""
    with Postgres(durable=True) as cluster, cluster.database() as url:
        place = await prepare(url)
        async with serving(url, 2) as running, scene(place, running, tmp_path) as here:
            busy, progress = writers(here.clients)
            over, resumed = asyncio.Event(), []
            async with asyncio.TaskGroup() as group:
                for writer in busy:
                    group.create_task(writer.until(over))
                for _ in range(KILLS):
                    await progress.reaches(progress.done + BETWEEN)
                    await restarted(cluster)
                    up, done = here.history.now(), progress.done
                    await until(lambda done=done: progress.done > done, RESUMES_WITHIN)  # type: ignore[misc]
                    resumed.append(waited(here.events, Ok, up))
                over.set()
            await here.holds()
            resumes = {f"resumes_{name}": value for name, value in seconds(resumed).items()}
            record("P7 postmaster killed", kills=KILLS, acknowledged=progress.done, lost=0, twice=0, **resumes)


async def killed_in_commit(here: Scene, writer: Writer, proxy: Proxy, cluster: Postgres) -> None:
    """One command whose COMMIT arrives, and whose answer never does because everything dies."""
    proxy.struck.clear()
    proxy.deaf_after = COMMIT
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.write(1))
        await asyncio.wait_for(proxy.struck.wait(), RESUMES_WITHIN)
        await asyncio.to_thread(cluster.kill)
        proxy.reset()
        await restarted(cluster)


async def test_p7_cmd8_killed_between_commit_and_its_answer_the_command_is_done_once(tmp_path: Path) -> None:
    """P7, also between COMMIT and the acknowledgement: what became of it is looked up before anything is answered."""
    with Postgres(durable=True) as cluster, cluster.database() as url:
        place = await prepare(url, people=1)
        async with proxied("127.0.0.1", cluster.port) as proxy:
            behind = make_url(url).set(port=proxy.port).render_as_string()
            async with serving(behind, 1) as running, scene(place, running, tmp_path, clients=1) as here:
                (writer,), progress = writers(here.clients)
                await writer.write(5)
                for _ in range(KILLS):
                    await killed_in_commit(here, writer, proxy, cluster)
                await writer.write(5)
                await here.holds()
                record("P7 killed between COMMIT and its answer", kills=KILLS, acknowledged=progress.done, twice=0)


async def test_p7_cmd8_what_was_committed_in_doubt_is_shown_to_all_though_nobody_asks_again(
    postgres_url: str, tmp_path: Path
) -> None:
    """The database is gone until the process gives up looking, and whoever sent the command never sends it again."""
    place, real = await prepare(postgres_url, people=2, spaces=1), make_url(postgres_url)
    async with proxied("127.0.0.1", real.port or 5432) as proxy:
        behind = real.set(port=proxy.port).render_as_string()
        async with serving(behind, 1) as running, scene(place, running, tmp_path, clients=2) as here:
            ((space, column),) = place.boards.items()
            task = new_id()
            create = {"verb": "task.create", "id": task, "column": column, "title": "Im Zweifel"}
            proxy.deaf_after = COMMIT
            sent = asyncio.create_task(here.clients[0].do(space, create, writes=(task, "Im Zweifel"), again=False))
            await asyncio.wait_for(proxy.struck.wait(), RESUMES_WITHIN)
            proxy.refuse = True
            proxy.reset()
            await sent
            proxy.heal()
            await here.holds()
