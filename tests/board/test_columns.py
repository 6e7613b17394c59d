"""Columns: adding, marking, moving and removing them."""

from __future__ import annotations

import pytest

from server.board.founding import board_id
from server.board.rules import MOST_COLUMNS
from shared_schema.base import SYSTEM, Visibility
from shared_schema.board import (
    AddColumn,
    ArchiveTask,
    BinTask,
    Board,
    Column,
    EditBoard,
    EditColumn,
    MoveColumn,
    PutTaskAway,
    RemoveColumn,
    RestoreTask,
    ShowTask,
    Task,
)
from shared_schema.refusals import AlreadyExists, LastColumn, NotFound, TooMany
from tests.support.worlds import World, id_of

BOARD = board_id(id_of("network"))


def titles(world: World) -> list[str]:
    return [column.title for column in world.columns()]


def test_a_board_is_renamed(world: World) -> None:
    world.do(EditBoard(board=BOARD, title="Rufbus"))
    assert world["network"].get(Board, BOARD).title == "Rufbus"
    assert world.do(EditBoard(board=BOARD)).changes == ()
    assert isinstance(world.refused(EditBoard(board=board_id(id_of("other")), title="Nein")), NotFound)


def test_a_new_column_stands_at_the_end_or_after_another(world: World) -> None:
    world.do(AddColumn(id=id_of("last"), board=BOARD, title="Letzte", colour="plum", limit=3))
    world.do(AddColumn(id=id_of("second"), board=BOARD, title="Zweite", after=world.column(0)))
    assert titles(world) == ["Offen", "Zweite", "In Arbeit", "Wartet", "Erledigt", "Letzte"]
    last = world.get(Column, "last")
    assert (last.colour, last.limit, last.done) == ("plum", 3, False)
    assert isinstance(world.refused(AddColumn(id=id_of("last"), board=BOARD, title="Noch eine")), AlreadyExists)


def test_columns_have_a_bound(world: World) -> None:
    for number in range(MOST_COLUMNS - 4):
        world.do(AddColumn(id=id_of(f"column {number}"), board=BOARD, title=str(number)))
    more = AddColumn(id=id_of("more"), board=BOARD, title="Zu viel")
    assert world.refused(more) == TooMany(what="columns", limit=MOST_COLUMNS)


def test_columns_change_places(world: World) -> None:
    first, last = world.column(0), world.column(3)
    world.do(MoveColumn(column=last))
    world.do(MoveColumn(column=first, after=id_of("vanished")))
    assert titles(world) == ["Erledigt", "In Arbeit", "Wartet", "Offen"]


def test_a_column_is_renamed_coloured_and_limited(world: World) -> None:
    world.do(EditColumn(column=world.column(0), title="Neu", colour="blue", limit=6))
    world.do(EditColumn(column=world.column(0), colour=None))
    column = world.columns()[0]
    assert (column.title, column.colour, column.limit) == ("Neu", None, 6)


def test_marking_a_column_done_finishes_its_tasks_and_unmarking_opens_them(world: World) -> None:
    column = world.column(1)
    world.task("seen", column=column)
    world.task("hidden", column=column, visibility=Visibility.MODERATORS)
    world.do(EditColumn(column=column, done=True), "dora")
    for name in ("seen", "hidden"):
        assert (world.get(Task, name).done_at, world.get(Task, name).done_by) == (world.now, id_of("dora"))
    world.do(PutTaskAway(task=id_of("seen")), SYSTEM)
    world.do(EditColumn(column=column, done=False))
    for name in ("seen", "hidden"):
        assert (world.get(Task, name).done_at, world.get(Task, name).put_away_at) == (None, None)


def test_a_column_with_more_tasks_than_an_ordinary_entry_holds_is_marked(world: World) -> None:
    for number in range(501):
        world.task(str(number))
    assert len(world.do(EditColumn(column=world.column(0), done=True)).changes) == 502


def test_a_board_keeps_a_column_for_open_tasks(world: World) -> None:
    for column in world.columns()[:2]:
        world.do(RemoveColumn(column=column.id))
    last_open = world.column(0)
    assert isinstance(world.refused(RemoveColumn(column=last_open)), LastColumn)
    assert isinstance(world.refused(EditColumn(column=last_open, done=True)), LastColumn)


def test_the_tasks_of_a_removed_column_go_to_the_end_of_another_in_their_order(world: World) -> None:
    leaving, target = world.column(0), world.column(1)
    world.task("there", column=target)
    for name in "abc":
        world.task(name)
    world.do(ArchiveTask(task=id_of("a")))
    world.do(BinTask(task=id_of("b")))
    world.do(EditColumn(column=target, limit=1))
    world.do(RemoveColumn(column=leaving, tasks_to=target))
    assert world.order(0) == ["there", "a", "b", "c"]


def test_tasks_moved_to_a_done_column_are_done(world: World) -> None:
    world.task()
    world.do(RemoveColumn(column=world.column(0), tasks_to=world.column(3)))
    assert world.get(Task, "task").done_at == world.now


def test_without_another_column_the_tasks_go_to_the_bin_and_come_back_to_the_first(world: World) -> None:
    world.task()
    world.task("hidden")
    world.do(ShowTask(task=id_of("hidden"), visibility=Visibility.MODERATORS))
    world.task("done", column=world.column(3))
    world.do(RemoveColumn(column=world.column(0)))
    assert world.get(Task, "task").binned_at == world.get(Task, "hidden").binned_at == world.now
    world.do(RestoreTask(task=id_of("task")), "max")
    task = world.get(Task, "task")
    assert (task.binned_at, task.column) == (None, world.column(0))
    assert world.order(0) == ["task"]


def test_a_done_task_comes_back_to_a_done_column(world: World) -> None:
    gone = world.column(3)
    world.task("done", column=gone)
    world.do(AddColumn(id=id_of("archive"), board=BOARD, title="Fertig", done=True))
    world.do(RemoveColumn(column=gone))
    world.do(RestoreTask(task=id_of("done")))
    done = world.get(Task, "done")
    assert (done.column, done.done_at) == (id_of("archive"), world.now)


@pytest.mark.parametrize("to", ["self", "other", "nowhere"])
def test_tasks_go_to_another_column_of_this_board_only(world: World, to: str) -> None:
    column = world.column(0)
    target = {"self": column, "other": world.column(0, of="other"), "nowhere": id_of("nowhere")}[to]
    assert isinstance(world.refused(RemoveColumn(column=column, tasks_to=target)), NotFound)
