"""Handlers of the board and its columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from server.core.commands import Actor, handles
from server.core.space import Space
from shared_schema.base import PUBLIC
from shared_schema.board import (
    AddColumn,
    ApplyTemplate,
    Board,
    Column,
    EditBoard,
    EditColumn,
    MoveColumn,
    RemoveColumn,
    Task,
)
from shared_schema.journal import Change
from shared_schema.refusals import NotFound, Refusal

from . import access, places, rules, templates


@handles(EditBoard, needs=access.may_shape_board)
def edit_board(space: Space, command: EditBoard, by: Actor, now: datetime) -> list[Change]:
    board = space.get(Board, command.board)
    return [] if command.title is UNSET else [space.patch(board, title=command.title)]


@handles(ApplyTemplate, needs=access.may_shape_board)
def apply_template(space: Space, command: ApplyTemplate, by: Actor, now: datetime) -> list[Change]:
    board = space.get(Board, command.board)
    return templates.additions(space, board, command.template, by, now)


@handles(AddColumn, needs=access.may_shape_board)
def add_column(space: Space, command: AddColumn, by: Actor, now: datetime) -> list[Change]:
    board = space.get(Board, command.board)
    columns = rules.columns_of(space, board.id)
    rules.refuse_too_many("columns", len(columns), rules.MOST_COLUMNS)
    place = rules.place_at_end(columns) if command.after is None else rules.place_after(columns, command.after)
    column = Column(
        id=command.id,
        to=PUBLIC,
        board=board.id,
        title=command.title,
        place=place,
        colour=command.colour,
        limit=command.limit,
        done=command.done,
    )
    return [space.add(column)]


@handles(EditColumn, needs=access.may_shape_board, wide=True)
def edit_column(space: Space, command: EditColumn, by: Actor, now: datetime) -> list[Change]:
    column = space.get(Column, command.column)
    given = {name: getattr(command, name) for name in ("title", "colour", "limit", "done")}
    fields = {name: value for name, value in given.items() if value is not UNSET}
    changes: list[Change] = [space.patch(column, **fields)]
    if fields.get("done", column.done) != column.done:
        marked = replace(column, **fields)
        rules.hold_open_column([marked, *(c for c in rules.columns_of(space, column.board) if c.id != column.id)])
        changes += _finish_or_reopen(space, marked, by, now)
    return changes


def _finish_or_reopen(space: Space, column: Column, by: Actor, now: datetime) -> list[Change]:
    """What a new mark of a column makes of the tasks in it."""
    done: dict[str, Any] = {"done_at": now, "done_by": by.person} if column.done else {"done_at": None, "done_by": None}
    tasks = (task for task in rules.tasks_in(space, column.id) if (task.done_at is not None) != column.done)
    return [change for task in tasks for change in rules.changed(space, task, **done)]


@handles(MoveColumn, needs=access.may_shape_board)
def move_column(space: Space, command: MoveColumn, by: Actor, now: datetime) -> list[Change]:
    column = space.get(Column, command.column)
    others = [other for other in rules.columns_of(space, column.board) if other.id != column.id]
    return [space.patch(column, place=rules.place_after(others, command.after))]


@handles(RemoveColumn, needs=access.may_shape_board, wide=True)
def remove_column(space: Space, command: RemoveColumn, by: Actor, now: datetime) -> list[Change]:
    column = space.get(Column, command.column)
    rules.hold_open_column(other for other in rules.columns_of(space, column.board) if other.id != column.id)
    tasks = rules.in_order(rules.tasks_in(space, column.id))
    if command.tasks_to is None:
        moves = [change for task in tasks for change in _bin(space, task, now)]
    else:
        moves = _move_all(space, tasks, _target(space, column, command.tasks_to), by, now)
    return [*moves, space.drop(column)]


def _target(space: Space, leaving: Column, id: str) -> Column:
    target = space.get(Column, id)
    if target.id == leaving.id or target.board != leaving.board:
        raise Refusal(NotFound(kind="column", id=id))
    return target


def _bin(space: Space, task: Task, now: datetime) -> list[Change]:
    return [] if task.binned_at is not None else rules.changed(space, task, binned_at=now)


def _move_all(space: Space, tasks: list[Task], to: Column, by: Actor, now: datetime) -> list[Change]:
    """The tasks of a column that goes, in their order, at the end of another one."""
    last = max((task.place for task in rules.tasks_in(space, to.id)), default=None)
    return [
        change
        for task, place in zip(tasks, places.row(len(tasks), last), strict=True)
        for change in rules.changed(space, task, column=to.id, place=place, **rules.arriving(space, task, to, by, now))
    ]
