"""Handlers of a task itself: creating, editing, describing, moving and copying it."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET

from server.core.commands import Actor, handles
from server.core.ids import derived_id
from server.core.space import Space
from shared_schema.base import AUDIENCES
from shared_schema.board import (
    ChecklistLine,
    Column,
    CreateTask,
    DescribeTask,
    Description,
    DuplicateTask,
    EditTask,
    GoalTag,
    MoveTask,
    Task,
)
from shared_schema.journal import Change

from . import access, goals, owners, rules


@handles(CreateTask, needs=access.may_create_task)
def create_task(space: Space, command: CreateTask, by: Actor, now: datetime) -> list[Change]:
    column = space.get(Column, command.column)
    rules.refuse_if_full(space, column, by, arriving=command.id)
    task = Task(
        id=command.id,
        to=AUDIENCES[command.visibility],
        column=column.id,
        place=_first_place(space, command),
        title=command.title,
        created_at=now,
        created_by=by.person,
        due=command.due,
        done_at=now if column.done else None,
        done_by=by.person if column.done else None,
    )
    changes: list[Change] = [space.add(task)]
    if command.owner is not None:
        changes.append(owners.ownership(space, task, command.owner, now))
    return changes + [goals.tag(space, task, goal) for goal in dict.fromkeys(command.goals)]


def _first_place(space: Space, command: CreateTask) -> str:
    tasks = rules.tasks_in(space, command.column)
    if command.first or command.after is not None:
        return rules.place_after(tasks, None if command.first else command.after)
    return rules.place_at_end(tasks)


@handles(EditTask, needs=access.may_work_on_board)
def edit_task(space: Space, command: EditTask, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    fields = {name: value for name in ("title", "due") if (value := getattr(command, name)) is not UNSET}
    return [space.patch(task, **fields)]


@handles(DescribeTask, needs=access.may_work_on_board)
def describe_task(space: Space, command: DescribeTask, by: Actor, now: datetime) -> list[Change]:
    """An emptied description stays, so that its revisions never begin anew and an old one is never taken for new."""
    task = rules.task_on_board(space, command.task)
    before = space.find(Description, task.id)
    description = Description(
        id=task.id,
        to=task.to,
        task=task.id,
        put_away_at=task.put_away_at,
        text=command.text,
        revision=1 if before is None else before.revision + 1,
        edited_at=now,
        edited_by=by.person,
    )
    return [space.put(description), space.patch(task, described=bool(command.text.strip()))]


@handles(MoveTask, needs=access.may_work_on_board, wide=True)
def move_task(space: Space, command: MoveTask, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    column = space.get(Column, command.column)
    if column.id != task.column and task.done_at is None:
        rules.refuse_if_full(space, column, by, arriving=task.id)
    place = rules.place_after(rules.tasks_in(space, column.id, without=task.id), command.after)
    arrived = rules.arriving(space, task, column, by, now)
    return rules.changed(space, task, column=column.id, place=place, **arrived)


@handles(DuplicateTask, needs=access.may_work_on_board)
def duplicate_task(space: Space, command: DuplicateTask, by: Actor, now: datetime) -> list[Change]:
    """The copy is open and unowned. That of a finished task stands at the end of the first open column."""
    original = space.get(Task, command.task)
    column, after = _column_for_copy(space, original)
    rules.refuse_if_full(space, column, by, arriving=command.id)
    description = space.find(Description, original.id)
    tasks = rules.tasks_in(space, column.id)
    copy = Task(
        id=command.id,
        to=original.to,
        column=column.id,
        place=rules.place_at_end(tasks) if after is None else rules.place_after(tasks, after),
        title=command.title,
        created_at=now,
        created_by=by.person,
        due=original.due,
        described=original.described,
    )
    changes: list[Change] = [space.add(copy)]
    changes += [goals.tag(space, copy, tag.goal) for tag in space.where(GoalTag, task=original.id)]
    if description is not None and original.described:
        changes.append(space.add(_copied_description(description, copy, by, now)))
    lines = rules.in_order(space.where(ChecklistLine, task=original.id))
    return changes + [space.add(_copied_line(line, copy)) for line in lines if line.done_at is None]


def _column_for_copy(space: Space, original: Task) -> tuple[Column, str | None]:
    column = space.find(Column, original.column)
    if column is not None and not column.done:
        return column, original.id
    board = rules.board_of(space)
    open_column = rules.first_column(rules.columns_of(space, board.id), done=False)
    if open_column is None:
        return space.get(Column, original.column), original.id
    return open_column, None


def _copied_description(description: Description, copy: Task, by: Actor, now: datetime) -> Description:
    return Description(
        id=copy.id, to=copy.to, task=copy.id, text=description.text, revision=1, edited_at=now, edited_by=by.person
    )


def _copied_line(line: ChecklistLine, copy: Task) -> ChecklistLine:
    return ChecklistLine(
        id=derived_id(copy.id, "checklist_line", line.id),
        to=copy.to,
        task=copy.id,
        text=line.text,
        place=line.place,
        owner=line.owner,
        due=line.due,
    )
