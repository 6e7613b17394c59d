"""Handlers of who sees a task, and of sending it to another space."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from server.core.commands import Actor, Both, handles
from server.core.space import Space
from server.people import access as people
from shared_schema.base import AUDIENCES, Id
from shared_schema.board import ChecklistLine, Column, Helper, Ownership, Part, SendTask, ShowTask, Task
from shared_schema.journal import Change
from shared_schema.refusals import Invalid, NeedsModerator, Refusal

from . import access, ends, rules


@handles(ShowTask, needs=access.may_show_task, wide=True)
def show_task(space: Space, command: ShowTask, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    to = AUDIENCES[command.visibility]
    if to == task.to:
        return []
    for person in people_on(space, task.id):
        viewer = people.viewer_in(space, space.area, person, now)
        if viewer is not None and not to & viewer:
            raise Refusal(NeedsModerator())
    return rules.with_parts(space, task, to=to)


def people_on(space: Space, task: Id) -> Iterator[Id]:
    """Who owns a task, helps with it, or owns a line of its checklist."""
    for part in rules.parts_of(space, task):
        match part:
            case Ownership(person=person) | Helper(person=person):
                yield person
            case ChecklistLine(owner=owner) if owner is not None:
                yield owner


@handles(SendTask, needs=access.may_clear_board, there="space", needs_there=access.may_work_on_board, wide=True)
def send_task(space: Space, command: SendTask, by: Actor, now: datetime, there: Space | None = None) -> Both:
    """The task keeps its id; its story so far stays in the journal here. Whoever takes no part there is left behind."""
    if there is None:  # sent to where it is
        raise Refusal(Invalid(field="space", problem="shape"))
    task = rules.task_on_board(space, command.task)
    column = _column_there(there, task, command, space.find(Column, task.column))
    arrived = _arrived(space, there, task, column, command, by, now)
    if arrived.done_at is None:
        rules.refuse_if_full(there, column, by, arriving=task.id)
    parts = [there.add(part) for part in _parts_there(space, there, arrived, now)]
    return Both(ends.drop_all(space, task.id, task), [there.add(arrived), *parts])


def _column_there(there: Space, task: Task, command: SendTask, here: Column | None) -> Column:
    """The given column; else one of the same title; else the first open one, or the first *done* one if done."""
    columns = rules.columns_of(there, rules.board_of(there).id)
    if command.column is not None:
        return there.get(Column, command.column)
    same = next((c for c in columns if here is not None and c.title.casefold() == here.title.casefold()), None)
    by_state = rules.first_column(columns, done=task.done_at is not None) or rules.first_column(columns, done=False)
    return same or by_state or columns[0]


def _arrived(
    here: Space, there: Space, task: Task, column: Column, command: SendTask, by: Actor, now: datetime
) -> Task:
    tasks = rules.tasks_in(there, column.id)
    by_intent = command.column is not None or command.after is not None
    fields: dict[str, Any] = rules.arriving(here, task, column, by, now)
    return replace(
        task,
        column=column.id,
        place=rules.place_after(tasks, command.after) if by_intent else rules.place_at_end(tasks),
        archived_at=None,
        put_away_at=None,
        **fields,
    )


def _parts_there(here: Space, there: Space, task: Task, now: datetime) -> Iterator[Part]:
    for part in rules.parts_of(here, task.id):
        moved = _kept_there(there, task, part, now)
        if moved is not None:
            yield replace(moved, put_away_at=task.put_away_at)


def _kept_there(there: Space, task: Task, part: Part, now: datetime) -> Part | None:
    match part:
        case Ownership(person=person):
            if not rules.can_own(there, person, task.to, now):
                return None
            return replace(part, organisation=people.acts_for(there, there.area, person))
        case Helper(person=person):
            return part if rules.can_help(there, person, task.to, now) else None
        case ChecklistLine(owner=str() as owner) if not rules.can_own(there, owner, task.to, now):
            return replace(part, owner=None)
    return part
