"""Colleagues of the demo: slow, modest, and never in the way of a real person."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from server.core.commands import Request
from server.core.ids import new_id
from server.core.kernel import Kernel
from server.core.space import Space
from server.demo import colleagues
from server.demo.colleagues import LEFT_ALONE, MOST_ACTS, MOST_COMMENTS, Colleagues
from server.demo.scenario import id_of
from server.people.access import RIGHTS_KINDS, actor
from server.realtime.hub import Hub
from shared_schema.base import Author, Id
from shared_schema.board import Column, EditTask, Task
from shared_schema.frames import Accepted, Where
from shared_schema.journal import Entry
from shared_schema.people import Participant

from .conftest import NOW

RUFBUS = id_of("key_project", "rufbus")


class Watchers:
    """The rufbus is watched; who is here, and who was seen where, stands in lists."""

    def __init__(self, *here: str, watched: Id | None = RUFBUS) -> None:
        self.people = [id_of("person", name) for name in here]
        self.spaces = [] if watched is None else [watched]
        self.seen: dict[Id, Where | None] = {}
        self.tasks: list[Id] = []

    def watched(self) -> list[Id]:
        return self.spaces

    def here(self) -> list[Id]:
        return self.people

    def appear(self, space: Id, person: Id, where: Where | None) -> None:
        self.seen[person] = where
        if where is not None and where.task is not None:
            self.tasks.append(where.task)


class Time:
    """A clock that runs when somebody pauses."""

    def __init__(self) -> None:
        self.now = NOW

    async def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def __call__(self) -> datetime:
        return self.now


def crew(kernel: Kernel, stage: Watchers, time: Time | None = None) -> Colleagues:
    time = time or Time()
    colleagues = Colleagues(kernel, stage, random.Random(7), time.pause, time)
    kernel.listen(colleagues.notice)
    return colleagues


async def rufbus(kernel: Kernel) -> Space:
    space = await kernel.space(RUFBUS)
    assert space is not None
    await kernel.space(space.area_id)
    return space


async def since(kernel: Kernel, seq: int) -> list[Entry]:
    return [one.entry for one in await kernel.entries(RUFBUS, seq, 10_000)]


async def test_they_rest_when_nobody_watches(selmachtal: Kernel) -> None:
    seq = (await rufbus(selmachtal)).seq
    idle = crew(selmachtal, Watchers(watched=None))
    for _ in range(5):
        await idle.act()
    assert (await rufbus(selmachtal)).seq == seq


async def test_they_move_tick_and_comment_and_leave_again(selmachtal: Kernel) -> None:
    space, stage = await rufbus(selmachtal), Watchers()
    seq, busy = space.seq, crew(selmachtal, stage)
    for _ in range(40):
        await busy.act()
    entries = await since(selmachtal, seq)
    assert {"task.move", "checklist_line.tick", "comment.add", "task.block"} <= {entry.verb for entry in entries}
    roles = {part.person: part.role for part in space.all(Participant)}
    assert {roles[entry.by.id] for entry in entries} <= {"moderator", "deputy", "member"}
    assert set(stage.seen.values()) == {None}
    assert stage.tasks[0] == entries[0].about


async def test_they_are_nobody_who_is_really_here(selmachtal: Kernel) -> None:
    space = await rufbus(selmachtal)
    stage = Watchers("jana-wolfsteiner", "josef-dorfner")
    seq, busy = space.seq, crew(selmachtal, stage)
    for _ in range(30):
        await busy.act()
    entries = await since(selmachtal, seq)
    assert len(entries) >= 30
    assert {entry.by.id for entry in entries}.isdisjoint(stage.people)


async def edit(kernel: Kernel, task: Id) -> None:
    """A real person says something else."""
    author = Author(kind="person", id=id_of("person", "jana-wolfsteiner"))
    request = Request(id=new_id(), space=RUFBUS, command=EditTask(task=task, title=f"Neu {new_id()}"), author=author)
    assert isinstance(await kernel.submit(request), Accepted)


async def test_what_somebody_touched_is_left_alone_for_a_while(selmachtal: Kernel) -> None:
    space, time = await rufbus(selmachtal), Time()
    stage = Watchers()
    busy = crew(selmachtal, stage, time)
    for task in list(space.all(Task)):
        await edit(selmachtal, task.id)
    seq = space.seq
    for _ in range(10):
        await busy.act()
    assert space.seq == seq
    time.now += LEFT_ALONE
    await busy.act()
    assert space.seq > seq


async def test_they_let_go_if_somebody_real_is_faster(selmachtal: Kernel) -> None:
    space, stage, time = await rufbus(selmachtal), Watchers(), Time()

    async def somebody_comes(seconds: float) -> None:
        await edit(selmachtal, stage.tasks[-1])

    busy = Colleagues(selmachtal, stage, random.Random(7), somebody_comes, time)
    selmachtal.listen(busy.notice)
    seq = space.seq
    await busy.act()
    assert [entry.verb for entry in await since(selmachtal, seq)] == ["task.edit", "task.edit"]
    assert busy.acts == 0


async def test_they_have_done_enough_one_day_and_the_board_is_not_empty(selmachtal: Kernel) -> None:
    space, time = await rufbus(selmachtal), Time()
    seq, before = space.seq, Counter(task.done_at is None for task in space.all(Task))
    await asyncio.wait_for(colleagues.work(selmachtal, Watchers(), dice=random.Random(3), pause=time.pause), 120)
    entries = await since(selmachtal, seq)
    verbs = Counter(entry.verb for entry in entries)
    assert MOST_ACTS <= len(entries) <= 2 * MOST_ACTS
    assert 0 < verbs["comment.add"] <= MOST_COMMENTS
    assert Counter(task.done_at is None for task in space.all(Task)) == before
    assert {space.get(Column, task.column).title for task in space.all(Task) if task.done_at is None} <= {
        *("Offen", "In Arbeit", "Wartet")
    }


async def test_a_failure_is_logged_and_they_go_on(selmachtal: Kernel, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Watchers):
        def watched(self) -> list[Id]:
            if len(caplog.records) < 3:
                raise RuntimeError("broken")
            raise asyncio.CancelledError

    time = Time()
    with pytest.raises(asyncio.CancelledError):
        await colleagues.work(selmachtal, Broken(), pause=time.pause)
    assert [record.getMessage() for record in caplog.records] == ["a colleague failed"] * 3


async def test_the_live_connection_is_their_stage(selmachtal: Kernel) -> None:
    space = await rufbus(selmachtal)
    async with Hub(selmachtal, resolve=actor, rights_kinds=RIGHTS_KINDS, instance=selmachtal.instance) as hub:
        hub.appear(RUFBUS, id_of("person", "josef-dorfner"), Where())  # nobody watches: nobody sees him
        assert hub.watched() == hub.here() == set()
        waiting = asyncio.create_task(hub.rooms.wait_for(RUFBUS, space.seq, 60))
        await hub.rooms.since(RUFBUS, space.seq)
        await asyncio.sleep(0)
        assert hub.watched() == {RUFBUS}
        busy = Colleagues(selmachtal, hub, random.Random(7), Time().pause)
        await busy.act()
        await waiting
        assert busy.acts == 1
