"""A kernel that is stopped in the middle of things finishes what it took, and leaves the rest to the next start."""

from __future__ import annotations

import logging

import pytest

from server.core.ids import new_id
from shared_schema.people import EditPerson, FoundSpace, Participant
from tests.support.areas import found_small_area, running_kernel


async def test_jnl3_stopping_while_followers_work_breaks_nothing(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with running_kernel(sqlite_url) as kernel:
        small = await found_small_area(kernel)
        for number in range(8):
            found = FoundSpace(id=new_id(), space_kind="committee", name=f"Gremium {number}")
            await small.accept(found, space=small.area)
        await kernel.followed()
        await small.accept(EditPerson(person=small.member, name="Josefine"), space=small.area)
    assert [record.getMessage() for record in caplog.records] == []
    async with running_kernel(sqlite_url) as kernel:
        await kernel.followed()
        network = await kernel.space(small.network)
        assert network is not None
        assert [part.name for part in network.where(Participant, person=small.member)] == ["Josefine"]
