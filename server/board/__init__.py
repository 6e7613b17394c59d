"""The board: columns, tasks, and what hangs on a task."""

from . import checklist, columns, comments, ends, founding, goals, owners, sharing, tables, tasks

__all__ = [
    "checklist",
    "columns",
    "comments",
    "ends",
    "founding",
    "goals",
    "owners",
    "sharing",
    "tables",
    "tasks",
]  # importing them registers handlers, followers and read tables
