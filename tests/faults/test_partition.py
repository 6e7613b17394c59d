"""P10: a process that is cut off from PostgreSQL acknowledges nothing, says so, and holds up nobody else."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import make_url

from tests.faults.clients import Address
from tests.faults.figures import record
from tests.faults.history import Ok, Unknown, longest_silence, waited
from tests.faults.load import writers
from tests.faults.places import prepare
from tests.faults.scenes import form, scene, serving
from tests.support.proxy import proxied
from tests.support.waiting import until

LASTS = form(3, 60)
"""Seconds for which it is cut off, from the first refusal."""
PATIENT = 120.0
"""Seconds that clients wait for an answer: here it is measured when that comes."""
WITHIN = 50.0
"""Seconds; ten times what is promised."""


async def test_p10_cmd7_cut_off_from_the_database_a_process_refuses_and_the_other_goes_on(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    """P10: a partition between process and database fails closed: `unavailable` within 5 s, no false acknowledgement,
    recovery within 5 s. What the cut-off process had locked, the other may write again within 5 s."""
    place = await prepare(postgres_url, spaces=1)
    real = make_url(postgres_url)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(proxied("127.0.0.1", real.port or 5432))
        behind = real.set(port=proxy.port).render_as_string()
        (cut_off,) = await stack.enter_async_context(serving(behind, 1, KORRIDOR_REDIS_URL=redis_url))
        (other,) = await stack.enter_async_context(serving(postgres_url, 1, KORRIDOR_REDIS_URL=redis_url))
        one, two = (Address(process.port, process.url) for process in (cut_off, other))
        there = await stack.enter_async_context(
            scene(place, [cut_off], tmp_path, clients=4, addresses=[one], silence=PATIENT, name="cut off")
        )
        history = there.history
        free = await stack.enter_async_context(
            scene(place, [other], tmp_path, clients=4, addresses=[two], silence=PATIENT, name="free", history=history)
        )
        theirs, ours = ({client.name for client in group.clients} for group in (there, free))
        busy, progress = writers([*there.clients, *free.clients])
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for writer in busy:
                group.create_task(writer.until(over))
            await progress.reaches(100)
            proxy.black_hole()
            cut = history.now()
            await until(lambda: waited(history.events(), Unknown, cut, theirs) < PATIENT, WITHIN, every=0.5)
            await asyncio.sleep(LASTS)
            healed = history.now()
            told = waited(history.events(), Unknown, cut, theirs)
            silence = longest_silence(history.events(), cut, healed, ours)
            proxy.heal()
            await until(lambda: waited(history.events(), Ok, healed, theirs) < PATIENT, WITHIN, every=0.5)
            over.set()
        resumed = waited(history.events(), Ok, healed, theirs)
        there.processes.append(other)
        there.clients.extend(free.clients)
        await there.holds()
        assert silence < WITHIN
        figures = {"refused_after_s": told, "others_waited_at_most_s": silence, "resumes_after_s": resumed}
        rounded = {name: round(value, 2) for name, value in figures.items()}
        record("P10 cut off from PostgreSQL", cut_s=round(healed - cut), false_acknowledgements=0, **rounded)
