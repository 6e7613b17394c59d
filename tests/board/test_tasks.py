"""Creating, editing, describing, moving and copying tasks."""

from __future__ import annotations

from datetime import date

import pytest

from shared_schema.base import AREA, SPACE, SYSTEM, Visibility
from shared_schema.board import (
    AddChecklistLine,
    AddComment,
    AssignTask,
    BinTask,
    ChecklistLine,
    Column,
    CreateTask,
    DescribeTask,
    Description,
    DuplicateTask,
    EditColumn,
    EditTask,
    FinishTask,
    GoalTag,
    MoveTask,
    Ownership,
    PutTaskAway,
    Task,
    TickChecklistLine,
)
from shared_schema.journal import AnyCommand, Patch, Put
from shared_schema.refusals import (
    AlreadyExists,
    ChangedSince,
    ColumnFull,
    InBin,
    NotFound,
    TextChanged,
)
from tests.support.worlds import World, id_of

TASK = id_of("task")


# --- creating --------------------------------------------------------------------------------------------------------


def test_a_task_is_created_with_owner_goals_and_visibility(world: World) -> None:
    create = CreateTask(
        id=TASK,
        column=world.column(1),
        title="Haltestellen prüfen",
        due=date(2026, 12, 1),
        owner=id_of("max"),
        goals=(id_of("goal-1"), id_of("goal-2"), id_of("goal-1")),
        visibility=Visibility.AREA,
    )
    world.do(create, "dora")
    task = world.get(Task, "task")
    assert (task.created_by, task.created_at, task.due, task.done_at) == (id_of("dora"), world.now, create.due, None)
    ownership = world.get(Ownership, "task")
    assert (ownership.person, ownership.organisation, ownership.since) == (id_of("max"), id_of("firm"), world.now)
    assert sorted(tag.goal for tag in world.parts(GoalTag, "task")) == sorted((id_of("goal-1"), id_of("goal-2")))
    assert {e.to for e in (task, ownership, *world.parts(GoalTag, "task"))} == {AREA}


def test_new_tasks_stand_at_the_end_or_on_top_or_after_another(world: World) -> None:
    world.task("a")
    world.task("b")
    world.task("top", first=True)
    world.task("after a", after=id_of("a"))
    world.task("after nobody", after=id_of("nobody"))
    assert world.order(0) == ["top", "a", "after a", "b", "after nobody"]


def test_a_task_created_in_a_done_column_is_done(world: World) -> None:
    assert (world.task(column=world.column(3)).done_at, world.task("open").done_at) == (world.now, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("column", "nowhere"), ("owner", "nobody"), ("goals", ("nowhere",))],
)
def test_ids_of_elsewhere_are_refused(world: World, field: str, value: str | tuple[str, ...]) -> None:
    given = id_of(value) if isinstance(value, str) else tuple(map(id_of, value))
    fields = {"id": TASK, "column": world.column(0), "title": "Neu", field: given}
    world.refused(CreateTask(**fields))  # type: ignore[arg-type]
    assert world.find(Task, "task") is None


def test_a_column_of_another_space_is_not_found(world: World) -> None:
    elsewhere = world.column(0, of="other")
    assert isinstance(world.refused(CreateTask(id=TASK, column=elsewhere, title="Neu")), NotFound)
    world.task()
    assert isinstance(world.refused(MoveTask(task=TASK, column=elsewhere)), NotFound)


def test_an_id_is_used_once(world: World) -> None:
    world.task()
    assert isinstance(world.refused(CreateTask(id=TASK, column=world.column(0), title="Noch einmal")), AlreadyExists)


# --- editing ---------------------------------------------------------------------------------------------------------


def test_only_what_changed_stands_in_the_entry(world: World) -> None:
    world.task(due=date(2026, 12, 1))
    entry = world.do(EditTask(task=TASK, title="Neu", due=date(2026, 12, 1)))
    assert entry.changes == (Patch(kind="task", id=TASK, fields={"title": "Neu"}, was={"title": "task"}, to=SPACE),)
    world.do(EditTask(task=TASK, due=None))
    assert world.get(Task, "task").due is None


def test_disjoint_fields_merge_and_the_later_of_two_wins_and_says_so(world: World) -> None:
    world.task()
    world.do(EditTask(task=TASK, title="Von Max"), "max", expects={"title": "task"})
    assert world.do(EditTask(task=TASK, due=date(2026, 12, 1)), expects={"due": None}).unseen == ()
    assert world.do(EditTask(task=TASK, title="Von Mira"), expects={"title": "task"}).unseen == ("title",)
    assert world.get(Task, "task").title == "Von Mira"


def test_only_if_is_strict(world: World) -> None:
    world.task()
    world.do(EditTask(task=TASK, title="Von Max"), "max")
    undo = EditTask(task=TASK, title="task")
    assert world.refused(undo, only_if={"title": "Neu"}) == ChangedSince(now={"title": "Von Max"})
    world.do(undo, only_if={"title": "Von Max"})


def test_a_text_is_not_overwritten_by_who_has_not_seen_it(world: World) -> None:
    world.task()
    world.do(DescribeTask(task=TASK, text="Erste Fassung"), "max", expects={"revision": 0})
    stale = DescribeTask(task=TASK, text="Andere Fassung")
    assert world.refused(stale) == TextChanged(text="Erste Fassung", revision=1, by=id_of("max"))
    world.do(stale, expects={"revision": 1})
    description = world.get(Description, "task")
    assert (description.text, description.revision, description.edited_by) == ("Andere Fassung", 2, id_of("mira"))


def test_an_emptied_text_keeps_its_revision(world: World) -> None:
    world.task()
    world.do(DescribeTask(task=TASK, text="Text"), expects={"revision": 0})
    assert world.get(Task, "task").described
    world.do(DescribeTask(task=TASK, text="  \n"), expects={"revision": 1})
    assert not world.get(Task, "task").described
    assert isinstance(world.refused(DescribeTask(task=TASK, text="Neu"), expects={"revision": 0}), TextChanged)
    assert world.get(Description, "task").revision == 2


@pytest.mark.parametrize(
    "command",
    [
        EditTask(task=TASK, title="Neu"),
        DescribeTask(task=TASK, text="Neu"),
        FinishTask(task=TASK),
        AddComment(id=id_of("new"), task=TASK, text="Neu"),
        AddChecklistLine(id=id_of("new"), task=TASK, text="Neu"),
        AssignTask(task=TASK, person=id_of("max")),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_lies_in_the_bin_is_restored_first(world: World, command: AnyCommand) -> None:
    world.task()
    world.do(BinTask(task=TASK))
    assert isinstance(world.refused(command), InBin)


# --- moving ----------------------------------------------------------------------------------------------------------


def test_a_task_moves_by_intent(world: World) -> None:
    for name in "abcd":
        world.task(name)
    world.do(MoveTask(task=id_of("d"), column=world.column(0)))
    world.do(MoveTask(task=id_of("a"), column=world.column(0), after=id_of("c")))
    assert world.order(0) == ["d", "b", "c", "a"]
    world.do(MoveTask(task=id_of("d"), column=world.column(0), after=id_of("vanished")))
    assert world.order(0) == ["b", "c", "a", "d"]


def test_a_move_is_one_change_however_full_the_column(world: World) -> None:
    for number in range(30):
        world.task(str(number))
    entry = world.do(MoveTask(task=id_of("29"), column=world.column(0), after=id_of("3")))
    assert len(entry.changes) == 1


def test_two_who_move_behind_the_same_task_both_get_their_way(world: World) -> None:
    for name in "abc":
        world.task(name)
    world.do(MoveTask(task=id_of("c"), column=world.column(0), after=id_of("a")), "max")
    world.do(MoveTask(task=id_of("b"), column=world.column(0), after=id_of("a")))
    assert world.order(0) == ["a", "b", "c"]


def test_entering_a_done_column_finishes_and_leaving_it_opens(world: World) -> None:
    world.task()
    world.do(MoveTask(task=TASK, column=world.column(3)), "max")
    task = world.get(Task, "task")
    assert (task.done_at, task.done_by) == (world.now, id_of("max"))
    world.do(MoveTask(task=TASK, column=world.column(3)), "dora")
    assert world.get(Task, "task").done_by == id_of("max")
    world.do(MoveTask(task=TASK, column=world.column(1)))
    assert (world.get(Task, "task").done_at, world.get(Task, "task").done_by) == (None, None)


def test_a_task_done_without_a_done_column_stays_done_when_it_moves(world: World) -> None:
    world.do(EditColumn(column=world.column(3), done=False))
    world.task()
    world.do(FinishTask(task=TASK))
    world.do(MoveTask(task=TASK, column=world.column(1)))
    assert world.get(Task, "task").done_at == world.now


# --- limits ----------------------------------------------------------------------------------------------------------


def limited(world: World, limit: int) -> str:
    column = world.column(1)
    world.do(EditColumn(column=column, limit=limit))
    return column


def test_a_full_column_takes_no_more_open_tasks(world: World) -> None:
    column = limited(world, 1)
    world.task("in", column=column)
    world.task("out")
    full = ColumnFull(column=column, limit=1)
    assert world.refused(MoveTask(task=id_of("out"), column=column)) == full
    assert world.refused(CreateTask(id=TASK, column=column, title="Neu")) == full
    assert world.refused(DuplicateTask(id=TASK, task=id_of("in"), title="Neu")) == full


def test_a_full_column_lets_its_own_tasks_move_and_done_ones_in(world: World) -> None:
    column = limited(world, 1)
    world.task("in", column=column)
    world.do(MoveTask(task=id_of("in"), column=column))
    world.do(EditColumn(column=world.column(3), done=False))
    world.task("done")
    world.do(FinishTask(task=id_of("done")))
    world.do(MoveTask(task=id_of("done"), column=column))


def test_what_is_archived_binned_or_done_does_not_fill_a_column(world: World) -> None:
    column = limited(world, 1)
    world.task("binned", column=column)
    world.do(BinTask(task=id_of("binned")))
    world.task("in", column=column)


def test_nobody_learns_of_hidden_tasks_by_a_full_column(world: World) -> None:
    column = limited(world, 1)
    world.task("hidden", column=column, visibility=Visibility.MODERATORS)
    world.task("seen")
    assert isinstance(world.refused(MoveTask(task=id_of("seen"), column=column)), ColumnFull)
    world.do(MoveTask(task=id_of("seen"), column=column), "max")


def test_the_limit_does_not_hold_for_the_system(world: World) -> None:
    column = limited(world, 1)
    world.task("in", column=column)
    world.do(CreateTask(id=TASK, column=column, title="Neu"), SYSTEM)
    assert world["network"].get(Column, column).limit == 1


# --- copying ---------------------------------------------------------------------------------------------------------


def test_a_copy_has_what_is_still_to_be_done_and_nobody_who_does_it(world: World) -> None:
    world.task(owner=id_of("max"), goals=(id_of("goal-1"),), due=date(2026, 12, 1), visibility=Visibility.AREA)
    world.task("below")
    world.do(DescribeTask(task=TASK, text="Text"), expects={"revision": 0})
    world.do(AddComment(id=id_of("comment"), task=TASK, text="Bleibt dort"))
    for line in ("done", "open"):
        world.do(AddChecklistLine(id=id_of(line), task=TASK, text=line))
    world.do(TickChecklistLine(task=TASK, line=id_of("done"), done=True))
    world.do(DuplicateTask(id=id_of("copy"), task=TASK, title="Kopie"), "max")
    copy = world.get(Task, "copy")
    assert world.order(0) == ["task", "Kopie", "below"]
    assert (copy.due, copy.to, copy.created_by, copy.comments) == (date(2026, 12, 1), AREA, id_of("max"), 0)
    assert (world.get(Description, "copy").text, world.get(Description, "copy").revision) == ("Text", 1)
    assert [line.text for line in world.parts(ChecklistLine, "copy")] == ["open"]
    assert [tag.goal for tag in world.parts(GoalTag, "copy")] == [id_of("goal-1")]
    assert world.find(Ownership, "copy") is None


def test_the_copy_of_a_finished_task_is_open(world: World) -> None:
    world.task(column=world.column(3))
    world.do(PutTaskAway(task=TASK), SYSTEM)
    entry = world.do(DuplicateTask(id=id_of("copy"), task=TASK, title="Kopie"))
    copy = world.get(Task, "copy")
    assert (copy.column, copy.done_at, copy.put_away_at) == (world.column(0), None, None)
    assert all(isinstance(change, Put) for change in entry.changes)
