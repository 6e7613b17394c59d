"""Who sees a task, and sending it to another space."""

from __future__ import annotations

import pytest

from server.board.rules import PARTS, parts_of
from shared_schema.base import AREA, AUDIENCES, MODERATORS, SPACE, SYSTEM, Viewer, Visibility
from shared_schema.board import (
    AddChecklistLine,
    AddComment,
    AddHelper,
    ArchiveTask,
    AssignTask,
    BinTask,
    ChecklistLine,
    Comment,
    DescribeTask,
    Description,
    EditColumn,
    FinishTask,
    GoalTag,
    Helper,
    Ownership,
    PutTaskAway,
    SendTask,
    ShowTask,
    Task,
)
from shared_schema.journal import Drop, Put
from shared_schema.people import AddParticipant
from shared_schema.refusals import ColumnFull, InBin, Invalid, NeedsModerator, NotAllowed, NotFound
from tests.support.worlds import COACH_UNTIL, World, id_of

TASK = id_of("task")


def furnished(world: World) -> None:
    """A task with a part of every kind."""
    world.task(owner=id_of("mira"), goals=(id_of("goal-1"),))
    world.do(AddHelper(task=TASK, person=id_of("dora")))
    world.do(AddChecklistLine(id=id_of("line"), task=TASK, text="Zeile", owner=id_of("dora")))
    world.do(DescribeTask(task=TASK, text="Text"), expects={"revision": 0})
    world.do(AddComment(id=id_of("comment"), task=TASK, text="Wort"), "max")
    assert {type(part) for part in parts_of(world["network"], TASK)} == set(PARTS)


def show(visibility: Visibility) -> ShowTask:
    return ShowTask(task=TASK, visibility=visibility)


@pytest.mark.parametrize("visibility", Visibility)
def test_all_that_hangs_on_a_task_goes_with_it(world: World, visibility: Visibility) -> None:
    furnished(world)
    entry = world.do(show(visibility))
    things = [world.get(Task, "task"), *parts_of(world["network"], TASK)]
    assert {thing.to for thing in things} == {AUDIENCES[visibility]}
    if visibility != Visibility.SPACE:
        assert all(isinstance(change, Put) and change.formerly == SPACE for change in entry.changes)
        assert len(entry.changes) == len(things)


def test_what_is_added_later_is_seen_by_those_who_see_the_task(world: World) -> None:
    world.task(visibility=Visibility.MODERATORS)
    world.do(AddComment(id=id_of("comment"), task=TASK, text="Wort"))
    world.do(AddChecklistLine(id=id_of("line"), task=TASK, text="Zeile"))
    world.do(DescribeTask(task=TASK, text="Text"), expects={"revision": 0})
    world.do(AssignTask(task=TASK, person=id_of("dora")))
    assert {part.to for part in parts_of(world["network"], TASK)} == {MODERATORS}


def test_showing_what_is_shown_changes_nothing(world: World) -> None:
    world.task()
    assert world.do(show(Visibility.SPACE)).changes == ()


@pytest.mark.parametrize(
    "involve",
    [
        AssignTask(task=TASK, person=id_of("max")),
        AddHelper(task=TASK, person=id_of("gus")),
        AddChecklistLine(id=id_of("line"), task=TASK, text="Zeile", owner=id_of("max")),
    ],
    ids=["owner", "helper", "line"],
)
def test_a_task_is_hidden_only_if_moderators_do_it(world: World, involve: AssignTask) -> None:
    world.task()
    world.do(involve)
    assert isinstance(world.refused(show(Visibility.MODERATORS)), NeedsModerator)


def test_a_hidden_task_is_not_found_by_those_who_may_not_see_it(world: World) -> None:
    furnished(world)
    world.do(show(Visibility.MODERATORS))
    for name in ("max", "gus", "carla"):
        assert world.refused(AddComment(id=id_of("new"), task=TASK, text="?"), name) == NotFound(kind="task", id=TASK)
    assert not world.seen("gus", world.get(Task, "task"))


def test_hiding_a_task_with_many_comments_takes_one_entry(world: World) -> None:
    world.task()
    for number in range(600):
        world.do(AddComment(id=id_of(f"comment {number}"), task=TASK, text="Wort"))
    assert len(world.do(show(Visibility.MODERATORS)).changes) == 601


# --- sending ---------------------------------------------------------------------------------------------------------


def send(space: str = "project", column: str | None = None, after: str | None = None) -> SendTask:
    return SendTask(task=TASK, space=id_of(space), column=column, after=after)


def test_a_task_moves_with_all_that_hangs_on_it_and_keeps_its_id(world: World) -> None:
    furnished(world)
    before = {(type(part), part.id) for part in parts_of(world["network"], TASK)}
    entry = world.do(send(), "max")
    assert world.find(Task, "task") is None
    assert list(parts_of(world["network"], TASK)) == []
    assert all(isinstance(change, Drop) for change in entry.changes)
    assert {(type(part), part.id) for part in parts_of(world["project"], TASK)} == before
    moved = world.get(Task, "task", of="project")
    assert (moved.created_by, moved.column, moved.comments) == (id_of("mira"), world.column(0, of="project"), 1)
    there = world.journals[id_of("project")][-1]
    assert (there.verb, there.other, entry.other) == ("task.send", id_of("network"), id_of("project"))


def test_a_sent_task_stands_where_it_is_meant_to(world: World) -> None:
    for name in ("first", "second"):
        world.task(name, of="project")
    world.task()
    world.do(send(column=world.column(0, of="project"), after=id_of("first")))
    assert world.order(0, of="project") == ["first", "task", "second"]


def test_a_sent_task_goes_to_the_column_of_the_same_name(world: World) -> None:
    world.task(column=world.column(2))
    world.do(send())
    assert world.order(2, of="project") == ["task"]


def test_without_one_it_goes_to_the_first_open_or_done_column(world: World) -> None:
    for number in (0, 3):
        world.do(EditColumn(column=world.column(number), title=f"Eigene {number}"))
    world.task()
    world.do(send())
    world.task("done", column=world.column(3))
    world.do(SendTask(task=id_of("done"), space=id_of("project")))
    assert (world.order(0, of="project"), world.order(3, of="project")) == (["task"], ["done"])


def test_a_sent_task_is_done_where_it_arrives_in_a_done_column_and_open_elsewhere(world: World) -> None:
    world.task()
    world.do(send(column=world.column(3, of="project")), "max")
    assert world.get(Task, "task", of="project").done_by == id_of("max")
    world.do(SendTask(task=TASK, space=id_of("network"), column=world.column(1)), to="project")
    assert world.get(Task, "task").done_at is None


def test_archive_and_put_away_end_when_a_task_is_sent(world: World) -> None:
    world.task(column=world.column(3))
    world.do(AddComment(id=id_of("comment"), task=TASK, text="Wort"))
    world.do(ArchiveTask(task=TASK))
    world.do(PutTaskAway(task=TASK), SYSTEM)
    world.do(send())
    moved = world.get(Task, "task", of="project")
    assert (moved.archived_at, moved.put_away_at, moved.done_at) == (None, None, world.now)
    assert world.get(Comment, "comment", of="project").put_away_at is None


def test_who_takes_no_part_there_stays_behind(world: World) -> None:
    world.task(owner=id_of("gus"), goals=(id_of("goal-1"),))
    world.do(AddHelper(task=TASK, person=id_of("max")))
    world.do(AddChecklistLine(id=id_of("line"), task=TASK, text="Zeile", owner=id_of("gus")))
    world.do(send())
    assert world.find(Ownership, "task", of="project") is None
    assert [helper.person for helper in world.parts(Helper, "task", of="project")] == [id_of("max")]
    assert world.get(ChecklistLine, "line", of="project").owner is None
    assert len(world.parts(GoalTag, "task", of="project")) == 1


def test_readers_and_coaches_there_do_not_own_there(world: World) -> None:
    world.do(AddParticipant(person=id_of("max"), role="coach", until=COACH_UNTIL), to="other")
    world.task(owner=id_of("max"))
    world.do(send("other"))
    assert world.find(Ownership, "task", of="other") is None


def test_the_owner_acts_for_the_organisation_they_stand_for_there(world: World) -> None:
    world.do(AddParticipant(person=id_of("max"), role="member", organisation=id_of("town")), to="other")
    world.task(owner=id_of("max"))
    world.do(send("other"))
    assert world.get(Ownership, "task", of="other").organisation == id_of("town")


def test_sending_needs_rights_in_both_spaces(world: World) -> None:
    world.task()
    assert isinstance(world.refused(send("other"), "max"), NotAllowed)
    assert isinstance(world.refused(send(), "gus"), NotAllowed)
    world.do(AddParticipant(person=id_of("max"), role="guest"), to="other")
    world.do(send("other"), "max")


def test_who_sees_nothing_of_the_other_space_is_told_nothing(world: World) -> None:
    world.do(AddParticipant(person=id_of("adam"), role="member"))
    world.task()
    assert world.refused(send("other"), "adam") == NotFound(kind="space", id=id_of("other"))


def test_a_task_is_not_sent_to_nowhere_or_to_where_it_is(world: World) -> None:
    world.task()
    assert world.refused(send("network")) == Invalid(field="space", problem="shape")
    assert isinstance(world.refused(send("nowhere")), NotFound)
    assert isinstance(world.refused(send("area"), "jana"), NotFound)
    assert isinstance(world.refused(send(column=world.column(0))), NotFound)
    world.do(BinTask(task=TASK))
    assert isinstance(world.refused(send()), InBin)


def test_a_full_column_there_takes_no_open_task(world: World) -> None:
    column = world.column(0, of="project")
    world.do(EditColumn(column=column, limit=1), to="project")
    world.task("in", of="project")
    world.task()
    assert world.refused(send()) == ColumnFull(column=column, limit=1)
    world.do(FinishTask(task=TASK))
    world.do(send())


def test_visibility_and_text_travel_unchanged(world: World) -> None:
    furnished(world)
    world.do(show(Visibility.AREA))
    world.do(send())
    things = [world.get(Task, "task", of="project"), *parts_of(world["project"], TASK)]
    assert {thing.to for thing in things} == {AREA}
    assert world.get(Description, "task", of="project").revision == 1
    assert world.viewer("otto", of="project") == Viewer.READER
