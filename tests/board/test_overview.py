"""The first page: which spaces one may open, and what waits for whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from server.board import views
from server.board.templates import first_column_id
from server.core.ids import new_id
from server.core.moments import SetClock
from server.people import views as people_views
from shared_schema.base import Id, Viewer, Visibility
from shared_schema.board import (
    ArchiveTask,
    BinTask,
    BlockTask,
    CreateTask,
    FinishTask,
    MoveTask,
    RemoveColumn,
    SendTask,
    ShowTask,
)
from shared_schema.frames import Overview, SpaceLine
from shared_schema.people import AddParticipant, FoundSpace, JoinOrganisation, JoinPerson
from tests.support.areas import SmallArea, found_small_area, running_kernel

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)


@pytest.fixture
async def small(sqlite_url: str) -> AsyncIterator[SmallArea]:
    async with running_kernel(sqlite_url, clock=SetClock(NOW)) as kernel:
        yield await found_small_area(kernel)


async def seen_by(small: SmallArea, person: Id) -> Overview:
    area = await small.kernel.space(small.area)
    assert area is not None
    return await views.overview(small.kernel.database, area, person, NOW)


async def line(small: SmallArea, person: Id, space: Id) -> SpaceLine:
    return next(line for line in (await seen_by(small, person)).spaces if line.id == space)


async def a_task(small: SmallArea, title: str, *, due: date | None = None, owner: Id | None = None) -> Id:
    id = new_id()
    column = first_column_id(small.network, "open")
    await small.accept(CreateTask(id=id, column=column, title=title, due=due, owner=owner or small.member))
    return id


async def joined(small: SmallArea, role: str, part: str | None = None) -> Id:
    id = new_id()
    await small.accept(JoinPerson(id=id, name=role, role=role), space=small.area)  # type: ignore[arg-type]
    if part is not None:
        await small.accept(AddParticipant(person=id, role=part))  # type: ignore[arg-type]
    return id


async def an_organisation(small: SmallArea) -> Id:
    join = JoinOrganisation(id=new_id(), name="Verein", sector="civil")
    await small.accept(join, space=small.area)
    return join.id


async def test_what_waits_is_what_one_owns_and_is_open_soonest_first(small: SmallArea) -> None:
    await a_task(small, "ohne Frist")
    late = await a_task(small, "spät", due=date(2026, 11, 15))
    await a_task(small, "heute", due=date(2026, 11, 16))
    await a_task(small, "von jemand anderem", owner=small.coordinator)
    for command in (FinishTask, ArchiveTask, BinTask):
        await small.accept(command(task=await a_task(small, "nicht mehr offen")))
    await small.accept(BlockTask(task=late, reason="auf Antwort"))
    waiting = (await seen_by(small, small.member)).waiting
    assert [(one.title, one.due) for one in waiting] == [
        *(("spät", "2026-11-15"), ("heute", "2026-11-16"), ("ohne Frist", None))
    ]
    assert (waiting[0].column, waiting[0].blocked_because) == ("Offen", "auf Antwort")


async def test_spaces_count_what_is_open_and_mine_and_overdue(small: SmallArea) -> None:
    before = await line(small, small.member, small.network)
    await a_task(small, "spät", due=date(2026, 11, 15))
    await a_task(small, "heute", due=date(2026, 11, 16))
    await a_task(small, "von jemand anderem", owner=small.coordinator)
    after = await line(small, small.member, small.network)
    assert (after.open_tasks - before.open_tasks, after.my_tasks, after.my_overdue) == (3, 2, 1)
    assert (after.viewer, after.role, after.space_kind) == (Viewer.MEMBER, "member", "network")


async def test_nobody_counts_or_waits_for_what_they_may_not_see(small: SmallArea) -> None:
    reader = await joined(small, "reader")
    before = await line(small, small.member, small.network)
    assert (await line(small, reader, small.network)).open_tasks == 0
    hidden = await a_task(small, "verborgen", owner=small.coordinator)
    await small.accept(ShowTask(task=hidden, visibility=Visibility.MODERATORS))
    assert (await line(small, small.member, small.network)).open_tasks == before.open_tasks
    assert (await line(small, small.coordinator, small.network)).open_tasks == before.open_tasks + 1


async def test_a_reader_counts_what_the_area_may_see(small: SmallArea) -> None:
    reader = await joined(small, "reader")
    task = await a_task(small, "für alle")
    await small.accept(ShowTask(task=task, visibility=Visibility.AREA))
    assert (await line(small, reader, small.network)).open_tasks == 1


@pytest.mark.parametrize(
    ("role", "part", "spaces"),
    [
        ("member", None, {"area": Viewer.MEMBER, "network": Viewer.READER}),
        ("guest", None, {"area": Viewer.GUEST}),
        ("guest", "guest", {"area": Viewer.GUEST, "network": Viewer.GUEST}),
        ("administrator", None, {}),
        ("administrator", "deputy", {"network": Viewer.MODERATOR}),
        ("coordination", "reader", {"area": Viewer.MODERATOR, "network": Viewer.MODERATOR}),
    ],
)
async def test_only_spaces_that_are_open_to_somebody_are_listed(
    small: SmallArea, role: str, part: str | None, spaces: dict[str, Viewer]
) -> None:
    person = await joined(small, role, part)
    names = {small.area: "area", small.network: "network"}
    listed = {names[line.id]: line.viewer for line in (await seen_by(small, person)).spaces}
    assert listed == spaces


async def test_strangers_and_those_whose_access_has_ended_see_nothing(small: SmallArea) -> None:
    gone = JoinPerson(id=new_id(), name="Eva", role="member", access_until=date(2026, 11, 15))
    await small.accept(gone, space=small.area)
    for person in (gone.id, new_id()):
        assert await seen_by(small, person) == Overview(spaces=(), waiting=())


async def test_a_task_that_went_to_another_space_waits_there(small: SmallArea) -> None:
    project = FoundSpace(id=new_id(), space_kind="key_project", name="Rufbus", parent=small.network)
    await small.accept(project, space=small.area)
    await small.kernel.followed()
    task = await a_task(small, "unterwegs")
    await small.accept(SendTask(task=task, space=project.id))
    await small.accept(MoveTask(task=task, column=first_column_id(project.id, "waiting")), space=project.id)
    (waiting,) = (await seen_by(small, small.member)).waiting
    assert (waiting.space, waiting.task, waiting.column) == (project.id, task, "Wartet")
    assert (await line(small, small.member, project.id)).parent == small.network


async def test_binned_tasks_of_a_removed_column_wait_for_nobody(small: SmallArea) -> None:
    await a_task(small, "weg")
    await small.accept(RemoveColumn(column=first_column_id(small.network, "open")))
    assert (await seen_by(small, small.member)).waiting == ()


async def test_roles_are_the_strongest_by_space(small: SmallArea) -> None:
    await small.accept(AddParticipant(person=small.member, role="reader", organisation=await an_organisation(small)))
    held = await small.kernel.database.read(people_views.roles, small.member)
    assert held == {small.member: {small.network: "member"}}
    assert await small.kernel.database.read(people_views.areas) == [small.area]


async def test_postgresql_gives_the_same_page(postgres_url: str) -> None:
    async with running_kernel(postgres_url, clock=SetClock(NOW)) as kernel:
        small = await found_small_area(kernel)
        await test_what_waits_is_what_one_owns_and_is_open_soonest_first(small)
        await test_nobody_counts_or_waits_for_what_they_may_not_see(small)
        await test_roles_are_the_strongest_by_space(small)
