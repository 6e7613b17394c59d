"""The board: columns, tasks, and what hangs on a task.

Importing it registers handlers and read tables, those of the slices that it builds on too.
"""

from server import corridor, people

from . import checklist, columns, comments, ends, founding, goals, owners, sharing, tables, tasks

__all__ = [
    "checklist",
    "columns",
    "comments",
    "corridor",
    "ends",
    "founding",
    "goals",
    "owners",
    "people",
    "sharing",
    "tables",
    "tasks",
]
