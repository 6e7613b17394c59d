"""Deciding: what `expects`, `only_if` and revisions do, and how what comes in is read."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from server.core.commands import invalid, read_command
from server.core.ids import derived_id, new_id
from server.core.space import Space
from shared_schema.base import MODERATORS, SPACE, Viewer
from shared_schema.board import CreateTask, DescribeTask, EditTask, Task
from shared_schema.frames import Accepted, Refused
from shared_schema.journal import Drop, Patch, Put
from shared_schema.refusals import ChangedSince, Invalid, NotFound, Refusal, TextChanged
from tests.support.areas import SmallArea

ID = new_id()


async def test_mrg1_changes_of_different_fields_merge(small: SmallArea) -> None:
    task = await small.new_task("Alt")
    await small.send(EditTask(task=task, title="Neu"), expects={"title": "Alt"})
    await small.send(EditTask(task=task, due=None), expects={"due": None})
    entries = await small.kernel.entries_before(small.network, None, task, 2)
    assert [committed.entry.unseen for committed in entries] == [(), ()]


async def test_mrg2_the_later_of_two_wins_and_says_what_its_author_had_not_seen(small: SmallArea) -> None:
    task = await small.new_task("Alt")
    await small.send(EditTask(task=task, title="Von Jana"), expects={"title": "Alt"})
    await small.send(EditTask(task=task, title="Von Josef"), expects={"title": "Alt"}, by=small.member)
    entry = (await small.kernel.entries_before(small.network, None, task, 1))[0].entry
    assert entry.unseen == ("title",)
    (change,) = entry.changes
    assert isinstance(change, Patch)
    assert (change.was, change.fields) == ({"title": "Von Jana"}, {"title": "Von Josef"})


async def test_mrg3_a_long_text_is_not_overwritten_unseen(small: SmallArea) -> None:
    task = await small.new_task()
    assert isinstance(await small.send(DescribeTask(task=task, text="Erste Fassung")), Accepted)
    blind = await small.send(DescribeTask(task=task, text="Blind"), by=small.member)
    assert isinstance(blind, Refused)
    assert blind.reason == TextChanged(text="Erste Fassung", revision=1, by=small.coordinator)
    seen = await small.send(DescribeTask(task=task, text="Zweite"), by=small.member, expects={"revision": 1})
    assert isinstance(seen, Accepted)


async def test_mrg4_only_if_is_strict(small: SmallArea) -> None:
    task = await small.new_task("Alt")
    await small.send(EditTask(task=task, title="Inzwischen"))
    answer = await small.send(EditTask(task=task, title="Zurück"), only_if={"title": "Alt"})
    assert isinstance(answer, Refused)
    assert answer.reason == ChangedSince(now={"title": "Inzwischen"})


async def test_an_author_cannot_name_an_entity_of_another_space(small: SmallArea) -> None:
    column = derived_id("another space", "column")
    create = CreateTask(id=new_id(), column=column, title="x")
    assert await small.refuse(create) == NotFound(kind="column", id=column)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"verb": "task.edit", "task": ID, "colour": "red"}, Invalid(field="colour", problem="unknown_field")),
        ({"verb": "task.nope"}, Invalid(field="verb", problem="unknown_verb")),
        ({"verb": "task.edit"}, Invalid(field="task", problem="missing")),
        ({"verb": "task.edit", "task": 5}, Invalid(field="task", problem="type")),
        ({"verb": "task.edit", "task": "5"}, Invalid(field="task", problem="shape")),
        ({"verb": "task.edit", "task": ID, "title": "x" * 10_000}, Invalid(field="title", problem="too_long")),
        ({"verb": "task.edit", "task": ID, "title": ""}, Invalid(field="title", problem="too_short")),
        ({"verb": "task.edit", "task": ID, "title": "a\x00b"}, Invalid(field="title", problem="shape")),
        ({"verb": "task.edit", "task": ID, "title": "a\nb"}, Invalid(field="title", problem="shape")),
        ({"verb": "task.edit", "task": ID, "title": "  "}, Invalid(field="title", problem="shape")),
        ({"verb": "task.edit", "task": ID, "title": "a\u202eb"}, Invalid(field="title", problem="shape")),
        ({"verb": "task.edit", "task": ID, "due": "gestern"}, Invalid(field="due", problem="type")),
        ([], Invalid(field="", problem="type")),
    ],
)
def test_frm1_what_comes_in_is_strict_and_the_refusal_says_where(command: object, reason: Invalid) -> None:
    with pytest.raises(Refusal) as refused:
        read_command(msgspec.json.encode(command))
    assert refused.value.reason == reason


def test_a_message_that_nobody_foresaw_is_still_coded() -> None:
    assert invalid("something new") == Invalid(field="", problem="type")


# --- spaces and overlays ---------------------------------------------------------------------------------------------


def a_task(title: str = "x", to: int = SPACE, column: str = "c") -> Task:
    at = datetime(2026, 11, 16, tzinfo=UTC)
    return Task(id=ID, to=to, column=column, place="a", title=title, created_at=at, created_by=ID)


def test_an_overlay_keeps_its_changes_to_itself_until_it_is_adopted() -> None:
    space = Space("s", "network", "a")
    space.apply([Put(entity=a_task())])
    overlay = space.overlay()
    overlay.apply([overlay.patch(overlay.get(Task, ID), column="d")])
    assert [task.column for task in space.where(Task, column="c")] == ["c"]
    assert overlay.where(Task, column="c") == []
    assert [task.id for task in overlay.where(Task, column="d")] == [ID]
    space.adopt(overlay)
    assert [task.id for task in space.where(Task, column="d")] == [ID]
    assert space.where(Task, column="c") == []


def test_what_is_dropped_on_an_overlay_is_gone_there_only() -> None:
    space = Space("s", "network", "a")
    space.apply([Put(entity=a_task())])
    overlay = space.overlay()
    overlay.apply([Drop(kind="task", id=ID, to=SPACE)])
    assert overlay.find(Task, ID) is None
    assert list(overlay.all(Task)) == []
    assert space.find(Task, ID) is not None


def test_see5_what_may_not_be_seen_is_not_found() -> None:
    space = Space("s", "network", "a")
    space.apply([Put(entity=a_task(to=MODERATORS))])
    with pytest.raises(Refusal) as refused:
        space.seen_by(Viewer.GUEST, None).get(Task, ID)
    assert refused.value.reason == NotFound(kind="task", id=ID)
    assert space.seen_by(Viewer.MODERATOR, None).get(Task, ID).id == ID


def test_who_may_see_is_never_patched() -> None:
    space = Space("s", "network", "a")
    with pytest.raises(TypeError):
        space.patch(a_task(), to=MODERATORS)


def test_a_put_says_who_could_see_it_before() -> None:
    space = Space("s", "network", "a")
    space.apply([Put(entity=a_task())])
    assert space.show(a_task(), MODERATORS).formerly == SPACE
    assert space.put(a_task("y")).formerly is msgspec.UNSET
