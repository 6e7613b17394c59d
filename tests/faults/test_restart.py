"""P6: an operator restarts the processes one after the other, and nobody notices more than a short reconnect."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.figures import record, seconds
from tests.faults.history import Ok
from tests.faults.load import writers
from tests.faults.places import prepare
from tests.faults.scenes import form, scene, serving
from tests.support.waiting import until

CLIENTS = 8
PER_SECOND = 200
ROUNDS = form(1, 5)
BETWEEN = form(100, 600)
BACK_WITHIN = 30.0
"""Seconds at the 95th percentile: ten times what is promised."""


async def test_p6_restarted_one_after_the_other_under_load_nobody_sees_an_error(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    """P6: a restart by the operator costs no work: 0 lost, 0 errors that a person sees, clients back p95 <= 3 s."""
    place = await prepare(postgres_url)
    async with (
        serving(postgres_url, 2, KORRIDOR_REDIS_URL=redis_url) as running,
        scene(place, running, tmp_path, clients=CLIENTS) as here,
    ):
        busy, progress = writers(here.clients)
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for writer in busy:
                group.create_task(writer.until(over, every=CLIENTS / PER_SECOND))
            for _ in range(ROUNDS):
                for number in range(len(running)):
                    await progress.reaches(progress.done + BETWEEN)
                    await here.restart(number)
            await until(lambda: all(client.seated.is_set() for client in here.clients), BACK_WITHIN)
            over.set()
        await here.holds()
        away = [seconds for client in here.clients for seconds in client.away]
        assert not [error for client in here.clients for error in client.errors]
        assert len(away) >= CLIENTS // 2
        assert seconds(away)["p95_s"] < BACK_WITHIN
        acknowledged = [event.at for event in here.events if isinstance(event, Ok)]
        rate = round(progress.done / (acknowledged[-1] - acknowledged[0]))
        back = {f"back_{name}": value for name, value in seconds(away).items()}
        record(
            "P6 rolling restart", restarts=2 * ROUNDS, acknowledged=progress.done, per_s=rate, lost=0, errors=0, **back
        )
