"""How tasks end, wait and come back."""

from __future__ import annotations

from server.board.founding import board_id
from shared_schema.base import SYSTEM
from shared_schema.board import (
    AddChecklistLine,
    AddColumn,
    AddComment,
    ArchiveTask,
    BinTask,
    BlockTask,
    ChecklistLine,
    Comment,
    DeleteTask,
    EditColumn,
    FinishTask,
    MoveTask,
    Part,
    PutTaskAway,
    RemoveColumn,
    ReopenTask,
    RestoreTask,
    Task,
    UnarchiveTask,
    UnblockTask,
)
from shared_schema.journal import Drop, Put
from shared_schema.refusals import ChangedSince, NotFound, NotInBin
from tests.support.worlds import World, id_of

TASK = id_of("task")


def test_finishing_moves_a_task_to_the_end_of_the_first_done_column(world: World) -> None:
    world.task("before", column=world.column(3))
    world.task()
    world.do(FinishTask(task=TASK), "max")
    task = world.get(Task, "task")
    assert (task.done_at, task.done_by) == (world.now, id_of("max"))
    assert world.order(3) == ["before", "task"]


def test_finishing_twice_changes_nothing(world: World) -> None:
    world.task()
    world.do(FinishTask(task=TASK), "max")
    world.later(hours=1)
    assert world.do(FinishTask(task=TASK), "dora").changes == ()
    assert world.get(Task, "task").done_by == id_of("max")


def test_without_a_done_column_a_finished_task_stays_where_it_is(world: World) -> None:
    world.do(EditColumn(column=world.column(3), done=False))
    world.task()
    world.do(FinishTask(task=TASK))
    assert world.get(Task, "task").column == world.column(0)
    world.do(ReopenTask(task=TASK))
    assert (world.get(Task, "task").column, world.get(Task, "task").done_at) == (world.column(0), None)


def test_a_full_done_column_takes_every_finished_task(world: World) -> None:
    world.do(EditColumn(column=world.column(3), limit=1))
    for name in "ab":
        world.task(name)
        world.do(FinishTask(task=id_of(name)))
    assert world.order(3) == ["a", "b"]


def test_reopening_leads_to_the_given_or_the_first_open_column(world: World) -> None:
    world.task("a", column=world.column(3))
    world.task("b", column=world.column(3))
    world.task("c", column=world.column(3))
    world.do(ReopenTask(task=id_of("a")))
    world.do(ReopenTask(task=id_of("b"), column=world.column(2)))
    world.do(ReopenTask(task=id_of("c"), column=world.column(3)))
    assert (world.order(0), world.order(2), world.order(3)) == (["a", "c"], ["b"], [])
    assert world.do(ReopenTask(task=id_of("a"))).changes == ()
    assert isinstance(world.refused(ReopenTask(task=id_of("a"), column=id_of("nowhere"))), NotFound)


def test_reopening_is_not_held_up_by_a_limit(world: World) -> None:
    world.do(EditColumn(column=world.column(0), limit=1))
    world.task("in")
    world.task(column=world.column(3))
    world.do(ReopenTask(task=TASK))
    assert world.order(0) == ["in", "task"]


def test_a_task_waits_for_something_and_goes_on(world: World) -> None:
    world.task()
    world.do(BlockTask(task=TASK, reason="auf Unterschrift"))
    assert world.get(Task, "task").blocked_because == "auf Unterschrift"
    world.do(UnblockTask(task=TASK))
    assert world.get(Task, "task").blocked_because is None


def test_archive_and_bin_are_two_things(world: World) -> None:
    world.task()
    world.do(ArchiveTask(task=TASK))
    world.later(days=1)
    assert world.do(ArchiveTask(task=TASK)).changes == ()
    world.do(BinTask(task=TASK))
    assert world.do(BinTask(task=TASK)).changes == ()
    world.do(RestoreTask(task=TASK))
    assert world.do(RestoreTask(task=TASK)).changes == ()
    task = world.get(Task, "task")
    assert (task.archived_at is not None, task.binned_at) == (True, None)
    world.do(UnarchiveTask(task=TASK))
    assert world.get(Task, "task").archived_at is None


def test_a_restored_task_stands_where_it_stood(world: World) -> None:
    for name in "abc":
        world.task(name)
    world.do(BinTask(task=id_of("b")))
    world.do(MoveTask(task=id_of("c"), column=world.column(0), after=id_of("a")))
    world.do(RestoreTask(task=id_of("b")))
    assert world.order(0) == ["a", "c", "b"]


def test_only_what_lies_in_the_bin_is_deleted_and_all_that_hung_on_it(world: World) -> None:
    world.task(owner=id_of("max"), goals=(id_of("goal-1"),))
    world.do(AddComment(id=id_of("comment"), task=TASK, text="Text"))
    assert isinstance(world.refused(DeleteTask(task=TASK)), NotInBin)
    world.do(BinTask(task=TASK))
    entry = world.do(DeleteTask(task=TASK))
    assert {change.kind for change in entry.changes if isinstance(change, Drop)} == {
        *("task", "ownership", "goal_tag", "comment")
    }
    assert isinstance(world.refused(RestoreTask(task=TASK)), NotFound)


# --- put away --------------------------------------------------------------------------------------------------------


def put_away(world: World) -> None:
    world.task(column=world.column(3))
    world.do(AddComment(id=id_of("comment"), task=TASK, text="Text"))
    world.do(AddChecklistLine(id=id_of("line"), task=TASK, text="Zeile"))
    world.do(PutTaskAway(task=TASK), SYSTEM)


def away(world: World) -> set[bool]:
    parts: list[Part] = [*world.parts(Comment, "task"), *world.parts(ChecklistLine, "task")]
    things: list[Task | Part] = [world.get(Task, "task"), *parts]
    return {thing.put_away_at is not None for thing in things}


def test_a_task_is_put_away_with_all_that_hangs_on_it(world: World) -> None:
    put_away(world)
    assert away(world) == {True}
    assert world.do(PutTaskAway(task=TASK), SYSTEM).changes == ()


def test_what_is_written_on_a_put_away_task_is_put_away_too(world: World) -> None:
    put_away(world)
    world.do(AddComment(id=id_of("later"), task=TASK, text="Nachtrag"), "max")
    assert away(world) == {True}


def test_a_put_away_task_comes_back_when_it_is_opened_again(world: World) -> None:
    put_away(world)
    world.do(ReopenTask(task=TASK))
    assert away(world) == {False}


def test_a_put_away_task_comes_back_when_it_leaves_the_done_column(world: World) -> None:
    put_away(world)
    world.do(MoveTask(task=TASK, column=world.column(1)))
    assert away(world) == {False}


def test_a_put_away_task_comes_back_as_it_goes_to_the_bin(world: World) -> None:
    put_away(world)
    world.do(BinTask(task=TASK))
    assert away(world) == {False}
    world.do(RestoreTask(task=TASK))
    assert away(world) == {False}


def test_a_task_that_was_opened_or_binned_meanwhile_is_not_put_away(world: World) -> None:
    world.task()
    assert isinstance(world.refused(PutTaskAway(task=TASK), SYSTEM), ChangedSince)
    world.do(FinishTask(task=TASK))
    world.do(BinTask(task=TASK))
    assert isinstance(world.refused(PutTaskAway(task=TASK), SYSTEM), ChangedSince)


def test_a_removed_column_brings_put_away_tasks_back_as_it_bins_them(world: World) -> None:
    put_away(world)
    board = board_id(id_of("network"))
    world.do(AddColumn(id=id_of("fertig"), board=board, title="Fertig", done=True))
    world.do(RemoveColumn(column=world.column(3), tasks_to=id_of("fertig")))
    assert away(world) == {True}
    entry = world.do(RemoveColumn(column=id_of("fertig")))
    assert away(world) == {False}
    assert all(isinstance(change, (Put, Drop)) for change in entry.changes)
