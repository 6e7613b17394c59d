"""The board: columns, tasks, and what hangs on a task."""

from . import (  # noqa: F401  (registers handlers and read tables)
    checklist,
    columns,
    comments,
    ends,
    founding,
    goals,
    owners,
    sharing,
    tables,
    tasks,
)
