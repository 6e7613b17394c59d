"""Who may do what on a board: every command against every role."""

from __future__ import annotations

from typing import get_args

import pytest

from server.board.founding import board_id
from shared_schema.base import SYSTEM, Visibility
from shared_schema.board import (
    AddChecklistLine,
    AddColumn,
    AddComment,
    AddHelper,
    ApplyTemplate,
    ArchiveTask,
    AssignTask,
    BinTask,
    BlockTask,
    BoardCommand,
    CreateTask,
    DeleteTask,
    DescribeTask,
    DuplicateTask,
    EditBoard,
    EditChecklistLine,
    EditColumn,
    EditComment,
    EditTask,
    FinishTask,
    MoveChecklistLine,
    MoveColumn,
    MoveTask,
    PutTaskAway,
    RemoveChecklistLine,
    RemoveColumn,
    RemoveComment,
    RemoveHelper,
    ReopenTask,
    RestoreTask,
    SendTask,
    ShowTask,
    TagGoal,
    TickChecklistLine,
    UnarchiveTask,
    UnblockTask,
    UntagGoal,
)
from shared_schema.frames import Refused
from shared_schema.journal import AnyCommand
from shared_schema.refusals import NotAllowed, NotFound
from tests.support.worlds import World, id_of, small_world

BOARD = board_id(id_of("network"))
TASK, LINE, NEW = id_of("task"), id_of("line"), id_of("new")

SHAPING = {"jana", "mira", "dora"}
CLEARING = SHAPING | {"max", "carla"}
WORKING = CLEARING | {"gus"}
EVERYBODY = WORKING | {"rita", "otto"}


def shaping(first: str, last: str) -> list[AnyCommand]:
    return [
        EditBoard(board=BOARD, title="Neu"),
        ApplyTemplate(board=BOARD, template="event"),
        AddColumn(id=NEW, board=BOARD, title="Neu"),
        EditColumn(column=first, title="Neu"),
        MoveColumn(column=first, after=last),
        RemoveColumn(column=first, tasks_to=last),
        DeleteTask(task=id_of("binned")),
        RemoveComment(task=TASK, comment=id_of("comment")),
    ]


def clearing(first: str) -> list[AnyCommand]:
    return [
        ArchiveTask(task=TASK),
        UnarchiveTask(task=TASK),
        BinTask(task=TASK),
        RestoreTask(task=id_of("binned")),
        ShowTask(task=TASK, visibility=Visibility.PUBLIC),
        AssignTask(task=TASK, person=id_of("dora")),
        AddHelper(task=TASK, person=id_of("dora")),
        RemoveHelper(task=TASK, person=id_of("dora")),
        CreateTask(id=NEW, column=first, title="Neu", visibility=Visibility.AREA),
        CreateTask(id=NEW, column=first, title="Neu", owner=id_of("dora")),
    ]


def working(first: str, last: str) -> list[AnyCommand]:
    return [
        CreateTask(id=NEW, column=first, title="Neu"),
        EditTask(task=TASK, title="Neu"),
        DescribeTask(task=TASK, text="Neu"),
        MoveTask(task=TASK, column=last),
        TagGoal(task=TASK, goal=id_of("goal-1")),
        UntagGoal(task=TASK, goal=id_of("goal-1")),
        FinishTask(task=TASK),
        ReopenTask(task=TASK),
        BlockTask(task=TASK, reason="auf Antwort"),
        UnblockTask(task=TASK),
        DuplicateTask(id=NEW, task=TASK, title="Neu"),
        AddChecklistLine(id=NEW, task=TASK, text="Neu"),
        EditChecklistLine(task=TASK, line=LINE, text="Neu"),
        TickChecklistLine(task=TASK, line=LINE, done=True),
        MoveChecklistLine(task=TASK, line=LINE),
        RemoveChecklistLine(task=TASK, line=LINE),
        AddComment(id=NEW, task=TASK, text="Neu"),
    ]


def prepared(world: World) -> World:
    world.task("task", "mira", visibility=Visibility.AREA)
    world.task("binned")
    world.do(AddChecklistLine(id=LINE, task=TASK, text="Zeile"))
    world.do(AddComment(id=id_of("comment"), task=TASK, text="Von Mira"))
    world.do(BinTask(task=id_of("binned")))
    return world


def allowed(world: World, command: AnyCommand, name: str) -> bool:
    answer = world.send(command, name)
    assert not isinstance(answer, Refused) or isinstance(answer.reason, NotAllowed), answer
    return not isinstance(answer, Refused)


RIGHTS = [
    *((number, "shape", SHAPING) for number in range(8)),
    *((number, "clear", CLEARING) for number in range(10)),
    *((number, "work", WORKING) for number in range(17)),
]


def command_of(world: World, group: str, number: int) -> AnyCommand:
    first, last = world.column(0), world.column(3)
    groups = {"shape": shaping(first, last), "clear": clearing(first), "work": working(first, last)}
    return groups[group][number]


def test_every_command_of_the_board_stands_in_the_table(world: World) -> None:
    first, last = world.column(0), world.column(3)
    listed = {type(one) for one in (*shaping(first, last), *clearing(first), *working(first, last))}
    assert len(shaping(first, last)) + len(clearing(first)) + len(working(first, last)) == len(RIGHTS)
    # A comment is edited by its author, two spaces are a story of their own, and the calendar is no person.
    assert listed | {EditComment, SendTask, PutTaskAway} == set(get_args(BoardCommand))


@pytest.mark.parametrize(("number", "group", "who"), RIGHTS)
def test_rights_on_the_board(number: int, group: str, who: set[str]) -> None:
    may = set()
    for name in sorted(EVERYBODY):
        world = prepared(small_world())
        if allowed(world, command_of(world, group, number), name):
            may.add(name)
    assert may == who


@pytest.mark.parametrize("name", ["adam", "viola", "nobody"])
def test_who_sees_nothing_is_told_nothing(world: World, name: str) -> None:
    world.task()
    assert isinstance(world.refused(EditTask(task=TASK, title="Nein"), name), NotFound)


def test_words_are_edited_by_who_wrote_them_and_removed_by_moderators_too(world: World) -> None:
    world.task()
    comment = id_of("comment")
    world.do(AddComment(id=comment, task=TASK, text="Von Max"), "max")
    edit = EditComment(task=TASK, comment=comment, text="Nein")
    for name in ("mira", "jana", "gus", "carla"):
        assert isinstance(world.refused(edit, name), NotAllowed)
    assert isinstance(world.refused(RemoveComment(task=TASK, comment=comment), "gus"), NotAllowed)
    world.do(edit, "max")
    world.do(RemoveComment(task=TASK, comment=comment), "mira")


def test_a_guest_takes_what_nobody_owns_and_gives_it_back(world: World) -> None:
    world.task()
    world.do(AssignTask(task=TASK, person=id_of("gus")), "gus")
    assert isinstance(world.refused(AssignTask(task=TASK, person=id_of("max")), "gus"), NotAllowed)
    world.do(AssignTask(task=TASK), "gus")
    world.do(AssignTask(task=TASK, person=id_of("max")))
    assert isinstance(world.refused(AssignTask(task=TASK, person=id_of("gus")), "gus"), NotAllowed)
    assert isinstance(world.refused(AssignTask(task=TASK), "gus"), NotAllowed)
    world.do(AddHelper(task=TASK, person=id_of("gus")), "gus")
    world.do(RemoveHelper(task=TASK, person=id_of("gus")), "gus")


def test_hiding_is_for_moderators_and_who_created_the_task(world: World) -> None:
    world.task(by="max")
    hide = ShowTask(task=TASK, visibility=Visibility.MODERATORS)
    for name in ("carla", "gus", "rita"):
        assert isinstance(world.refused(hide, name), NotAllowed)
    world.do(hide, "max")
    assert isinstance(world.refused(EditTask(task=TASK, title="Nein"), "max"), NotFound)
    world.do(ShowTask(task=TASK, visibility=Visibility.SPACE), "dora")
    world.do(hide, "dora")


def test_nobody_but_the_system_puts_tasks_away(world: World) -> None:
    world.task(column=world.column(3))
    assert isinstance(world.refused(PutTaskAway(task=TASK), "jana"), NotAllowed)
    world.do(PutTaskAway(task=TASK), SYSTEM)
