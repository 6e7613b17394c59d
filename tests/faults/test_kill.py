"""P1: an acknowledged command is never lost.

The server is killed under load, again and again; of two on one PostgreSQL, one or the other. Some clients write by
socket, some by HTTP. A client whose connection dies does not know what became of its command, and sends it again under
the same id.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from tests.faults.figures import record
from tests.faults.history import Unknown
from tests.faults.load import Progress, write_together, writers
from tests.faults.places import prepare
from tests.faults.scenes import Scene, form, scene, serving
from tests.support.servers import Postgres

COMMANDS = form(2_000, 10_000)
KILLS = form(3, 20)


async def killing(scene: Scene, progress: Progress) -> None:
    """Kills a process at random points of the work, each time another one."""
    dice = Random(7)
    for number, moment in enumerate(sorted(dice.sample(range(COMMANDS // 10, COMMANDS * 9 // 10), KILLS))):
        await progress.reaches(moment)
        await scene.kill(number % len(scene.processes))


async def killed_under_load(url: str, processes: int, folder: Path, name: str) -> None:
    place = await prepare(url)
    async with serving(url, processes) as running, scene(place, running, folder) as here:
        busy, progress = writers(here.clients)
        async with asyncio.TaskGroup() as group:
            group.create_task(killing(here, progress))
            group.create_task(write_together(busy, COMMANDS))
        await here.holds()
        unknown = sum(isinstance(event, Unknown) for event in here.events)
        assert unknown, "no kill hit a command on its way"
        record(name, acknowledged=progress.done, kills=KILLS, unknown=unknown, lost=0, twice=0)


async def test_p1_cmd1_cmd2_ord1_the_single_process_is_killed_and_nothing_acknowledged_is_lost_or_done_twice(
    sqlite_url: str, tmp_path: Path
) -> None:
    """P1: an acknowledged command is never lost (SQLite)."""
    await killed_under_load(sqlite_url, 1, tmp_path, "P1 SQLite, one process")


async def test_p1_cmd1_cmd2_ord4_one_process_of_two_is_killed_and_nothing_acknowledged_is_lost_or_done_twice(
    tmp_path: Path,
) -> None:
    """P1: an acknowledged command is never lost (PostgreSQL, two processes)."""
    with Postgres(durable=True) as cluster, cluster.database() as url:
        await killed_under_load(url, 2, tmp_path, "P1 PostgreSQL, two processes")
