"""The calendar's duty: tasks that are long done are put away, once, and nothing else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from server.board import duties
from server.board.templates import first_column_id
from server.core.ids import new_id
from server.core.moments import SetClock
from shared_schema.base import Id
from shared_schema.board import AddComment, ArchiveTask, BinTask, Comment, CreateTask, FinishTask, ReopenTask, Task
from tests.support.areas import SmallArea, found_small_area, running_kernel

DONE = datetime(2026, 10, 16, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(DONE)


@pytest.fixture
async def small(sqlite_url: str, clock: SetClock) -> AsyncIterator[SmallArea]:
    async with running_kernel(sqlite_url, clock=clock) as kernel:
        yield await found_small_area(kernel)


async def finished(small: SmallArea) -> Id:
    task = new_id()
    await small.accept(CreateTask(id=task, column=first_column_id(small.network, "open"), title="Erledigt"))
    await small.accept(FinishTask(task=task))
    return task


async def put_away(small: SmallArea, task: Id) -> bool:
    space = await small.kernel.space(small.network)
    assert space is not None
    return space.get(Task, task).put_away_at is not None


async def test_a_task_is_put_away_thirty_days_after_it_was_done(small: SmallArea, clock: SetClock) -> None:
    task = await finished(small)
    await small.accept(AddComment(id=(comment := new_id()), task=task, text="Wort"))
    clock.set(DONE + duties.PUT_AWAY_AFTER - timedelta(seconds=1))
    assert await duties.fulfil(small.kernel) == 0
    clock.set(DONE + duties.PUT_AWAY_AFTER)
    assert await duties.fulfil(small.kernel) == 1
    assert await put_away(small, task)
    space = await small.kernel.space(small.network)
    assert space is not None
    assert space.get(Comment, comment).put_away_at == clock.moment
    assert await duties.fulfil(small.kernel) == 0


async def test_what_is_open_again_or_in_the_bin_is_left_alone(small: SmallArea, clock: SetClock) -> None:
    reopened, binned, archived = await finished(small), await finished(small), await finished(small)
    await small.accept(ReopenTask(task=reopened))
    await small.accept(BinTask(task=binned))
    await small.accept(ArchiveTask(task=archived))
    clock.set(DONE + timedelta(days=60))
    await duties.fulfil(small.kernel)
    assert [await put_away(small, task) for task in (reopened, binned, archived)] == [False, False, True]


async def test_two_processes_that_do_their_duty_at_once_do_it_once(small: SmallArea, clock: SetClock) -> None:
    await finished(small)
    clock.set(DONE + timedelta(days=60))
    (due,) = await small.kernel.database.read(duties.due, clock.moment)
    first, second = [await small.kernel.submit(duties.request(*due)) for _ in range(2)]
    assert first == second


async def test_a_task_that_was_done_again_is_put_away_again(small: SmallArea, clock: SetClock) -> None:
    task = await finished(small)
    clock.set(DONE + timedelta(days=40))
    await duties.fulfil(small.kernel)
    await small.accept(ReopenTask(task=task))
    assert not await put_away(small, task)
    await small.accept(FinishTask(task=task))
    clock.set(DONE + timedelta(days=80))
    assert await duties.fulfil(small.kernel) == 1
    assert await put_away(small, task)


async def test_postgresql_does_the_same_duty(postgres_url: str, clock: SetClock) -> None:
    async with running_kernel(postgres_url, clock=clock) as kernel:
        await test_a_task_is_put_away_thirty_days_after_it_was_done(await found_small_area(kernel), clock)
