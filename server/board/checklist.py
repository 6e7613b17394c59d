"""Handlers of a task's checklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET

from server.core.commands import Actor, handles
from server.core.space import Space
from shared_schema.base import Id
from shared_schema.board import (
    AddChecklistLine,
    ChecklistLine,
    EditChecklistLine,
    MoveChecklistLine,
    RemoveChecklistLine,
    Task,
    TickChecklistLine,
)
from shared_schema.journal import Change
from shared_schema.refusals import NotFound, Refusal

from . import access, rules


def _line(space: Space, task: Id, line: Id) -> tuple[Task, ChecklistLine]:
    """A task that can be worked on, and a line of its checklist; another task's line is not found."""
    on_board = rules.task_on_board(space, task)
    found = space.get(ChecklistLine, line)
    if found.task != on_board.id:
        raise Refusal(NotFound(kind="checklist_line", id=line))
    return on_board, found


@handles(AddChecklistLine, needs=access.may_work_on_board)
def add_line(space: Space, command: AddChecklistLine, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    lines = space.where(ChecklistLine, task=task.id)
    rules.refuse_too_many("checklist", len(lines), rules.MOST_LINES)
    if command.owner is not None:
        rules.hold_can_own(space, command.owner, task.to, now)
    line = ChecklistLine(
        id=command.id,
        to=task.to,
        task=task.id,
        put_away_at=task.put_away_at,
        text=command.text,
        place=rules.place_at_end(lines) if command.after is None else rules.place_after(lines, command.after),
        owner=command.owner,
        due=command.due,
    )
    return [space.add(line)]


@handles(EditChecklistLine, needs=access.may_work_on_board)
def edit_line(space: Space, command: EditChecklistLine, by: Actor, now: datetime) -> list[Change]:
    task, line = _line(space, command.task, command.line)
    if command.owner is not UNSET and command.owner is not None and command.owner != line.owner:
        rules.hold_can_own(space, command.owner, task.to, now)
    given = {name: getattr(command, name) for name in ("text", "owner", "due")}
    return [space.patch(line, **{name: value for name, value in given.items() if value is not UNSET})]


@handles(TickChecklistLine, needs=access.may_work_on_board)
def tick_line(space: Space, command: TickChecklistLine, by: Actor, now: datetime) -> list[Change]:
    _, line = _line(space, command.task, command.line)
    if (line.done_at is not None) == command.done:
        return []
    done: dict[str, Any] = (
        {"done_at": now, "done_by": by.person} if command.done else {"done_at": None, "done_by": None}
    )
    return [space.patch(line, **done)]


@handles(MoveChecklistLine, needs=access.may_work_on_board)
def move_line(space: Space, command: MoveChecklistLine, by: Actor, now: datetime) -> list[Change]:
    task, line = _line(space, command.task, command.line)
    others = [other for other in space.where(ChecklistLine, task=task.id) if other.id != line.id]
    return [space.patch(line, place=rules.place_after(others, command.after))]


@handles(RemoveChecklistLine, needs=access.may_work_on_board)
def remove_line(space: Space, command: RemoveChecklistLine, by: Actor, now: datetime) -> list[Change]:
    _, line = _line(space, command.task, command.line)
    return [space.drop(line)]
