"""The read table of tasks, for what waits for a person across spaces, and for the calendar's duties."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Date, Index, Integer, String, Table

from server.core import moments
from server.core.projections import projects
from server.core.tables import ID, INSTANT, metadata
from shared_schema import board

tasks = Table(
    "tasks",
    metadata,
    Column("space", ID, primary_key=True),
    Column("id", ID, primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("title", String(200), nullable=False),
    Column("column", ID, nullable=False),
    Column("due", Date),
    Column("blocked_because", String(500)),
    Column("done_at", INSTANT),
    Column("archived", Boolean, nullable=False),
    Column("binned", Boolean, nullable=False),
    Column("put_away", Boolean, nullable=False),
    # The duty looks for tasks that are long done; the overview for open ones.
    Index(None, "put_away", "done_at"),
)

columns = Table(
    "board_columns",
    metadata,
    Column("space", ID, primary_key=True),
    Column("id", ID, primary_key=True),
    Column("title", String(120), nullable=False),
)

ownerships = Table(
    "ownerships",
    metadata,
    Column("space", ID, primary_key=True),
    Column("id", ID, primary_key=True),
    Column("person", ID, nullable=False),
    Index(None, "person"),
)
"""Who owns which task; `id` is the task's."""


@projects(board.Task, tasks)
def task_row(task: board.Task) -> dict[str, Any]:
    return {
        "audience": task.to,
        "title": task.title,
        "column": task.column,
        "due": task.due,
        "blocked_because": task.blocked_because,
        "done_at": None if task.done_at is None else moments.write(task.done_at),
        "archived": task.archived_at is not None,
        "binned": task.binned_at is not None,
        "put_away": task.put_away_at is not None,
    }


@projects(board.Column, columns)
def column_row(column: board.Column) -> dict[str, Any]:
    return {"title": column.title}


@projects(board.Ownership, ownerships)
def ownership_row(ownership: board.Ownership) -> dict[str, Any]:
    return {"person": ownership.person}
