"""Handlers of how a task ends, waits and comes back: done, blocked, archived, binned, removed, put away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.core.commands import Actor, handles
from server.core.space import Space
from shared_schema.base import Id
from shared_schema.board import (
    ArchiveTask,
    BinTask,
    BlockTask,
    Column,
    DeleteTask,
    FinishTask,
    PutTaskAway,
    ReopenTask,
    RestoreTask,
    Task,
    UnarchiveTask,
    UnblockTask,
)
from shared_schema.journal import Change
from shared_schema.refusals import ChangedSince, NotInBin, Refusal

from . import access, rules

# --- done and open ---------------------------------------------------------------------------------------------------


@handles(FinishTask, needs=access.may_work_on_board)
def finish_task(space: Space, command: FinishTask, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    if task.done_at is not None:
        return []
    column = rules.first_column(rules.columns_of(space, rules.board_of(space).id), done=True)
    moved = {} if column is None or column.id == task.column else _to_end(space, column, task)
    return [space.patch(task, done_at=now, done_by=by.person, **moved)]


@handles(ReopenTask, needs=access.may_work_on_board, wide=True)
def reopen_task(space: Space, command: ReopenTask, by: Actor, now: datetime) -> list[Change]:
    """Out of a *done* column it goes to the given column or the first open one; elsewhere it stays where it is."""
    task = rules.task_on_board(space, command.task)
    given = None if command.column is None else space.get(Column, command.column)
    if task.done_at is None:
        return []
    column = _reopened_in(space, task, given)
    moved = {} if column is None or column.id == task.column else _to_end(space, column, task)
    return rules.changed(space, task, done_at=None, done_by=None, **moved)


def _reopened_in(space: Space, task: Task, given: Column | None) -> Column | None:
    if given is not None and not given.done:
        return given
    column = space.find(Column, task.column)
    if column is not None and not column.done:
        return column
    return rules.first_column(rules.columns_of(space, rules.board_of(space).id), done=False)


def _to_end(space: Space, column: Column, task: Task) -> dict[str, Any]:
    return {"column": column.id, "place": rules.place_at_end(rules.tasks_in(space, column.id, without=task.id))}


# --- waiting ---------------------------------------------------------------------------------------------------------


@handles(BlockTask, needs=access.may_work_on_board)
def block_task(space: Space, command: BlockTask, by: Actor, now: datetime) -> list[Change]:
    return [space.patch(rules.task_on_board(space, command.task), blocked_because=command.reason)]


@handles(UnblockTask, needs=access.may_work_on_board)
def unblock_task(space: Space, command: UnblockTask, by: Actor, now: datetime) -> list[Change]:
    return [space.patch(rules.task_on_board(space, command.task), blocked_because=None)]


# --- off the board and back ------------------------------------------------------------------------------------------


@handles(ArchiveTask, needs=access.may_clear_board)
def archive_task(space: Space, command: ArchiveTask, by: Actor, now: datetime) -> list[Change]:
    task = rules.task_on_board(space, command.task)
    return [] if task.archived_at is not None else [space.patch(task, archived_at=now)]


@handles(UnarchiveTask, needs=access.may_clear_board)
def unarchive_task(space: Space, command: UnarchiveTask, by: Actor, now: datetime) -> list[Change]:
    return [space.patch(rules.task_on_board(space, command.task), archived_at=None)]


@handles(BinTask, needs=access.may_clear_board, wide=True)
def bin_task(space: Space, command: BinTask, by: Actor, now: datetime) -> list[Change]:
    task = space.get(Task, command.task)
    return [] if task.binned_at is not None else rules.changed(space, task, binned_at=now)


@handles(RestoreTask, needs=access.may_clear_board)
def restore_task(space: Space, command: RestoreTask, by: Actor, now: datetime) -> list[Change]:
    task = space.get(Task, command.task)
    if task.binned_at is None:
        return []
    return [space.patch(task, binned_at=None, **_home(space, task))]


def _home(space: Space, task: Task) -> dict[str, Any]:
    """Where a task comes back to if its column is gone: a done one to the first *done* column, if there is one."""
    if space.find(Column, task.column) is not None:
        return {}
    columns = rules.columns_of(space, rules.board_of(space).id)
    done = rules.first_column(columns, done=True) if task.done_at is not None else None
    home = done or rules.first_column(columns, done=False)
    return {} if home is None else _to_end(space, home, task)


@handles(DeleteTask, needs=access.may_shape_board, wide=True)
def delete_task(space: Space, command: DeleteTask, by: Actor, now: datetime) -> list[Change]:
    task = space.get(Task, command.task)
    if task.binned_at is None:
        raise Refusal(NotInBin())
    return drop_all(space, task.id, task)


def drop_all(space: Space, id: Id, task: Task) -> list[Change]:
    """The changes after which neither a task nor anything on it exists here."""
    return [*(space.drop(part) for part in rules.parts_of(space, id)), space.drop(task)]


@handles(PutTaskAway, needs=access.only_system, wide=True)
def put_task_away(space: Space, command: PutTaskAway, by: Actor, now: datetime) -> list[Change]:
    """Refused where somebody was faster: reopened or binned, the task is needed where it is seen."""
    task = space.get(Task, command.task)
    if task.done_at is None or task.binned_at is not None:
        raise Refusal(ChangedSince(now={"done_at": None}))
    return [] if task.put_away_at is not None else rules.with_parts(space, task, put_away_at=now)
