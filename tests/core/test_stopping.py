"""A kernel that is stopped in the middle of things finishes what it took, and leaves the rest to the next start."""

from __future__ import annotations

import asyncio
import logging

import pytest

from server.core.commands import Request
from server.core.database import open_database
from server.core.ids import new_id
from server.core.kernel import Kernel
from server.people import access
from shared_schema.base import SYSTEM
from shared_schema.frames import Accepted
from shared_schema.people import EditPerson, FoundSpace, Participant
from tests.support.areas import found_small_area, running_kernel


async def test_jnl3_stopping_while_followers_work_breaks_nothing(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Stopped after another number of turns of the loop each time, so that it is caught in the middle of a command."""
    async with running_kernel(sqlite_url) as kernel:
        small = await found_small_area(kernel)
        for number in range(5):
            found = FoundSpace(id=new_id(), space_kind="committee", name=f"Gremium {number}")
            await small.accept(found, space=small.area)
        await kernel.followed()
    caplog.set_level(logging.WARNING)
    for turns in range(30):
        database = open_database(sqlite_url)
        async with Kernel(database, resolve=access.actor) as kernel:
            command = EditPerson(person=small.member, name=f"Josefine {turns}")
            request = Request(id=new_id(), space=small.area, command=command, author=SYSTEM)
            assert isinstance(await kernel.submit(request), Accepted)
            for _ in range(turns):
                await asyncio.sleep(0)
        await database.close()
    complaints = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert complaints == []
    async with running_kernel(sqlite_url) as kernel:
        await kernel.followed()
        network = await kernel.space(small.network)
        assert network is not None
        assert [part.name for part in network.where(Participant, person=small.member)] == ["Josefine 29"]
