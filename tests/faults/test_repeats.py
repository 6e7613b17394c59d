"""P2 and P3: two processes on one PostgreSQL, one order, and each command once however often it is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.core.ids import new_id
from shared_schema.frames import Accepted
from tests.faults.clients import Client
from tests.faults.figures import record
from tests.faults.load import write_together, writers
from tests.faults.places import prepare
from tests.faults.scenes import Scene, form, scene, serving

REPEATED = form(120, 3_000)
MOST_TIMES = 5
WRITERS = 32
WRITTEN = form(1_000, 20_000)


async def repeat(here: Scene, clients: list[Client], commands: int) -> int:
    """Sends commands of one person, each one to five times at once, by any of their clients. Says how often in all."""
    (space, column), dice, sent = next(iter(here.place.boards.items())), clients[0].dice, 0
    for number in range(commands):
        task, title = new_id(), f"Aufgabe {number}"
        command = {"verb": "task.create", "id": task, "column": column, "title": title}
        chosen = dice.choices(clients, k=dice.randint(1, MOST_TIMES))
        id = new_id()
        answers = await asyncio.gather(*(client.do(space, command, id=id, writes=(task, title)) for client in chosen))
        assert all(isinstance(answer, Accepted) and answer == answers[0] for answer in answers), answers
        sent += len(chosen)
    return sent


async def test_p2_cmd2_a_command_sent_over_two_sockets_to_two_processes_has_one_effect_and_one_answer(
    postgres_url: str, tmp_path: Path
) -> None:
    """P2: a resent command takes effect once, and gets the same answer each time."""
    place = await prepare(postgres_url, people=2)
    async with serving(postgres_url, 2) as running, scene(place, running, tmp_path, clients=8) as here:
        persons = here.clients[0::2], here.clients[1::2]
        sent = await asyncio.gather(*(repeat(here, clients, REPEATED // 2) for clients in persons))
        await here.holds()
        record("P2 two sockets, two processes", commands=REPEATED, sent=sum(sent), twice=0)


async def test_p3_ord1_ord4_two_processes_with_sixteen_writers_each_write_one_space_without_a_gap(
    postgres_url: str, tmp_path: Path
) -> None:
    """P3: per space one gap-free order, the same for every reader."""
    place = await prepare(postgres_url, spaces=1)
    async with serving(postgres_url, 2) as running, scene(place, running, tmp_path, clients=WRITERS) as here:
        busy, progress = writers(here.clients)
        began = asyncio.get_running_loop().time()
        await write_together(busy, WRITTEN)
        took = asyncio.get_running_loop().time() - began
        await here.holds()
        record("P3 two processes, 32 writers, one space", commands=progress.done, seconds=round(took, 1), gaps=0)
