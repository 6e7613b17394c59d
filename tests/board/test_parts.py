"""Checklists and comments."""

from __future__ import annotations

from datetime import date

import pytest

from server.board.rules import MOST_LINES
from server.people.rules import parts_of
from shared_schema.base import Visibility
from shared_schema.board import (
    AddChecklistLine,
    AddComment,
    ChecklistLine,
    Comment,
    EditChecklistLine,
    EditComment,
    MoveChecklistLine,
    RemoveChecklistLine,
    RemoveComment,
    Task,
    TickChecklistLine,
)
from shared_schema.journal import AnyCommand
from shared_schema.people import RemoveParticipant
from shared_schema.refusals import CannotOwn, NeedsModerator, NotAMember, NotFound, TooMany
from tests.support.worlds import World, id_of

TASK, LINE, COMMENT = id_of("task"), id_of("line"), id_of("comment")


def lines(world: World, *texts: str) -> None:
    world.task()
    for text in texts:
        world.do(AddChecklistLine(id=id_of(text), task=TASK, text=text))


def order(world: World) -> list[str]:
    return [line.text for line in sorted(world.parts(ChecklistLine, "task"), key=lambda line: line.place)]


def test_lines_stand_in_order_and_change_places(world: World) -> None:
    lines(world, "a", "b", "c")
    world.do(AddChecklistLine(id=id_of("d"), task=TASK, text="d", after=id_of("a")))
    assert order(world) == ["a", "d", "b", "c"]
    world.do(MoveChecklistLine(task=TASK, line=id_of("c")))
    world.do(MoveChecklistLine(task=TASK, line=id_of("a"), after=id_of("vanished")))
    assert order(world) == ["c", "d", "b", "a"]
    world.do(RemoveChecklistLine(task=TASK, line=id_of("d")))
    assert order(world) == ["c", "b", "a"]


def test_a_line_has_text_owner_and_due_date_of_its_own(world: World) -> None:
    world.task()
    world.do(AddChecklistLine(id=LINE, task=TASK, text="Zeile", owner=id_of("max"), due=date(2026, 12, 1)))
    world.do(EditChecklistLine(task=TASK, line=LINE, text="Neu", owner=None))
    line = world.get(ChecklistLine, "line")
    assert (line.text, line.owner, line.due) == ("Neu", None, date(2026, 12, 1))
    world.do(EditChecklistLine(task=TASK, line=LINE, owner=id_of("gus"), due=None))
    assert (world.get(ChecklistLine, "line").owner, world.get(ChecklistLine, "line").due) == (id_of("gus"), None)


def test_who_has_left_stays_named_until_somebody_else_is(world: World) -> None:
    world.task()
    world.do(AddChecklistLine(id=LINE, task=TASK, text="Zeile", owner=id_of("gus")))
    part = parts_of(world["network"], id_of("gus"))[0]
    world.do(RemoveParticipant(participant=part.id, person=id_of("gus")))
    world.do(EditChecklistLine(task=TASK, line=LINE, text="Neu", owner=id_of("gus")))
    world.do(EditChecklistLine(task=TASK, line=LINE, owner=None))
    assert isinstance(world.refused(EditChecklistLine(task=TASK, line=LINE, owner=id_of("gus"))), NotAMember)


def test_owners_of_lines_take_part_like_owners_of_tasks(world: World) -> None:
    world.task()
    for name, reason in (("rita", NotAMember), ("carla", CannotOwn)):
        add = AddChecklistLine(id=LINE, task=TASK, text="Zeile", owner=id_of(name))
        assert isinstance(world.refused(add), reason)
    world.task("hidden", visibility=Visibility.MODERATORS)
    add = AddChecklistLine(id=LINE, task=id_of("hidden"), text="Zeile", owner=id_of("max"))
    assert isinstance(world.refused(add), NeedsModerator)


def test_a_line_is_ticked_once_and_unticked(world: World) -> None:
    lines(world, "line")
    world.do(TickChecklistLine(task=TASK, line=LINE, done=True), "max")
    world.later(hours=1)
    assert world.do(TickChecklistLine(task=TASK, line=LINE, done=True), "dora").changes == ()
    assert world.get(ChecklistLine, "line").done_by == id_of("max")
    world.do(TickChecklistLine(task=TASK, line=LINE, done=False))
    assert (world.get(ChecklistLine, "line").done_at, world.get(ChecklistLine, "line").done_by) == (None, None)


@pytest.mark.parametrize(
    "command",
    [
        EditChecklistLine(task=id_of("another"), line=LINE, text="Nein"),
        TickChecklistLine(task=id_of("another"), line=LINE, done=True),
        MoveChecklistLine(task=id_of("another"), line=LINE),
        RemoveChecklistLine(task=id_of("another"), line=LINE),
        EditChecklistLine(task=TASK, line=id_of("nowhere"), text="Nein"),
        EditComment(task=id_of("another"), comment=COMMENT, text="Nein"),
        RemoveComment(task=id_of("another"), comment=COMMENT),
        RemoveComment(task=TASK, comment=id_of("nowhere")),
    ],
    ids=repr,
)
def test_what_hangs_on_another_task_is_not_found(world: World, command: AnyCommand) -> None:
    lines(world, "line")
    world.do(AddComment(id=COMMENT, task=TASK, text="Wort"))
    world.task("another")
    assert isinstance(world.refused(command), NotFound)


def test_a_checklist_has_a_bound(world: World) -> None:
    lines(world, *map(str, range(MOST_LINES)))
    more = AddChecklistLine(id=LINE, task=TASK, text="Zu viel")
    assert world.refused(more) == TooMany(what="checklist", limit=MOST_LINES)


# --- comments --------------------------------------------------------------------------------------------------------


def mention(*names: str) -> str:
    return " ".join(f"@[{id_of(name)}]" for name in names)


def test_a_comment_counts_and_names_those_whom_it_mentions(world: World) -> None:
    world.task()
    world.do(AddComment(id=COMMENT, task=TASK, text=f"Danke {mention('max', 'gus', 'max')}"), "carla")
    comment = world.get(Comment, "comment")
    assert (comment.author, comment.at, comment.mentions) == (id_of("carla"), world.now, (id_of("max"), id_of("gus")))
    assert world.get(Task, "task").comments == 1
    world.do(RemoveComment(task=TASK, comment=COMMENT))
    assert (world.get(Task, "task").comments, world.find(Comment, "comment")) == (0, None)


def test_readers_are_mentioned_but_not_strangers(world: World) -> None:
    world.task()
    world.do(AddComment(id=COMMENT, task=TASK, text=mention("rita")))
    for name in ("viola", "adam", "nobody"):
        stranger = AddComment(id=id_of("new"), task=TASK, text=mention(name))
        assert world.refused(stranger) == NotAMember(person=id_of(name))


def test_an_edited_comment_says_when_and_mentions_anew(world: World) -> None:
    world.task()
    world.do(AddComment(id=COMMENT, task=TASK, text=mention("gus")))
    part = parts_of(world["network"], id_of("gus"))[0]
    world.do(RemoveParticipant(participant=part.id, person=id_of("gus")))
    world.later(hours=1)
    world.do(EditComment(task=TASK, comment=COMMENT, text=mention("gus", "max")))
    comment = world.get(Comment, "comment")
    assert (comment.mentions, comment.edited_at) == ((id_of("gus"), id_of("max")), world.now)
    assert world.do(EditComment(task=TASK, comment=COMMENT, text=comment.text)).changes == ()
    assert isinstance(world.refused(EditComment(task=TASK, comment=COMMENT, text=mention("viola"))), NotAMember)
