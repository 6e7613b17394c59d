"""P20: a backup that was taken while people work is usable, and holds all that was acknowledged before it began."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.history import Ok
from tests.faults.load import writers
from tests.faults.places import Place, prepare, stored
from tests.faults.scenes import form, scene, serving
from tests.support.commands import korridor

BEFORE = form(60, 3_000)
"""Commands that are acknowledged before the backup begins."""
AFTER = 20
EVERY = 0.05
"""Seconds between two commands of a client: people work, and the machine has room for the backup."""


@pytest.mark.parametrize("source", ["sqlite", "postgres"])
async def test_p20_jnl4_what_was_acknowledged_before_a_backup_under_load_is_restored_on_the_other_kind_of_database(
    source: str, sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    url, other = (sqlite_url, postgres_url) if source == "sqlite" else (postgres_url, sqlite_url)
    place, file, over = await prepare(url), tmp_path / "korridor.backup", asyncio.Event()
    async with serving(url, 1) as running, scene(place, running, tmp_path) as here:
        busy, progress = writers(here.clients)
        async with asyncio.TaskGroup() as group:
            for writer in busy:
                group.create_task(writer.until(over, every=EVERY))
            await progress.reaches(BEFORE)
            before = {event.command for event in here.events if isinstance(event, Ok)}
            done = progress.done
            saved = await asyncio.to_thread(korridor, "backup", str(file), KORRIDOR_DATABASE_URL=url)
            meanwhile = progress.done - done
            await progress.reaches(progress.done + AFTER)
            over.set()
        await here.holds()
    assert (saved.returncode, saved.stderr) == (0, "")
    assert meanwhile > 0, "nobody wrote during the backup"

    restored = await asyncio.to_thread(korridor, "restore", str(file), KORRIDOR_DATABASE_URL=other)
    assert (restored.returncode, restored.stderr) == (0, "")
    there, here_now = [await stored(Place(one, place.boards, [])) for one in (other, url)]
    assert there.altered == []
    kept = {command for journal in there.journals.values() for _, command in journal}
    assert before <= kept
    for space, journal in there.journals.items():
        assert journal == here_now.journals[space][: len(journal)], "one state, and nothing that was not committed"
    assert any(len(journal) < len(here_now.journals[space]) for space, journal in there.journals.items())
